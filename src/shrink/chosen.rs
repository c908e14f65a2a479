//! Which divergence stands for its class.

use std::collections::BTreeMap;

use crate::campaign::{Class, Finding};

/// A class and the finding that is pursued for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub class: Class,
    /// Index among the findings.
    pub finding: usize,
}

/// The smallest pod for each class. What nobody knows comes first, then one class of each known deviation, then the rest.
///
/// Without `strict`, a known deviation beside an unknown one is nothing to pursue.
pub fn choose(findings: &[Finding], strict: bool) -> Vec<Chosen> {
    let mut smallest: BTreeMap<Class, (u64, usize)> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let Some(scenario) = &finding.trace.scenario else {
            continue;
        };
        let wanted = finding
            .divergences
            .iter()
            .filter(|it| strict || it.known_deviation.is_none());
        for divergence in wanted {
            let size = (scenario.size(), index);
            let best = smallest.entry(Class::of(&finding.trace, divergence)).or_insert(size);
            *best = size.min(*best);
        }
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut chosen: Vec<(usize, Chosen)> = Vec::new();
    for (class, (_, finding)) in smallest {
        let turn = class.known_deviation.clone().map_or(0, |name| {
            let turn = seen.entry(name).or_default();
            *turn += 1;
            *turn
        });
        chosen.push((turn, Chosen { class, finding }));
    }
    chosen.sort_by_key(|(turn, _)| *turn);
    chosen.into_iter().map(|(_, chosen)| chosen).collect()
}
