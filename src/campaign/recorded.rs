//! Judges a campaign's recording: once through it for the nodes' delays, once for the verdicts.

use std::path::Path;

use super::delays::Delays;
use super::verdict::{Judged, judge_as};
use crate::model::KubeletVersion;
use crate::recording::{Notes, RecordingError};
use crate::trace::Trace;
use crate::trace::normalize::{Options, Traces};

/// What a recording says beside its pods.
#[derive(Debug, Default)]
pub struct Rest {
    /// Version of the API server.
    pub server: Option<String>,
    /// Remarks of the reader.
    pub notes: Notes,
}

/// Hands out every pod with its verdict, judged as `kubernetes` or as the version that the recording names.
pub fn judge_each(
    path: &Path,
    kubernetes: Option<KubeletVersion>,
    strict: bool,
    each: impl FnMut(Trace, Judged),
) -> Result<Rest, RecordingError> {
    judge_each_by(path, kubernetes, strict, &delays(path), each)
}

/// The same, where the delays are known beforehand.
pub fn judge_each_by(
    path: &Path,
    kubernetes: Option<KubeletVersion>,
    strict: bool,
    delays: &Delays,
    mut each: impl FnMut(Trace, Judged),
) -> Result<Rest, RecordingError> {
    let mut traces = Traces::open(path, &Options::default())?;
    for trace in traces.by_ref() {
        let trace = trace?;
        let judged = judge_as(&trace, kubernetes, &delays.bounds(&trace), strict);
        each(trace, judged);
    }
    let server = traces.header().and_then(|header| header.server.clone());
    Ok(Rest {
        server,
        notes: traces.notes().clone(),
    })
}

/// The delays that a recording shows, as far as it can be read; who reads it for its pods meets the error again.
pub fn delays(path: &Path) -> Delays {
    let mut delays = Delays::default();
    if path.is_file()
        && let Ok(traces) = Traces::open(path, &Options::default())
    {
        traces.filter_map(Result::ok).for_each(|trace| delays.see(&trace));
    }
    delays
}
