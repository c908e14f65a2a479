//! The bug zoo: how many random pods it takes until a planted fault is caught, and by what.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use podcheck_generators::{Profile, cases};
use serde::Serialize;

use super::twins::is_twin;
use crate::check::{Bounds, Verdict};
use crate::judge::judge;
use crate::model::{Behaviour, KubeletVersion};
use crate::simulate::{Fault, Options, simulate};

/// How the zoo is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zoo {
    /// Version of the kubelet that the fault is planted in, and that its pods are judged as.
    pub version: KubeletVersion,
    /// A fault that this many pods have not shown counts as missed.
    pub pods_max: u32,
    /// The recordings have a process journal.
    pub journal: bool,
}

/// A fault that was caught.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Catch {
    /// How many pods it took, the one that showed it included.
    pub pods: u32,
    /// The rule or guarantee that showed it, if need be under the name of the known deviation that was planted.
    pub rule: String,
    /// What was said.
    pub summary: String,
    /// The case that showed it.
    pub case: String,
}

/// What became of a fault over several seeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub fault: Fault,
    /// One for each seed; `None`: missed.
    pub catches: Vec<Option<Catch>>,
}

impl Outcome {
    /// In how many seeds it was caught.
    pub fn caught(&self) -> usize {
        self.catches.iter().flatten().count()
    }

    /// Was it caught in more than half of the seeds?
    pub fn is_caught(&self) -> bool {
        2 * self.caught() > self.catches.len()
    }

    /// The median number of pods over all seeds; `None`: it was missed in more than half of them.
    pub fn median_pods(&self) -> Option<u32> {
        let mut pods: Vec<u32> = self
            .catches
            .iter()
            .map(|catch| catch.as_ref().map_or(u32::MAX, |it| it.pods))
            .collect();
        pods.sort_unstable();
        pods.get(pods.len() / 2).copied().filter(|&pods| pods != u32::MAX)
    }

    /// The rule that caught it most often.
    pub fn rule(&self) -> Option<&str> {
        let rules = || self.catches.iter().flatten().map(|catch| catch.rule.as_str());
        rules().max_by_key(|rule| rules().filter(|other| other == rule).count())
    }
}

impl Zoo {
    /// The faults that are faults in this version.
    pub fn faults(&self) -> impl Iterator<Item = Fault> {
        let behaviour = Behaviour::of(self.version);
        Fault::ALL
            .iter()
            .copied()
            .filter(move |fault| !fault.is_normal(&behaviour))
    }

    /// Simulates random pods of all profiles in turn until one is judged to diverge.
    pub fn catch(&self, fault: Fault, seed: u64) -> Option<Catch> {
        // An idle node, as its calibration would say.
        let bounds = Bounds::with_delay(0);
        let mut drawn: Vec<_> = Profile::ALL.into_iter().map(|profile| cases(profile, seed)).collect();
        let profiles = drawn.len();
        for pods in 1..=self.pods_max {
            let (id, scenario) = drawn[pods as usize % profiles].next()?;
            let options = Options {
                fault: Some(fault),
                ..Options::new(self.version, seed ^ u64::from(pods))
            };
            let mut trace = simulate(&scenario, &options);
            if !self.journal {
                trace.journal = None;
            }
            let counts = |name: &Option<String>| name.as_deref().is_none_or(|name| is_twin(fault, name));
            if let Verdict::Diverges(found) = judge(&trace, Some(self.version), &bounds, true).verdict
                && let Some(first) = found.into_iter().find(|it| counts(&it.known_deviation))
            {
                return Some(Catch {
                    pods,
                    rule: first.rule,
                    summary: first.summary,
                    case: id.to_string(),
                });
            }
        }
        None
    }

    /// The same for several seeds.
    pub fn outcome(&self, fault: Fault, seeds: Range<u64>) -> Outcome {
        let catches = seeds.map(|seed| self.catch(fault, seed)).collect();
        Outcome { fault, catches }
    }

    /// Each fault, on several threads; the outcomes are in the order of [`Fault::ALL`].
    pub fn outcomes(&self, faults: &[Fault], seeds: &Range<u64>, jobs: usize) -> Vec<Outcome> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut outcomes = Vec::new();
            while let Some(&fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                outcomes.push(self.outcome(fault, seeds.clone()));
            }
            outcomes
        };
        let mut outcomes: Vec<Outcome> = thread::scope(|scope| {
            let threads: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined
                .flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        outcomes.sort_by_key(|outcome| outcome.fault);
        outcomes
    }
}
