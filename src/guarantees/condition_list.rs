//! What the list of a pod's conditions may hold, whatever the pod is like.

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
    Guarantee {
        id: "G-condition-after-start",
        rule: "No condition that the kubelet alone sets has changed before the pod's startTime.",
        quote: "Last time the condition transitioned from one status to another.",
        link: pages::CONDITION,
        since_minor: 0,
        judge: after_start,
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

/// Nobody else sets these. (The control plane takes Ready back when a node is lost, by its own clock.)
const KUBELETS_ALONE: [ConditionKind; 3] = [
    ConditionKind::PodReadyToStartContainers,
    ConditionKind::Initialized,
    ConditionKind::ContainersReady,
];

/// The first status gets its transitions a little before its startTime, and both are cut to seconds.
const FIRST_STATUS_MS: i64 = 1_000;

fn after_start(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in case.trace.steps.iter().enumerate() {
        let Some(started) = it.pod_seen.start_time else {
            continue;
        };
        for kind in KUBELETS_ALONE {
            let Some(changed) = it.pod_seen.conditions[kind as usize].transition else {
                continue;
            };
            findings.at_risk();
            if changed < started - FIRST_STATUS_MS {
                let ms = started - changed;
                let summary = format!(
                    "{} is said to have changed {ms} ms before the pod's startTime",
                    kind.as_str()
                );
                findings.broken(case, step, None, summary);
            }
        }
    }
    findings.outcome()
}
