//! From a scenario to a pod that anyone can `kubectl apply`.
//!
//! [`pod`] builds the object, [`script`] the shell program that each of its containers runs.

pub mod pod;
pub mod script;

pub use pod::{Placement, pod, pod_name, to_yaml};
