//! Verdicts as they come in, counted by kubelet version; divergences are kept whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::class::Class;
use super::confirmed::Rates;
use super::pods::PodLines;
use super::summary::{Found, ShownClass, Summary, Tally};
use super::verdict::Judged;
use crate::check::{Divergence, Verdict};
use crate::goals;
use crate::judge::{self, Tallies};
use crate::trace::{Trace, UnixMs};

/// Divergences that are kept with their trace; of more only those that show a class for the first time.
pub const FINDINGS_MAX: usize = 100;

/// A pod that diverges.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its life.
    pub trace: Trace,
    /// The version it was judged as.
    pub kubernetes: String,
    /// Every disagreement, the first one first.
    pub divergences: Vec<Divergence>,
    /// The class that it was taken a second time for, because its pod shows several.
    pub stands_for: Option<Class>,
    /// What the bounds allowed for the machine's load.
    pub delay_ms: i64,
}

/// What came of the pods so far.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Verdicts by kubelet version.
    pub kubelets: BTreeMap<String, Tally>,
    /// What the guarantees said of all pods.
    pub guarantees: Tallies,
    /// Which situations they met.
    pub goals: goals::Counts,
    /// The first divergences.
    pub findings: Vec<Finding>,
    /// How many pods showed which class, by kubelet version; known deviations are classes too.
    pub shown: BTreeMap<String, BTreeMap<Class, usize>>,
    /// A short line for each pod.
    pub pods: PodLines,
    /// For each class of known deviation a pod that shows it and does not diverge: the one with the shortest life.
    pub examples: BTreeMap<Class, Finding>,
    /// First and last time in any trace.
    span_ms: Option<(UnixMs, UnixMs)>,
}

impl Finding {
    /// Class of its first disagreement.
    pub fn class(&self) -> Class {
        Class::of(&self.trace, &self.divergences[0])
    }

    /// What a summary says of it, as far as the finding itself tells.
    pub fn found(&self, case: String, replay: String) -> Found {
        Found {
            case,
            pod: self.trace.name.clone(),
            uid: self.trace.uid.clone(),
            node: self.trace.node.clone(),
            kubernetes: self.kubernetes.clone(),
            divergences: self.divergences.clone(),
            class: self.class(),
            confirmed: Rates::new(),
            minimal: None,
            folder: None,
            replay,
        }
    }

    /// The finding as one that stands for this class alone.
    #[must_use]
    pub fn standing_for(&self, class: &Class) -> Self {
        let mut own = self.clone();
        if own.class() != *class {
            let is_it = |it: &Divergence| Class::of(&self.trace, it) == *class;
            let (mut first, rest): (Vec<_>, Vec<_>) = own.divergences.into_iter().partition(is_it);
            first.extend(rest);
            own.divergences = first;
            own.stands_for = Some(class.clone());
        }
        own
    }

    /// Where it is kept in the folder of a run.
    pub fn folder(&self, run: &Path) -> PathBuf {
        let name = &self.trace.name;
        let name = self
            .stands_for
            .as_ref()
            .map_or_else(|| name.clone(), |class| format!("{name}.{}", class.slug()));
        run.join("divergences").join(name)
    }
}

impl Gathered {
    /// Takes a pod's verdict.
    pub fn add(&mut self, trace: Trace, judged: Judged) {
        judge::add(&mut self.guarantees, judged.guarantees.iter().copied());
        self.goals.add(&trace);
        let kubernetes = judged.kubernetes.clone().unwrap_or_else(|| "unknown".to_owned());
        self.kubelets
            .entry(kubernetes.clone())
            .or_default()
            .add(&trace, &judged);
        for at_ms in trace.steps.iter().filter_map(|step| step.at_ms) {
            let (first_ms, last_ms) = self.span_ms.unwrap_or((at_ms, at_ms));
            self.span_ms = Some((first_ms.min(at_ms), last_ms.max(at_ms)));
        }
        self.pods.add(&trace, &kubernetes, &judged);
        let classes = Class::all_of(&trace, &judged.verdict);
        let is_new = |class| !self.shown.values().any(|shown| shown.contains_key(class));
        let shows_new = classes.iter().any(is_new);
        if let Verdict::KnownDeviation(divergences) = &judged.verdict {
            for class in &classes {
                self.take_example(class, &trace, &kubernetes, divergences, judged.delay_ms);
            }
        }
        let shown = self.shown.entry(kubernetes.clone()).or_default();
        classes
            .into_iter()
            .for_each(|class| *shown.entry(class).or_default() += 1);
        if let Verdict::Diverges(divergences) = judged.verdict
            && (self.findings.len() < FINDINGS_MAX || shows_new)
        {
            self.findings.push(Finding {
                trace,
                kubernetes,
                divergences,
                stands_for: None,
                delay_ms: judged.delay_ms,
            });
        }
    }

    fn take_example(
        &mut self,
        class: &Class,
        trace: &Trace,
        kubernetes: &str,
        divergences: &[Divergence],
        delay_ms: i64,
    ) {
        let size = |trace: &Trace| (trace.spec.containers.len(), trace.steps.len());
        if self
            .examples
            .get(class)
            .is_some_and(|known| size(&known.trace) <= size(trace))
        {
            return;
        }
        let example = Finding {
            trace: trace.clone(),
            kubernetes: kubernetes.to_owned(),
            divergences: divergences.to_vec(),
            stands_for: None,
            delay_ms,
        };
        self.examples.insert(class.clone(), example.standing_for(class));
    }

    /// From the first event to the last, when the recording tells.
    pub fn seconds(&self) -> f64 {
        self.span_ms
            .map_or(0.0, |(first_ms, last_ms)| (last_ms - first_ms) as f64 / 1000.0)
    }

    /// Writes the counts into a summary of pods that took `seconds`.
    pub fn summarise(&self, seconds: f64, summary: &mut Summary) {
        summary.kubelets = self.kubelets.clone();
        summary.seconds = tenths(seconds);
        summary.guarantees = judge::catalogue(&self.guarantees);
        summary.goals = self.goals.each().map(|(goal, pods)| (goal.id, pods)).collect();
        let shown = |(kubernetes, classes): (&String, &BTreeMap<Class, usize>)| {
            let kubernetes = kubernetes.clone();
            let shown = classes.iter().map(move |(class, pods)| ShownClass {
                kubernetes: kubernetes.clone(),
                class: class.clone(),
                pods: *pods,
            });
            shown.collect::<Vec<_>>()
        };
        summary.classes = self.shown.iter().flat_map(shown).collect();
        // What is replayed is no profile, and owes nothing.
        if let Ok(profile) = summary.cases.parse() {
            summary.goals_missed = self.goals.missed(profile).map(|goal| goal.id).collect();
        }
        let (judged, ..) = summary.totals();
        let per_minute = if seconds > 0.0 {
            judged as f64 * 60.0 / seconds
        } else {
            0.0
        };
        summary.pods_per_minute = tenths(per_minute);
    }
}

/// Nobody measures pods to the microsecond.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
