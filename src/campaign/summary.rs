//! What came of a campaign, as `summary.json` holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::class::Class;
use super::confirmed::{Minimal, Rates};
use super::verdict::Judged;
use crate::check::{Bounds, Divergence, Facts, Verdict};
use crate::guarantees::Case;
use crate::judge::{self, Promise, Tallies};
use crate::rules::RULES;
use crate::target::cpu::CpuTimes;
use crate::trace::Trace;

/// Everything that a campaign found.
///
/// In `summary.json` paths are relative to the folder that holds it, so that the folder can be moved; see [`Summary::portable`].
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// In hexadecimal, as in case ids.
    pub seed: String,
    /// The profile that was drawn from, or the scenario that was replayed.
    pub cases: String,
    /// Where the pods ran.
    pub target: String,
    /// Version of the API server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// From the first pod's creation to the last pod's end.
    pub seconds: f64,
    /// Pods judged in a minute.
    pub pods_per_minute: f64,
    /// Verdicts by kubelet version.
    pub kubelets: BTreeMap<String, Tally>,
    /// The promises, with how often each was at risk and broken.
    pub guarantees: Vec<Promise>,
    /// The situations that a campaign should meet, with how many pods met each.
    pub goals: BTreeMap<&'static str, u64>,
    /// Those that so many pods of the profile should have met and did not: the campaign is not complete.
    pub goals_missed: Vec<&'static str>,
    /// Every class of failure that was shown, with how many pods showed it; known deviations are classes too.
    pub classes: Vec<ShownClass>,
    /// Known deviations counted as divergences.
    pub strict: bool,
    /// Divergences, in the order in which they were found: each class at least once, otherwise the first hundred.
    pub divergences: Vec<Found>,
    /// CPU time of the pods' run and of judging them, of a live campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuTimes>,
    /// The recording, if one was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<PathBuf>,
    /// Why it ended before all cases had run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
}

/// The verdicts on pods of one kubelet version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Nodes that ran it.
    pub nodes: BTreeSet<String>,
    /// Pods judged.
    pub judged: usize,
    /// Those that conform.
    pub conforms: usize,
    /// Those that only break promises known to be broken.
    pub known_deviation: usize,
    /// Of those, how many break which; a pod can break several.
    pub known_deviations: BTreeMap<String, usize>,
    /// Those that diverge.
    pub diverges: usize,
    /// Those that cannot be decided.
    pub inconclusive: usize,
    /// Of those, how many for which reason.
    pub inconclusive_reasons: BTreeMap<String, usize>,
    /// What the bounds allowed for load where it was heaviest.
    pub delay_ms_max: i64,
    /// What each guarantee said of how many pods.
    pub promises: Tallies,
    /// In how many pods each rule of the model decided something.
    pub rules: BTreeMap<&'static str, u64>,
}

/// A class of failure on one kubelet version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownClass {
    /// The version it was judged as.
    pub kubernetes: String,
    /// The class.
    pub class: Class,
    /// How many pods showed it.
    pub pods: usize,
}

/// A divergence and how to see it again.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// Case id, or the name of what was replayed.
    pub case: String,
    /// Name of the pod.
    pub pod: String,
    /// `metadata.uid`.
    pub uid: String,
    /// Where it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The version it was judged as.
    pub kubernetes: String,
    /// Every disagreement, the first one first.
    pub divergences: Vec<Divergence>,
    /// Class of the first one.
    pub class: Class,
    /// How often the scenario showed this class again, by kubelet version; empty: nobody tried.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub confirmed: Rates,
    /// The smallest pod that shows this class, if this divergence was chosen to find it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimal: Option<Minimal>,
    /// The folder that holds its recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The command that runs its scenario again.
    pub replay: String,
}

impl Found {
    /// Did running it again on its own version show the class once more?
    pub fn is_confirmed(&self) -> bool {
        self.confirmed.get(&self.kubernetes).is_some_and(|rate| rate.shown > 0)
    }
}

impl Tally {
    /// Counts a verdict.
    pub fn add(&mut self, trace: &Trace, judged: &Judged) {
        self.delay_ms_max = self.delay_ms_max.max(judged.delay_ms);
        self.nodes.extend(trace.node.clone());
        self.judged += 1;
        judge::add(&mut self.promises, judged.guarantees.iter().copied());
        self.count_rules(trace, judged);
        match &judged.verdict {
            Verdict::Conforms => self.conforms += 1,
            Verdict::KnownDeviation(found) => {
                self.known_deviation += 1;
                let names: BTreeSet<&String> = found.iter().filter_map(|it| it.known_deviation.as_ref()).collect();
                for name in names {
                    *self.known_deviations.entry(name.clone()).or_default() += 1;
                }
            }
            Verdict::Diverges(_) => self.diverges += 1,
            Verdict::Inconclusive(reason) => {
                self.inconclusive += 1;
                *self.inconclusive_reasons.entry(reason.clone()).or_default() += 1;
            }
        }
    }

    fn count_rules(&mut self, trace: &Trace, judged: &Judged) {
        let kubernetes = judged.kubernetes.as_deref().and_then(|text| text.parse().ok());
        let Some(version) = kubernetes else { return };
        let bounds = Bounds::with_delay(judged.delay_ms);
        let facts = Facts::within(trace, &bounds);
        let case = Case::new(trace, &facts, &bounds);
        for rule in RULES {
            if rule.applies_to(version) && (rule.decides)(&case) {
                *self.rules.entry(rule.id).or_default() += 1;
            }
        }
    }

    /// Pods with a verdict other than inconclusive.
    pub fn conclusive(&self) -> usize {
        self.judged - self.inconclusive
    }
}

impl Summary {
    /// Pods judged, those judged conclusively, and those that diverge.
    pub fn totals(&self) -> (usize, usize, usize) {
        self.kubelets
            .values()
            .fold((0, 0, 0), |(judged, conclusive, diverges), tally| {
                (
                    judged + tally.judged,
                    conclusive + tally.conclusive(),
                    diverges + tally.diverges,
                )
            })
    }

    /// The same with paths that are relative to this folder, where they are in it.
    #[must_use]
    pub fn portable(mut self, folder: &Path) -> Self {
        let shorten = |path: &mut PathBuf| {
            if let Ok(rest) = path.strip_prefix(folder) {
                *path = rest.to_owned();
            }
        };
        self.recording.as_mut().map(shorten);
        for found in &mut self.divergences {
            found.folder.as_mut().map(shorten);
            let minimal = found.minimal.as_mut();
            minimal.and_then(|minimal| minimal.file.as_mut()).map(shorten);
        }
        self
    }
}
