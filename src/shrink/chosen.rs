//! Which divergence stands for its class.

use std::collections::{BTreeMap, BTreeSet};

use crate::campaign::{Class, Finding};

/// Findings of a class to try one after the other, if the smallest pod does not show it again.
const TRIED_MAX: usize = 3;

/// A class and the findings that can be pursued for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub class: Class,
    /// Indices among the findings, that of the smallest pod first.
    pub findings: Vec<usize>,
}

/// The smallest pods for each class. What nobody knows comes first, then the commonest class of each known
/// deviation, then the rest.
///
/// Without `strict`, a known deviation beside an unknown one is nothing to pursue.
pub fn choose(findings: &[Finding], strict: bool) -> Vec<Chosen> {
    let mut sizes: BTreeMap<Class, BTreeSet<(u64, usize)>> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let Some(scenario) = &finding.trace.scenario else {
            continue;
        };
        let wanted = finding
            .divergences
            .iter()
            .filter(|it| strict || it.known_deviation.is_none());
        for divergence in wanted {
            let class = Class::of(&finding.trace, divergence);
            sizes.entry(class).or_default().insert((scenario.size(), index));
        }
    }
    let mut classes: Vec<_> = sizes.into_iter().collect();
    // What many pods show is shown again soonest.
    classes.sort_by_key(|(_, sizes)| std::cmp::Reverse(sizes.len()));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut chosen: Vec<(usize, Chosen)> = Vec::new();
    for (class, sizes) in classes {
        let turn = class.known_deviation.clone().map_or(0, |name| {
            let turn = seen.entry(name).or_default();
            *turn += 1;
            *turn
        });
        let smallest = sizes.into_iter().map(|(_, index)| index);
        let findings = smallest.take(TRIED_MAX).collect();
        chosen.push((turn, Chosen { class, findings }));
    }
    chosen.sort_by_key(|(turn, _)| *turn);
    chosen.into_iter().map(|(_, chosen)| chosen).collect()
}
