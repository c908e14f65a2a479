//! The fields of a pod that are read; the rest is skipped while parsing, which is most of the time that typed pods cost.

use std::net::IpAddr;
use std::sync::Arc;

use serde::de::{Error, IgnoredAny, Visitor};
use serde::{Deserialize, Deserializer};

pub use super::quantity::Quantity;
use crate::trace::{Qos, UnixMs};

/// A pod as received.
#[derive(Debug, Default, Deserialize)]
pub struct Pod {
    /// `kind`: anything may be in a stream.
    pub kind: Option<Box<str>>,
    /// `metadata`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub metadata: Metadata,
    /// `spec`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub spec: Spec,
    /// `status`.
    #[serde(default, deserialize_with = "null_is_default")]
    pub status: Status,
}

/// `metadata`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    pub name: String,
    pub namespace: String,
    pub uid: String,
    pub resource_version: String,
    pub generation: Option<i64>,
    pub deletion_timestamp: Option<Time>,
    pub deletion_grace_period_seconds: Option<i64>,
    #[serde(deserialize_with = "null_is_default")]
    pub finalizers: Vec<IgnoredAny>,
    #[serde(deserialize_with = "null_is_default")]
    pub annotations: Annotations,
}

/// The annotations that matter here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Annotations {
    /// The scenario a generated pod was made from, as YAML.
    #[serde(rename = "podcheck.dev/scenario")]
    pub scenario: Option<Box<str>>,
    /// Marks a mirror of a static pod.
    #[serde(rename = "kubernetes.io/config.mirror")]
    pub mirror: Option<IgnoredAny>,
}

/// `spec`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Spec {
    pub node_name: Option<String>,
    pub restart_policy: Option<Box<str>>,
    pub termination_grace_period_seconds: Option<i64>,
    pub active_deadline_seconds: Option<i64>,
    pub share_process_namespace: Option<bool>,
    pub host_network: Option<bool>,
    pub os: Option<Os>,
    /// Of the whole pod (KEP-2837).
    pub resources: Option<IgnoredAny>,
    #[serde(deserialize_with = "null_is_default")]
    pub init_containers: Vec<Container>,
    #[serde(deserialize_with = "null_is_default")]
    pub containers: Vec<Container>,
    #[serde(deserialize_with = "null_is_default")]
    pub ephemeral_containers: Vec<IgnoredAny>,
    #[serde(deserialize_with = "null_is_default")]
    pub readiness_gates: Vec<IgnoredAny>,
}

/// `spec.os`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Os {
    pub name: Box<str>,
}

/// A container of the specification.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    pub name: String,
    pub image: Option<Box<str>>,
    pub restart_policy: Option<Box<str>>,
    #[serde(deserialize_with = "null_is_default")]
    pub restart_policy_rules: Vec<IgnoredAny>,
    pub lifecycle: Option<Lifecycle>,
    pub resources: Option<Resources>,
    pub startup_probe: Option<Probe>,
    pub readiness_probe: Option<Probe>,
    pub liveness_probe: Option<Probe>,
}

/// `resources` of a container.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Resources {
    #[serde(deserialize_with = "null_is_default")]
    pub requests: Amounts,
    #[serde(deserialize_with = "null_is_default")]
    pub limits: Amounts,
}

/// What decides about the class of service.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Amounts {
    pub cpu: Option<Quantity>,
    pub memory: Option<Quantity>,
}

/// `lifecycle` of a container.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Lifecycle {
    pub post_start: Option<IgnoredAny>,
    pub pre_stop: Option<IgnoredAny>,
    pub stop_signal: Option<IgnoredAny>,
}

/// The numbers of a probe.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Probe {
    pub initial_delay_seconds: Option<i64>,
    pub period_seconds: Option<i64>,
    pub timeout_seconds: Option<i64>,
    pub failure_threshold: Option<i64>,
    pub success_threshold: Option<i64>,
    pub termination_grace_period_seconds: Option<i64>,
}

/// `status`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    pub phase: Option<Box<str>>,
    pub reason: Option<Box<str>>,
    pub start_time: Option<Time>,
    #[serde(rename = "hostIP")]
    pub host_ip: Option<Address>,
    #[serde(rename = "hostIPs", deserialize_with = "null_is_default")]
    pub host_ips: Vec<Listed>,
    #[serde(rename = "podIP")]
    pub pod_ip: Option<Address>,
    #[serde(rename = "podIPs", deserialize_with = "null_is_default")]
    pub pod_ips: Vec<Listed>,
    pub qos_class: Option<Qos>,
    /// Of the whole pod (KEP-5419).
    pub resources: Option<Resources>,
    pub observed_generation: Option<i64>,
    pub resize: Option<Box<str>>,
    #[serde(deserialize_with = "null_is_default")]
    pub conditions: Vec<Condition>,
    #[serde(deserialize_with = "null_is_default")]
    pub init_container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "null_is_default")]
    pub container_statuses: Vec<ContainerStatus>,
}

/// An entry of `podIPs` or `hostIPs`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Listed {
    pub ip: Option<Address>,
}

/// A condition.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: Box<str>,
    pub status: Box<str>,
    pub reason: Option<Arc<str>>,
    pub message: Option<Arc<str>>,
    pub last_transition_time: Option<Time>,
    pub observed_generation: Option<i64>,
}

/// A container's status.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    pub name: Box<str>,
    #[serde(deserialize_with = "null_is_default")]
    pub state: State,
    #[serde(deserialize_with = "null_is_default")]
    pub last_state: State,
    pub ready: bool,
    pub started: Option<bool>,
    pub restart_count: u32,
    #[serde(rename = "containerID")]
    pub container_id: Option<Arc<str>>,
}

/// `state` or `lastState`: at most one is set.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct State {
    pub waiting: Option<Waiting>,
    pub running: Option<Running>,
    pub terminated: Option<Terminated>,
}

/// `state.waiting`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Waiting {
    pub reason: Option<Box<str>>,
    /// Of a container in back-off: how long, and whose.
    pub message: Option<Box<str>>,
}

/// `state.running`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    pub started_at: Option<Time>,
}

/// `state.terminated`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    pub exit_code: i32,
    pub reason: Option<Box<str>>,
    pub started_at: Option<Time>,
    pub finished_at: Option<Time>,
    #[serde(rename = "containerID")]
    pub container_id: Option<Arc<str>>,
    /// The termination message, which carries the journal.
    pub message: Option<Box<str>>,
}

/// An RFC 3339 time, as Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub UnixMs);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Time;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an RFC 3339 time")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
                let time: jiff::Timestamp = text.parse().map_err(E::custom)?;
                Ok(Time(time.as_millisecond()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// An IP address; what is none is only known to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    pub is_empty: bool,
    pub ip: Option<IpAddr>,
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Address;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an IP address")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Address, E> {
                Ok(Address {
                    is_empty: text.is_empty(),
                    ip: text.parse().ok(),
                })
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Go prints an absent list or struct as `null` now and then.
fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
