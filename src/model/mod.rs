//! The reference model of the kubelet: one transition system, used to simulate, to accept and to predict.
//!
//! A sync takes a snapshot of the runtime, publishes the status computed *from that snapshot* and then acts; that order
//! explains most of what `kubectl get pod -w` shows. Everything here is a pure function of [`Behaviour`] (what the
//! kubelet's version does), [`PodSpec`] and [`PodState`]; which snapshot a sync sees, whether a back-off has run out, what
//! a probe answered and how a process exits are choices that the caller makes (a seed when simulating, the recording when
//! accepting). No clock, no IO, no randomness.

mod behaviour;
mod conditions;
mod phase;
mod plan;
mod state;
mod status;
mod step;
#[cfg(test)]
mod tests;

pub use behaviour::{BackoffRetry, Behaviour, KubeletVersion, MainLookup, VersionError};
pub use plan::{Plan, plan};
pub use state::{
    Condition, ConditionReason, Container, Instance, Mode, PodState, Probed, Sandbox, Status, Worker, unknown_exit,
};
pub use step::{
    delete_seen, finish, has_initialized, kill_done, late_status, liveness_failed, readiness_result, sandbox_announced,
    startup_result, sync_status, terminated_status, terminating_status, worker_lost,
};

pub use crate::trace::{ContainerSpec, ContainerView, Exit, Kind, Phase, PodSpec, Reason, RestartPolicy, State};
