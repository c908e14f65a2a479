//! What the phase says of the work.

use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::{Kind, Phase, State};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-phase-goes-forward",
        rule: "A pod that is Running does not become Pending again (while its sandbox lives).",
        quote: "Pods follow a defined lifecycle, starting in the `Pending` phase, moving through `Running` if at least one of \
                its primary containers starts OK, and then through either the `Succeeded` or `Failed` phases depending on \
                whether any container in the Pod terminated in failure.",
        link: pages::POD_LIFECYCLE,
        since_minor: 0,
        judge: goes_forward,
    },
    Guarantee {
        id: "G-terminal-stays",
        rule: "A pod that is Succeeded or Failed stays so.",
        quote: "All containers in the Pod have terminated in success, and will not be restarted.",
        link: pages::PHASE,
        since_minor: 0,
        judge: terminal_stays,
    },
    Guarantee {
        id: "G-succeeded-is-success",
        rule: "A pod is Succeeded only if every main container's last life exited with 0.",
        quote: "All containers in the Pod have terminated in success, and will not be restarted.",
        link: pages::PHASE,
        since_minor: 0,
        judge: succeeded_is_success,
    },
    Guarantee {
        id: "G-succeeded-by-itself",
        rule: "A pod that nobody deletes is not Succeeded when a probe had stopped the last life of a main container.",
        quote: "PodSucceeded means that all containers in the pod have voluntarily terminated with a container exit code of 0, \
                and the system is not going to restart any of these containers.",
        link: pages::PHASE_FIELD,
        since_minor: 0,
        judge: succeeded_by_itself,
    },
    Guarantee {
        id: "G-failed-is-failure",
        rule: "A pod whose main containers all exited with 0 is not Failed, whatever its sidecars exited with.",
        quote: "So exit codes different from `0` (`0` indicates successful exit), for sidecar containers are normal on Pod \
                termination and should be generally ignored by the external tooling.",
        link: pages::SIDECARS,
        since_minor: 0,
        judge: failed_is_failure,
    },
    Guarantee {
        id: "G-terminal-nothing-runs",
        rule: "In a terminal pod no container runs.",
        quote: "All containers in the Pod have terminated, and at least one container has terminated in failure.",
        link: pages::PHASE,
        since_minor: 0,
        judge: nothing_runs,
    },
    Guarantee {
        id: "G-deleted-ends-first",
        rule: "A deleted pod becomes Succeeded or Failed before its object disappears.",
        quote: "Since Kubernetes 1.27, the kubelet transitions deleted Pods, except for static Pods and force-deleted Pods \
                without a finalizer, to a terminal phase (`Failed` or `Succeeded` depending on the exit statuses of the \
                pod containers) before their deletion from the API server.",
        link: pages::PHASE,
        since_minor: 27,
        judge: deleted_ends_first,
    },
];

fn goes_forward(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let mut ran = false;
    for (step, it) in case.trace.steps.iter().enumerate() {
        let phase = it.view.phase;
        if ran && !case.sandbox_changed {
            findings.at_risk();
            if phase == Phase::Pending {
                findings.broken(
                    case,
                    step,
                    None,
                    "the phase went from Running back to Pending".to_string(),
                );
                break;
            }
        }
        ran |= phase == Phase::Running;
    }
    findings.outcome()
}

fn terminal_stays(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let mut terminal: Option<Phase> = None;
    for (index, step) in case.trace.steps.iter().enumerate() {
        let phase = step.view.phase;
        if let Some(before) = terminal {
            findings.at_risk();
            if phase != before {
                findings.broken(
                    case,
                    index,
                    None,
                    format!("the phase went from {before:?} to {phase:?}"),
                );
                break;
            }
        }
        terminal = terminal.or(phase.is_terminal().then_some(phase));
    }
    findings.outcome()
}

fn succeeded_by_itself(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    // The phase of a deleted pod goes by its exit codes, and the documentation says so.
    let by_itself = |&step: &usize| case.trace.steps[step].deletion.is_none();
    let Some(step) = case.terminal_step().filter(by_itself) else {
        return findings.outcome();
    };
    for index in case.of_kind(Kind::Main) {
        let told = case.last_instance(index).and_then(|(_, last)| last.term);
        if told.is_none_or(|term| !case.told_by_its_probe(index, term)) {
            continue;
        }
        findings.at_risk();
        if case.trace.steps[step].view.phase == Phase::Succeeded {
            let summary = format!(
                "the pod is Succeeded although the probe of {} had stopped it",
                case.name(index)
            );
            findings.broken(case, step, Some(index), summary);
        }
    }
    findings.outcome()
}

fn succeeded_is_success(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let Some(step) = case.terminal_step() else {
        return findings.outcome();
    };
    let view = &case.trace.steps[step].view;
    for index in case.of_kind(Kind::Main) {
        let really_failed = case
            .last_instance(index)
            .and_then(|(_, last)| last.exit.as_ref())
            .is_some_and(|exit| exit.code != 0);
        let published = view.containers[index].as_ref().map(|view| &view.state);
        let shown = matches!(published, Some(State::Terminated(exit)) if exit.code == 0);
        if really_failed || !shown {
            findings.at_risk();
            if view.phase == Phase::Succeeded {
                let summary = format!("the pod is Succeeded although {} did not exit with 0", case.name(index));
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}

fn failed_is_failure(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let Some(step) = case.terminal_step() else {
        return findings.outcome();
    };
    let view = &case.trace.steps[step].view;
    let success = |index: usize| {
        let state = view.containers[index].as_ref().map(|view| &view.state);
        let real = case
            .last_instance(index)
            .and_then(|(_, last)| last.exit.as_ref())
            .is_none_or(|exit| exit.code == 0);
        real && matches!(state, Some(State::Terminated(exit)) if exit.code == 0)
    };
    if case.of_kind(Kind::Main).all(success) && view.reason.as_str().is_empty() {
        findings.at_risk();
        if view.phase == Phase::Failed {
            let summary = "every main container exited with 0 and the pod is Failed".to_string();
            findings.broken(case, step, None, summary);
        }
    }
    findings.outcome()
}

fn nothing_runs(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.forced {
        return findings.outcome();
    }
    for (step, it) in case
        .trace
        .steps
        .iter()
        .enumerate()
        .filter(|(_, it)| it.view.phase.is_terminal())
    {
        findings.at_risk();
        for (index, view) in it.view.containers.iter().enumerate() {
            if view.as_ref().is_some_and(|view| view.state == State::Running) {
                let summary = format!("{} runs in a pod that is {:?}", case.name(index), it.view.phase);
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}

fn deleted_ends_first(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let (Some(_), Some(scenario), Some(last)) = (case.deletion, &case.trace.scenario, case.trace.steps.last()) else {
        return findings.outcome();
    };
    let forced = scenario
        .deletion
        .as_ref()
        .and_then(|it| it.again)
        .is_some_and(|again| again.grace_seconds == 0);
    let reported = last.view.containers.iter().any(Option::is_some);
    if forced || !reported || last.event != crate::trace::EventType::Deleted {
        return findings.outcome();
    }
    findings.at_risk();
    if !last.view.phase.is_terminal() {
        let summary = format!("the object disappeared while the pod was {:?}", last.view.phase);
        findings.broken(case, case.last_step(), None, summary);
    }
    findings.outcome()
}
