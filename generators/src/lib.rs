//! Scenarios: random pods as plain data. This crate knows no Kubernetes types.

mod scenario;

pub use scenario::*;
