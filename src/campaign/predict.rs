//! The table that the model expects.

use crate::model::KubeletVersion;
use crate::printer::{self, Printer, Row};
use crate::simulate::{Options, Workload, simulate_workload};

/// Rows of the model's ordinary run, printed as an API server of version 1.`server_minor` does, without repetitions.
///
/// A pod without a scenario is not deleted at the end of its time, so its table ends there.
pub fn predict(work: &Workload, kubelet: KubeletVersion, server_minor: u32) -> Vec<Row> {
    let canonical = Options {
        seed: None,
        ..Options::new(kubelet, 0)
    };
    let mut trace = simulate_workload(work, &canonical);
    if work.scenario.is_none() {
        trace.steps.retain(|step| step.deletion.is_none());
    }
    printer::collapse(Printer::for_server(server_minor).rows(&trace.spec, &trace.steps))
}
