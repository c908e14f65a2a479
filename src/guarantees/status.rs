//! What a published status may not do: contradict itself, or an earlier one.

use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::{ConditionKind, ContainerView, Kind, State};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-ip-stays",
        rule: "A pod that has got its IP keeps it until it is gone.",
        quote: "podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.",
        link: pages::STATUS,
        since_minor: 0,
        judge: ip_stays,
    },
    Guarantee {
        id: "G-restart-count-grows",
        rule: "A container's restartCount never falls.",
        quote: "Kubelet makes an effort to always increment the value, but there are cases when the state may be lost due \
                to node restarts and then the value may be reset to 0.",
        link: pages::STATUS,
        since_minor: 0,
        judge: restart_count_grows,
    },
    Guarantee {
        id: "G-started-once",
        rule: "A running container that has started does not become not started.",
        quote: "Initialized as false, becomes true after startupProbe is considered successful. Resets to false when the \
                container is restarted, or if kubelet loses state temporarily.",
        link: pages::STATUS,
        since_minor: 0,
        judge: started_once,
    },
    Guarantee {
        id: "G-started-before-ready",
        rule: "A sidecar or main container is ready only when it has started.",
        quote: "If no readiness probes are specified, this field defaults to true once the container is fully started (see \
                Started field).",
        link: pages::STATUS,
        since_minor: 0,
        judge: started_before_ready,
    },
    Guarantee {
        id: "G-ready-means-all-ready",
        rule: "Ready and ContainersReady are true only while every sidecar and every main container is ready.",
        quote: "`ContainersReady`: all containers in the Pod are ready.",
        link: "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions",
        since_minor: 28,
        judge: ready_means_all_ready,
    },
    Guarantee {
        id: "G-initialized-means-done",
        rule: "Initialized is true only when every init container has exited with 0.",
        quote: "For a Pod with init containers, the kubelet sets the `Initialized` condition to `True` after the init \
                containers have successfully completed",
        link: "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-has-network",
        since_minor: 0,
        judge: initialized_means_done,
    },
    Guarantee {
        id: "G-every-container-has-a-status",
        rule: "Once the kubelet has reported on a pod, every container of it has a status.",
        quote: "The list has one entry per container in the manifest.",
        link: "https://github.com/kubernetes/api/blob/v0.29.2/core/v1/types.go (PodStatus.containerStatuses)",
        since_minor: 0,
        judge: every_container_has_a_status,
    },
];

fn ip_stays(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let mut had = false;
    for (step, it) in case.trace.steps.iter().enumerate() {
        if had && !case.sandbox_changed {
            findings.at_risk();
            if !it.view.pod_ip {
                findings.broken(case, step, None, "the pod's IP has vanished".to_string());
                break;
            }
        }
        had |= it.view.pod_ip;
    }
    findings.outcome()
}

fn restart_count_grows(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.sandbox_changed {
        return findings.outcome();
    }
    for index in 0..case.trace.spec.containers.len() {
        let mut most = 0;
        for (step, view) in case.views(index) {
            if most > 0 {
                findings.at_risk();
            }
            if view.restart_count < most {
                let summary = format!(
                    "restartCount of {} fell from {most} to {}",
                    case.name(index),
                    view.restart_count
                );
                findings.broken(case, step, Some(index), summary);
            }
            most = most.max(view.restart_count);
        }
    }
    findings.outcome()
}

fn started_once(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for index in 0..case.trace.spec.containers.len() {
        let mut started: Option<u32> = None;
        for (step, view) in case.views(index).filter(|(_, view)| view.state == State::Running) {
            if started == Some(view.restart_count) {
                findings.at_risk();
                if !view.started {
                    let summary = format!("{} had started and runs on as not started", case.name(index));
                    findings.broken(case, step, Some(index), summary);
                }
            }
            started = view.started.then_some(view.restart_count);
        }
    }
    findings.outcome()
}

fn started_before_ready(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for index in (0..case.trace.spec.containers.len()).filter(|&index| case.kind(index) != Kind::Init) {
        for (step, view) in case.changes(index) {
            if view.state == State::Running && !view.started {
                findings.at_risk();
            }
            if view.ready && !view.started {
                let summary = format!("{} is ready and not started", case.name(index));
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}

fn ready_means_all_ready(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in case.trace.steps.iter().enumerate() {
        let is_true = |kind: ConditionKind| it.condition(kind) == Some(true);
        if !is_true(ConditionKind::Ready) && !is_true(ConditionKind::ContainersReady) {
            continue;
        }
        findings.at_risk();
        let unready = it
            .view
            .containers
            .iter()
            .enumerate()
            .find(|(index, view)| case.kind(*index) != Kind::Init && !view.as_ref().is_some_and(|view| view.ready));
        if let Some((index, _)) = unready {
            let summary = format!("the pod is called ready although {} is not", case.name(index));
            findings.broken(case, step, Some(index), summary);
        }
        if is_true(ConditionKind::Ready) && !is_true(ConditionKind::ContainersReady) {
            findings.broken(case, step, None, "Ready is true and ContainersReady is not".to_string());
        }
    }
    findings.outcome()
}

fn initialized_means_done(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let inits: Vec<usize> = case.of_kind(Kind::Init).collect();
    if case.sandbox_changed || inits.is_empty() {
        return findings.outcome();
    }
    let mut done = vec![false; case.trace.spec.containers.len()];
    for (step, it) in case.trace.steps.iter().enumerate() {
        for &index in &inits {
            let view = it.view.containers[index].as_ref();
            done[index] |= view.is_some_and(ContainerView::has_succeeded);
        }
        if it.condition(ConditionKind::Initialized) != Some(true) {
            continue;
        }
        findings.at_risk();
        if let Some(&index) = inits.iter().find(|&&index| !done[index]) {
            let summary = format!(
                "Initialized is true although {} has not exited with 0",
                case.name(index)
            );
            findings.broken(case, step, Some(index), summary);
        }
    }
    findings.outcome()
}

fn every_container_has_a_status(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let mut reported = false;
    for (step, it) in case.trace.steps.iter().enumerate() {
        reported |= it.view.containers.iter().any(Option::is_some);
        if !reported {
            continue;
        }
        findings.at_risk();
        if let Some(index) = it.view.containers.iter().position(Option::is_none) {
            findings.broken(case, step, Some(index), format!("{} has no status", case.name(index)));
        }
    }
    findings.outcome()
}
