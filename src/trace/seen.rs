//! What a step shows of the pod's own identity and times.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::UnixMs;

/// Beside [`PodView`](super::PodView), as [`Seen`](super::Seen) is beside a container's: nothing that the model decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PodSeen {
    /// The pod is bound to another node than the first one that the recording names.
    pub elsewhere: bool,
    /// The pod has not been given a node yet.
    pub unbound: bool,
    /// `status.startTime`.
    pub start_time: Option<UnixMs>,
    /// `status.hostIP`.
    pub host_ip: Option<IpAddr>,
    /// The first of `status.hostIPs`.
    pub first_host_ip: Option<IpAddr>,
    /// `status.podIP`.
    pub pod_ip: Option<IpAddr>,
    /// The first of `status.podIPs`.
    pub first_pod_ip: Option<IpAddr>,
    /// `status.qosClass`.
    pub qos: Option<Qos>,
    /// The class that follows from the specification's resources, where that is certain.
    pub qos_due: Option<Qos>,
    /// What `status.resources` tells of the pod as a whole; empty amounts are none.
    pub resources: Option<PodResources>,
    /// `metadata.generation`.
    pub generation: Option<i64>,
    /// `status.observedGeneration`.
    pub observed_generation: Option<i64>,
    /// Indexed like [`ConditionKind::ALL`](super::ConditionKind::ALL).
    pub conditions: [ConditionSeen; 5],
    /// The container statuses are not listed in their order: init containers and sidecars as in the specification, mains by
    /// name.
    pub out_of_order: bool,
    /// The pod has its node's network, and so its address.
    pub on_host_network: bool,
    /// Entries in the two lists of container statuses, whoever they are of.
    pub status_entries: u32,
}

/// A condition's time and generation, and what is wrong with its form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConditionSeen {
    /// `lastTransitionTime`, whole seconds.
    pub transition: Option<UnixMs>,
    /// `observedGeneration`.
    pub observed_generation: Option<i64>,
    /// The status has more than one condition of this type.
    pub is_repeated: bool,
    /// `status` is neither True nor False nor Unknown.
    pub is_undefined: bool,
}

/// Requests and limits of a pod as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PodResources {
    /// A limit of memory beyond that of any machine, which is how a cgroup of version 1 says that it has none.
    NoLimit,
    Amounts,
}

/// Quality of service class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Qos {
    Guaranteed,
    Burstable,
    BestEffort,
    #[serde(other)]
    Unknown,
}
