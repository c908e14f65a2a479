//! The normal form of what was observed: the only place that forgets data.
//!
//! A [`Trace`] is one pod's life: its specification as the model needs it, and every published status in order.
//! [`normalize`] makes it from watch events; nothing after this module sees a raw Kubernetes object.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

mod journal;
mod life;
pub mod normalize;
mod pod;
mod qos;
mod seen;

pub use pod::spec as spec_of_pod;
pub use podcheck_generators::RestartPolicy;
pub use seen::{ConditionSeen, PodResources, PodSeen, Qos};

/// Milliseconds since the Unix epoch.
pub type UnixMs = i64;

/// Kind of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Init container: runs to completion.
    Init,
    /// Native sidecar: init container with `restartPolicy: Always`.
    Sidecar,
    /// Main container.
    Main,
}

/// The numbers of a probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeSpec {
    pub initial_delay_s: u32,
    pub period_s: u32,
    pub timeout_s: u32,
    pub failure_threshold: u32,
    pub success_threshold: u32,
    /// Probe-level grace (startup and liveness).
    pub grace_s: Option<u32>,
}

/// A container as the model needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerSpec {
    pub name: String,
    pub kind: Kind,
    pub startup: Option<ProbeSpec>,
    pub readiness: Option<ProbeSpec>,
    pub liveness: Option<ProbeSpec>,
}

/// A pod as the model needs it. Containers: init list in spec order, then mains in spec order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodSpec {
    pub restart_policy: RestartPolicy,
    pub grace_s: u32,
    pub containers: Vec<ContainerSpec>,
    /// Features of the pod that the model does not cover yet, by field name (makes the verdict inconclusive).
    pub not_covered: Vec<String>,
}

/// A reason string of a state or condition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Reason {
    None,
    PodInitializing,
    ContainerCreating,
    CrashLoopBackOff,
    Completed,
    Error,
    ContainerStatusUnknown,
    Other(Box<str>),
}

impl Reason {
    /// Parses the string of the API (absent or empty: `None`).
    pub fn parse(text: Option<&str>) -> Self {
        match text.unwrap_or_default() {
            "" => Self::None,
            "PodInitializing" => Self::PodInitializing,
            "ContainerCreating" => Self::ContainerCreating,
            "CrashLoopBackOff" => Self::CrashLoopBackOff,
            "Completed" => Self::Completed,
            "Error" => Self::Error,
            "ContainerStatusUnknown" => Self::ContainerStatusUnknown,
            other => Self::Other(other.into()),
        }
    }

    /// The string of the API; empty for `None`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::None => "",
            Self::PodInitializing => "PodInitializing",
            Self::ContainerCreating => "ContainerCreating",
            Self::CrashLoopBackOff => "CrashLoopBackOff",
            Self::Completed => "Completed",
            Self::Error => "Error",
            Self::ContainerStatusUnknown => "ContainerStatusUnknown",
            Self::Other(text) => text,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A terminated state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Exit {
    pub code: i32,
    pub reason: Reason,
}

/// State of a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum State {
    Waiting(Reason),
    Running,
    Terminated(Exit),
}

/// One container's published status. Identity of an instance is its restart count (container IDs are in [`Seen`]).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContainerView {
    pub state: State,
    /// `lastState.terminated`.
    pub last: Option<Exit>,
    pub restart_count: u32,
    pub ready: bool,
    pub started: bool,
}

impl ContainerView {
    /// Does it show an exit with 0?
    pub fn has_succeeded(&self) -> bool {
        matches!(&self.state, State::Terminated(exit) if exit.code == 0)
    }

    /// Does it show this life running?
    pub fn runs_as(&self, life: u32) -> bool {
        self.restart_count == life && self.state == State::Running
    }
}

/// Pod phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

impl Phase {
    /// Succeeded or Failed.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// The conditions that are compared, in a fixed order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConditionKind {
    PodScheduled,
    PodReadyToStartContainers,
    Initialized,
    ContainersReady,
    Ready,
}

impl ConditionKind {
    /// All of them, in order; a [`PodView`] holds them in this order.
    pub const ALL: [Self; 5] = [
        Self::PodScheduled,
        Self::PodReadyToStartContainers,
        Self::Initialized,
        Self::ContainersReady,
        Self::Ready,
    ];

    /// The type string of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PodScheduled => "PodScheduled",
            Self::PodReadyToStartContainers => "PodReadyToStartContainers",
            Self::Initialized => "Initialized",
            Self::ContainersReady => "ContainersReady",
            Self::Ready => "Ready",
        }
    }
}

/// A condition's status and reason (`Unknown` status counts as not true).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Condition {
    pub is_true: bool,
    pub reason: Arc<str>,
    pub message: Arc<str>,
}

/// One published status of the pod, without times and identities.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PodView {
    pub phase: Phase,
    /// `status.reason` (Evicted, DeadlineExceeded, ...).
    pub reason: Reason,
    /// Indexed like [`ConditionKind::ALL`]; `None`: the condition is absent.
    pub conditions: [Option<Condition>; 5],
    /// In the order of [`PodSpec::containers`]; `None`: no status entry. All `None` before the kubelet's first status.
    pub containers: Vec<Option<ContainerView>>,
    pub pod_ip: bool,
}

/// What a step shows of a container's identity and times; parallel to [`PodView::containers`]. Texts that stay the same from
/// status to status are shared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub container_id: Option<Arc<str>>,
    /// Of the current state (running or terminated).
    pub started_at: Option<UnixMs>,
    /// Of the current state (terminated).
    pub finished_at: Option<UnixMs>,
    /// `state.terminated.containerID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_container_id: Option<Arc<str>>,
    pub last_container_id: Option<Arc<str>>,
    pub last_started_at: Option<UnixMs>,
    pub last_finished_at: Option<UnixMs>,
    /// `state` has more than one member.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_two_states: bool,
    /// `lastState` tells of something else than an end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub last_is_no_end: bool,
    /// What the message of CrashLoopBackOff says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_off: Option<BackOffSaid>,
}

/// The message of CrashLoopBackOff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackOffSaid {
    /// The back-off that it tells, in milliseconds; `None`: it tells none.
    pub delay_ms: Option<i64>,
    /// It names this container.
    pub is_own: bool,
}

/// What the watch said about the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventType {
    Added,
    Modified,
    Deleted,
}

/// One watch event of the pod.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Index among all watch events of its recording (of any pod and type): in raw watch output, its line minus one.
    pub event_index: usize,
    pub resource_version: String,
    pub event: EventType,
    /// When the event was received; absent in raw kubectl streams.
    pub at_ms: Option<UnixMs>,
    pub deletion: Option<DeletionMark>,
    pub finalizers: bool,
    pub view: PodView,
    pub seen: Vec<Seen>,
    #[serde(default)]
    pub pod_seen: PodSeen,
}

impl PodView {
    /// Does it show any container running?
    pub fn runs(&self) -> bool {
        let mut views = self.containers.iter().flatten();
        views.any(|view| view.state == State::Running)
    }
}

impl Step {
    /// Is the condition there, and what is it?
    pub fn condition(&self, kind: ConditionKind) -> Option<bool> {
        self.view.conditions[kind as usize].as_ref().map(|it| it.is_true)
    }

    /// What the status says of the sandbox.
    pub fn has_sandbox(&self) -> Option<bool> {
        self.condition(ConditionKind::PodReadyToStartContainers)
    }
}

/// `metadata.deletionTimestamp` and `deletionGracePeriodSeconds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionMark {
    /// `deletionTimestamp` (request time plus grace), whole seconds.
    pub timestamp_ms: UnixMs,
    pub grace_s: u32,
}

/// What a container's process wrote of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum JournalKind {
    Start,
    Term,
    /// Exit with this code.
    Exit(u8),
}

/// One line of the process journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Node time, already moved to the Unix clock.
    pub at_ms: UnixMs,
    /// Index into [`PodSpec::containers`].
    pub container: usize,
    /// 0 is the first start of this container.
    pub attempt: u32,
    pub kind: JournalKind,
}

/// Why a trace may not be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gap {
    /// The stream was joined when the pod had already a kubelet status.
    JoinedInTheMiddle,
    /// The watch was interrupted.
    WatchInterrupted,
    /// An event is older than one before it, or came after the pod's DELETED: the recording was reordered.
    OutOfOrder,
    /// A part of the recording could not be read.
    Unreadable,
}

/// One pod's life, observed or simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub node: Option<String>,
    /// Version of the kubelet, when known (`v1.29.2`).
    pub kubelet: Option<String>,
    /// Version of the API server, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    pub spec: PodSpec,
    /// The scenario it was made from, when the pod carries it.
    pub scenario: Option<podcheck_generators::Scenario>,
    pub steps: Vec<Step>,
    /// Process journal in order of time; `None`: the pod has no journal.
    pub journal: Option<Vec<JournalEntry>>,
    pub gaps: Vec<Gap>,
    /// Until when the pod was watched: receive time of its DELETED, else of the last event of the whole recording or
    /// of its end mark; absent: unknown.
    pub watched_until_ms: Option<UnixMs>,
}
