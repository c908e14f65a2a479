//! One hypothesis about the kubelet's state, and when it explains an observed status.

use super::facts::Interval;
use crate::model::{Behaviour, Mode, PodSpec, PodState, Status};
use crate::trace::{ConditionKind, ContainerView, Phase, State, UnixMs};

/// A state of the model together with the earliest time at which it can have been reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    pub pod: PodState,
    /// No earlier than this: everything that led here had happened by then.
    pub now: UnixMs,
    /// By this time all inputs that led here had arrived (`FAR_FUTURE`: nobody knows).
    pub latest: UnixMs,
    /// No earlier than this was the cached status computed.
    pub status_at: UnixMs,
    /// A kill inside a sync waits for a process whose end the recording does not show.
    pub blocked: bool,
}

impl Node {
    /// A pod that the kubelet has not looked at yet, created at `created`.
    pub fn new(spec: &PodSpec, created: UnixMs) -> Self {
        Self { pod: PodState::new(spec), now: created, latest: created, status_at: created, blocked: false }
    }

    /// Something has happened in this interval.
    pub fn passed(&mut self, at: Interval) {
        self.now = self.now.max(at.lo);
        self.latest = self.latest.max(at.hi);
    }

    /// Does the status that this state can publish equal the observed one?
    pub fn explains(&self, behaviour: &Behaviour, observed: &Status, previous_phase: Phase) -> bool {
        let status = &self.pod.status;
        self.phase(previous_phase) == observed.phase
            && conditions_match(status, observed)
            && status.containers.len() == observed.containers.len()
            && status.containers.iter().zip(&observed.containers).all(|(model, seen)| {
                model.state == seen.state
                    && model.restart_count == seen.restart_count
                    && model.ready == seen.ready
                    && model.started == seen.started
                    && (model.last == seen.last || may_lose_last(behaviour, seen))
            })
    }

    /// WS-1: a terminal phase is not published while the worker is not terminated.
    pub fn phase(&self, previous: Phase) -> Phase {
        let phase = self.pod.status.phase;
        if phase.is_terminal() && matches!(self.pod.mode, Mode::Sync | Mode::Killing) { previous } else { phase }
    }
}

/// RS-9: up to 1.35 lastState is the second-newest instance that the runtime still has, and dead instances are removed
/// at any later moment (seen on v1.34.0 even beside a running instance). A waiting container's is its newest instance.
fn may_lose_last(behaviour: &Behaviour, seen: &ContainerView) -> bool {
    !behaviour.last_state_is_sticky && seen.last.is_none() && !matches!(seen.state, State::Waiting(_))
}

/// PodScheduled is the scheduler's as much as the kubelet's, so it is compared only when the kubelet has spoken.
fn conditions_match(model: &Status, observed: &Status) -> bool {
    model.containers.is_empty()
        || ConditionKind::ALL.iter().all(|&kind| model.condition(kind) == observed.condition(kind))
}
