//! What Kubernetes promises about pods, each promise judged on a recording alone.
//!
//! A guarantee rests on a sentence of the documentation, a KEP or an API field comment and knows nothing of the model:
//! a kubelet that follows its own code can still break one. A guarantee never accuses a healthy kubelet: what the
//! recording does not settle (coalesced statuses, lost journal lines, times cut to seconds) counts in its favour.
//! Not visible in a recording, and so not allowed for: a kubelet that restarts, a node with its own back-off limits.

use serde::{Deserialize, Serialize};

mod case;
mod condition_list;
mod conditions;
mod delays;
mod exits;
mod generation;
mod hidden_ends;
mod identity;
mod ids;
mod init;
mod lives;
mod messages;
mod numbers;
mod phase;
mod pod_resources;
mod probes;
mod process_times;
mod prompt_starts;
mod promptness;
mod qos;
mod readiness;
mod restarts;
mod sidecars;
mod states;
mod status;
mod stops;
mod termination;
#[cfg(test)]
mod tests;
mod times;
mod transitions;
mod work;

pub(crate) use case::shows_a_start;
pub use case::{Case, Deletion};
pub(crate) use probes::earliest_pass_ms;

/// One promise.
#[derive(Clone, Copy, Debug)]
pub struct Guarantee {
    /// `G-` and what it is about; stable.
    pub id: &'static str,
    /// The rule in one sentence of ours.
    pub rule: &'static str,
    /// The sentence that it rests on, as it is written there.
    pub quote: &'static str,
    /// Where that is written.
    pub link: &'static str,
    /// First minor version (1.x) for which it is promised; 0: any.
    pub since_minor: u32,
    /// Judges one pod.
    pub judge: fn(&Case) -> Outcome,
}

/// What a guarantee says of one pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The pod never came into a situation in which it could have been broken.
    NotAtRisk,
    Kept,
    Broken(Vec<Breach>),
}

/// One place where a promise was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// Index of the event in the recording (all pods counted).
    pub event_index: usize,
    pub resource_version: String,
    /// Index of the container whose promise it is, if it is one container's.
    pub container: Option<usize>,
    /// The life of the container that it is about, where that is not the one in the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<u32>,
    /// One sentence: what was observed, what was promised.
    pub summary: String,
}

/// All guarantees, in the order of the catalogue.
pub fn all() -> impl Iterator<Item = &'static Guarantee> {
    [
        init::RULES,
        sidecars::RULES,
        restarts::RULES,
        prompt_starts::RULES,
        termination::RULES,
        promptness::RULES,
        stops::RULES,
        probes::RULES,
        readiness::RULES,
        phase::RULES,
        work::RULES,
        status::RULES,
        conditions::RULES,
        messages::RULES,
        identity::RULES,
        qos::RULES,
        condition_list::RULES,
        generation::RULES,
        states::RULES,
        hidden_ends::RULES,
        exits::RULES,
        lives::RULES,
        ids::RULES,
        process_times::RULES,
        // Last: on cgroup v1 it is told of every pod of 1.36 and newer, and what else a pod breaks is more to the point.
        pod_resources::RULES,
    ]
    .into_iter()
    .flatten()
}

/// Promised of every pod, whatever features it uses and whatever becomes of its sandbox and its node.
pub const HOLD_FOR_ANY_POD: &[&str] = &[
    "G-terminal-stays",
    "G-dead-stays-dead",
    "G-host-stays",
    // What one status says of itself, whatever it tells of.
    "G-unready-are-named",
    "G-incomplete-are-named",
    "G-end-names-its-life",
    "G-id-is-its-own",
    "G-one-state",
    "G-start-time-stays",
    "G-host-ips-agree",
    "G-pod-ips-agree",
    "G-qos-stays",
    "G-qos-fits-resources",
    "G-one-condition-each",
    "G-condition-is-true-or-false",
];

/// What a judge gathers on its way through a trace.
#[derive(Default)]
struct Findings {
    at_risk: bool,
    breaches: Vec<Breach>,
}

impl Findings {
    fn at_risk(&mut self) {
        self.at_risk = true;
    }

    /// Notes a breach at a step; one a container is enough, the first.
    fn broken(&mut self, case: &Case, step: usize, container: Option<usize>, summary: String) {
        if container.is_some() && self.breaches.iter().any(|breach| breach.container == container) {
            return;
        }
        let step = &case.trace.steps[step];
        self.breaches.push(Breach {
            event_index: step.event_index,
            resource_version: step.resource_version.clone(),
            container,
            life: None,
            summary,
        });
    }

    /// The same for what happened to life `n` of a container.
    fn broken_in_life(&mut self, case: &Case, step: usize, (container, n): (usize, u32), summary: String) {
        let before = self.breaches.len();
        self.broken(case, step, Some(container), summary);
        if let Some(breach) = self.breaches.get_mut(before) {
            breach.life = Some(n);
        }
    }

    fn outcome(self) -> Outcome {
        match (self.breaches.is_empty(), self.at_risk) {
            (false, _) => Outcome::Broken(self.breaches),
            (true, true) => Outcome::Kept,
            (true, false) => Outcome::NotAtRisk,
        }
    }
}

/// Pages that several guarantees quote.
mod pages {
    pub const POD_LIFECYCLE: &str = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/";
    pub const STATES: &str = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-states";
    pub const PHASE: &str = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase";
    pub const INIT: &str = "https://kubernetes.io/docs/concepts/workloads/pods/init-containers/";
    pub const SIDECARS: &str = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/";
    pub const INIT_BEHAVIOR: &str =
        "https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#detailed-behavior";
    pub const SIDECARS_DIFFER: &str = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#differences-from-application-containers";
    pub const CONDITIONS: &str = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions";
    pub const NETWORK_READINESS: &str =
        "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-has-network";
    pub const PROBLEMS: &str = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-restarts";
    pub const RESTART_POLICY: &str = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy";
    pub const TERMINATION: &str =
        "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination-flow";
    pub const PROBES: &str = "https://kubernetes.io/docs/concepts/workloads/pods/probes/";
    pub const STARTUP_PROBE: &str = "https://kubernetes.io/docs/concepts/workloads/pods/probes/#startup-probe";
    pub const PROBE_FIELDS: &str = "https://kubernetes.io/docs/concepts/workloads/pods/probes/#configure-probes";
    pub const PROBE_RESULTS: &str = "https://kubernetes.io/docs/concepts/workloads/pods/probes/#probe-results";
    pub const PROBE_GRACE: &str =
        "https://kubernetes.io/docs/concepts/workloads/pods/probes/#probe-level-terminationgraceperiodseconds";
    pub const SHUTDOWN_WITH_SIDECARS: &str =
        "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#termination-with-sidecars";
    pub const CONTAINER: &str =
        "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Container";
    pub const CONTAINER_STATUS: &str =
        "https://github.com/kubernetes/api/blob/v0.37.0/core/v1/types.go#L3535 (ContainerStatus)";
    pub const RUNNING: &str =
        "https://github.com/kubernetes/api/blob/v0.37.0/core/v1/types.go#L3489 (ContainerStateRunning)";
    pub const TERMINATED: &str =
        "https://github.com/kubernetes/api/blob/v0.37.0/core/v1/types.go#L3496 (ContainerStateTerminated)";
    pub const CONTAINER_STATE: &str =
        "https://github.com/kubernetes/api/blob/v0.37.0/core/v1/types.go#L3517 (ContainerState)";
    pub const CONDITION: &str = "https://github.com/kubernetes/api/blob/v0.37.0/core/v1/types.go#L3808 (PodCondition)";
    pub const LIST_TYPES: &str = "https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy";
    pub const PHASE_FIELD: &str = "https://github.com/kubernetes/api/blob/v0.37.0/core/v1/types.go#L3714 (PodPhase)";
    pub const POD_GENERATION: &str = "https://kubernetes.io/docs/concepts/workloads/pods/#pod-generation";
    pub const OBJECT_META: &str = "https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/";
    pub const STATUS: &str = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodStatus";
}
