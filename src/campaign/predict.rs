//! The table that the model expects of a scenario.

use podcheck_generators::Scenario;

use crate::model::KubeletVersion;
use crate::printer::Row;

/// Rows of the model's ordinary run, printed as an API server of version 1.`server_minor` does, without repetitions.
pub fn predict(_scenario: &Scenario, _kubelet: KubeletVersion, _server_minor: u32) -> Vec<Row> {
    Vec::new()
}
