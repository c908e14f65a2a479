//! The pod's conditions: what makes them true, and since when they say they are.

use super::identity::reported;
use super::{Case, Findings, Guarantee, Outcome, pages, transitions};
use crate::trace::{ConditionKind, ContainerView, Kind, Phase, Reason, State, Step, UnixMs};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-transition-time",
        rule: "Every condition of the kubelet's has a lastTransitionTime. It never goes back, is no older than the last status \
               that showed the other value, is not in the future, and stays when the condition cannot have changed.",
        quote: "Last time the condition transitioned from one status to another.",
        link: pages::CONDITION,
        since_minor: 0,
        judge: transition_time,
    },
    Guarantee {
        id: "G-scheduled",
        rule: "PodScheduled is true in every status of the kubelet's.",
        quote: "`PodScheduled`: the Pod has been scheduled to a node.",
        link: pages::CONDITIONS,
        since_minor: 0,
        judge: scheduled,
    },
    Guarantee {
        id: "G-network-announced",
        rule: "PodReadyToStartContainers is set to true before the first container starts.",
        quote: "The kubelet can start pulling container images and create containers after `PodReadyToStartContainers` \
                condition has been set to `True`.",
        link: pages::NETWORK_READINESS,
        since_minor: 29,
        judge: network_announced,
    },
    Guarantee {
        id: "G-sandbox-while-running",
        rule: "PodReadyToStartContainers is not false in a status that shows a container running.",
        quote: "`PodReadyToStartContainers`: (beta feature; enabled by default) the Pod sandbox has been successfully created \
                and networking configured.",
        link: pages::CONDITIONS,
        since_minor: 29,
        judge: sandbox_while_running,
    },
    Guarantee {
        id: "G-initialized-since",
        rule: "Initialized is not said to be true since before an init container had ended.",
        quote: "For a Pod with init containers, the kubelet sets the `Initialized` condition to `True` after the init \
                containers have successfully completed",
        link: pages::NETWORK_READINESS,
        since_minor: 0,
        judge: initialized_since,
    },
    Guarantee {
        id: "G-initialized-with-mains",
        rule: "Initialized is true in every status that shows that a main container runs or has run.",
        quote: "`Initialized`: all init containers have completed successfully.",
        link: pages::CONDITIONS,
        since_minor: 0,
        judge: initialized_with_mains,
    },
    Guarantee {
        id: "G-initialized-without-init",
        rule: "A pod without init containers is Initialized from the kubelet's first status on.",
        quote: "For a Pod without init containers, the kubelet sets the `Initialized` condition to `True` before sandbox \
                creation and network configuration starts.",
        link: pages::NETWORK_READINESS,
        since_minor: 0,
        judge: initialized_without_init,
    },
    Guarantee {
        id: "G-all-ready-means-ready",
        rule: "When every sidecar and every main container is ready, ContainersReady and Ready are true.",
        quote: "`ContainersReady`: all containers in the Pod are ready.",
        link: pages::CONDITIONS,
        since_minor: 28,
        judge: all_ready_means_ready,
    },
    Guarantee {
        id: "G-ready-after-init",
        rule: "Ready is true only when every init container has exited with 0.",
        quote: "A Pod cannot be `Ready` until all init containers have succeeded.",
        link: pages::INIT_BEHAVIOR,
        since_minor: 0,
        judge: ready_after_init,
    },
    Guarantee {
        id: "G-ready-since",
        rule: "Ready is not said to be true since before a container had started that cannot be replaced while it is ready.",
        quote: "`Ready`: the Pod is able to serve requests and should be added to the load balancing pools of all matching \
                Services.",
        link: pages::CONDITIONS,
        since_minor: 0,
        judge: ready_since,
    },
    Guarantee {
        id: "G-ended-is-not-ready",
        rule: "In a terminal pod neither Ready nor ContainersReady is true.",
        quote: "`Ready`: the Pod is able to serve requests and should be added to the load balancing pools of all matching \
                Services.",
        link: pages::CONDITIONS,
        since_minor: 0,
        judge: ended_is_not_ready,
    },
];

fn transition(step: &Step, kind: ConditionKind) -> Option<UnixMs> {
    step.pod_seen.conditions[kind as usize].transition
}

/// The newest time of the node's clock that a status shows: it was computed no earlier.
fn computed_at(step: &Step) -> Option<UnixMs> {
    // A start that is told to be after its end (containerd) proves nothing; of a life that is over its end says more.
    let lives = step.seen.iter().flat_map(|seen| {
        [
            seen.finished_at.or(seen.started_at),
            seen.last_finished_at.or(seen.last_started_at),
        ]
    });
    // The scheduler's clock may be another.
    let conditions = ConditionKind::ALL.into_iter();
    let conditions = conditions.filter(|&kind| kind != ConditionKind::PodScheduled);
    lives
        .chain(conditions.map(|kind| transition(step, kind)))
        .flatten()
        .max()
}

fn transition_time(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let steps: Vec<(usize, &Step)> = reported(case).collect();
    for (step, it) in &steps {
        for kind in ConditionKind::ALL
            .into_iter()
            .filter(|&kind| it.condition(kind).is_some())
        {
            let told = transition(it, kind);
            // Who leaves out the pod's startTime has stripped the recording.
            if told.is_none() && it.pod_seen.start_time.is_some() {
                findings.broken(
                    case,
                    *step,
                    None,
                    format!("{} has no lastTransitionTime", kind.as_str()),
                );
            } else if told.is_some_and(|told| case.is_after(*step, told)) {
                let summary = format!(
                    "{} is said to have changed after its status was received",
                    kind.as_str()
                );
                findings.broken(case, *step, None, summary);
            }
        }
    }
    for pair in steps.windows(2) {
        let [(_, before), (step, after)] = pair else { continue };
        for kind in ConditionKind::ALL {
            let values = before.condition(kind).zip(after.condition(kind));
            let times = transition(before, kind).zip(transition(after, kind));
            let (Some((was, is)), Some((then, now))) = (values, times) else {
                continue;
            };
            findings.at_risk();
            // Equal values may have changed twice in between, which nobody has seen, unless something rules it out.
            if now < then {
                let summary = format!("lastTransitionTime of {} went back by {} ms", kind.as_str(), then - now);
                findings.broken(case, *step, None, summary);
            } else if was == is && now > then && transitions::stayed(case, kind, before, after) {
                let summary = format!(
                    "lastTransitionTime of {} moved by {} ms, and it has been {is} all the time",
                    kind.as_str(),
                    now - then
                );
                findings.broken(case, *step, None, summary);
            } else if was != is
                && kind != ConditionKind::PodScheduled
                && let Some(seen_at) = computed_at(before).filter(|&at| now < at)
            {
                let summary = format!(
                    "{} became {is} {} ms before a status that shows it {was}",
                    kind.as_str(),
                    seen_at - now
                );
                findings.broken(case, *step, None, summary);
            }
        }
    }
    findings.outcome()
}

fn scheduled(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in reported(case) {
        findings.at_risk();
        if it.condition(ConditionKind::PodScheduled) == Some(false) {
            findings.broken(
                case,
                step,
                None,
                "the pod is on a node and PodScheduled is not true".to_string(),
            );
        }
    }
    findings.outcome()
}

/// The condition and the runtime's start are noted by different goroutines.
const NOTED_LATER_MS: i64 = 1_000;

fn network_announced(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let kind = ConditionKind::PodReadyToStartContainers;
    let announced = reported(case).find(|(_, it)| it.condition(kind) == Some(true));
    let starts = (0..case.trace.spec.containers.len()).filter_map(|index| {
        let start = case.facts.get(index, 0)?.start?;
        Some((start.hi, index))
    });
    let (Some((step, it)), Some((start, index))) = (announced, starts.min()) else {
        return findings.outcome();
    };
    let Some(announced) = transition(it, kind).filter(|_| !case.sandbox_changed) else {
        return findings.outcome();
    };
    findings.at_risk();
    if announced > start + NOTED_LATER_MS {
        let summary = format!(
            "{} had started {} ms or more before {} became true",
            case.name(index),
            announced - start,
            kind.as_str()
        );
        findings.broken(case, step, Some(index), summary);
    }
    findings.outcome()
}

fn sandbox_while_running(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in reported(case) {
        let Some(is_true) = it.condition(ConditionKind::PodReadyToStartContainers) else {
            continue;
        };
        let mut views = it.view.containers.iter();
        let runs = views.position(|view| view.as_ref().is_some_and(|view| view.state == State::Running));
        let Some(index) = runs else { continue };
        findings.at_risk();
        if !is_true {
            let summary = format!("{} runs and PodReadyToStartContainers is not true", case.name(index));
            findings.broken(case, step, Some(index), summary);
        }
    }
    findings.outcome()
}

fn initialized_since(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in reported(case).filter(|_| !case.sandbox_changed) {
        let kind = ConditionKind::Initialized;
        let Some(since) = transition(it, kind).filter(|_| it.condition(kind) == Some(true)) else {
            continue;
        };
        for index in case.of_kind(Kind::Init) {
            let view = it.view.containers[index].as_ref();
            let ended = it.seen[index].finished_at.filter(|&at| at > 0);
            let done = view.is_some_and(ContainerView::has_succeeded);
            let Some(ended) = ended.filter(|_| done) else { continue };
            findings.at_risk();
            if since < ended {
                let summary = format!(
                    "Initialized is said to be true since {} ms before {} ended",
                    ended - since,
                    case.name(index)
                );
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}

fn initialized_with_mains(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in reported(case).filter(|_| !case.sandbox_changed) {
        let ran = |index: &usize| match it.view.containers[*index].as_ref().map(|view| &view.state) {
            Some(State::Running) => true,
            // The kubelet makes this up for one that never ran.
            Some(State::Terminated(exit)) => exit.reason != Reason::ContainerStatusUnknown,
            Some(State::Waiting(_)) | None => false,
        };
        let Some(index) = case.of_kind(Kind::Main).find(ran) else {
            continue;
        };
        findings.at_risk();
        if it.condition(ConditionKind::Initialized) == Some(false) {
            let summary = format!("{} has been started and Initialized is not true", case.name(index));
            findings.broken(case, step, Some(index), summary);
        }
    }
    findings.outcome()
}

fn initialized_without_init(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let has_init = case.trace.spec.containers.iter().any(|it| it.kind != Kind::Main);
    for (step, it) in reported(case).filter(|_| !has_init) {
        findings.at_risk();
        if it.condition(ConditionKind::Initialized) == Some(false) {
            let summary = "the pod has no init containers and Initialized is not true".to_string();
            findings.broken(case, step, None, summary);
        }
    }
    findings.outcome()
}

fn all_ready_means_ready(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in reported(case).filter(|(_, it)| !it.view.phase.is_terminal()) {
        let mut views = it.view.containers.iter().enumerate();
        if !views.all(|(index, view)| case.kind(index) == Kind::Init || view.as_ref().is_some_and(|view| view.ready)) {
            continue;
        }
        findings.at_risk();
        let missing = [ConditionKind::ContainersReady, ConditionKind::Ready];
        if let Some(kind) = missing.into_iter().find(|&kind| it.condition(kind) == Some(false)) {
            let summary = format!("every container is ready and {} is not true", kind.as_str());
            findings.broken(case, step, None, summary);
        }
    }
    findings.outcome()
}

fn ready_after_init(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.sandbox_changed || case.of_kind(Kind::Init).next().is_none() {
        return findings.outcome();
    }
    for (step, it) in reported(case).filter(|(_, it)| it.condition(ConditionKind::Ready) == Some(true)) {
        findings.at_risk();
        let done = |index: &usize| {
            let view = it.view.containers[*index].as_ref();
            view.is_some_and(ContainerView::has_succeeded)
        };
        if let Some(index) = case.of_kind(Kind::Init).find(|index| !done(index)) {
            let summary = format!("the pod is Ready although {} has not exited with 0", case.name(index));
            findings.broken(case, step, Some(index), summary);
        }
    }
    findings.outcome()
}

fn ready_since(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in reported(case).filter(|(_, it)| it.condition(ConditionKind::Ready) == Some(true)) {
        let Some(since) = transition(it, ConditionKind::Ready) else {
            continue;
        };
        for (index, view) in it.view.containers.iter().enumerate() {
            // One that a probe kills is replaced in one go: no status need have shown it not ready.
            let replaceable = case.kind(index) == Kind::Init || case.can_be_killed_by_probe(index);
            let runs = view.as_ref().is_some_and(|view| view.state == State::Running);
            let Some(started) = it.seen[index].started_at.filter(|_| runs && !replaceable) else {
                continue;
            };
            findings.at_risk();
            if since < started {
                let summary = format!(
                    "the pod is said to be Ready since {} ms before {} started",
                    started - since,
                    case.name(index)
                );
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}

fn ended_is_not_ready(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let ended = |phase: Phase| phase.is_terminal();
    for (step, it) in reported(case).filter(|(_, it)| ended(it.view.phase)) {
        findings.at_risk();
        let kinds = [ConditionKind::ContainersReady, ConditionKind::Ready];
        if let Some(kind) = kinds.into_iter().find(|&kind| it.condition(kind) == Some(true)) {
            let summary = format!("the pod is {:?} and {} is true", it.view.phase, kind.as_str());
            findings.broken(case, step, None, summary);
        }
    }
    findings.outcome()
}
