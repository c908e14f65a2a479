//! The start-up sequence: who may start, and who must.

use super::case::shows_a_start;
use super::delays::{busy_ms, first_start_ms, natural_end_ms};
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::check::InstanceFacts;
use crate::trace::{ContainerView, Kind, Reason, RestartPolicy, State};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-init-in-order",
        rule: "No container starts before every init container ahead of it in the list has exited with 0.",
        quote: "Each init container must complete successfully before the next one starts.",
        link: pages::INIT,
        since_minor: 0,
        judge: init_in_order,
    },
    Guarantee {
        id: "G-sidecar-first",
        rule: "No container starts before every sidecar ahead of it in the list has started (and passed its startup probe).",
        quote: "After a sidecar-style init container is running (the kubelet has set the `started` status for that init \
                container to true), the kubelet then starts the next init container from the ordered \
                `.spec.initContainers` list.",
        link: pages::SIDECARS,
        since_minor: 0,
        judge: sidecar_first,
    },
    Guarantee {
        id: "G-init-opens",
        rule: "Once an init container has exited with 0, what follows it is started within the bound.",
        quote: "When all of the init containers have run to completion, Kubelet initializes the application containers \
                for the Pod and runs them as usual.",
        link: pages::INIT,
        since_minor: 0,
        judge: init_opens,
    },
    Guarantee {
        id: "G-sidecar-opens",
        rule: "Once a sidecar has started, what follows it is started within the bound.",
        quote: "Instead, the next init container starts immediately after this init container is started, or after any \
                startupProbe has successfully completed.",
        link: pages::CONTAINER,
        since_minor: 0,
        judge: sidecar_opens,
    },
    Guarantee {
        id: "G-init-failure-ends-never-pod",
        rule: "Under Never, a failed init container ends the pod: it becomes Failed and nothing after it ever starts.",
        quote: "However, if the Pod has a `restartPolicy` of Never, and an init container fails during startup of that \
                Pod, Kubernetes treats the overall Pod as failed.",
        link: pages::INIT,
        since_minor: 0,
        judge: init_failure_ends_never_pod,
    },
];

/// Containers that come after `index` in the start order.
fn later(case: &Case, index: usize) -> std::ops::Range<usize> {
    index + 1..case.trace.spec.containers.len()
}

/// Is the first start of `later` certainly before `moment` of `earlier`?
fn started_before(case: &Case, later: &InstanceFacts, earlier: &InstanceFacts, moment_lo: Option<i64>) -> bool {
    match (later.start, moment_lo) {
        (Some(start), Some(moment)) => start.hi < moment - case.margin_ms(later, earlier),
        _ => false,
    }
}

fn init_in_order(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.sandbox_changed {
        return findings.outcome();
    }
    for index in case.of_kind(Kind::Init) {
        let success = (0..case.facts.instances(index))
            .filter_map(|n| case.facts.get(index, n))
            .find(|facts| facts.exit.as_ref().is_some_and(|exit| exit.code == 0));
        for other in later(case, index).filter(|&other| case.ever_ran(other)) {
            findings.at_risk();
            let first = case.facts.get(other, 0);
            if let (Some(first), Some(success)) = (first, success)
                && started_before(case, first, success, success.finish.map(|finish| finish.lo))
            {
                let summary = format!(
                    "{} started before {} had exited with 0",
                    case.name(other),
                    case.name(index)
                );
                findings.broken(case, first_shown(case, other), Some(other), summary);
            }
            // Both in one status: it was computed from one look at the runtime.
            let mut complete = false;
            for step in 0..case.trace.steps.len() {
                let [Some(view), Some(next)] = views(case, step, [index, other]) else {
                    continue;
                };
                complete |= view.has_succeeded() || view.last.as_ref().is_some_and(|exit| exit.code == 0);
                if !complete && next.state == State::Running {
                    let summary = format!(
                        "{} runs although {} has not exited with 0",
                        case.name(other),
                        case.name(index)
                    );
                    findings.broken(case, step, Some(other), summary);
                }
            }
        }
    }
    findings.outcome()
}

fn sidecar_first(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.sandbox_changed {
        return findings.outcome();
    }
    for index in case.of_kind(Kind::Sidecar) {
        for other in later(case, index).filter(|&other| case.ever_ran(other)) {
            findings.at_risk();
            if let (Some(first), Some(sidecar)) = (case.facts.get(other, 0), case.facts.get(index, 0))
                && started_before(case, first, sidecar, sidecar.start.map(|start| start.lo))
            {
                let summary = format!("{} started before the sidecar {}", case.name(other), case.name(index));
                findings.broken(case, first_shown(case, other), Some(other), summary);
            }
            let mut was_started = false;
            for step in 0..case.trace.steps.len() {
                let [Some(sidecar), Some(next)] = views(case, step, [index, other]) else {
                    continue;
                };
                was_started |= sidecar.started;
                // A later life need not be started again for the rest to go on; and it hides what the first one did.
                let first_life_pending =
                    sidecar.state == State::Running && sidecar.restart_count == 0 && !sidecar.started;
                if first_life_pending && !was_started && shows_a_start(next) {
                    let summary = format!(
                        "{} was started although the sidecar {} never was",
                        case.name(other),
                        case.name(index)
                    );
                    findings.broken(case, step, Some(other), summary);
                }
            }
        }
    }
    findings.outcome()
}

fn init_opens(case: &Case) -> Outcome {
    opens(case, Kind::Init, ContainerView::has_succeeded)
}

fn sidecar_opens(case: &Case) -> Outcome {
    opens(case, Kind::Sidecar, |view| view.state == State::Running && view.started)
}

/// Judges that a gate that stays open leads to a start of what is behind it.
fn opens(case: &Case, kind: Kind, is_open: fn(&ContainerView) -> bool) -> Outcome {
    let mut findings = Findings::default();
    let first_main = case.of_kind(Kind::Main).next().unwrap_or(0);
    let Some(free_until) = case.free_until() else {
        return findings.outcome();
    };
    for gate in case.of_kind(kind) {
        let behind: Vec<usize> = if gate + 1 < first_main {
            vec![gate + 1]
        } else {
            case.of_kind(Kind::Main).collect()
        };
        for &next in &behind {
            if case.ever_ran(next) {
                findings.at_risk();
            } else if !case.sandbox_changed {
                let start_ms = first_start_ms(case) + (behind.len() as i64 - 1) * case.bounds.start_ms;
                stays_shut(case, gate, next, is_open, free_until, start_ms, &mut findings);
            }
        }
    }
    findings.outcome()
}

/// Judges a container that never ran although the gate before it stood open.
fn stays_shut(
    case: &Case,
    gate: usize,
    next: usize,
    is_open: fn(&ContainerView) -> bool,
    free_until: i64,
    start_ms: i64,
    findings: &mut Findings,
) {
    // Open since when, in one life of the gate, and with nothing but time in the way of what is behind it.
    let mut since: Option<(usize, u32)> = None;
    for (step, view) in case.views(gate) {
        let behind = case.trace.steps[step].view.containers[next].as_ref();
        let open = is_open(view) && behind.is_some_and(|next| next.last.is_none() && is_plain_waiting(&next.state));
        since = match since {
            Some((from, n)) if open && n == view.restart_count => Some((from, n)),
            _ => open.then_some((step, view.restart_count)),
        };
        if case.deletion.is_some_and(|deletion| step >= deletion.step) {
            break;
        }
    }
    let Some((step, n)) = since else { return };
    findings.at_risk();
    let Some(opened) = case.not_after(step) else { return };
    // The gate may have closed unseen: a sidecar can end just before the watch does.
    let closes = case
        .facts
        .get(gate, n)
        .filter(|_| case.kind(gate) == Kind::Sidecar)
        .and_then(|facts| facts.finish);
    let open_until = closes.map_or(free_until, |finish| finish.lo.min(free_until));
    let bound_ms = start_ms + busy_ms(case, opened, open_until);
    if open_until > opened + bound_ms {
        let summary = format!(
            "{} was not started in the {} ms after {} was done with its start; at most {bound_ms} ms are permitted",
            case.name(next),
            open_until - opened,
            case.name(gate)
        );
        findings.broken(case, case.last_step(), Some(next), summary);
    }
}

fn is_plain_waiting(state: &State) -> bool {
    matches!(
        state,
        State::Waiting(Reason::None | Reason::PodInitializing | Reason::ContainerCreating)
    )
}

fn init_failure_ends_never_pod(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.trace.spec.restart_policy != RestartPolicy::Never || case.sandbox_changed {
        return findings.outcome();
    }
    for index in case.of_kind(Kind::Init) {
        let failed = case
            .facts
            .get(index, 0)
            .filter(|facts| facts.exit.as_ref().is_some_and(|exit| exit.code != 0));
        let Some(failed) = failed else { continue };
        findings.at_risk();
        if let Some(other) = later(case, index).find(|&other| case.ever_ran(other)) {
            let summary = format!(
                "{} was started although {} had failed",
                case.name(other),
                case.name(index)
            );
            findings.broken(case, first_shown(case, other), Some(other), summary);
        }
        if let Some(step) = case.terminal_step() {
            if case.trace.steps[step].view.phase == crate::trace::Phase::Succeeded {
                let summary = format!("{} failed and the pod is called Succeeded", case.name(index));
                findings.broken(case, step, Some(index), summary);
            }
        } else if let (Some(finish), Some(until)) = (failed.finish, case.free_until()) {
            let bound_ms = natural_end_ms(case, finish.lo, until);
            if until > finish.hi + bound_ms {
                let summary = format!(
                    "{} failed, and {} ms later the pod is not Failed; at most {bound_ms} ms are permitted",
                    case.name(index),
                    until - finish.hi
                );
                findings.broken(case, case.last_step(), Some(index), summary);
            }
        }
    }
    findings.outcome()
}

/// The first step that shows that a container ran.
fn first_shown(case: &Case, index: usize) -> usize {
    case.views(index)
        .find(|(_, view)| shows_a_start(view))
        .map_or(case.last_step(), |(step, _)| step)
}

fn views<'c>(case: &'c Case, step: usize, indices: [usize; 2]) -> [Option<&'c ContainerView>; 2] {
    indices.map(|index| case.trace.steps[step].view.containers.get(index)?.as_ref())
}
