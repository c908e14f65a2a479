//! What the messages say of conditions that are false and of containers that wait.

use super::delays::backoff_ms;
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
    Guarantee {
        id: "G-back-off-is-told",
        rule: "The message of CrashLoopBackOff names its container, and a back-off no longer than the container's restarts can \
               have led to.",
        quote: "Message regarding why the container is not yet running.",
        link: pages::CONTAINER_STATE,
        since_minor: 0,
        judge: back_off_is_told,
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
        // A startup result is written into the container's status alone; the condition follows with the next sync (WS-3). It
        // takes `started` back only from a life that was begun with that of the life before (PB-6, PB-7).
        Kind::Sidecar if has_startup(case, index) && (view.started || view.restart_count > 0) => None,
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

fn has_startup(case: &Case, index: usize) -> bool {
    case.trace.spec.containers[index].startup.is_some()
}

/// Judges that the message of a condition with this reason names, in the order of the specification, what is lacking.
fn named(case: &Case, (kind, reason): (ConditionKind, &str), prefix: &str, lacking: Lacking, findings: &mut Findings) {
    for (step, it) in reported(case) {
        let condition = it.view.conditions[kind as usize].as_ref();
        let Some(condition) = condition.filter(|it| !it.is_true && &*it.reason == reason) else {
            continue;
        };
        findings.at_risk();
        let names = condition
            .message
            .strip_prefix(prefix)
            .and_then(|it| it.strip_suffix(']'));
        if !names.is_some_and(|names| names_just(case, it, lacking, names)) {
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
fn names_just(case: &Case, step: &Step, lacking: Lacking, names: &str) -> bool {
    let mut names = names.split(' ').peekable();
    for (index, view) in step.view.containers.iter().enumerate() {
        // One without a status is called unknown; that it has none is judged elsewhere.
        let Some(view) = view else { return true };
        let named = names.next_if(|name| *name == case.name(index)).is_some();
        if lacking(case, index, view).is_some_and(|lacks| lacks != named) {
            return false;
        }
    }
    names.next().is_none()
}

/// The back-off begins with the first restart and doubles with each (BO-3); a reset, a new image or a lower limit of the
/// node makes it shorter.
fn back_off_is_told(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for index in 0..case.trace.spec.containers.len() {
        for (step, view) in case.changes(index) {
            let said = case.trace.steps[step].seen.get(index).and_then(|seen| seen.back_off);
            let Some(said) = said.filter(|_| !case.sandbox_changed) else {
                continue;
            };
            findings.at_risk();
            let most_ms = backoff_ms(view.restart_count.max(1));
            let name = case.name(index);
            let wrong = match said.delay_ms {
                None => format!("the message does not tell how long {name} has to wait"),
                Some(_) if !said.is_own => format!("the message of {name} is about another container"),
                Some(told) if told > most_ms => {
                    let restarts = view.restart_count;
                    format!(
                        "{name} is told to wait for {told} ms after {restarts} restarts, which is {most_ms} ms at most"
                    )
                }
                Some(_) => continue,
            };
            findings.broken(case, step, Some(index), wrong);
        }
    }
    findings.outcome()
}
