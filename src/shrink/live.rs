//! Candidates on the nodes of a cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use kube::Client;
use tokio::runtime::Runtime;

use super::lab::{Keep, Lab, Shown, Stop, Trial};
use crate::campaign::{self, Class, judge_each};
use crate::check::Verdict;
use crate::target::live::{self, InFlight, LiveOptions, Planned, Progress};

/// Pods of a wave at the same time.
const AT_ONCE: usize = 20;

/// Is ready when the program is asked to end.
pub type Asked = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Nodes of a cluster.
pub struct LiveLab<'a> {
    pub runtime: &'a Runtime,
    pub client: Client,
    /// Name and kubelet version of each.
    pub nodes: Vec<(String, String)>,
    /// An existing namespace.
    pub namespace: Option<String>,
    /// Where recordings go; they are removed when they have been judged.
    pub folder: PathBuf,
    /// Waits for whoever wants the program to end.
    pub asked_to_stop: &'a (dyn Fn() -> Asked + Sync),
    is_stopped: AtomicBool,
    waves: AtomicU64,
}

impl<'a> LiveLab<'a> {
    /// These nodes.
    pub fn new(
        runtime: &'a Runtime,
        client: Client,
        nodes: Vec<(String, String)>,
        folder: PathBuf,
        asked_to_stop: &'a (dyn Fn() -> Asked + Sync),
    ) -> Self {
        Self {
            runtime,
            client,
            nodes,
            namespace: None,
            folder,
            asked_to_stop,
            is_stopped: AtomicBool::new(false),
            waves: AtomicU64::new(0),
        }
    }
}

impl Lab for LiveLab<'_> {
    fn nodes(&self) -> &[(String, String)] {
        &self.nodes
    }

    fn run(&self, trials: &[Trial], keep: Option<Keep<'_>>) -> Result<Vec<Shown>, Stop> {
        if self.is_stopped.load(Ordering::Relaxed) {
            return Err(Stop::Interrupted);
        }
        let failed = |error: &dyn std::fmt::Display| Stop::Environment(error.to_string());
        fs::create_dir_all(&self.folder).map_err(|error| failed(&format!("{}: {error}", self.folder.display())))?;
        let wave = self.waves.fetch_add(1, Ordering::Relaxed);
        let recording = self.folder.join(format!("wave-{wave}.jsonl"));
        let mut plan = Vec::new();
        let mut trial_of: BTreeMap<String, usize> = BTreeMap::new();
        for time in 0..trials.iter().map(|trial| trial.times).max().unwrap_or(0) {
            // Once each, then again: what runs at the same time is as different as can be.
            for (number, trial) in trials.iter().enumerate().filter(|(_, trial)| time < trial.times) {
                let case = format!("shrink.{wave}.{number}.{time}");
                trial_of.insert(case.clone(), number);
                plan.push(Planned {
                    case,
                    scenario: trial.scenario.clone(),
                    node: Some(trial.node.clone()),
                });
            }
        }
        let options = LiveOptions {
            recording: recording.clone(),
            namespace: self.namespace.clone(),
            // A wave is over before a node's pace is found.
            in_flight: InFlight::Fixed(AT_ONCE),
            seed: None,
            create_for: None,
            api_events: None,
        };
        let mut pods: BTreeMap<String, usize> = BTreeMap::new();
        let mut finished: BTreeSet<String> = BTreeSet::new();
        let mut observer = |progress: Progress<'_>| match progress {
            Progress::Created { case, pod, .. } => {
                pods.extend(trial_of.get(case).map(|number| (pod.to_owned(), *number)));
            }
            Progress::Finished { outcome, .. } => {
                finished.insert(outcome.pod.clone());
            }
            _ => {}
        };
        let stop = async {
            (self.asked_to_stop)().await;
            self.is_stopped.store(true, Ordering::Relaxed);
        };
        let ran = self
            .runtime
            .block_on(live::run(self.client.clone(), plan, options, &mut observer, stop));
        if self.is_stopped.load(Ordering::Relaxed) {
            let _ = fs::remove_file(&recording);
            return Err(Stop::Interrupted);
        }
        ran.map_err(|error| failed(&error))?;
        let mut results = vec![Shown::default(); trials.len()];
        let mut kept = None;
        let judged = judge_each(&recording, None, true, |trace, judged| {
            let Some(&number) = pods.get(&trace.name) else { return };
            let is_whole = finished.contains(&trace.name);
            let classes = Class::all_of(&trace, &judged.verdict);
            if matches!(judged.verdict, Verdict::Inconclusive(_)) || (classes.is_empty() && !is_whole) {
                return;
            }
            if let Some(keep) = &keep
                && kept.is_none()
                && trials[number].node == keep.node
                && classes.contains(keep.class)
            {
                kept = Some(trace.uid.clone());
            }
            results[number].pods.push(classes);
        });
        judged.map_err(|error| failed(&error))?;
        if let (Some(keep), Some(uid)) = (keep, kept) {
            let extracted = keep.make_room();
            extracted
                .and_then(|()| campaign::extract(&recording, &uid, keep.file))
                .map_err(|error| failed(&error))?;
        }
        let _ = fs::remove_file(&recording);
        Ok(results)
    }
}
