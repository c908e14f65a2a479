//! Judges a campaign's recording: once through it for the nodes' delays, once for the verdicts.

use std::collections::BTreeMap;
use std::path::Path;

use super::delays::Delays;
use super::gather::Gathered;
use super::verdict::judge_as;
use crate::check::Bounds;
use crate::recording::{Notes, RecordingError};
use crate::trace::normalize::{Options, Traces};

/// Verdicts on a recording's pods, and what was odd about it.
#[derive(Debug, Default)]
pub struct JudgedRecording {
    /// The verdicts.
    pub gathered: Gathered,
    /// Version of the API server.
    pub server: Option<String>,
    /// Remarks of the reader.
    pub notes: Notes,
}

/// Judges every pod in the file with bounds that its node has earned.
pub fn judge_recording(path: &Path, strict: bool) -> Result<JudgedRecording, RecordingError> {
    let mut delays: BTreeMap<Option<String>, Delays> = BTreeMap::new();
    for trace in Traces::open(path, &Options::default())? {
        let trace = trace?;
        delays.entry(trace.node.clone()).or_default().see(&trace);
    }
    let mut traces = Traces::open(path, &Options::default())?;
    let mut judged = JudgedRecording::default();
    for trace in traces.by_ref() {
        let trace = trace?;
        let bounds = delays.get(&trace.node).map_or_else(Bounds::default, Delays::bounds);
        let verdict = judge_as(&trace, None, &bounds, strict);
        judged.gathered.add(trace, verdict);
    }
    for tally in judged.gathered.kubelets.values_mut() {
        let nodes = tally
            .nodes
            .iter()
            .filter_map(|node| delays.get(&Some(node.clone()))?.excess_ms());
        tally.delay_ms = nodes.max();
    }
    judged.server = traces.header().and_then(|header| header.server.clone());
    judged.notes = traces.notes().clone();
    Ok(judged)
}
