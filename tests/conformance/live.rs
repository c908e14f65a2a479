//! `live::<profile>@<node>`: random pods on the cluster conform. All profiles and nodes share one batch, or the pods of
//! each would wait for those of the others.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use podcheck::campaign::{Finding, judge_each};
use podcheck::check::Verdict;
use podcheck::cluster::{Cluster, ClusterFacts, ClusterOptions, connect};
use podcheck::report;
use podcheck::target::live::{InFlight, LiveOptions, Planned, Progress, run};
use podcheck_generators::{CaseId, Profile, case};
use tokio::runtime::Runtime;

use super::settings::{Mode, Settings};

/// Cases of a profile on each node.
const CASES: u64 = 6;

/// The trials, and why they will not run if they will not.
pub struct Live {
    pub trials: Vec<Trial>,
    pub ignored: Option<String>,
}

/// A profile's pods on one node.
type Key = (Profile, String);

/// What came of them.
#[derive(Clone, Debug, Default)]
struct Part {
    judged: usize,
    inconclusive: BTreeMap<String, usize>,
    divergences: Vec<String>,
}

/// All pods of a test run.
struct Batch {
    runtime: Runtime,
    cluster: Cluster,
    wanted: Vec<Key>,
    cases: u64,
    seed: u64,
    result: OnceLock<Result<BTreeMap<Key, Part>, String>>,
}

/// One trial for each profile and node, or for each profile if there is no cluster.
pub fn trials(settings: &Settings, arguments: &Arguments) -> Live {
    let (runtime, cluster, facts) = match look(settings.mode) {
        Ok(found) => found,
        Err(reason) => return without(settings, &reason),
    };
    let nodes: Vec<String> = facts
        .nodes
        .iter()
        .filter(|node| node.is_ready)
        .map(|node| node.name.clone())
        .collect();
    let keys = Profile::ALL
        .iter()
        .flat_map(|profile| nodes.iter().map(move |node| (*profile, node.clone())));
    let keys: Vec<Key> = keys.collect();
    let will_run = |key: &&Key| {
        let trial = Trial::test(name(key), || Ok(()));
        !arguments.is_filtered_out(&trial) && !arguments.ignored
    };
    let batch = Arc::new(Batch {
        runtime,
        cluster,
        wanted: keys.iter().filter(will_run).cloned().collect(),
        cases: settings.cases.unwrap_or(CASES),
        seed: settings.seed,
        result: OnceLock::new(),
    });
    let trial = |key: Key| {
        let batch = Arc::clone(&batch);
        Trial::test(name(&key), move || batch.judge(&key))
    };
    Live {
        trials: keys.into_iter().map(trial).collect(),
        ignored: None,
    }
}

fn name((profile, node): &Key) -> String {
    format!("live::{profile}@{node}")
}

/// The cluster, or why there is none.
pub fn look(mode: Mode) -> Result<(Runtime, Cluster, ClusterFacts), String> {
    if mode == Mode::Off {
        return Err("PODCHECK_CLUSTER=off".to_owned());
    }
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let (cluster, facts) = runtime
        .block_on(async {
            let cluster = connect(&ClusterOptions::default()).await?;
            let facts = cluster.probe().await?;
            Ok((cluster, facts))
        })
        .map_err(|error: podcheck::cluster::ClusterError| error.to_string())?;
    Ok((runtime, cluster, facts))
}

fn without(settings: &Settings, reason: &str) -> Live {
    let required = settings.mode == Mode::Require;
    // Nextest sees only exit codes: for it they are ignored from the start.
    let by_flag = !required && std::env::var_os("NEXTEST").is_some();
    let trial = |profile: &Profile| {
        let reason = reason.to_owned();
        let trial = Trial::ignorable_test(format!("live::{profile}"), move || {
            if required {
                return Err(Failed::from(format!("PODCHECK_CLUSTER=require, and {reason}")));
            }
            Ok(Completion::ignored_with(&reason))
        });
        trial.with_ignored_flag(by_flag)
    };
    let ignored = (!required).then(|| reason.to_owned());
    Live {
        trials: Profile::ALL.iter().map(trial).collect(),
        ignored,
    }
}

impl Batch {
    fn judge(&self, key: &Key) -> Result<(), Failed> {
        let parts = self.result.get_or_init(|| self.run()).as_ref()?;
        let part = parts.get(key).cloned().unwrap_or_default();
        if !part.divergences.is_empty() {
            return Err(part.divergences.join("\n").into());
        }
        let inconclusive: usize = part.inconclusive.values().sum();
        if part.judged == 0 || inconclusive * 2 > part.judged {
            return Err(format!(
                "{inconclusive} of {} pods are inconclusive: {:?}",
                part.judged, part.inconclusive
            )
            .into());
        }
        Ok(())
    }

    /// Runs everything that was wanted, once.
    fn run(&self) -> Result<BTreeMap<Key, Part>, String> {
        let recording = recording(self.seed)?;
        eprintln!("recording to {}", recording.display());
        let options = LiveOptions {
            recording: recording.clone(),
            namespace: None,
            in_flight: InFlight::Adaptive,
            seed: Some(self.seed),
            create_for: None,
            api_events: None,
        };
        let mut keys: BTreeMap<String, (Key, String)> = BTreeMap::new();
        let mut created = |progress: Progress<'_>| {
            if let Progress::Created { case, pod, node, .. } = progress
                && let (Ok(id), Some(node)) = (case.parse::<CaseId>(), node)
            {
                keys.insert(pod.to_owned(), ((id.profile, node.to_owned()), case.to_owned()));
            }
        };
        let client = self.cluster.client.clone();
        let outcome = run(client, self.plan(), options, &mut created, std::future::pending());
        self.runtime.block_on(outcome).map_err(|error| error.to_string())?;
        let mut parts: BTreeMap<Key, Part> = BTreeMap::new();
        let judged = judge_each(&recording, None, false, |trace, judged| {
            let Some((key, case)) = keys.get(&trace.name) else {
                return;
            };
            let part = parts.entry(key.clone()).or_default();
            part.judged += 1;
            match judged.verdict {
                Verdict::Diverges(divergences) => {
                    let kubernetes = judged.kubernetes.unwrap_or_default();
                    let finding = Finding {
                        trace,
                        kubernetes,
                        divergences,
                        stands_for: None,
                        delay_ms: judged.delay_ms,
                    };
                    part.divergences.push(told(&finding, &key.1, case));
                }
                Verdict::Inconclusive(reason) => *part.inconclusive.entry(reason).or_default() += 1,
                Verdict::Conforms | Verdict::KnownDeviation(_) => {}
            }
        });
        judged.map_err(|error| error.to_string())?;
        Ok(parts)
    }

    /// Case by case, so that no profile has the cluster for itself.
    fn plan(&self) -> Vec<Planned> {
        let numbers = 0..self.cases;
        let planned = |index: u64, (profile, node): &Key| {
            let id = CaseId {
                profile: *profile,
                seed: self.seed,
                index,
            };
            Planned {
                case: id.to_string(),
                scenario: case(id),
                node: Some(node.clone()),
            }
        };
        numbers
            .flat_map(|index| self.wanted.iter().map(move |key| planned(index, key)))
            .collect()
    }
}

fn told(finding: &Finding, node: &str, case: &str) -> String {
    let found = finding.found(case.to_owned(), format!("podcheck replay {case} --node {node}"));
    report::explain(finding, &found, None).text
}

/// A new file: `$ARTIFACTS` if set, else the target folder.
fn recording(seed: u64) -> Result<PathBuf, String> {
    let base = std::env::var_os("ARTIFACTS").map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let folder = base.join(format!("conformance-{seed:x}-{now}"));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder.join("recording.jsonl"))
}
