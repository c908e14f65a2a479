//! The test of one rule or promise: kept, known to be broken, or broken.

use std::collections::BTreeSet;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus};

use super::{Concluded, case, skipped};
use crate::campaign::{Found, ShownClass, Tally};
use crate::check::Divergence;
use crate::deviations;

/// Less of a text is of no use, more drowns the page that a CI makes of it.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// Classes of one rule that are told in full.
const CLASSES_MAX: usize = 4;
/// A rule or promise on one kubelet version.
#[derive(Clone, Copy)]
pub(super) struct Test<'a> {
    pub(super) concluded: Concluded<'a>,
    pub(super) version: &'a str,
    pub(super) tally: &'a Tally,
    /// Pods that could have shown that it is broken.
    pub(super) at_risk: u64,
    /// It, in one sentence.
    pub(super) what: &'a str,
}

impl<'a> Test<'a> {
    pub(super) fn case(self, group: &str, id: &str, shown: &[&ShownClass]) -> TestCase {
        let strict = self.concluded.summary.strict;
        let is_known = |shown: &&&ShownClass| shown.class.known_deviation.is_some();
        let unknown: Vec<&ShownClass> = shown.iter().filter(|it| strict || !is_known(it)).copied().collect();
        let known: Vec<&ShownClass> = shown.iter().filter(is_known).copied().collect();
        let status = if !unknown.is_empty() {
            self.failure(&unknown)
        } else if !known.is_empty() {
            let mut status = skipped(known_deviations(&known));
            status.set_type("known deviation");
            status
        } else if self.at_risk == 0 {
            skipped(format!("no pod brought this to a decision: {}", self.what))
        } else {
            TestCaseStatus::success()
        };
        let mut case = case(group, format!("{id}@{}", self.version), status);
        case.add_property(Property::new("at-risk", self.at_risk.to_string()));
        for shown in known {
            let name = shown.class.known_deviation.clone().unwrap_or_default();
            case.add_property(Property::new("known-deviation", format!("{name}: {} pods", shown.pods)));
        }
        case
    }

    fn failure(self, shown: &[&ShownClass]) -> TestCaseStatus {
        let mut text = format!("{}\n", self.what);
        let mut first = None;
        for (index, shown) in shown.iter().enumerate() {
            let (class, pods) = (&shown.class, shown.pods);
            text += &format!("\nclass {class}: {pods} of {} pods\n", self.tally.judged);
            let Some((found, explanation)) = self.example(shown) else {
                continue;
            };
            let of_class = found.divergences.iter().find(|it| it.rule == class.rule);
            first = first.or_else(|| of_class.map(|divergence| divergence.summary.clone()));
            text += &if index < CLASSES_MAX {
                format!("\n{}", cut(explanation))
            } else {
                format!("replay: {}\n", found.replay)
            };
        }
        let pods: usize = shown.iter().map(|shown| shown.pods).sum();
        let times = if pods == 1 {
            "once".to_owned()
        } else {
            format!("{pods} times")
        };
        let first = first.unwrap_or_else(|| self.what.to_owned());
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(format!("{times} in {} pods: {first}", self.tally.judged));
        status.set_type("divergence").set_description(text);
        status
    }

    /// A divergence of this class with its explanation: the one that stands for it, else any pod that shows it too.
    fn example(self, shown: &ShownClass) -> Option<(&'a Found, &'a str)> {
        let explained = self.concluded.explanations.iter().map(String::as_str);
        let pairs = || self.concluded.summary.divergences.iter().zip(explained.clone());
        let mut here = pairs().filter(|(found, _)| found.kubernetes == self.version);
        let stands = here.clone().find(|(found, _)| found.class == shown.class);
        stands.or_else(|| {
            here.find(|(found, _)| {
                let is_it =
                    |it: &Divergence| it.rule == shown.class.rule && it.known_deviation == shown.class.known_deviation;
                found.divergences.iter().any(is_it)
            })
        })
    }
}

/// `kubernetes#125404: podIP and podIPs vanish …`, each name once.
fn known_deviations(known: &[&ShownClass]) -> String {
    let names: BTreeSet<&str> = known
        .iter()
        .filter_map(|it| it.class.known_deviation.as_deref())
        .collect();
    let titled = names.into_iter().map(|name| {
        let entry = deviations::all().find(|it| it.name == name);
        entry.map_or_else(|| name.to_owned(), |it| format!("{name}: {} ({})", it.title, it.link))
    });
    titled.collect::<Vec<_>>().join("; ")
}

/// No more than a page of a text, cut at a line.
fn cut(text: &str) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let mut kept = String::new();
    for line in text.split_inclusive('\n') {
        if kept.len() + line.len() > TEXT_BYTES_MAX {
            break;
        }
        kept += line;
    }
    kept + "… the whole text is in the divergence's folder (explanation.txt)\n"
}
