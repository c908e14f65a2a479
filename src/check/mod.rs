//! Trace inclusion: is there a run of the model that explains everything that was observed, in order?
//!
//! The walk keeps the states that explain everything so far; when none is left, the recording diverges. Skipping a status is
//! free (the status manager publishes only the newest), inventing one or going back is not.

mod bounds;
mod broken;
mod diagnose;
mod facts;
mod moves;
mod node;
mod overdue;
mod search;
mod stages;
mod teardown;
#[cfg(test)]
mod testing;
mod verdict;
mod visited;

pub use bounds::{Bounds, STOP_TIMEOUT_MS_MIN};
pub use broken::Broken;
pub use diagnose::describe;
pub use facts::{FAR_FUTURE, Facts, InstanceFacts, Interval};
pub use moves::DELETE_LAG_MS;
pub use search::{Inclusion, includes, includes_with};
pub use verdict::{Divergence, Verdict};

/// A pod with one main container and no probes.
#[cfg(test)]
fn one_main() -> crate::trace::PodSpec {
    use crate::trace::{ContainerSpec, Kind, PodSpec, RestartPolicy};
    let main = ContainerSpec {
        name: "m0".to_string(),
        kind: Kind::Main,
        startup: None,
        readiness: None,
        liveness: None,
    };
    PodSpec {
        restart_policy: RestartPolicy::Always,
        grace_s: 2,
        containers: vec![main],
        not_covered: Vec::new(),
    }
}
