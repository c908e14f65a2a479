//! What the guarantees say of the runs: which broke, in which versions, by which smallest pod.

use std::collections::{BTreeMap, BTreeSet};

use podcheck_generators::Scenario;
use serde::{Serialize, Serializer};

use super::{Covered, Level};
use crate::campaign::Class;
use crate::check::{Bounds, Divergence, Facts};
use crate::deviations;
use crate::guarantees::{self, Breach, Case, Guarantee, Outcome};
use crate::judge::{Tallies, add};
use crate::model::KubeletVersion;
use crate::simulate::Unusual;
use crate::trace::Trace;

/// A simulated node is as idle as a node can be.
pub(super) const IDLE_MS: i64 = 2_000;

/// A promise that breaks, and the known deviation that covers it; `None`: nobody knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Key {
    /// What nobody knows comes first.
    pub known_deviation: Option<&'static str>,
    pub rule: &'static str,
}

/// How a promise breaks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Broken {
    #[serde(serialize_with = "by_name")]
    pub versions: BTreeMap<KubeletVersion, Count>,
    pub smallest: Option<Smallest>,
}

/// In how many scenarios and runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    pub scenarios: u64,
    pub runs: u64,
}

/// The smallest pod that breaks a promise: the fewest containers, then the fewest oddities, then the fewest choices.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Smallest {
    pub containers: usize,
    pub oddities: usize,
    pub choices: usize,
    /// Of the scenario, for the order among equals.
    pub size: u64,
    pub scenario: Scenario,
    /// The first version that breaks it with this pod.
    #[serde(serialize_with = "name")]
    pub kubelet: KubeletVersion,
    #[serde(skip)]
    pub unusual: Vec<Unusual>,
    pub class: Class,
    pub summary: String,
}

fn by_name<S: Serializer>(versions: &BTreeMap<KubeletVersion, Count>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(versions.iter().map(|(version, count)| (version.to_string(), count)))
}

fn name<S: Serializer>(version: &KubeletVersion, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(version)
}

/// What one thread has judged.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub covered: Covered,
    pub broken: BTreeMap<Key, Broken>,
    pub tallies: Tallies,
    /// Of the scenario at hand.
    seen: BTreeSet<(Key, KubeletVersion)>,
}

impl Broken {
    /// Adds another part's.
    pub fn merge(&mut self, other: Self) {
        for (version, count) in other.versions {
            let sum = self.versions.entry(version).or_default();
            sum.scenarios += count.scenarios;
            sum.runs += count.runs;
        }
        self.smallest = match (self.smallest.take(), other.smallest) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

impl Judged {
    pub fn merge(&mut self, other: Self) {
        let (sum, more) = (&mut self.covered, other.covered);
        sum.scenarios += more.scenarios;
        sum.runs += more.runs;
        sum.breaking += more.breaking;
        sum.choices_met_max = sum.choices_met_max.max(more.choices_met_max);
        add(&mut self.tallies, other.tallies);
        for (key, broken) in other.broken {
            self.broken.entry(key).or_default().merge(broken);
        }
    }

    /// A scenario begins.
    pub fn begin(&mut self) {
        self.seen.clear();
    }

    /// A scenario has been gone through.
    pub fn end(&mut self) {
        self.covered.breaking += u64::from(!self.seen.is_empty());
        for (key, version) in &self.seen {
            let broken = self.broken.entry(*key).or_default();
            broken.versions.entry(*version).or_default().scenarios += 1;
        }
    }

    /// Judges a life as the life of all these versions.
    pub fn judge(
        &mut self,
        scenario: &Scenario,
        level: Level,
        versions: &[KubeletVersion],
        unusual: &[Unusual],
        trace: &Trace,
    ) {
        self.covered.runs += 1;
        let bounds = Bounds::with_delay(IDLE_MS);
        let facts = Facts::of(trace);
        let case = Case::new(trace, &facts, &bounds);
        for guarantee in guarantees::all() {
            let tally = self.tallies.entry(guarantee.id).or_default();
            let breaches = match (guarantee.judge)(&case) {
                Outcome::NotAtRisk => {
                    tally.not_at_risk += 1;
                    continue;
                }
                Outcome::Kept => {
                    tally.kept += 1;
                    continue;
                }
                Outcome::Broken(breaches) => breaches,
            };
            tally.broken += 1;
            for &version in versions.iter().filter(|version| version.minor >= guarantee.since_minor) {
                self.breaks(scenario, level, version, unusual, &case, guarantee, &breaches);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one breach in its whole context")]
    fn breaks(
        &mut self,
        scenario: &Scenario,
        level: Level,
        version: KubeletVersion,
        unusual: &[Unusual],
        case: &Case,
        guarantee: &'static Guarantee,
        breaches: &[Breach],
    ) {
        let mut counted = BTreeSet::new();
        for breach in breaches {
            let known = deviations::covering(version, guarantee.id, case, breach).map(|deviation| deviation.name);
            let key = Key {
                known_deviation: known,
                rule: guarantee.id,
            };
            if !counted.insert(key) {
                continue;
            }
            self.seen.insert((key, version));
            let broken = self.broken.entry(key).or_default();
            broken.versions.entry(version).or_default().runs += 1;
            let order = (level.containers, level.oddities, unusual.len(), scenario.size());
            let is_smaller = broken.smallest.as_ref().is_none_or(|it| {
                let before = (it.containers, it.oddities, it.choices, it.size);
                (order, scenario, version, unusual) < (before, &it.scenario, it.kubelet, &it.unusual[..])
            });
            if is_smaller {
                broken.smallest = Some(smallest(scenario, level, version, unusual, case, key, breach));
            }
        }
    }
}

fn smallest(
    scenario: &Scenario,
    level: Level,
    kubelet: KubeletVersion,
    unusual: &[Unusual],
    case: &Case,
    key: Key,
    breach: &Breach,
) -> Smallest {
    let divergence = Divergence {
        known_deviation: key.known_deviation.map(str::to_owned),
        event_index: breach.event_index,
        resource_version: breach.resource_version.clone(),
        rule: key.rule.to_owned(),
        container: breach.container,
        summary: breach.summary.clone(),
    };
    Smallest {
        containers: level.containers,
        oddities: level.oddities,
        choices: unusual.len(),
        size: scenario.size(),
        scenario: scenario.clone(),
        kubelet,
        unusual: unusual.to_vec(),
        class: Class::of(case.trace, &divergence),
        summary: breach.summary.clone(),
    }
}
