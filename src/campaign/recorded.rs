//! Judges a campaign's recording: once through it for the nodes' delays, once for the verdicts.

use std::collections::BTreeMap;
use std::path::Path;

use super::delays::Delays;
use super::gather::Gathered;
use super::verdict::{Judged, judge_as};
use crate::check::Bounds;
use crate::recording::{Notes, RecordingError};
use crate::trace::Trace;
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
    let mut gathered = Gathered::default();
    let rest = judge_each(path, strict, |trace, judged| gathered.add(trace, judged))?;
    for tally in gathered.kubelets.values_mut() {
        let nodes = tally
            .nodes
            .iter()
            .filter_map(|node| rest.delays.get(&Some(node.clone()))?.excess_ms());
        tally.delay_ms = nodes.max();
    }
    Ok(JudgedRecording {
        gathered,
        server: rest.server,
        notes: rest.notes,
    })
}

/// What a recording says beside its pods.
#[derive(Debug, Default)]
pub struct Rest {
    /// Delays by node.
    pub delays: BTreeMap<Option<String>, Delays>,
    /// Version of the API server.
    pub server: Option<String>,
    /// Remarks of the reader.
    pub notes: Notes,
}

/// Hands out every pod with its verdict.
pub fn judge_each(path: &Path, strict: bool, mut each: impl FnMut(Trace, Judged)) -> Result<Rest, RecordingError> {
    let mut rest = Rest::default();
    for trace in Traces::open(path, &Options::default())? {
        let trace = trace?;
        rest.delays.entry(trace.node.clone()).or_default().see(&trace);
    }
    let mut traces = Traces::open(path, &Options::default())?;
    for trace in traces.by_ref() {
        let trace = trace?;
        let bounds = rest
            .delays
            .get(&trace.node)
            .map_or_else(Bounds::default, Delays::bounds);
        let judged = judge_as(&trace, None, &bounds, strict);
        each(trace, judged);
    }
    rest.server = traces.header().and_then(|header| header.server.clone());
    rest.notes = traces.notes().clone();
    Ok(rest)
}
