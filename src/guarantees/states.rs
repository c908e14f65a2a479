//! What a container's state and its flags say of each other.

use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::{ContainerView, Exit, Kind, Reason, RestartPolicy, State};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-waiting-tells-why",
        rule: "A waiting state has a reason.",
        quote: "When you use `kubectl` to query a Pod with a container that is `Waiting`, you also see a Reason field to \
                summarize why the container is in that state.",
        link: pages::STATES,
        since_minor: 0,
        judge: |case| {
            states(
                case,
                |view| match &view.state {
                    State::Waiting(reason) => Some(*reason != Reason::None),
                    _ => None,
                },
                "waits and does not say why",
            )
        },
    },
    Guarantee {
        id: "G-running-tells-since",
        rule: "A running state tells since when.",
        quote: "When you use `kubectl` to query a Pod with a container that is `Running`, you also see information about when \
                the container entered the `Running` state.",
        link: pages::STATES,
        since_minor: 0,
        judge: running_tells_since,
    },
    Guarantee {
        id: "G-terminated-tells-why",
        rule: "A terminated state has a reason.",
        quote: "(brief) reason from the last termination of the container",
        link: pages::TERMINATED,
        since_minor: 0,
        judge: |case| ends(case, |exit| exit.reason != Reason::None, "ended and does not say why"),
    },
    Guarantee {
        id: "G-reason-fits-code",
        rule: "An end is called Completed only with exit code 0, and Error only with another.",
        quote: "A container in the `Terminated` state began execution and then either ran to completion or failed for some \
                reason.",
        link: pages::STATES,
        since_minor: 0,
        judge: |case| {
            let fits = |exit: &Exit| match exit.reason {
                Reason::Completed => exit.code == 0,
                Reason::Error => exit.code != 0,
                _ => true,
            };
            ends(case, fits, "ended with a code that its reason denies")
        },
    },
    Guarantee {
        id: "G-ready-means-running",
        rule: "A sidecar or main container is ready only while it runs.",
        quote: "Ready specifies whether the container is currently passing its readiness check.",
        link: pages::CONTAINER_STATUS,
        since_minor: 0,
        judge: ready_means_running,
    },
    Guarantee {
        id: "G-started-means-running",
        rule: "A container is started only while it runs.",
        quote: "Resets to false when the container is restarted, or if kubelet loses state temporarily.",
        link: pages::CONTAINER_STATUS,
        since_minor: 0,
        judge: |case| {
            states(
                case,
                |view| (view.state != State::Running).then_some(!view.started),
                "does not run and is started",
            )
        },
    },
    Guarantee {
        id: "G-started-without-probe",
        rule: "A running container without a startup probe is started.",
        quote: "Is always true when no startupProbe is defined and container is running and has passed the postStart \
                lifecycle hook.",
        link: pages::CONTAINER_STATUS,
        since_minor: 0,
        judge: started_without_probe,
    },
    Guarantee {
        id: "G-ready-without-probe",
        rule: "A running sidecar or main container without startup and readiness probes is ready.",
        quote: "If no readiness probes are specified, this field defaults to true once the container is fully started (see \
                Started field).",
        link: pages::CONTAINER_STATUS,
        since_minor: 0,
        judge: ready_without_probe,
    },
    Guarantee {
        id: "G-init-ready-means-success",
        rule: "An init container is ready exactly when it has exited with 0.",
        quote: "The most recent successful non-restartable init container will have ready = true",
        link: pages::STATUS,
        since_minor: 0,
        judge: init_ready_means_success,
    },
    Guarantee {
        id: "G-crash-loop-has-crashed",
        rule: "CrashLoopBackOff is shown only for a container that has ended and that its policy restarts.",
        quote: "**CrashLoopBackOff state**: This indicates that the backoff delay mechanism is currently in effect for a given \
                container that is in a crash loop, failing and restarting repeatedly.",
        link: pages::PROBLEMS,
        since_minor: 0,
        judge: crash_loop_has_crashed,
    },
    Guarantee {
        id: "G-first-life-has-no-past",
        rule: "A container that runs for the first time has no lastState.",
        quote: "This field is not populated if the container is still running and RestartCount is 0.",
        link: pages::CONTAINER_STATUS,
        since_minor: 0,
        judge: |case| {
            let mut findings = Findings::default();
            for index in 0..case.trace.spec.containers.len() {
                let first = |view: &ContainerView| view.state == State::Running && view.restart_count == 0;
                for (step, view) in case.changes(index).filter(|(_, view)| first(view)) {
                    findings.at_risk();
                    let seen = case.trace.steps[step].seen.get(index);
                    if view.last.is_some() || seen.is_some_and(|seen| seen.last_is_no_end) {
                        let summary = format!("{} runs for the first time and has a lastState", case.name(index));
                        findings.broken(case, step, Some(index), summary);
                    }
                }
            }
            findings.outcome()
        },
    },
];

/// Judges every published status of every container: `None` is not at risk, `Some(false)` a breach.
fn states(case: &Case, holds: impl Fn(&ContainerView) -> Option<bool>, what: &str) -> Outcome {
    let mut findings = Findings::default();
    for index in 0..case.trace.spec.containers.len() {
        of_one(case, index, &holds, what, &mut findings);
    }
    findings.outcome()
}

fn of_one(
    case: &Case,
    index: usize,
    holds: impl Fn(&ContainerView) -> Option<bool>,
    what: &str,
    findings: &mut Findings,
) {
    for (step, view) in case.changes(index) {
        let Some(holds) = holds(view) else { continue };
        findings.at_risk();
        if !holds {
            findings.broken(case, step, Some(index), format!("{} {what}", case.name(index)));
        }
    }
}

/// Judges every published end, of this life and of the one before.
fn ends(case: &Case, holds: impl Fn(&Exit) -> bool, what: &str) -> Outcome {
    let of_view = |view: &ContainerView| {
        let of_this = match &view.state {
            State::Terminated(exit) => Some(holds(exit)),
            _ => None,
        };
        let of_last = view.last.as_ref().map(&holds);
        of_this.into_iter().chain(of_last).reduce(|one, other| one && other)
    };
    states(case, of_view, what)
}

fn running_tells_since(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for index in 0..case.trace.spec.containers.len() {
        for (step, _) in case.changes(index).filter(|(_, view)| view.state == State::Running) {
            findings.at_risk();
            let seen = case.trace.steps[step].seen.get(index);
            if seen.and_then(|seen| seen.started_at).is_none_or(|at| at <= 0) {
                let summary = format!("{} runs and does not say since when", case.name(index));
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}

fn ready_means_running(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for index in (0..case.trace.spec.containers.len()).filter(|&index| case.kind(index) != Kind::Init) {
        let holds = |view: &ContainerView| (view.state != State::Running).then_some(!view.ready);
        of_one(case, index, holds, "does not run and is ready", &mut findings);
    }
    findings.outcome()
}

fn started_without_probe(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let containers = case.trace.spec.containers.iter().enumerate();
    for (index, _) in containers.filter(|(_, spec)| spec.startup.is_none()) {
        let holds = |view: &ContainerView| (view.state == State::Running).then_some(view.started);
        let what = "runs without a startup probe and is not started";
        of_one(case, index, holds, what, &mut findings);
    }
    findings.outcome()
}

fn ready_without_probe(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let containers = case.trace.spec.containers.iter().enumerate();
    let unprobed = containers.filter(|(_, it)| it.kind != Kind::Init && it.startup.is_none() && it.readiness.is_none());
    for (index, _) in unprobed {
        let holds = |view: &ContainerView| (view.state == State::Running).then_some(view.ready);
        let what = "runs without startup and readiness probes and is not ready";
        of_one(case, index, holds, what, &mut findings);
    }
    findings.outcome()
}

fn init_ready_means_success(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for index in case.of_kind(Kind::Init) {
        let holds = |view: &ContainerView| {
            let done = view.has_succeeded();
            Some(view.ready == done)
        };
        let what = "is ready although it has not exited with 0, or is not although it has";
        of_one(case, index, holds, what, &mut findings);
    }
    findings.outcome()
}

fn crash_loop_has_crashed(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let never = case.trace.spec.restart_policy == RestartPolicy::Never;
    for index in 0..case.trace.spec.containers.len() {
        let is_restarted = case.kind(index) == Kind::Sidecar || !never;
        let holds = |view: &ContainerView| {
            let crashed = view.last.is_some() && is_restarted;
            (view.state == State::Waiting(Reason::CrashLoopBackOff)).then_some(crashed)
        };
        let what = "is said to crash in a loop and cannot";
        of_one(case, index, holds, what, &mut findings);
    }
    findings.outcome()
}
