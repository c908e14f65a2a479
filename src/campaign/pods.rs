//! One short line for each pod judged, for who wants to see them all.

use std::collections::BTreeSet;

use super::verdict::Judged;
use crate::check::Verdict;
use crate::trace::Trace;

/// Lines that are kept; beyond it only of pods that do not conform, and of twice as many nothing.
const LINES_MAX: usize = 10_000;

/// A pod and what was said of it.
#[derive(Clone, Debug)]
pub struct PodLine {
    pub pod: String,
    pub uid: String,
    pub node: Option<String>,
    /// The version it was judged as.
    pub kubernetes: String,
    /// As [`Verdict::word`] says it.
    pub verdict: &'static str,
    /// Rules and guarantees that do not hold, with the known deviation if it is one.
    pub rules: BTreeSet<(String, Option<String>)>,
    /// Why it does not conform, or why nothing can be said.
    pub reason: String,
}

/// The lines of a campaign.
#[derive(Clone, Debug, Default)]
pub struct PodLines {
    pub lines: Vec<PodLine>,
    /// Pods that are only counted.
    pub left_out: usize,
}

impl PodLines {
    /// Takes a pod's line.
    pub fn add(&mut self, trace: &Trace, kubernetes: &str, judged: &Judged) {
        let conforms = matches!(judged.verdict, Verdict::Conforms);
        let room = if conforms { LINES_MAX } else { 2 * LINES_MAX };
        if self.lines.len() >= room {
            self.left_out += 1;
            return;
        }
        let (rules, reason) = match &judged.verdict {
            Verdict::Conforms => (BTreeSet::new(), String::new()),
            Verdict::Inconclusive(reason) => (BTreeSet::new(), reason.clone()),
            Verdict::KnownDeviation(found) | Verdict::Diverges(found) => (
                found
                    .iter()
                    .map(|it| (it.rule.clone(), it.known_deviation.clone()))
                    .collect(),
                found.first().map_or(String::new(), |first| first.summary.clone()),
            ),
        };
        self.lines.push(PodLine {
            pod: trace.name.clone(),
            uid: trace.uid.clone(),
            node: trace.node.clone(),
            kubernetes: kubernetes.to_owned(),
            verdict: judged.verdict.word(),
            rules,
            reason,
        });
    }
}
