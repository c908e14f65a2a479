//! podcheck: property-based conformance tests for the Kubernetes pod lifecycle.
//!
//! # Words
//!
//! A *scenario* is what one random pod does, as plain data (crate `podcheck-generators`); a *manifest* is that pod; a
//! *recording* is what was seen of it, raw; a *trace* is the recording in its normal form. The *model* says what a kubelet
//! of one version does; a *guarantee* is a sentence of the documentation that a kubelet should keep. A *verdict* puts both
//! answers together; a *known deviation* is a broken guarantee with a name.
//!
//! # Flow, and where to read
//!
//! ```text
//! scenario ─► manifest ─► target (cluster, simulate) ─► recording ─► trace ─► check ──────┐
//!                                                                      └────► guarantees ─┴► judge ─► campaign ─► report, cli
//! ```
//!
//! Every stage boundary is a value that serde reads and writes, so every stage can be run alone from a file.
//!
//! # Invariants
//!
//! - `generators` knows no Kubernetes types; [`model`] no client, clock, IO or randomness.
//! - [`trace`] is the only place that forgets data; [`check`] never sees a recording, [`target`] never a verdict.
//! - [`simulate`], [`check`] and prediction use the same step functions of [`model`], so they cannot drift apart.
//! - [`guarantees`] know nothing of the model: a kubelet can follow its own code and break a promise.
//! - One rule of the specification is one place in the code, and carries its id.
//! - Only [`report`] and [`cli`] print.

pub mod campaign;
pub mod check;
pub mod cli;
pub mod cluster;
pub mod deviations;
pub mod explain;
pub mod export;
pub mod goals;
pub mod guarantees;
pub mod judge;
pub mod manifest;
pub mod model;
pub mod printer;
pub mod promises;
pub mod recording;
pub mod report;

pub mod rules;
pub mod scope;
pub mod shrink;
pub mod simulate;
pub mod target;
pub mod trace;
