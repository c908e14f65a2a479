//! What the runner reads from a watch event: enough to know when to delete and when a pod has ended.

use k8s_openapi::api::core::v1 as api;
use podcheck_generators::Moment;
use serde::Deserialize as _;
use serde_json::Value;

use crate::manifest::pod::FINALIZER;

/// One event, seen by the runner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PodFacts {
    pub(super) name: String,
    /// Phase Succeeded or Failed.
    pub(super) is_terminal: bool,
    /// `deletionTimestamp` is set.
    pub(super) is_deleted: bool,
    pub(super) has_finalizer: bool,
    /// The object is no more.
    pub(super) is_gone: bool,
    pub(super) containers: Vec<ContainerFacts>,
}

/// One container's status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ContainerFacts {
    pub(super) name: String,
    pub(super) restart_count: u32,
    pub(super) is_running: bool,
    pub(super) is_terminated: bool,
    /// An init container that ended well: something should follow.
    pub(super) is_completed_init: bool,
}

impl PodFacts {
    /// From the event's type and object; `None` if it is not a pod.
    pub(super) fn read(event_type: &str, object: &Value) -> Option<Self> {
        let pod = api::Pod::deserialize(object).ok()?;
        let status = pod.status.unwrap_or_default();
        let init = status.init_container_statuses.unwrap_or_default();
        let main = status.container_statuses.unwrap_or_default();
        let containers = init
            .iter()
            .map(|status| container(status, true))
            .chain(main.iter().map(|s| container(s, false)));
        Some(Self {
            name: pod.metadata.name?,
            is_terminal: matches!(status.phase.as_deref(), Some("Succeeded" | "Failed")),
            is_deleted: pod.metadata.deletion_timestamp.is_some(),
            has_finalizer: pod
                .metadata
                .finalizers
                .unwrap_or_default()
                .iter()
                .any(|name| name == FINALIZER),
            is_gone: event_type == "DELETED",
            containers: containers.collect(),
        })
    }

    /// Has this moment of a container's life come? How long after it the delete is due is another matter.
    pub(super) fn has_come(&self, moment: &Moment) -> bool {
        match moment {
            Moment::Created { .. } => true,
            Moment::Running { container, attempt, .. } => self
                .containers
                .iter()
                .any(|c| c.name == *container && c.is_running && c.restart_count >= *attempt),
            Moment::Terminated { container, attempt, .. } => self.containers.iter().any(|c| {
                c.name == *container && (c.restart_count > *attempt || c.is_terminated && c.restart_count == *attempt)
            }),
        }
    }

    /// Has any container been started?
    pub(super) fn has_started(&self) -> bool {
        self.starts() > 0
    }

    /// How often containers were started.
    pub(super) fn starts(&self) -> u32 {
        self.containers
            .iter()
            .map(|c| c.restart_count + u32::from(c.is_running || c.is_terminated))
            .sum()
    }

    /// How many init containers ended well.
    pub(super) fn completed_inits(&self) -> usize {
        self.containers.iter().filter(|c| c.is_completed_init).count()
    }
}

fn container(status: &api::ContainerStatus, is_init: bool) -> ContainerFacts {
    let state = status.state.as_ref();
    let terminated = state.and_then(|state| state.terminated.as_ref());
    ContainerFacts {
        name: status.name.clone(),
        restart_count: u32::try_from(status.restart_count).unwrap_or_default(),
        is_running: state.is_some_and(|state| state.running.is_some()),
        is_terminated: terminated.is_some(),
        is_completed_init: is_init && terminated.is_some_and(|terminated| terminated.exit_code == 0),
    }
}
