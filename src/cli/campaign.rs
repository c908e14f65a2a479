//! What `run` and `replay` share: pods on the chosen target, judged, pursued and concluded.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use podcheck_generators::Scenario;
use tokio::runtime::Runtime;

use super::conclude::{Campaign, conclude, prepare};
use super::evidence::{self, Evidence};
use super::live::{self, Order};
use super::output::Output;
use super::place::Target;
use super::pursue::{self, Pursue};
use super::simulated::{self, Simulated};
use super::{Exit, Failure};
use crate::campaign::{Class, Finding, Simulation, Summary};
use crate::cluster::Node;
use crate::shrink::{LiveLab, SimulatedLab};
use crate::target::live::Planned;

/// What to run, and what to do with it.
pub struct Wish<'a> {
    /// Name and scenario of a number.
    pub draw: &'a (dyn Fn(u64) -> (String, Scenario) + Sync),
    /// How many scenarios on a cluster.
    pub count_live: u64,
    /// How many on simulated nodes.
    pub count_simulated: u64,
    /// What is known before anything runs.
    pub summary: Summary,
    /// The campaign's seed.
    pub seed: Option<u64>,
    /// Where to keep what; absent: only a live recording, in `temporary`.
    pub output: Option<&'a Path>,
    pub temporary: PathBuf,
    /// An existing namespace.
    pub namespace: Option<String>,
    pub in_flight: Option<usize>,
    pub time_max: Option<Duration>,
    pub strict: bool,
    pub catalogue: bool,
    /// It is one scenario several times.
    pub rates: bool,
    /// The class that it is expected to show.
    pub expected: Option<Class>,
    /// How far to pursue what diverges.
    pub pursue: Option<Pursue>,
}

/// Runs it where it is wanted.
pub fn run(runtime: &Runtime, target: Target, wish: Wish<'_>, output: &mut Output) -> Result<Exit, Failure> {
    match target {
        Target::Cluster { cluster, facts, nodes } => {
            let folder = wish.output.map_or_else(|| wish.temporary.clone(), Path::to_owned);
            prepare(&folder)?;
            let recording = folder.join("recording.jsonl");
            let api_events = folder.join("api-events.jsonl");
            eprintln!("recording to {}", recording.display());
            let order = Order {
                plan: plan(&wish, &nodes),
                recording: recording.clone(),
                api_events: api_events.clone(),
                namespace: wish.namespace.clone(),
                in_flight: wish.in_flight,
                seed: wish.seed,
                time_max: wish.time_max,
                strict: wish.strict,
            };
            let mut done = live::play(runtime, &cluster, order)?;
            let pursued = match &wish.pursue {
                Some(pursue) if !done.failed && done.stopped.as_deref() != Some("interrupted") => {
                    let waves = folder.join("waves");
                    let mut lab = LiveLab::new(
                        runtime,
                        cluster.client.clone(),
                        nodes
                            .iter()
                            .map(|node| (node.name.clone(), node.kubelet.clone()))
                            .collect(),
                        waves.clone(),
                        &|| Box::pin(live::asked_to_stop()),
                    );
                    lab.namespace.clone_from(&wish.namespace);
                    let pursued = pursue::all(&lab, pursue, true, wish.strict, &mut done.gathered, Some(&folder));
                    // What is left in it was being judged when the run was stopped.
                    let _ = std::fs::remove_dir_all(waves);
                    pursued
                }
                _ => pursue::All::default(),
            };
            let evidence = evidence::gather(&cluster.context, &done.gathered.findings, &api_events);
            let campaign = Campaign {
                gathered: &done.gathered,
                summary: Summary {
                    server: Some(facts.server),
                    recording: Some(recording),
                    stopped: done.stopped.clone(),
                    cpu: done.cpu.clone(),
                    strict: wish.strict,
                    ..wish.summary
                },
                seconds: done.seconds,
                folder: Some(&folder),
                case_of: &|finding| done.cases.get(&finding.trace.name).cloned().unwrap_or_default(),
                simulated: None,
                catalogue: wish.catalogue,
                rates: wish.rates,
                expected: wish.expected,
                pursued,
                failed: done.failed,
                evidence,
            };
            let exit = conclude(campaign, output)?;
            Ok(if done.failed && exit != Exit::Diverges {
                Exit::Environment
            } else {
                exit
            })
        }
        Target::Simulated { versions, fault, .. } => {
            let simulation = Simulation {
                versions,
                fault,
                strict: wish.strict,
            };
            let simulated = Simulated {
                simulation: &simulation,
                count: wish.count_simulated,
                until: wish.time_max.map(|max| Instant::now() + max),
                folder: wish.output,
            };
            let mut done = simulated::play(&simulated, wish.draw)?;
            let pursued = wish.pursue.as_ref().map_or_else(pursue::All::default, |pursue| {
                let lab = SimulatedLab::new(simulation.clone());
                pursue::all(&lab, pursue, false, wish.strict, &mut done.gathered, wish.output)
            });
            let campaign = Campaign {
                gathered: &done.gathered,
                summary: Summary {
                    recording: done.recording,
                    strict: wish.strict,
                    ..wish.summary
                },
                seconds: done.seconds,
                folder: wish.output,
                case_of: &|finding: &Finding| done.cases.get(&finding.trace.name).cloned().unwrap_or_default(),
                simulated: Some(fault.map(crate::simulate::Fault::name)),
                catalogue: wish.catalogue,
                rates: wish.rates,
                expected: wish.expected,
                pursued,
                failed: false,
                evidence: Evidence::new(),
            };
            conclude(campaign, output)
        }
    }
}

/// Every scenario on every node.
fn plan(wish: &Wish<'_>, nodes: &[Node]) -> Vec<Planned> {
    let drawn = (0..wish.count_live).map(wish.draw);
    let planned = drawn.flat_map(|(case, scenario)| {
        let planned = move |node: &Node| Planned {
            case: case.clone(),
            scenario: scenario.clone(),
            node: Some(node.name.clone()),
        };
        nodes.iter().map(planned)
    });
    planned.collect()
}
