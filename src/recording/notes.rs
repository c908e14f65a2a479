//! What a reader noticed beside the pods: nothing that is left out is left out silently.

use std::collections::BTreeMap;

/// Texts kept per kind of remark; more are only counted.
const REMARKS_MAX: usize = 20;

/// What was seen in a recording beside the events of pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Watch events of any kind.
    pub events: usize,
    /// BOOKMARK events, which say nothing about a pod.
    pub bookmarks: usize,
    /// Events of objects that are not pods, by kind.
    pub other_kinds: BTreeMap<String, usize>,
    /// The input ends in the middle of a value that begins on this line; what came before is complete.
    pub truncated_at_line: Option<u64>,
    /// Values in the middle that could not be read.
    pub unreadable: Remarks,
    /// Interruptions of the watch.
    pub gaps: Remarks,
    /// Events older than what was seen of their pod before.
    pub out_of_order: Remarks,
    /// Pods whose scenario annotation could not be parsed.
    pub bad_scenarios: Remarks,
}

/// A bounded list of remarks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// How many there were.
    pub count: usize,
    /// The first of them.
    pub texts: Vec<String>,
}

impl Remarks {
    /// Adds one.
    pub fn add(&mut self, text: impl FnOnce() -> String) {
        self.count += 1;
        if self.texts.len() < REMARKS_MAX {
            self.texts.push(text());
        }
    }
}

impl Notes {
    /// One line for each thing worth saying; empty for a perfect recording.
    pub fn messages(&self) -> Vec<String> {
        let mut messages = Vec::new();
        if let Some(line) = self.truncated_at_line {
            messages.push(format!(
                "truncated: the value that begins on line {line} is cut off; read up to there"
            ));
        }
        for (what, remarks) in [
            ("unreadable", &self.unreadable),
            ("watch interrupted", &self.gaps),
            ("out of order", &self.out_of_order),
            ("scenario annotation ignored", &self.bad_scenarios),
        ] {
            messages.extend(remarks.texts.iter().map(|text| format!("{what}: {text}")));
            if remarks.count > remarks.texts.len() {
                messages.push(format!("{what}: {} more", remarks.count - remarks.texts.len()));
            }
        }
        let others = self.other_kinds.iter().map(|(kind, count)| {
            let hint = if kind.ends_with("List") {
                "; a list shows no changes, record them with kubectl get pods -w --output-watch-events -o json"
            } else {
                ""
            };
            format!("ignored {count} of kind {kind}: not a pod{hint}")
        });
        messages.extend(others);
        messages
    }
}
