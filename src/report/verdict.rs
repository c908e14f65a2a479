//! One pod's verdict as a line, and how many there are of each.

use std::fmt;

use serde::Serialize;

use crate::check::{Divergence, Verdict};
use crate::trace::Trace;

/// One pod's verdict, as `--format json` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct VerdictLine {
    /// Name of the pod.
    pub pod: String,
    /// `metadata.uid`.
    pub uid: String,
    /// Version of the kubelet it was judged as; null: not known.
    pub kubernetes: Option<String>,
    /// `conforms`, `known-deviation`, `diverges` or `inconclusive`.
    pub verdict: &'static str,
    /// Why it is not `conforms`.
    pub reason: Option<String>,
    /// The first disagreement, for `known-deviation` and `diverges`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divergence: Option<DivergenceLine>,
    /// For text only: where the pod ran.
    #[serde(skip)]
    namespace: String,
    /// For text only: disagreements beyond the first.
    #[serde(skip)]
    more: usize,
}

/// A disagreement, as `--format json` prints it: every key always there.
#[derive(Clone, Debug, Serialize)]
pub struct DivergenceLine {
    /// Index among all events of the recording.
    pub event_index: usize,
    /// `metadata.resourceVersion` of that event.
    pub resource_version: String,
    /// Id of the rule or guarantee.
    pub rule: String,
    /// What was observed, what is permitted.
    pub summary: String,
    /// The entry of the table of known deviations, or null.
    pub known_deviation: Option<String>,
}

impl VerdictLine {
    /// The line of a pod that was judged as this version.
    pub fn new(trace: &Trace, kubernetes: Option<String>, verdict: &Verdict) -> Self {
        let (reason, divergences): (Option<String>, &[Divergence]) = match verdict {
            Verdict::Conforms => (None, &[]),
            Verdict::Inconclusive(reason) => (Some(reason.clone()), &[]),
            Verdict::KnownDeviation(found) | Verdict::Diverges(found) => {
                (found.first().map(|first| first.summary.clone()), found)
            }
        };
        Self {
            pod: trace.name.clone(),
            uid: trace.uid.clone(),
            kubernetes,
            verdict: verdict.word(),
            reason,
            divergence: divergences.first().map(DivergenceLine::new),
            namespace: trace.namespace.clone(),
            more: divergences.len().saturating_sub(1),
        }
    }
}

impl DivergenceLine {
    fn new(divergence: &Divergence) -> Self {
        let Divergence {
            event_index,
            resource_version,
            rule,
            summary,
            known_deviation,
            ..
        } = divergence.clone();
        Self {
            event_index,
            resource_version,
            rule,
            summary,
            known_deviation,
        }
    }
}

/// `diverges         v1.29.2  default/a  event 5 (resourceVersion 981), rule 4.1: phase is …`
impl fmt::Display for VerdictLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kubernetes = self.kubernetes.as_deref().unwrap_or("unknown");
        write!(f, "{:<15}  {kubernetes:<8}  ", self.verdict)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.pod)?;
        match (&self.divergence, &self.reason) {
            (Some(first), _) => {
                if let Some(name) = &first.known_deviation {
                    write!(f, "  {name}")?;
                }
                write!(
                    f,
                    "  event {} (resourceVersion {}), ",
                    first.event_index, first.resource_version
                )?;
                write!(f, "rule {}: {}", first.rule, first.summary)?;
                if self.more > 0 {
                    write!(f, " (and {} more)", self.more)?;
                }
                Ok(())
            }
            (None, Some(reason)) => write!(f, "  {reason}"),
            (None, None) => Ok(()),
        }
    }
}

/// How many pods got which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// `conforms`.
    pub conforms: usize,
    /// `known-deviation`.
    pub known_deviation: usize,
    /// `diverges`.
    pub diverges: usize,
    /// `inconclusive`.
    pub inconclusive: usize,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, verdict: &Verdict) {
        *match verdict {
            Verdict::Conforms => &mut self.conforms,
            Verdict::KnownDeviation(_) => &mut self.known_deviation,
            Verdict::Diverges(_) => &mut self.diverges,
            Verdict::Inconclusive(_) => &mut self.inconclusive,
        } += 1;
    }

    /// All of them.
    pub fn judged(&self) -> usize {
        self.conclusive() + self.inconclusive
    }

    /// All but the inconclusive ones.
    pub fn conclusive(&self) -> usize {
        self.conforms + self.known_deviation + self.diverges
    }
}

/// `4 pods: 3 conform, 1 diverges`.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let judged = self.judged();
        write!(f, "{judged} {}", if judged == 1 { "pod" } else { "pods" })?;
        let parts = [
            (self.conforms, "conforms", "conform"),
            (self.known_deviation, "known deviation", "known deviations"),
            (self.diverges, "diverges", "diverge"),
            (self.inconclusive, "inconclusive", "inconclusive"),
        ];
        let mut separator = ": ";
        for (count, one, many) in parts.into_iter().filter(|(count, ..)| *count > 0) {
            write!(f, "{separator}{count} {}", if count == 1 { one } else { many })?;
            separator = ", ";
        }
        Ok(())
    }
}
