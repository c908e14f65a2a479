//! What is simulated: a pod's specification and what its processes and its client do.

use podcheck_generators::{Container, Deletion, InitKind, Probe, Scenario};

use crate::trace::{ContainerSpec, Kind, PodSpec, ProbeSpec};

/// A pod with the behaviour of its processes.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    pub spec: PodSpec,
    /// What each container does, parallel to the specification's containers.
    pub containers: Vec<Container>,
    pub deletion: Option<Deletion>,
    /// A pod that has not ended by itself after this long is deleted by its client.
    pub observe_ms_max: u32,
    /// The scenario it was made from.
    pub scenario: Option<Scenario>,
}

impl Workload {
    /// The pod of a scenario.
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            spec: spec_of(scenario),
            containers: scenario.containers().cloned().collect(),
            deletion: scenario.deletion.clone(),
            observe_ms_max: scenario.observe_ms_max,
            scenario: Some(scenario.clone()),
        }
    }
}

/// The specification of a scenario's pod as the model needs it.
pub fn spec_of(scenario: &Scenario) -> PodSpec {
    let init_kinds = scenario.init.iter().map(|element| match element.kind {
        InitKind::Init => Kind::Init,
        InitKind::Sidecar => Kind::Sidecar,
    });
    let kinds = init_kinds.chain(scenario.main.iter().map(|_| Kind::Main));
    let containers = scenario.names().into_iter().zip(kinds).zip(scenario.containers());
    PodSpec {
        restart_policy: scenario.restart_policy,
        grace_s: scenario.grace_seconds,
        containers: containers
            .map(|((name, kind), container)| ContainerSpec {
                name,
                kind,
                startup: container.startup.as_ref().map(probe_spec),
                readiness: container.readiness.as_ref().map(probe_spec),
                liveness: container.liveness.as_ref().map(probe_spec),
            })
            .collect(),
        not_covered: Vec::new(),
    }
}

fn probe_spec(probe: &Probe) -> ProbeSpec {
    ProbeSpec {
        initial_delay_s: probe.initial_delay_seconds,
        period_s: probe.period_seconds,
        timeout_s: 1,
        failure_threshold: probe.failure_threshold,
        success_threshold: probe.success_threshold,
        grace_s: probe.grace_seconds,
    }
}
