//! The bug zoo: faults that can be planted in the simulated node, one at a time.
//!
//! Most are taken from real bug reports or turn one rule of the specification round. [`super::tamper`] holds what they do.

use std::fmt;
use std::str::FromStr;

use crate::model::{Behaviour, MainLookup};

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)*) => {
        /// A planted fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Fault {
            /// All faults, in the order in which tables list them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name in tables and on the command line.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// What is wrong, in a sentence.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),+).trim_ascii(),)*
                }
            }
        }
    };
}

faults! {
    /// The first main is started together with the second element of the init list.
    MainBeforeInit = "main-before-init",
    /// An init element is started while the one before it still runs.
    InitsOverlap = "inits-overlap",
    /// The second element of the init list is started although the first has failed.
    FailedInitIgnored = "failed-init-ignored",
    /// What follows a sidecar does not wait for its startup probe.
    StartupGateSkipped = "startup-gate-skipped",
    /// The last main is started only when the first is seen running.
    MainsOneByOne = "mains-one-by-one",
    /// A sidecar that has exited is not restarted.
    SidecarNotRestarted = "sidecar-not-restarted",
    /// A main is never restarted.
    MainNotRestarted = "main-not-restarted",
    /// An init container that has failed is not tried again.
    InitNotRetried = "init-not-retried",
    /// A main that has failed is restarted under Never.
    NeverMainRestarted = "never-main-restarted",
    /// A main that has completed is restarted under OnFailure.
    CompletedMainRestarted = "completed-main-restarted",
    /// Sidecars are restarted by the pod's policy (kubernetes#111356 before KEP-753).
    SidecarRestartsByPodPolicy = "sidecar-restarts-by-pod-policy",
    /// A container is restarted when half of its back-off is over.
    BackoffHalved = "backoff-halved",
    /// The back-off stays at 10 s.
    BackoffNeverGrows = "backoff-never-grows",
    /// There is no back-off at all.
    NoBackoff = "no-backoff",
    /// A restart comes 45 s too late.
    BackoffTooLong = "backoff-too-long",
    /// A container in back-off is never tried again.
    BackoffForEver = "backoff-for-ever",
    /// A failed liveness probe kills nobody.
    LivenessIgnored = "liveness-ignored",
    /// A failed startup probe kills nobody.
    StartupFailureIgnored = "startup-failure-ignored",
    /// A failed readiness probe kills its container.
    ReadinessKills = "readiness-kills",
    /// One failure is enough, whatever the threshold says.
    ThresholdIgnored = "threshold-ignored",
    /// A pod whose mains are done is not torn down while a sidecar runs (kubernetes#25908).
    CompletionBlockedBySidecar = "completion-blocked-by-sidecar",
    /// Sidecars are stopped before the mains.
    SidecarsStoppedBeforeMains = "sidecars-stopped-before-mains",
    /// Sidecars are stopped together with the mains.
    SidecarsStoppedAtOnce = "sidecars-stopped-at-once",
    /// Sidecars are stopped in the order of the list.
    SidecarsStoppedInListOrder = "sidecars-stopped-in-list-order",
    /// TERM comes 25 s late.
    TermLate = "term-late",
    /// KILL comes when half of the grace is over.
    KillEarly = "kill-early",
    /// KILL comes 40 s after the grace is over.
    KillLate = "kill-late",
    /// The teardown forgets the first main.
    ContainerLeftRunning = "container-left-running",
    /// A deleted pod is not torn down.
    DeleteIgnored = "delete-ignored",
    /// A pod that has failed is reported as succeeded.
    FailedIsSucceeded = "failed-is-succeeded",
    /// A pod that has succeeded is reported as failed.
    SucceededIsFailed = "succeeded-is-failed",
    /// The terminal phase is withdrawn in the next update.
    TerminalPhaseWithdrawn = "terminal-phase-withdrawn",
    /// The terminal phase is published while containers still run.
    TerminalPhaseTooEarly = "terminal-phase-too-early",
    /// The pod is Running as soon as an init container runs.
    RunningDuringInit = "running-during-init",
    /// The pod stays Pending while its mains run.
    PendingForEver = "pending-for-ever",
    /// Ready stays true after a main has terminated.
    ReadyStaysTrue = "ready-stays-true",
    /// Ready counts only the mains.
    ReadyWithoutSidecars = "ready-without-sidecars",
    /// Initialized is true from the beginning.
    InitializedTooEarly = "initialized-too-early",
    /// A container is ready although its readiness probe has not passed.
    ReadinessIgnored = "readiness-ignored",
    /// The published restart count stays 0.
    RestartCountStuck = "restart-count-stuck",
    /// The restart count is counted twice.
    RestartCountDoubled = "restart-count-doubled",
    /// lastState is lost (allowed before 1.36, when the runtime has forgotten it).
    LastStateLost = "last-state-lost",
    /// podcheck/RS-9: lastState stays what it was when a container is seen running in its next life without an end before.
    LastStateCollected = "last-state-collected",
    /// `started` flaps: every other update shows it false.
    StartedFlaps = "started-flaps",
    /// The exit code is 0 whatever the process returned.
    ExitCodeLost = "exit-code-lost",
    /// A process that was killed shows the exit code 0.
    KilledShowsZero = "killed-shows-zero",
    /// A dead container is shown running.
    DeathHidden = "death-hidden",
    /// No status is published after the first main runs.
    StatusFrozen = "status-frozen",
    /// A container's start is never published, unless its pod is deleted.
    StartHidden = "start-hidden",
    /// The relist misses the end of a process, until the pod is deleted.
    EndHidden = "end-hidden",
    /// An old status is published again.
    StatusReplayed = "status-replayed",
    /// A waiting container says ContainerCreating although the pod has init containers.
    WrongWaitingReason = "wrong-waiting-reason",
    /// CrashLoopBackOff is shown as ImagePullBackOff.
    WrongBackoffReason = "wrong-backoff-reason",
    /// The pod's address vanishes at the end (kubernetes#125404) in versions that have it fixed.
    PodIpVanishes = "pod-ip-vanishes",
    /// kubernetes#125880 in versions that have it fixed: an absent later sidecar blocks the earlier ones.
    AbsentSidecarBlocks = "absent-sidecar-blocks",
    /// kubernetes#132826 in versions that have it fixed: a Never pod loses the probe workers of a crashed sidecar.
    ProbeWorkersLost = "probe-workers-lost",
    /// RS-3 in versions without it: the last sidecar's state blocks the pod's completion.
    CompletionBlockedByLastSidecar = "completion-blocked-by-last-sidecar",
    /// PB-7 in versions without it: `started` is inherited by the next life.
    StartedInherited = "started-inherited",
    /// PB-15: a readiness probe that somebody else answers passes after the container's end has been published.
    LateReadiness = "late-readiness",
    /// kubernetes#128516 in versions that have it fixed: a pod falls back to Pending although its mains have run.
    PendingAgain = "pending-again",
    /// kubernetes#123323: the API server refuses the status of a sidecar that was restarted.
    RestartedSidecarRefused = "restarted-sidecar-refused",
    /// podcheck/IP-GC: podIP is gone from a deleted pod's status after its terminal phase.
    PodIpCollected = "pod-ip-collected",
    /// A process that is told to stop in the instant of its start ends with 2, the code of the runtime's own init.
    StartInterrupted = "start-interrupted",
    /// A process that ends within the second of its start is said to have started after its end.
    StartedAfterItsEnd = "started-after-its-end",
    /// A process that is told to stop is killed at once.
    KillAtOnce = "kill-at-once",
    /// A probe's own grace is ignored: its kill takes the pod's.
    ProbeGraceIgnored = "probe-grace-ignored",
    /// A delete's own grace is ignored: it takes the pod's.
    DeleteGraceIgnored = "delete-grace-ignored",
    /// The object of a deleted pod is removed while its containers run.
    RemovedWhileRunning = "removed-while-running",
    /// The liveness probe does not wait for the startup probe.
    LivenessBeforeStartup = "liveness-before-startup",
    /// Probes do not wait for their initial delay.
    InitialDelayIgnored = "initial-delay-ignored",
    /// The first init container runs again when a main has ended.
    CompletedInitRunAgain = "completed-init-run-again",
    /// A main that has failed takes the other mains with it.
    CrashStopsOtherMains = "crash-stops-other-mains",
    /// A sidecar that has exited is not restarted before the mains run.
    SidecarNotRestartedDuringInit = "sidecar-not-restarted-during-init",
    /// From the second back-off on each is four times too long.
    BackoffGrowsTooFast = "backoff-grows-too-fast",
    /// The back-off is not shown: a container that waits stays terminated.
    BackoffHidden = "backoff-hidden",
    /// The restart count goes back by one in every third update.
    RestartCountFalls = "restart-count-falls",
    /// ContainersReady stays true after a container has ended.
    ContainersReadyStaysTrue = "containers-ready-stays-true",
    /// Initialized is withdrawn when a main has ended.
    InitializedWithdrawn = "initialized-withdrawn",
    /// PodScheduled is withdrawn when the pod has ended.
    ScheduledWithdrawn = "scheduled-withdrawn",
    /// A sidecar's exit code decides about the pod's phase.
    SidecarExitFailsPod = "sidecar-exit-fails-pod",
    /// A process that was killed shows 143.
    KilledShows143 = "killed-shows-143",
    /// The exit code is the whole wait status: the code times 256.
    ExitCodeIsWaitStatus = "exit-code-is-wait-status",
    /// A process that has completed has the reason Error.
    CompletedIsError = "completed-is-error",
    /// An end after a restart shows the exit code of the life before.
    ExitCodeOfLifeBefore = "exit-code-of-life-before",
    /// The pod's address is never published.
    PodIpMissing = "pod-ip-missing",
    /// The pod's address is another one in every second update.
    PodIpChanges = "pod-ip-changes",
    /// The first of podIPs is not podIP.
    PodIpsDisagree = "pod-ips-disagree",
    /// The node's address is never published.
    HostIpMissing = "host-ip-missing",
    /// The node's address is another one in every second update.
    HostIpMoves = "host-ip-moves",
    /// The first of hostIPs is not hostIP.
    HostIpsDisagree = "host-ips-disagree",
    /// The list of the node's addresses is never published.
    HostIpsMissing = "host-ips-missing",
    /// The pod's startTime is that of its newest status.
    StartTimeMoves = "start-time-moves",
    /// The pod's startTime is never published.
    StartTimeMissing = "start-time-missing",
    /// The class of service is not published in every second update.
    QosLost = "qos-lost",
    /// The class of service is Burstable although no container asks for resources.
    QosWrong = "qos-wrong",
    /// A pod that asks for no resources is said to have some as a whole.
    ResourcesOfNobody = "resources-of-nobody",
    /// A pod that asks for no resources is said to have a memory limit of 8 EiB as a whole.
    NoLimitTold = "no-limit-told",
    /// Ready is listed twice.
    ConditionTwice = "condition-twice",
    /// The status of Ready is neither True nor False nor Unknown.
    ReadyUndefined = "ready-undefined",
    /// observedGeneration is ahead of the object's generation.
    GenerationAhead = "generation-ahead",
    /// The conditions' observedGeneration is ahead of the object's generation.
    ConditionGenerationAhead = "condition-generation-ahead",
    /// observedGeneration is not published.
    GenerationLost = "generation-lost",
    /// observedGeneration stays what it was at first.
    GenerationStuck = "generation-stuck",
    /// lastTransitionTime stays the pod's startTime.
    TransitionTimeStuck = "transition-time-stuck",
    /// lastTransitionTime goes back in every second update.
    TransitionTimeFalls = "transition-time-falls",
    /// The message of a condition is written only when its status changes.
    MessageStale = "message-stale",
    /// The status of a container that the pod does not have is published.
    StrangersStatus = "strangers-status",
    /// The end of a container is said to be another container's.
    EndOfAnother = "end-of-another",
    /// All containers of a pod have one ID.
    OneIdForAll = "one-id-for-all",
    /// A container that has ended is said to run as well.
    TwoStates = "two-states",
    /// The container statuses are listed in the wrong order.
    StatusesReversed = "statuses-reversed",
    /// The message of CrashLoopBackOff tells a back-off of ten minutes.
    BackOffOverstated = "back-off-overstated",
    /// A running container does not tell since when it runs.
    RunningSinceLost = "running-since-lost",
    /// A running container's start is that of its newest status.
    StartMoves = "start-moves",
    /// An end's time is that of the newest status.
    FinishMoves = "finish-moves",
    /// The end of the life before is a minute later than the newest status.
    LastFinishLate = "last-finish-late",
    /// A restarted container keeps the ID of its first life.
    ContainerIdStuck = "container-id-stuck",
    /// A container's ID does not say which runtime it is of.
    ContainerIdBare = "container-id-bare",
    /// The phase of a running pod is Unknown.
    PhaseUnknown = "phase-unknown",
    /// A pod with the policy Always succeeds as soon as all its mains are seen to have ended.
    AlwaysPodEnds = "always-pod-ends",
    /// Ready and ContainersReady never become true.
    ReadyNever = "ready-never",
    /// A pod that has ended is ready.
    ReadyAfterTheEnd = "ready-after-the-end",
    /// PodReadyToStartContainers is false while containers run.
    SandboxConditionFalse = "sandbox-condition-false",
    /// A pod without init containers becomes Initialized only when a main runs.
    InitializedLate = "initialized-late",
    /// A waiting container does not say why.
    WaitingReasonLost = "waiting-reason-lost",
    /// A container that has just been started is shown as created: it waits and does not say why (podcheck/WR-7).
    CreatedSaysNothing = "created-says-nothing",
    /// A terminated container does not say why.
    EndReasonLost = "end-reason-lost",
    /// A container that runs for the first time has a lastState.
    LastStateInvented = "last-state-invented",
    /// A container that has not been started yet is said to be in CrashLoopBackOff.
    CrashLoopOfTheNew = "crash-loop-of-the-new",
    /// An init container that has completed is not ready.
    InitReadyLost = "init-ready-lost",
    /// A container without probes never is ready.
    ReadyWithheld = "ready-withheld",
    /// A container that was ready stays so when it has ended.
    ReadyAfterDeath = "ready-after-death",
    /// A container that was started stays so when it has ended.
    StartedAfterDeath = "started-after-death",
    /// A container that was ready stays so while it runs, whatever its probe says.
    ReadinessFailureIgnored = "readiness-failure-ignored",
    /// The first restart, which has no back-off, comes after 45 s.
    FirstRestartLate = "first-restart-late",
    /// What follows in the start order is started 40 s late.
    HandOverLate = "hand-over-late",
    /// A sidecar that has exited takes the running init container with it.
    SidecarCrashStopsInit = "sidecar-crash-stops-init",
    /// Only the first container has a status.
    StatusMissing = "status-missing",
    /// PodReadyToStartContainers is said to have become true 5 s later than it has.
    SandboxAnnouncedLate = "sandbox-announced-late",
    /// A container is ready after its readiness probe's first success, whatever the successThreshold.
    SuccessThresholdIgnored = "success-threshold-ignored",
    /// The lastState of a container that has ended is its state once more.
    LastStateRepeats = "last-state-repeats",
    /// A second delete makes the grace 20 s longer.
    DeletionGraceGrows = "deletion-grace-grows",
}

impl Fault {
    /// Turns the switches that some faults are.
    pub fn bend(self, behaviour: &mut Behaviour) {
        match self {
            Self::PodIpVanishes => behaviour.pod_ip_vanishes_at_end = true,
            Self::AbsentSidecarBlocks => behaviour.absent_sidecar_blocks_earlier = true,
            Self::ProbeWorkersLost => behaviour.never_pod_loses_probe_workers = true,
            Self::CompletionBlockedByLastSidecar => behaviour.main_lookup = MainLookup::Running,
            Self::StartedInherited => behaviour.started_is_inherited = true,
            Self::PendingAgain => behaviour.begun_by_runtime = false,
            _ => {}
        }
    }

    /// Is this fault what a kubelet of this version does anyway?
    pub fn is_normal(self, behaviour: &Behaviour) -> bool {
        let mut bent = behaviour.clone();
        self.bend(&mut bent);
        let is_switch = matches!(
            self,
            Self::PodIpVanishes
                | Self::AbsentSidecarBlocks
                | Self::ProbeWorkersLost
                | Self::CompletionBlockedByLastSidecar
                | Self::StartedInherited
                | Self::PendingAgain
        );
        let unordered = !behaviour.ordered_sidecar_termination;
        let unpublished = match self {
            Self::GenerationAhead | Self::ConditionGenerationAhead => behaviour.version.minor < 34,
            Self::SandboxConditionFalse | Self::SandboxAnnouncedLate => !behaviour.ready_to_start_condition,
            _ => false,
        };
        unpublished
            || (is_switch && bent == *behaviour)
            || (unordered && matches!(self, Self::AbsentSidecarBlocks | Self::SidecarsStoppedAtOnce))
    }
}

impl Fault {
    /// Why a recording without a process journal cannot show it; `None`: it can.
    pub fn unseen_without_journal(self) -> Option<&'static str> {
        Some(match self {
            Self::SidecarsStoppedBeforeMains | Self::AbsentSidecarBlocks => {
                "statuses do not tell when a TERM came, only when a process ended, which its script decides"
            }
            Self::KillEarly | Self::KillAtOnce | Self::ProbeGraceIgnored | Self::DeleteGraceIgnored => {
                "statuses tell neither when a TERM came nor whether a process ended by itself or was killed"
            }
            Self::CrashStopsOtherMains | Self::SidecarCrashStopsInit => {
                "statuses do not tell a process that was stopped from one that ended by itself"
            }
            _ => return None,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no fault has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no fault is called {0:?}; there are: {names}", names = Fault::ALL.iter().map(|fault| fault.name()).collect::<Vec<_>>().join(", "))]
pub struct UnknownFault(pub String);

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|fault| fault.name() == name)
            .ok_or_else(|| UnknownFault(name.into()))
    }
}
