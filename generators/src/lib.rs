//! Scenarios: random pods as plain data. This crate knows no Kubernetes types.

mod scenario;
mod validate;
mod yaml;

pub use scenario::*;
pub use validate::*;
pub use yaml::*;
