//! The life and the table that the model expects.

use crate::model::KubeletVersion;
use crate::printer::{self, Printer, Row};
use crate::simulate::{Options, Workload, simulate_workload};
use crate::trace::Trace;

/// The model's ordinary run.
///
/// A pod without a scenario is not deleted at the end of its time, so its life ends there.
pub fn predicted(work: &Workload, kubelet: KubeletVersion) -> Trace {
    let canonical = Options {
        seed: None,
        ..Options::new(kubelet, 0)
    };
    let mut trace = simulate_workload(work, &canonical);
    if work.scenario.is_none() {
        trace.steps.retain(|step| step.deletion.is_none());
    }
    trace
}

/// Rows of that run, printed as an API server of version 1.`server_minor` does, without repetitions.
pub fn predict(work: &Workload, kubelet: KubeletVersion, server_minor: u32) -> Vec<Row> {
    let trace = predicted(work, kubelet);
    printer::collapse(Printer::for_server(server_minor).rows(&trace.spec, &trace.steps))
}
