//! Soundness: random pods on healthy simulated nodes, none of which may be accused.

mod observe;

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use podcheck_generators::{CaseId, Cases, Profile, Scenario};
use serde::Serialize;

pub use observe::{Observed, observe};

use super::simulated::{IDLE_MS, live};
use super::verdict::judge_as;
use crate::check::{Bounds, Verdict};
use crate::guarantees;
use crate::model::KubeletVersion;
use crate::trace::Trace;

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Soundness {
    /// Kubelet versions; every scenario runs on each.
    pub versions: Vec<KubeletVersion>,
    /// Scenarios, of all profiles in turn.
    pub scenarios: u64,
    /// The campaign's seed.
    pub seed: u64,
    /// How the pods are observed, in turn.
    pub observed: Vec<Observed>,
    /// Threads.
    pub jobs: usize,
}

/// How many pods were judged, and what was said of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    pub pods: u64,
    /// The model excludes them.
    pub refused: u64,
    /// They break a promise in a way that no known deviation explains.
    pub broken: u64,
    /// The search met its bound.
    pub undecided: u64,
    /// Nothing can be said, for another reason; expected where the stream was joined in the middle.
    pub inconclusive: u64,
    pub known_deviations: u64,
}

impl Sums {
    /// Healthy pods that were accused.
    pub fn accused(&self) -> u64 {
        self.refused + self.broken
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.pods += other.pods;
        self.refused += other.refused;
        self.broken += other.broken;
        self.undecided += other.undecided;
        self.inconclusive += other.inconclusive;
        self.known_deviations += other.known_deviations;
    }
}

/// A pod that was accused, or could not be decided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Accused {
    pub case: String,
    pub kubernetes: String,
    pub observed: &'static str,
    /// The rule or guarantee; absent: undecided.
    pub rule: Option<String>,
    pub summary: String,
}

/// Sums by version and observation, and every pod that was accused or undecided, in order.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub sums: BTreeMap<(KubeletVersion, Observed), Sums>,
    pub accused: Vec<Accused>,
}

/// Scenarios that a thread takes at a time.
const CHUNK: u64 = 64;

impl Soundness {
    /// Draws, simulates and judges everything; what comes out does not depend on the number of threads.
    pub fn run(&self) -> Outcome {
        let next = AtomicU64::new(0);
        let mut total = Outcome::default();
        thread::scope(|scope| {
            let threads: Vec<_> = (0..self.jobs.max(1))
                .map(|_| scope.spawn(|| self.work(&next)))
                .collect();
            for thread in threads {
                let part = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                total.accused.extend(part.accused);
                for (key, sums) in part.sums {
                    *total.sums.entry(key).or_default() += sums;
                }
            }
        });
        total.accused.sort();
        total
    }

    fn work(&self, next: &AtomicU64) -> Outcome {
        let cases = Profile::ALL.map(|profile| Cases::new(profile, self.seed));
        let mut outcome = Outcome::default();
        loop {
            let first = next.fetch_add(CHUNK, Ordering::Relaxed);
            if first >= self.scenarios {
                return outcome;
            }
            for number in first..(first + CHUNK).min(self.scenarios) {
                let profiles = cases.len() as u64;
                let (id, scenario) = cases[(number % profiles) as usize].get(number / profiles);
                let observed = self.observed[(number / profiles) as usize % self.observed.len()];
                for &version in &self.versions {
                    outcome.add(id, &scenario, version, observed);
                }
            }
        }
    }
}

/// A healthy pod's life, as it was observed.
pub fn observed_life(id: CaseId, scenario: &Scenario, version: KubeletVersion, observed: Observed) -> Trace {
    let mut trace = live(&id.to_string(), scenario, version, None);
    observe(&mut trace, observed, observe::mixed(id.seed, id.index));
    trace
}

impl Outcome {
    /// What the judge allows for on a healthy simulated node.
    pub fn bounds() -> Bounds {
        Bounds::with_delay(IDLE_MS)
    }

    fn add(&mut self, id: CaseId, scenario: &Scenario, version: KubeletVersion, observed: Observed) {
        let trace = observed_life(id, scenario, version, observed);
        let judged = judge_as(&trace, Some(version), &Self::bounds(), false);
        let sums = self.sums.entry((version, observed)).or_default();
        sums.pods += 1;
        let (rule, summary) = match judged.verdict {
            Verdict::Conforms => return,
            Verdict::KnownDeviation(_) => {
                sums.known_deviations += 1;
                return;
            }
            // What a promise needs can lie before the beginning of a joined stream.
            Verdict::Inconclusive(_) if !trace.gaps.is_empty() => {
                sums.inconclusive += 1;
                return;
            }
            Verdict::Inconclusive(reason) => {
                sums.undecided += 1;
                (None, reason)
            }
            Verdict::Diverges(found) => {
                let is_promise = |rule: &str| guarantees::all().any(|guarantee| guarantee.id == rule);
                if found.iter().all(|divergence| is_promise(&divergence.rule)) {
                    sums.broken += 1;
                } else {
                    sums.refused += 1;
                }
                let first = found.into_iter().find(|it| it.known_deviation.is_none());
                first.map_or((None, String::new()), |it| (Some(it.rule), it.summary))
            }
        };
        self.accused.push(Accused {
            case: id.to_string(),
            kubernetes: version.to_string(),
            observed: observed.name(),
            rule,
            summary,
        });
    }
}
