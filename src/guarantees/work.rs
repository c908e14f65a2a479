//! What the phase says of the work while there is any.

use super::identity::reported;
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::{ContainerView, Kind, Phase, Reason, RestartPolicy, State};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-phase-is-known",
        rule: "The phase is Pending, Running, Succeeded or Failed, never Unknown.",
        quote: "Deprecated: It isn't being set since 2015",
        link: pages::PHASE_FIELD,
        since_minor: 0,
        judge: phase_is_known,
    },
    Guarantee {
        id: "G-pending-while-initializing",
        rule: "A pod is Running only when every init container has exited with 0.",
        quote: "A Pod that is initializing is in the `Pending` state but should have a condition `Initialized` set to false.",
        link: pages::INIT_BEHAVIOR,
        since_minor: 0,
        judge: pending_while_initializing,
    },
    Guarantee {
        id: "G-running-means-created",
        rule: "A pod is Running only when every main container has been created.",
        quote: "The Pod has been bound to a node, and all of the containers have been created.",
        link: pages::PHASE,
        since_minor: 0,
        judge: running_means_created,
    },
    Guarantee {
        id: "G-running-when-up",
        rule: "A pod whose containers are all up (mains run, sidecars are started) is not Pending.",
        quote: "The Pod has been accepted by the Kubernetes cluster, but one or more of the containers has not been set up \
                and made ready to run.",
        link: pages::PHASE,
        since_minor: 0,
        judge: running_when_up,
    },
    Guarantee {
        id: "G-ends-when-over",
        rule: "A pod that nobody deletes becomes terminal only when its policy restarts nothing any more.",
        quote: "That is, the container either exited with non-zero status or was terminated by the system, and is not set for \
                automatic restarting.",
        link: pages::PHASE,
        since_minor: 0,
        judge: ends_when_over,
    },
];

fn phase_is_known(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in case.trace.steps.iter().enumerate() {
        findings.at_risk();
        if it.view.phase == Phase::Unknown {
            findings.broken(case, step, None, "the phase is none that a kubelet sets".to_string());
        }
    }
    findings.outcome()
}

fn pending_while_initializing(case: &Case) -> Outcome {
    let incomplete = |view: Option<&ContainerView>| !view.is_some_and(ContainerView::has_succeeded);
    not_running_while(case, Kind::Init, incomplete, "has not exited with 0")
}

fn running_means_created(case: &Case) -> Outcome {
    let uncreated = |view: Option<&ContainerView>| {
        view.is_none_or(|view| matches!(view.state, State::Waiting(_)) && view.last.is_none())
    };
    not_running_while(case, Kind::Main, uncreated, "was never created")
}

/// Judges that the phase is not Running while something is missing of a container of this kind.
fn not_running_while(case: &Case, kind: Kind, is_missing: fn(Option<&ContainerView>) -> bool, what: &str) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in reported(case).filter(|_| !case.sandbox_changed) {
        let missing = |index: &usize| is_missing(it.view.containers[*index].as_ref());
        let Some(index) = case.of_kind(kind).find(missing) else {
            continue;
        };
        findings.at_risk();
        if it.view.phase == Phase::Running {
            let summary = format!("the pod is Running although {} {what}", case.name(index));
            findings.broken(case, step, Some(index), summary);
        }
    }
    findings.outcome()
}

fn running_when_up(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in reported(case) {
        let up = |(index, view): (usize, &Option<ContainerView>)| {
            let runs = view.as_ref().is_some_and(|view| view.state == State::Running);
            match case.kind(index) {
                Kind::Init => view.as_ref().is_some_and(ContainerView::has_succeeded),
                Kind::Sidecar => runs && view.as_ref().is_some_and(|view| view.started),
                Kind::Main => runs,
            }
        };
        if !it.view.containers.iter().enumerate().all(up) {
            continue;
        }
        findings.at_risk();
        if it.view.phase == Phase::Pending {
            let summary = "the pod is Pending although all its containers are up".to_string();
            findings.broken(case, step, None, summary);
        }
    }
    findings.outcome()
}

fn ends_when_over(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let Some(step) = case.terminal_step() else {
        return findings.outcome();
    };
    let it = &case.trace.steps[step];
    // An eviction and the like have a reason of their own.
    if it.deletion.is_some() || it.view.reason != Reason::None {
        return findings.outcome();
    }
    findings.at_risk();
    let ended = |index: usize| match &it.view.containers[index].as_ref()?.state {
        State::Terminated(exit) => Some(exit.code),
        _ => None,
    };
    let goes_on = |index: &usize| ended(*index).is_none_or(|code| !case.is_final(Kind::Main, code));
    let init_failed = case.trace.spec.restart_policy == RestartPolicy::Never
        && case
            .of_kind(Kind::Init)
            .any(|index| ended(index).is_some_and(|code| code != 0));
    if let Some(index) = case.of_kind(Kind::Main).find(goes_on).filter(|_| !init_failed) {
        let summary = format!(
            "the pod is {:?} although {} is to be restarted under its policy",
            it.view.phase,
            case.name(index)
        );
        findings.broken(case, step, Some(index), summary);
    }
    findings.outcome()
}
