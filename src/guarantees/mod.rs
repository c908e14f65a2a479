//! What Kubernetes promises about pods, each promise judged on a recording alone.
//!
//! A guarantee rests on a sentence of the documentation, a KEP or an API field comment and knows nothing of the model:
//! a kubelet that follows its own code can still break one. A guarantee never accuses a healthy kubelet: what the
//! recording does not settle (coalesced statuses, lost journal lines, times cut to seconds) counts in its favour.
//! Not visible in a recording, and so not allowed for: a kubelet that restarts, a node with its own back-off limits.

use serde::{Deserialize, Serialize};

mod case;
mod delays;
mod exits;
mod init;
mod phase;
mod probes;
mod promptness;
mod restarts;
mod sidecars;
mod status;
mod termination;
#[cfg(test)]
mod tests;
mod times;

pub use case::{Case, Deletion};

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
    /// One sentence: what was observed, what was promised.
    pub summary: String,
}

/// All guarantees, in the order of the catalogue.
pub fn all() -> impl Iterator<Item = &'static Guarantee> {
    [
        init::RULES,
        sidecars::RULES,
        restarts::RULES,
        termination::RULES,
        promptness::RULES,
        probes::RULES,
        phase::RULES,
        status::RULES,
        exits::RULES,
    ]
    .into_iter()
    .flatten()
}

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
            summary,
        });
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
    pub const RESTART_POLICY: &str = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy";
    pub const TERMINATION: &str =
        "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination-flow";
    pub const PROBES: &str = "https://kubernetes.io/docs/concepts/workloads/pods/probes/";
    pub const SHUTDOWN_WITH_SIDECARS: &str =
        "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#termination-with-sidecars";
    pub const CONTAINER: &str =
        "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Container";
    pub const STATUS: &str = "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodStatus";
}
