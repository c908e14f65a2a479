//! The pod's conditions (spec 4.3).

use super::state::{Condition, ConditionReason, PodState, Sandbox};
use super::{Behaviour, ContainerView, Kind, Phase, PodSpec, State};
use crate::trace::ConditionKind;

/// All conditions of a sync, indexed like [`ConditionKind::ALL`].
pub(super) fn conditions(
    behaviour: &Behaviour,
    spec: &PodSpec,
    pod: &PodState,
    views: &[ContainerView],
    phase: Phase,
) -> [Option<Condition>; 5] {
    let ready = containers_ready(spec, views, phase);
    ConditionKind::ALL.map(|kind| match kind {
        ConditionKind::PodScheduled => Some(Condition::TRUE),
        ConditionKind::PodReadyToStartContainers => behaviour
            .ready_to_start_condition
            .then(|| ready_to_start(behaviour, pod)),
        ConditionKind::Initialized => Some(initialized(behaviour, spec, pod, views, phase)),
        ConditionKind::ContainersReady | ConditionKind::Ready => Some(ready),
    })
}

fn ready_to_start(behaviour: &Behaviour, pod: &PodState) -> Condition {
    match pod.sandbox {
        Sandbox::Ready => Condition::TRUE,
        _ if behaviour.sandbox_not_ready_reason => Condition::not(ConditionReason::PodSandboxNotReady),
        _ => Condition::not(ConditionReason::None),
    }
}

fn initialized(
    behaviour: &Behaviour,
    spec: &PodSpec,
    pod: &PodState,
    views: &[ContainerView],
    phase: Phase,
) -> Condition {
    if phase == Phase::Succeeded {
        return Condition {
            is_true: true,
            reason: ConditionReason::PodCompleted,
        };
    }
    let mut pairs = spec.containers.iter().zip(views);
    let main_ran = pairs
        .clone()
        .any(|(c, view)| c.kind == Kind::Main && matches!(view.state, State::Running | State::Terminated(_)));
    let complete = pairs.all(|(c, view)| match c.kind {
        Kind::Init => view.ready,
        Kind::Sidecar => view.started,
        Kind::Main => true,
    });
    // CO-1: since 1.36 a true condition stays true.
    let latched = behaviour.initialized_is_latched
        && pod
            .status
            .condition(ConditionKind::Initialized)
            .is_some_and(|condition| condition.is_true);
    if main_ran || complete || latched {
        Condition::TRUE
    } else {
        Condition::not(ConditionReason::ContainersNotInitialized)
    }
}

/// ContainersReady, and Ready of a pod without readiness gates.
pub(super) fn containers_ready(spec: &PodSpec, views: &[ContainerView], phase: Phase) -> Condition {
    match phase {
        Phase::Succeeded => Condition::not(ConditionReason::PodCompleted),
        Phase::Failed => Condition::not(ConditionReason::PodFailed),
        _ if spec
            .containers
            .iter()
            .zip(views)
            .all(|(c, view)| c.kind == Kind::Init || view.ready) =>
        {
            Condition::TRUE
        }
        _ => Condition::not(ConditionReason::ContainersNotReady),
    }
}
