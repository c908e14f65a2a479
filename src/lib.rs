//! podcheck: property-based conformance tests for the Kubernetes pod lifecycle.

pub mod manifest;
pub mod cluster;
pub mod target;
pub mod recording;
pub mod trace;
pub mod model;
pub mod check;
pub mod guarantees;
pub mod deviations;
pub mod judge;
pub mod simulate;
pub mod campaign;
pub mod printer;
pub mod report;
pub mod cli;
