//! What the kubelet knows about one pod, and the status it has computed last.

use std::rc::Rc;

use crate::trace::{ConditionKind, ContainerView, Exit, Phase, PodSpec, PodView, Reason};

/// Result of a startup probe worker for one instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Probed {
    /// No result yet.
    Nothing,
    /// The worker has written its first, undecided result (matters where `started` is inherited, PB-7).
    Pending,
    Success,
    Failure,
}

/// One run of a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instance {
    /// Restart count: 0 is the first start.
    pub n: u32,
    /// `None` while it runs, as far as the kubelet knows.
    pub exit: Option<Exit>,
    pub startup: Probed,
    /// The startup probe has passed, and no status has been computed since (WS-4).
    pub passed_just_now: bool,
    pub ready: bool,
    pub liveness_failed: bool,
}

/// A probe worker of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Worker {
    Startup = 1,
    Readiness = 2,
    Liveness = 4,
}

/// What the kubelet knows about one container.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Container {
    pub newest: Option<Instance>,
    /// Exit of the second-newest instance, as long as the runtime keeps it.
    pub previous: Option<Exit>,
    /// Number of start decisions that met a dead instance: 0 none yet, 1 the next wait is 10 s, 2 it is 20 s, …
    pub backoff_level: u32,
    /// The last start was refused by the back-off (the start failure cache holds CrashLoopBackOff).
    pub refused: bool,
    /// Existing probe workers, as bits of [`Worker`].
    pub workers: u8,
}

impl Container {
    /// Does the newest instance run, as far as the kubelet knows?
    pub fn is_running(&self) -> bool {
        self.newest.as_ref().is_some_and(|instance| instance.exit.is_none())
    }

    /// Exit of the newest instance if it is dead.
    pub fn exit(&self) -> Option<&Exit> {
        self.newest.as_ref().and_then(|instance| instance.exit.as_ref())
    }

    /// Does the worker exist?
    pub fn has_worker(&self, worker: Worker) -> bool {
        self.workers & worker as u8 != 0
    }

    /// The wait that the next start has to respect, counted from the end of the newest instance (BO-3).
    pub fn backoff_wait_s(&self) -> u32 {
        backoff_s(self.backoff_level)
    }

    /// The longest wait that the start of the newest instance can have had to respect.
    pub fn waited_s(&self) -> u32 {
        backoff_s(self.backoff_level.saturating_sub(1))
    }
}

fn backoff_s(level: u32) -> u32 {
    match level {
        0 => 0,
        level => (10 << (level - 1).min(5)).min(300),
    }
}

/// The pod's sandbox, as far as the kubelet knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sandbox {
    None,
    Ready,
    Stopped,
}

/// Where the pod worker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Ordinary syncs.
    Sync,
    /// A sync has computed a terminal phase; the terminating step has not begun.
    Ending,
    /// The terminating step has published its first status and is stopping containers.
    Killing,
    /// Everything is dead; the status of the fresh read is not yet computed.
    Killed,
    /// The terminated step: only the final write is left.
    Terminated,
    /// The final, forced status has been computed.
    Finished,
}

/// Reason of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionReason {
    None,
    ContainersNotInitialized,
    ContainersNotReady,
    PodCompleted,
    PodFailed,
    PodSandboxNotReady,
    /// A reason that this model never produces.
    Foreign,
}

impl ConditionReason {
    fn parse(text: &str) -> Self {
        match text {
            "" => Self::None,
            "ContainersNotInitialized" => Self::ContainersNotInitialized,
            "ContainersNotReady" => Self::ContainersNotReady,
            "PodCompleted" => Self::PodCompleted,
            "PodFailed" => Self::PodFailed,
            "PodSandboxNotReady" => Self::PodSandboxNotReady,
            _ => Self::Foreign,
        }
    }

    /// The string of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::ContainersNotInitialized => "ContainersNotInitialized",
            Self::ContainersNotReady => "ContainersNotReady",
            Self::PodCompleted => "PodCompleted",
            Self::PodFailed => "PodFailed",
            Self::PodSandboxNotReady => "PodSandboxNotReady",
            Self::Foreign => "?",
        }
    }
}

/// A condition of a [`Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    pub is_true: bool,
    pub reason: ConditionReason,
}

impl Condition {
    pub const TRUE: Self = Self {
        is_true: true,
        reason: ConditionReason::None,
    };

    /// False with a reason.
    pub fn not(reason: ConditionReason) -> Self {
        Self { is_true: false, reason }
    }
}

/// A computed (or observed) status: what is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status {
    pub phase: Phase,
    /// Indexed like [`ConditionKind::ALL`].
    pub conditions: [Option<Condition>; 5],
    /// In the order of [`PodSpec::containers`]; empty before the kubelet's first status.
    pub containers: Vec<ContainerView>,
}

impl Status {
    /// The status before the kubelet has said anything.
    pub fn unseen() -> Self {
        Self {
            phase: Phase::Pending,
            conditions: [None; 5],
            containers: Vec::new(),
        }
    }

    /// The comparable part of an observed status.
    pub fn of_view(view: &PodView) -> Self {
        let conditions = ConditionKind::ALL.map(|kind| {
            view.conditions[kind as usize].as_ref().map(|c| Condition {
                is_true: c.is_true,
                reason: ConditionReason::parse(&c.reason),
            })
        });
        Self {
            phase: view.phase,
            conditions,
            containers: view.containers.iter().flatten().cloned().collect(),
        }
    }

    /// One condition.
    pub fn condition(&self, kind: ConditionKind) -> Option<Condition> {
        self.conditions[kind as usize]
    }
}

/// The kubelet's knowledge of one pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodState {
    /// Shared, since most steps leave them as they are; [`PodState::container`] changes one.
    pub containers: Rc<[Container]>,
    pub sandbox: Sandbox,
    /// The status manager's cache: the newest computed status. Shared, since most steps leave it as it is.
    pub status: Rc<Status>,
    pub mode: Mode,
    /// The kubelet has seen the deletion timestamp.
    pub deleted: bool,
    /// The sandbox exists and its own announcement has not been made yet (1.36 and later).
    pub announcement_due: bool,
}

impl PodState {
    /// A pod that the kubelet has not looked at yet.
    pub fn new(spec: &PodSpec) -> Self {
        Self {
            containers: vec![Container::default(); spec.containers.len()].into(),
            sandbox: Sandbox::None,
            status: Rc::new(Status::unseen()),
            mode: Mode::Sync,
            deleted: false,
            announcement_due: false,
        }
    }

    /// All containers, to be changed.
    pub fn containers_mut(&mut self) -> &mut [Container] {
        Rc::make_mut(&mut self.containers)
    }

    /// Container `index`, to be changed.
    pub fn container(&mut self, index: usize) -> &mut Container {
        &mut self.containers_mut()[index]
    }

    /// Container `index` exits, and the kubelet sees it.
    pub fn exit(&mut self, index: usize, exit: Exit) {
        let instance = self
            .container(index)
            .newest
            .as_mut()
            .expect("only a started container exits");
        instance.exit = Some(exit);
    }

    /// Container `index` is started (again); its back-off advances if it met a dead instance (BO-3).
    pub fn start(&mut self, index: usize, advance_backoff: bool) {
        let container = self.container(index);
        let dead = container.newest.take();
        let n = dead.as_ref().map_or(0, |instance| instance.n + 1);
        if let Some(instance) = dead {
            container.previous = instance.exit;
        }
        if advance_backoff {
            container.backoff_level += 1;
        }
        container.refused = false;
        container.newest = Some(Instance {
            n,
            exit: None,
            startup: Probed::Nothing,
            passed_just_now: false,
            ready: false,
            liveness_failed: false,
        });
    }

    /// The start of container `index` is refused by the back-off.
    pub fn refuse(&mut self, index: usize) {
        self.container(index).refused = true;
    }
}

/// Exit of a container that the runtime no longer knows (WR-5, 3.3).
pub fn unknown_exit() -> Exit {
    Exit {
        code: 137,
        reason: Reason::ContainerStatusUnknown,
    }
}
