//! What the tests of stored recordings share.

use std::path::{Path, PathBuf};

use podcheck::model::KubeletVersion;
use podcheck::trace::Trace;
use podcheck::trace::normalize::{Options, read_traces};

/// The folder of everything that is remembered.
pub fn expected() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("expected")
}

/// All pods of all stored recordings, with the path of their file below `expected/recordings`, in a fixed order.
pub fn stored_traces() -> Vec<(String, Trace)> {
    let root = expected().join("recordings");
    let mut traces = Vec::new();
    for file in recordings() {
        let recorded = read_traces(&file, &Options::default()).expect("a stored recording is readable");
        let name = file.strip_prefix(&root).expect("below the root").display().to_string();
        traces.extend(recorded.traces.into_iter().map(|trace| (name.clone(), trace)));
    }
    traces
}

/// The files of all stored recordings, in a fixed order.
pub fn recordings() -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&expected().join("recordings"), &mut files);
    files.sort();
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of recordings") {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            files.push(path);
        }
    }
}

/// The kubelet's version: from the recording, else from the file's name (raw kubectl streams do not say).
pub fn version(file: &str, trace: &Trace) -> KubeletVersion {
    let named = file.trim_end_matches(".jsonl").to_string();
    trace
        .kubelet
        .clone()
        .unwrap_or(named)
        .parse()
        .expect("a version the model covers")
}

/// Compares with a snapshot in `expected/`.
#[allow(dead_code, reason = "not every test file has a snapshot")]
pub fn snapshot(name: &str, text: &str) {
    snapshot_in(&expected(), name, text);
}

/// Compares with a snapshot in this folder.
#[allow(dead_code, reason = "not every test file has a snapshot")]
pub fn snapshot_in(folder: &Path, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
