//! The pod's phase (spec 4.1), a function of the statuses of the same sync.

use super::state::{PodState, Sandbox};
use super::{Behaviour, ContainerView, Kind, Phase, PodSpec, RestartPolicy, State};

/// Phase of a pod with these container statuses; `terminal`: everything has been stopped for good.
pub(super) fn phase(
    behaviour: &Behaviour,
    spec: &PodSpec,
    pod: &PodState,
    views: &[ContainerView],
    terminal: bool,
) -> Phase {
    let computed = computed(behaviour, spec, pod, views, terminal);
    // Terminal phases are sticky.
    if pod.status.phase.is_terminal() {
        pod.status.phase
    } else {
        computed
    }
}

#[derive(Default)]
struct Counts {
    init_pending: u32,
    init_failed: u32,
    sidecar_pending: u32,
    waiting: u32,
    running: u32,
    stopped: u32,
    succeeded: u32,
}

fn count(spec: &PodSpec, views: &[ContainerView]) -> Counts {
    let mut n = Counts::default();
    for (container, view) in spec.containers.iter().zip(views) {
        match (container.kind, &view.state, &view.last) {
            (Kind::Init, State::Running, _) | (Kind::Init, State::Waiting(_), None) => n.init_pending += 1,
            (Kind::Init, State::Terminated(exit), _) | (Kind::Init, State::Waiting(_), Some(exit)) => {
                n.init_failed += u32::from(exit.code != 0);
            }
            // The phase is computed before `started` is filled in, so every running sidecar counts as pending; that shows
            // only while the pod has not "begun" (seen on v1.29.2: Pending while the main waits in back-off).
            (Kind::Sidecar, State::Running, _) => {
                n.sidecar_pending += 1;
                n.running += 1;
            }
            (Kind::Sidecar, State::Waiting(_), None) => {
                n.sidecar_pending += 1;
                n.waiting += 1;
            }
            (Kind::Sidecar, ..) => {}
            (Kind::Main, State::Running, _) => n.running += 1,
            (Kind::Main, State::Terminated(exit), _) => {
                n.stopped += 1;
                n.succeeded += u32::from(exit.code == 0);
            }
            (Kind::Main, State::Waiting(_), Some(_)) => n.stopped += 1,
            (Kind::Main, State::Waiting(_), None) => n.waiting += 1,
        }
    }
    n
}

fn computed(behaviour: &Behaviour, spec: &PodSpec, pod: &PodState, views: &[ContainerView], terminal: bool) -> Phase {
    let n = count(spec, views);
    let begun = has_begun(behaviour, spec, pod, views);
    let all_succeeded = n.stopped == n.succeeded;
    if n.init_failed > 0 && spec.restart_policy == RestartPolicy::Never {
        Phase::Failed
    } else if (n.init_pending > 0 && (behaviour.init_running_is_pending || !begun))
        || (n.sidecar_pending > 0 && !begun)
        || n.waiting > 0
    {
        Phase::Pending
    } else if n.running > 0 {
        Phase::Running
    } else if n.stopped == 0 {
        Phase::Pending
    } else if terminal {
        if all_succeeded { Phase::Succeeded } else { Phase::Failed }
    } else {
        match spec.restart_policy {
            RestartPolicy::Always => Phase::Running,
            _ if all_succeeded => Phase::Succeeded,
            RestartPolicy::Never => Phase::Failed,
            RestartPolicy::OnFailure => Phase::Running,
        }
    }
}

/// 4.1 `begun`: published mains up to 1.32, the current sandbox's mains since 1.33 (#128516).
fn has_begun(behaviour: &Behaviour, spec: &PodSpec, pod: &PodState, views: &[ContainerView]) -> bool {
    let mut mains = spec
        .containers
        .iter()
        .enumerate()
        .filter(|(_, c)| c.kind == Kind::Main)
        .map(|(index, _)| index);
    if behaviour.begun_by_runtime {
        pod.sandbox == Sandbox::Ready && mains.any(|index| pod.containers[index].newest.is_some())
    } else {
        mains.any(|index| matches!(views[index].state, State::Running | State::Terminated(_)))
    }
}
