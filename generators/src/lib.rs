//! Scenarios: random pods as plain data. This crate knows no Kubernetes types.

mod scenario;
mod validate;
mod yaml;

mod outlook;
mod profile;
mod regressions;
mod repair;
mod strategy;
mod weights;

mod case;
mod corpus;

mod edits;
mod size;

pub use case::*;
pub use corpus::*;
pub use edits::*;
pub use outlook::{Outlook, outlook};
pub use profile::*;
pub use scenario::*;
pub use validate::*;
pub use yaml::*;
