//! The steps of the pod worker and of the probe workers, one function each.
//!
//! A sync is [`sync_status`] (publish what the snapshot shows) followed by the caller performing the [`super::plan`] through
//! [`PodState::start`], [`PodState::refuse`] and [`PodState::exit`]; everything that is decided outside the kubelet's code
//! (does the back-off let it start, how does a killed process exit) is the caller's.

use std::rc::Rc;

use super::conditions::{conditions, containers_ready};
use super::phase::phase;
use super::plan::wanted_workers;
use super::state::{Condition, Container, Mode, PodState, Probed, Sandbox, Status, Worker, unknown_exit};
use super::status::container_views;
use super::{Behaviour, Kind, Phase, PodSpec, State};
use crate::trace::ConditionKind;

/// A status is computed from what is known now, and stored.
fn publish(behaviour: &Behaviour, spec: &PodSpec, pod: &mut PodState, terminal: bool) {
    let status = compute(behaviour, spec, pod, terminal);
    // One that is shared is soon compared.
    if *pod.status != status {
        pod.status = Rc::new(status);
    }
    let just_now = |container: &Container| container.newest.as_ref().is_some_and(|it| it.passed_just_now);
    if pod.containers.iter().any(just_now) {
        let instances = pod.containers_mut().iter_mut().filter_map(|it| it.newest.as_mut());
        instances.for_each(|instance| instance.passed_just_now = false);
    }
}

fn compute(behaviour: &Behaviour, spec: &PodSpec, pod: &PodState, terminal: bool) -> Status {
    let containers = container_views(behaviour, spec, pod);
    let phase = phase(behaviour, spec, pod, &containers, terminal);
    let conditions = conditions(behaviour, spec, pod, &containers, phase);
    Status {
        phase,
        conditions,
        containers,
    }
}

/// A sync publishes its status. Returns whether the sync goes on to act (false: the phase is terminal, teardown begins).
pub fn sync_status(behaviour: &Behaviour, spec: &PodSpec, pod: &mut PodState) -> bool {
    debug_assert_eq!(pod.mode, Mode::Sync);
    publish(behaviour, spec, pod, false);
    if pod.status.phase.is_terminal() {
        pod.mode = Mode::Ending;
        return false;
    }
    add_workers(behaviour, spec, pod);
    if pod.sandbox == Sandbox::None {
        pod.sandbox = Sandbox::Ready;
        pod.announcement_due = behaviour.ready_to_start_announced;
    }
    true
}

/// Probe workers are made for mains, then sidecars; up to 1.36 the pass ends at the first that exists already (PB-6).
fn add_workers(behaviour: &Behaviour, spec: &PodSpec, pod: &mut PodState) {
    for kind in [Kind::Main, Kind::Sidecar] {
        for index in (0..spec.containers.len()).filter(|&index| spec.containers[index].kind == kind) {
            for (worker, wanted) in wanted_workers(spec, index) {
                if !wanted {
                    continue;
                }
                if pod.containers[index].has_worker(worker) && !behaviour.probe_workers_are_completed {
                    return;
                }
                pod.container(index).workers |= worker as u8;
            }
        }
    }
}

/// The sandbox's own update (1.36 and later): the cached status with PodReadyToStartContainers turned true.
pub fn sandbox_announced(pod: &mut PodState) {
    pod.announcement_due = false;
    let status = Rc::make_mut(&mut pod.status);
    status.conditions[ConditionKind::PodReadyToStartContainers as usize] = Some(Condition::TRUE);
}

/// A startup probe's result is stored (WS-3: `started` alone is written at once).
pub fn startup_result(pod: &mut PodState, index: usize, result: Probed) {
    let Some(instance) = pod.container(index).newest.as_mut() else {
        return;
    };
    instance.startup = result;
    instance.passed_just_now = result == Probed::Success;
    let n = instance.n;
    if let Some(view) = Rc::make_mut(&mut pod.status).containers.get_mut(index)
        && view.state == State::Running
        && view.restart_count == n
    {
        view.started = result == Probed::Success;
    }
}

/// WS-4: a status that was computed just before the startup probes of these containers passed is stored just after, and takes
/// `started` back until the next one (no lock is held over the two). `publish` computes and stores it.
pub fn late_status<R>(pod: &mut PodState, passed: &[usize], publish: impl FnOnce(&mut PodState) -> R) -> R {
    let set = |pod: &mut PodState, result| {
        for &index in passed {
            if let Some(instance) = pod.container(index).newest.as_mut() {
                instance.startup = result;
            }
        }
    };
    set(pod, Probed::Pending);
    let published = publish(pod);
    set(pod, Probed::Success);
    published
}

/// A readiness probe's result is stored (WS-3: ready, Ready and ContainersReady are written at once). The worker looks at
/// the published instance; while a sync replaces it, that is no longer the newest.
pub fn readiness_result(spec: &PodSpec, pod: &mut PodState, index: usize, ready: bool) {
    let published = pod.status.containers.get(index).map(|view| view.restart_count);
    let Some(instance) = pod.container(index).newest.as_mut() else {
        return;
    };
    let n = instance.n;
    let is_newest = published == Some(n);
    if is_newest || published.is_none() {
        instance.ready = ready;
    }
    let status = Rc::make_mut(&mut pod.status);
    let Some(view) = status.containers.get_mut(index) else {
        return;
    };
    // PB-15: it is found by its ID, whatever its state.
    if view.restart_count > n || view.ready == ready {
        return;
    }
    view.ready = ready;
    let condition = containers_ready(spec, &status.containers, status.phase);
    for kind in [ConditionKind::ContainersReady, ConditionKind::Ready] {
        status.conditions[kind as usize] = Some(condition);
    }
}

/// A liveness probe has failed often enough.
pub fn liveness_failed(pod: &mut PodState, index: usize) {
    if let Some(instance) = pod.container(index).newest.as_mut() {
        instance.liveness_failed = true;
    }
}

/// A probe worker ends and takes its result along (PB-6; also when it sees a terminal phase, PB-10).
pub fn worker_lost(pod: &mut PodState, index: usize, worker: Worker) {
    let container = pod.container(index);
    container.workers &= !(worker as u8);
    let Some(instance) = container.newest.as_mut() else {
        return;
    };
    match worker {
        Worker::Startup => instance.startup = Probed::Nothing,
        Worker::Readiness => instance.ready = false,
        Worker::Liveness => instance.liveness_failed = false,
    }
}

/// The terminating step of a deleted pod publishes its first status (TP-B).
pub fn delete_seen(behaviour: &Behaviour, spec: &PodSpec, pod: &mut PodState) {
    pod.deleted = true;
    terminating_status(behaviour, spec, pod);
}

/// The terminating step publishes its first status; after a natural end it differs from the sync's only if its newer
/// snapshot does (WS-2 b). A step that is tried again (TO-11) publishes it again.
pub fn terminating_status(behaviour: &Behaviour, spec: &PodSpec, pod: &mut PodState) {
    if matches!(pod.mode, Mode::Sync | Mode::Ending) {
        pod.mode = Mode::Killing;
    }
    publish(behaviour, spec, pod, false);
}

/// Everything that ran has been stopped (its exits are known), and so has the sandbox.
pub fn kill_done(pod: &mut PodState) {
    debug_assert!(pod.containers.iter().all(|container| !container.is_running()));
    pod.mode = Mode::Killed;
    if pod.sandbox == Sandbox::Ready {
        pod.sandbox = Sandbox::Stopped;
    }
    pod.announcement_due = false;
}

/// The status of the fresh read after the kill (WS-2 b), and the terminated step's own from the cache (WS-2 c).
pub fn terminated_status(behaviour: &Behaviour, spec: &PodSpec, pod: &mut PodState) {
    for container in pod.containers_mut() {
        container.workers = 0;
    }
    publish(behaviour, spec, pod, true);
    pod.mode = Mode::Terminated;
}

/// The final, forced status (WS-2 d, WR-5, 3.3). `initialized` is [`has_initialized`] of the pod object that the worker
/// holds.
pub fn finish(spec: &PodSpec, pod: &mut PodState, initialized: bool) {
    let status = Rc::make_mut(&mut pod.status);
    let last_evidence = spec
        .containers
        .iter()
        .enumerate()
        .filter(|(_, c)| c.kind != Kind::Main)
        .filter(|&(index, _)| {
            let view = &status.containers[index];
            !matches!(view.state, State::Waiting(_)) || view.last.is_some()
        })
        .map(|(index, _)| index)
        .next_back()
        .unwrap_or(0);
    for (index, container) in spec.containers.iter().enumerate() {
        let rewritten = match container.kind {
            Kind::Main => initialized,
            _ => index <= last_evidence,
        };
        let view = &mut status.containers[index];
        if rewritten && !matches!(view.state, State::Terminated(_)) {
            view.state = State::Terminated(unknown_exit());
        }
    }
    if !status.phase.is_terminal() {
        status.phase = Phase::Failed;
    }
    pod.mode = Mode::Finished;
}

/// 3.3: has any main ever left plain waiting, or is the last init element done?
pub fn has_initialized(spec: &PodSpec, api: &Status) -> bool {
    if spec.containers[0].kind == Kind::Main {
        return true;
    }
    let pairs = || spec.containers.iter().zip(&api.containers);
    let main_moved = pairs().any(|(container, view)| {
        container.kind == Kind::Main && (view.last.is_some() || !matches!(view.state, State::Waiting(_)))
    });
    let last_done = pairs()
        .rfind(|(container, _)| container.kind != Kind::Main)
        .is_some_and(|(container, view)| match container.kind {
            Kind::Sidecar => view.state == State::Running && view.started,
            _ => {
                let exits = [
                    view.last.as_ref(),
                    if let State::Terminated(exit) = &view.state {
                        Some(exit)
                    } else {
                        None
                    },
                ];
                exits.into_iter().flatten().any(|exit| exit.code == 0)
            }
        });
    main_moved || last_done
}
