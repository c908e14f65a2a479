//! What the check says about one pod.

use serde::{Deserialize, Serialize};

/// A disagreement between a recording and what is permitted or promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    /// Index of the event in the recording (all pods counted).
    pub event_index: usize,
    pub resource_version: String,
    /// Id of the rule or guarantee.
    pub rule: String,
    /// Index of the container that it is about, in spec order, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<usize>,
    /// One sentence: what was observed, what is permitted.
    pub summary: String,
    /// The entry of the table of known deviations that covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_deviation: Option<String>,
}

/// One pod's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    Conforms,
    /// Only promises in the table of known deviations for this version are broken.
    KnownDeviation(Vec<Divergence>),
    /// The model does not permit it, or a promise outside the table is broken.
    Diverges(Vec<Divergence>),
    /// It cannot be decided, for this reason.
    Inconclusive(String),
}

impl Verdict {
    /// The word of the JSON output.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Conforms => "conforms",
            Self::KnownDeviation(_) => "known-deviation",
            Self::Diverges(_) => "diverges",
            Self::Inconclusive(_) => "inconclusive",
        }
    }
}
