//! `regressions::<name>@<node>`: each smallest pod of `expected/regressions/` shows its class where it was found, and
//! not where it was not. All of them share one batch.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use podcheck::campaign::{Rate, Regression};
use podcheck::cluster::Cluster;
use podcheck::shrink::{self, Asked, Lab, LiveLab, repeats};
use tokio::runtime::Runtime;

use super::live::look;
use super::settings::{Mode, Settings};
use super::stored_regressions::regressions;

/// Pods of each on each node at least.
const TIMES_MIN: usize = 5;

/// One regression on one node.
#[derive(Clone, Debug)]
struct Wanted {
    name: String,
    regression: Regression,
    node: String,
    /// What was measured on this version before.
    before: Rate,
}

/// All pods of a test run.
struct Batch {
    runtime: Runtime,
    cluster: Cluster,
    nodes: Vec<(String, String)>,
    wanted: Vec<Wanted>,
    result: OnceLock<Result<Vec<Rate>, String>>,
}

/// One trial for each regression and node whose version is known, or for each regression if there is no cluster.
pub fn trials(settings: &Settings, arguments: &Arguments) -> Vec<Trial> {
    let (runtime, cluster, facts) = match look(settings.mode) {
        Ok(found) => found,
        Err(reason) => return without(settings, &reason),
    };
    let ready = facts.nodes.iter().filter(|node| node.is_ready);
    let nodes: Vec<(String, String)> = ready.map(|node| (node.name.clone(), node.kubelet.clone())).collect();
    let mut wanted = Vec::new();
    for (name, regression) in regressions() {
        for (node, version) in &nodes {
            let Some(before) = regression.versions.get(version) else {
                continue;
            };
            wanted.push(Wanted {
                name: format!("regressions::{name}@{node}"),
                regression: regression.clone(),
                node: node.clone(),
                before: *before,
            });
        }
    }
    wanted.retain(|one| {
        let trial = Trial::test(&one.name, || Ok(()));
        !arguments.is_filtered_out(&trial) && !arguments.ignored
    });
    let count = wanted.len();
    let batch = Arc::new(Batch {
        runtime,
        cluster,
        nodes,
        wanted,
        result: OnceLock::new(),
    });
    let trial = |index: usize| {
        let batch = Arc::clone(&batch);
        Trial::ignorable_test(batch.wanted[index].name.clone(), move || batch.judge(index))
    };
    (0..count).map(trial).collect()
}

fn without(settings: &Settings, reason: &str) -> Vec<Trial> {
    let required = settings.mode == Mode::Require;
    let by_flag = !required && std::env::var_os("NEXTEST").is_some();
    let trial = |(name, _): (String, Regression)| {
        let reason = reason.to_owned();
        let trial = Trial::ignorable_test(format!("regressions::{name}"), move || {
            if required {
                return Err(Failed::from(format!("PODCHECK_CLUSTER=require, and {reason}")));
            }
            Ok(Completion::ignored_with(&reason))
        });
        trial.with_ignored_flag(by_flag)
    };
    regressions().into_iter().map(trial).collect()
}

impl Batch {
    fn judge(&self, index: usize) -> Result<Completion, Failed> {
        let rates = self.result.get_or_init(|| self.run()).as_ref()?;
        let (wanted, now) = (&self.wanted[index], rates[index]);
        let Wanted { regression, before, .. } = wanted;
        let class = &regression.class;
        if now.of == 0 {
            return Err(format!("{class}: every pod is inconclusive").into());
        }
        let changed = format!("{class}: {before} before, {now} now");
        match (before.shown > 0, now.shown > 0) {
            // How often a race is lost depends on what else the machine does.
            (true, false) if before.shown < before.of => Ok(Completion::ignored_with(changed)),
            (true, true) | (false, false) => Ok(Completion::Completed),
            _ => Err(changed.into()),
        }
    }

    fn run(&self) -> Result<Vec<Rate>, String> {
        let never = || -> Asked { Box::pin(std::future::pending()) };
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("regressions-{}", std::process::id()));
        let lab = LiveLab::new(
            &self.runtime,
            self.cluster.client.clone(),
            self.nodes.clone(),
            folder,
            &never,
        );
        let trial = |one: &Wanted| shrink::Trial {
            scenario: one.regression.scenario.clone(),
            node: one.node.clone(),
            times: if one.before.shown > 0 {
                repeats(one.before, TIMES_MIN)
            } else {
                TIMES_MIN
            },
        };
        let trials: Vec<shrink::Trial> = self.wanted.iter().map(trial).collect();
        let shown = lab.run(&trials, None).map_err(|stop| stop.to_string())?;
        let pairs = self.wanted.iter().zip(&shown);
        Ok(pairs.map(|(one, shown)| shown.rate(&one.regression.class)).collect())
    }
}
