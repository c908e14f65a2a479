//! Scenarios: random pods as plain data. This crate knows no Kubernetes types.
//!
//! A [`Scenario`] says what the containers of one pod do on each attempt and when the pod is deleted. It comes from a
//! case id (drawn by a [`Profile`]), from a YAML file, or from the [`CORPUS`]; [`edits`] make a failing one smaller.
//!
//! ```
//! use podcheck_generators::{CaseId, Scenario, case, edits};
//!
//! let id: CaseId = "sidecars/7f3a9c/12".parse()?;
//! let scenario = case(id);
//! assert_eq!(Scenario::from_yaml(&scenario.to_yaml())?, scenario);
//! assert!(!edits(&scenario).is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod scenario;
mod validate;
mod yaml;

mod drawn;
mod outlook;
mod profile;
mod regressions;
mod repair;
mod strategy;
mod weights;

mod case;
mod corpus;
mod scope;

mod edits;
mod size;

pub use case::*;
pub use corpus::*;
pub use edits::*;
pub use outlook::{Outlook, outlook};
pub use profile::*;
pub use scenario::*;
pub use scope::{Shape, shapes};
pub use validate::*;
pub use yaml::*;
