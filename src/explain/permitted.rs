//! Which kubelet versions could have shown what was seen.

use std::fmt;

use serde::Serialize;

use crate::check::{Bounds, Facts, Inclusion, includes};
use crate::guarantees::Case;
use crate::judge::not_covered;
use crate::model::{Behaviour, KubeletVersion};
use crate::trace::Trace;

/// A patch release on each side of every change that the model knows.
pub const VERSIONS: [(u32, u32); 15] = [
    (28, 0),
    (28, 15),
    (29, 2),
    (29, 15),
    (30, 0),
    (30, 14),
    (31, 14),
    (32, 13),
    (33, 0),
    (33, 13),
    (34, 0),
    (34, 9),
    (35, 6),
    (36, 1),
    (37, 0),
];

/// What the models of all versions say of one pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Permitted {
    /// The version that it was judged as.
    pub judged_as: Option<String>,
    /// Does the model of that version permit it? Absent: not decided.
    pub by_its_own: Option<bool>,
    /// Versions whose models have a run that explains everything, as ranges of those that were asked.
    pub by: Vec<String>,
    /// Versions whose models have none.
    pub not_by: Vec<String>,
    /// Why no model was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_covered: Option<String>,
}

/// Asks the model of every version.
pub fn permitted(trace: &Trace, judged_as: Option<KubeletVersion>, bounds: &Bounds) -> Permitted {
    let facts = Facts::within(trace, bounds);
    let mut found = Permitted {
        judged_as: judged_as.map(|version| version.to_string()),
        by_its_own: None,
        by: Vec::new(),
        not_by: Vec::new(),
        not_covered: not_covered(&Case::new(trace, &facts, bounds)),
    };
    if found.not_covered.is_some() {
        return found;
    }
    let ask = |version: KubeletVersion| match includes(&Behaviour::of(version), trace, bounds) {
        Inclusion::Included => Some(true),
        Inclusion::Excluded(_) => Some(false),
        Inclusion::Undecided(_) => None,
    };
    found.by_its_own = judged_as.and_then(ask);
    let mut versions: Vec<KubeletVersion> = VERSIONS.map(|(minor, patch)| KubeletVersion { minor, patch }).into();
    versions.extend(judged_as);
    versions.sort_unstable();
    versions.dedup();
    let answers: Vec<(KubeletVersion, Option<bool>)> =
        versions.into_iter().map(|version| (version, ask(version))).collect();
    for same in answers.chunk_by(|(_, one), (_, other)| one == other) {
        let range = match same {
            [(first, _), .., (last, _)] => format!("{first} to {last}"),
            [(only, _)] => only.to_string(),
            [] => continue,
        };
        match same[0].1 {
            Some(true) => found.by.push(range),
            Some(false) => found.not_by.push(range),
            None => {}
        }
    }
    found
}

impl fmt::Display for Permitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reason) = &self.not_covered {
            return write!(f, "Not asked: {reason}.");
        }
        match (self.by.is_empty(), self.not_by.is_empty()) {
            (true, _) => f.write_str("No kubelet from 1.28 to 1.37, as modelled, produces this sequence of statuses."),
            (false, true) => {
                f.write_str("The models of all versions from 1.28 to 1.37 permit this sequence of statuses.")
            }
            (false, false) => write!(
                f,
                "The models of {} permit this sequence of statuses; those of {} do not.",
                self.by.join(", "),
                self.not_by.join(", ")
            ),
        }
    }
}
