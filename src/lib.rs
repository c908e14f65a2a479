//! podcheck: property-based conformance tests for the Kubernetes pod lifecycle.

pub mod campaign;
pub mod check;
pub mod cli;
pub mod cluster;
pub mod deviations;
pub mod guarantees;
pub mod judge;
pub mod manifest;
pub mod model;
pub mod printer;
pub mod recording;
pub mod report;
pub mod simulate;
pub mod target;
pub mod trace;
