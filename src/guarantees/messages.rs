//! Whom the message of a condition that is false names.

use super::identity::reported;
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::{ConditionKind, ContainerView, Kind, Step};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-unready-are-named",
        rule: "When Ready or ContainersReady is false for ContainersNotReady, its message names just the sidecars and main \
               containers that the same status shows not ready.",
        quote: QUOTE,
        link: pages::CONDITION,
        since_minor: 28,
        judge: unready_are_named,
    },
    Guarantee {
        id: "G-incomplete-are-named",
        rule: "When Initialized is false for ContainersNotInitialized, its message names just the init containers that the same \
               status shows not ready and the sidecars that it shows not started.",
        quote: QUOTE,
        link: pages::CONDITION,
        since_minor: 28,
        judge: incomplete_are_named,
    },
];

const QUOTE: &str = "Human-readable message indicating details about last transition.";

/// Is each container not what the condition waits for (`true`), is it (`false`), or may both be said of it (`None`)?
type Lacking = fn(&Case, usize, &ContainerView) -> Option<bool>;

/// A condition is computed from the container statuses that it is published with, and again with every readiness result
/// that is written into them.
fn unready_are_named(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for kind in [ConditionKind::ContainersReady, ConditionKind::Ready] {
        let lacking: Lacking = |case, index, view| Some(case.kind(index) != Kind::Init && !view.ready);
        named(
            case,
            (kind, "ContainersNotReady"),
            "containers with unready status: [",
            lacking,
            &mut findings,
        );
    }
    findings.outcome()
}

fn incomplete_are_named(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let lacking: Lacking = |case, index, view| match case.kind(index) {
        Kind::Init => Some(!view.ready),
        // A startup result is written into the container's status alone; the condition follows with the next sync (WS-3).
        Kind::Sidecar if view.started && case.trace.spec.containers[index].startup.is_some() => None,
        Kind::Sidecar => Some(!view.started),
        Kind::Main => Some(false),
    };
    named(
        case,
        (ConditionKind::Initialized, "ContainersNotInitialized"),
        "containers with incomplete status: [",
        lacking,
        &mut findings,
    );
    findings.outcome()
}

/// Judges that the message of a condition with this reason names, in the order of the specification, what is lacking.
fn named(
    case: &Case,
    (kind, reason): (ConditionKind, &str),
    prefix: &str,
    lacking: Lacking,
    findings: &mut Findings,
) {
    for (step, it) in reported(case) {
        let condition = it.view.conditions[kind as usize].as_ref();
        let Some(condition) = condition.filter(|it| !it.is_true && &*it.reason == reason) else {
            continue;
        };
        findings.at_risk();
        let names = condition.message.strip_prefix(prefix).and_then(|it| it.strip_suffix(']'));
        let names: Option<Vec<&str>> = names.map(|names| names.split(' ').collect());
        if !names.is_some_and(|names| names_just(case, it, lacking, &names)) {
            let summary = format!(
                "{} is false for {reason} and says {:?}, which the container statuses beside it deny",
                kind.as_str(),
                condition.message
            );
            findings.broken(case, step, None, summary);
        }
    }
}

/// Are these the lacking ones, in the order of the specification?
fn names_just(case: &Case, step: &Step, lacking: Lacking, names: &[&str]) -> bool {
    let mut names = names.iter().peekable();
    for (index, view) in step.view.containers.iter().enumerate() {
        // One without a status is called unknown; that it has none is judged elsewhere.
        let Some(view) = view else { return true };
        let named = names.next_if(|name| **name == case.name(index)).is_some();
        if lacking(case, index, view).is_some_and(|lacks| lacks != named) {
            return false;
        }
    }
    names.next().is_none()
}
