//! What the list of a pod's conditions may hold.

use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::{ConditionKind, ConditionSeen};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-one-condition-each",
        rule: "A status has each condition once.",
        quote: "`map` applies to lists of nested types only. The key values (see `listMapKey`) must be unique in the list.",
        link: pages::LIST_TYPES,
        since_minor: 0,
        judge: |case| none(case, |seen| seen.is_repeated, "is listed twice"),
    },
    Guarantee {
        id: "G-condition-is-true-or-false",
        rule: "The status of a condition is True, False or Unknown.",
        quote: "Status is the status of the condition. Can be True, False, Unknown.",
        link: pages::CONDITION,
        since_minor: 0,
        judge: |case| none(case, |seen| seen.is_undefined, "is neither True nor False nor Unknown"),
    },
];

/// Judges that no condition of the kubelet's ever is so.
fn none(case: &Case, is_so: fn(&ConditionSeen) -> bool, what: &str) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in case.trace.steps.iter().enumerate() {
        let there = |kind: &ConditionKind| it.condition(*kind).is_some();
        for kind in ConditionKind::ALL.into_iter().filter(there) {
            findings.at_risk();
            if is_so(&it.pod_seen.conditions[kind as usize]) {
                findings.broken(case, step, None, format!("{} {what}", kind.as_str()));
            }
        }
    }
    findings.outcome()
}
