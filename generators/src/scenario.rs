//! The scenario: what one random pod does, as plain data.

use serde::{Deserialize, Serialize};

/// Pod-level `restartPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RestartPolicy {
    /// Mains are restarted whatever they exit with.
    Always,
    /// Mains are restarted when they fail.
    OnFailure,
    /// Mains are never restarted.
    Never,
}

/// Kind of an element of the init list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InitKind {
    /// Init container: runs to completion before the next element starts.
    Init,
    /// Native sidecar: an init container with `restartPolicy: Always`.
    Sidecar,
}

/// One pod: what its containers do on each attempt, and when it is deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// Pod-level `restartPolicy`.
    pub restart_policy: RestartPolicy,
    /// `terminationGracePeriodSeconds`.
    pub grace_seconds: u32,
    /// The init list, in spec order (init containers and sidecars).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub init: Vec<InitElement>,
    /// The main containers, in spec order; at least one.
    pub main: Vec<Container>,
    /// The API delete, if the scenario has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Deletion>,
    /// A pod that has not ended by itself after this long is deleted by the runner (budget, part of the scenario).
    pub observe_ms_max: u32,
}

/// One element of the init list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InitElement {
    /// Init container or sidecar.
    pub kind: InitKind,
    /// What it does.
    pub container: Container,
}

/// What one container does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Container {
    /// One entry per attempt (start of the container); the last entry repeats for ever. Never empty.
    pub attempts: Vec<Attempt>,
    /// `startupProbe` (sidecars and mains only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<Probe>,
    /// `readinessProbe` (sidecars and mains only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Probe>,
    /// `livenessProbe` (sidecars and mains only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liveness: Option<Probe>,
}

/// One life of a container's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attempt {
    /// How long it lives when nobody stops it; absent: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lives_ms: Option<u32>,
    /// Exit code when it ends by itself.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub exit_code: u8,
    /// What it does when it gets a TERM.
    pub on_term: OnTerm,
}

/// Behaviour on TERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase", deny_unknown_fields)]
pub enum OnTerm {
    /// Exits with `code` after `after_ms` (0: at once).
    #[serde(rename_all = "camelCase")]
    Exit {
        /// Exit code after TERM.
        code: u8,
        /// Time from TERM to exit.
        #[serde(default, skip_serializing_if = "is_zero")]
        after_ms: u32,
    },
    /// Ignores TERM; only KILL ends it.
    Ignore,
}

/// A probe: its numbers as in the API, its handler and its outcome in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Probe {
    /// How the kubelet asks.
    pub handler: ProbeHandler,
    /// What the answer is, by time since this attempt's start.
    pub outcome: ProbeOutcome,
    /// `initialDelaySeconds`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub initial_delay_seconds: u32,
    /// `periodSeconds`.
    pub period_seconds: u32,
    /// `failureThreshold`.
    pub failure_threshold: u32,
    /// `successThreshold` (1 for startup and liveness).
    pub success_threshold: u32,
    /// Probe-level `terminationGracePeriodSeconds` (startup and liveness only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_seconds: Option<u32>,
}

/// Probe handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProbeHandler {
    /// `httpGet` against the container's own busybox httpd.
    HttpGet,
    /// `tcpSocket` against the container's own port.
    TcpSocket,
    /// `exec` of a file test (costs a runc exec).
    Exec,
}

/// What a probe answers; times are since the start of the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum ProbeOutcome {
    /// Passes from the start of every life.
    Passes,
    /// Fails until `ms`, then passes.
    #[serde(rename_all = "camelCase")]
    PassesAfter {
        /// Time since the start of the attempt.
        ms: u32,
    },
    /// Passes until `ms`, then fails.
    #[serde(rename_all = "camelCase")]
    FailsAfter {
        /// Time since the start of the attempt.
        ms: u32,
    },
    /// Never passes.
    NeverPasses,
    /// Passes on the first life, never on later ones.
    FirstLifeOnly,
    /// Never passes on the first life, passes on later ones.
    LaterLivesOnly,
}

impl ProbeOutcome {
    /// Would the probe pass at `since_start_ms` of attempt number `attempt` (0 is the first)?
    pub fn passes(self, attempt: u32, since_start_ms: u32) -> bool {
        match self {
            Self::Passes => true,
            Self::PassesAfter { ms } => since_start_ms >= ms,
            Self::FailsAfter { ms } => since_start_ms < ms,
            Self::NeverPasses => false,
            Self::FirstLifeOnly => attempt == 0,
            Self::LaterLivesOnly => attempt > 0,
        }
    }
}

/// The API delete of the pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deletion {
    /// When it is sent.
    pub at: Moment,
    /// Grace of the request; absent: the pod's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_seconds: Option<u32>,
    /// A second delete with a shorter grace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<SecondDelete>,
    /// The pod carries a finalizer, which the runner removes at the end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub finalizer: bool,
}

/// A second delete request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecondDelete {
    /// Time after the first request.
    pub after_ms: u32,
    /// Grace of the second request.
    pub grace_seconds: u32,
}

/// A moment in the pod's life.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum Moment {
    /// So long after the pod was created.
    #[serde(rename_all = "camelCase")]
    Created {
        /// Delay.
        after_ms: u32,
    },
    /// So long after a status first shows this container running (on this attempt or a later one).
    #[serde(rename_all = "camelCase")]
    Running {
        /// Container name (`i0`, `s1`, `m0`).
        container: String,
        /// Attempt, 0 is the first.
        attempt: u32,
        /// Delay.
        after_ms: u32,
    },
    /// So long after a status first shows this container terminated (on this attempt or a later one).
    #[serde(rename_all = "camelCase")]
    Terminated {
        /// Container name.
        container: String,
        /// Attempt, 0 is the first.
        attempt: u32,
        /// Delay.
        after_ms: u32,
    },
}

/// Zero is what a field left out means, so the YAML leaves it out.
fn is_zero<T: Copy + Into<u32>>(value: &T) -> bool {
    (*value).into() == 0
}

impl OnTerm {
    /// Exits at once with 0.
    pub const AT_ONCE: Self = Self::Exit { code: 0, after_ms: 0 };
}

impl Attempt {
    /// Lives until it is stopped; exits 0 at once on TERM.
    pub const FOREVER: Self = Self {
        lives_ms: None,
        exit_code: 0,
        on_term: OnTerm::AT_ONCE,
    };

    /// Exits with `exit_code` after `lives_ms`; exits 0 at once on TERM.
    pub const fn exits(lives_ms: u32, exit_code: u8) -> Self {
        Self {
            lives_ms: Some(lives_ms),
            exit_code,
            on_term: OnTerm::AT_ONCE,
        }
    }
}

impl Attempt {
    /// Does the script exit with this code when nobody stops it?
    pub fn exits_by_itself_with(&self, wanted: i32) -> bool {
        self.lives_ms.is_some() && i32::from(self.exit_code) == wanted
    }

    /// Does the script ever exit with this code, by itself or on TERM?
    pub fn exits_with(&self, wanted: i32) -> bool {
        self.exits_by_itself_with(wanted)
            || matches!(self.on_term, OnTerm::Exit { code, .. } if i32::from(code) == wanted)
    }
}

impl Container {
    /// A container without probes.
    pub fn new(attempts: impl Into<Vec<Attempt>>) -> Self {
        Self {
            attempts: attempts.into(),
            startup: None,
            readiness: None,
            liveness: None,
        }
    }

    /// The script of attempt number `attempt` (0 is the first); the last entry repeats.
    pub fn attempt(&self, attempt: u32) -> &Attempt {
        let last = self.attempts.len() - 1;
        &self.attempts[(attempt as usize).min(last)]
    }
}

impl Scenario {
    /// Container names in spec order: init list as `i0`/`s1` by its index, mains as `m0`, `m1` (sorting like the spec).
    pub fn names(&self) -> Vec<String> {
        let init = self.init.iter().enumerate().map(|(index, element)| match element.kind {
            InitKind::Init => format!("i{index}"),
            InitKind::Sidecar => format!("s{index}"),
        });
        init.chain((0..self.main.len()).map(|index| format!("m{index}")))
            .collect()
    }

    /// All containers in spec order, init list first, parallel to [`Scenario::names`].
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.init.iter().map(|element| &element.container).chain(&self.main)
    }
}
