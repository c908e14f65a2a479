//! Container statuses computed from a snapshot (spec 2.5 and 4.4).

use super::state::{Container, PodState, Probed, Worker};
use super::{Behaviour, ContainerView, Kind, PodSpec, Reason, RestartPolicy, State};

/// The container statuses of a sync, in the order of [`PodSpec::containers`].
pub(super) fn container_views(behaviour: &Behaviour, spec: &PodSpec, pod: &PodState) -> Vec<ContainerView> {
    let has_init = spec.containers[0].kind != Kind::Main;
    let default_reason = if has_init {
        Reason::PodInitializing
    } else {
        Reason::ContainerCreating
    };
    (0..spec.containers.len())
        .map(|index| view(behaviour, spec, pod, index, &default_reason))
        .collect()
}

fn view(behaviour: &Behaviour, spec: &PodSpec, pod: &PodState, index: usize, default_reason: &Reason) -> ContainerView {
    let container = &pod.containers[index];
    let cached = pod.status.containers.get(index);
    let Some(newest) = &container.newest else {
        // ST-20: nothing was ever created.
        let state = State::Waiting(default_reason.clone());
        return ContainerView {
            state,
            last: None,
            restart_count: 0,
            ready: false,
            started: false,
        };
    };
    let last = container
        .previous
        .clone()
        .or_else(|| sticky_last(behaviour, cached, newest.n));
    let mut view = ContainerView {
        state: match &newest.exit {
            None => State::Running,
            Some(exit) => State::Terminated(exit.clone()),
        },
        last,
        restart_count: newest.n,
        ready: false,
        started: false,
    };
    if container.refused && shows_waiting_reason(behaviour, spec, pod, index) {
        if let State::Terminated(exit) = view.state {
            view.last = Some(exit);
        }
        view.state = State::Waiting(Reason::CrashLoopBackOff);
    }
    let kind = spec.containers[index].kind;
    match (&view.state, kind) {
        (State::Running, Kind::Init) => view.started = true,
        (State::Terminated(exit), Kind::Init) => view.ready = exit.code == 0,
        (State::Running, _) => {
            view.started = started(behaviour, container, cached);
            view.ready = view.started && (newest.ready || !container.has_worker(Worker::Readiness));
        }
        _ => {}
    }
    view
}

/// RS-9: since 1.36 the cached status supplies lastState when the runtime has only one instance left.
fn sticky_last(behaviour: &Behaviour, cached: Option<&ContainerView>, newest: u32) -> Option<super::Exit> {
    let cached = cached.filter(|_| behaviour.last_state_is_sticky)?;
    match &cached.state {
        State::Terminated(exit) if cached.restart_count != newest => Some(exit.clone()),
        _ => cached.last.clone(),
    }
}

/// 4.4: is a running sidecar or main `started`?
fn started(behaviour: &Behaviour, container: &Container, cached: Option<&ContainerView>) -> bool {
    match container.newest.as_ref().map(|instance| instance.startup) {
        Some(Probed::Success) => true,
        Some(Probed::Failure | Probed::Pending) => false,
        _ if behaviour.started_is_inherited && cached.is_some_and(|view| view.started) => true,
        _ => !container.has_worker(Worker::Startup),
    }
}

/// 2.5: does the kubelet think that this container is to be restarted, so that its last start failure shows as a waiting
/// reason (WR-1 … WR-4)?
fn shows_waiting_reason(behaviour: &Behaviour, spec: &PodSpec, pod: &PodState, index: usize) -> bool {
    let Some(exit) = pod.containers[index].exit() else {
        return false;
    };
    let kind = spec.containers[index].kind;
    // WR-2: an init container or sidecar that exited 0 keeps showing it.
    if pod.deleted || (kind != Kind::Main && exit.code == 0) {
        return false;
    }
    // WR-1: before 1.35 the pod's policy is asked even for a sidecar.
    let policy = if kind == Kind::Sidecar && behaviour.sidecar_waiting_by_own_policy {
        RestartPolicy::Always
    } else {
        spec.restart_policy
    };
    match policy {
        RestartPolicy::Always => true,
        RestartPolicy::OnFailure => exit.code != 0,
        RestartPolicy::Never => false,
    }
}
