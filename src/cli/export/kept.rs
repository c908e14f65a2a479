//! What a run has kept of a divergence, beside its scenario.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::Failure;
use crate::campaign::{Class, Rates};
use crate::check::Divergence;
use crate::export::Facts;
use crate::recording::{Entry, Reader};

/// The class that the folder is about.
pub fn class_of(folder: &Path) -> Option<Class> {
    serde_yaml::from_str(&fs::read_to_string(folder.join("class.yaml")).ok()?).ok()
}

/// Versions of the cluster, as its recording names them.
pub fn read_header(path: &Path, facts: &mut Facts) -> Result<(), Failure> {
    let mut entries = Reader::open(path)?;
    if let Some(Entry::Header(header)) = entries.next().transpose()? {
        facts.server = header.server.or_else(|| facts.server.take());
        facts.nodes = header.nodes;
    }
    Ok(())
}

/// What the summary of the run says of a divergence.
#[derive(Debug, Default)]
pub struct Told {
    pub server: Option<String>,
    pub target: Option<String>,
    pub fault: Option<String>,
    pub confirmed: Rates,
    pub divergences: Vec<Divergence>,
}

impl Told {
    /// From `summary.json` two folders up; a folder that was moved has none, and its files say enough.
    pub fn read(folder: &Path) -> Self {
        let summary = folder
            .parent()
            .and_then(Path::parent)
            .map(|run| run.join("summary.json"));
        let text = summary.and_then(|path| fs::read_to_string(path).ok());
        let Some(summary) = text.and_then(|text| serde_json::from_str::<Value>(&text).ok()) else {
            return Self::default();
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let is_it = |found: &&Value| {
            let kept = found["folder"].as_str().map(Path::new);
            kept.and_then(Path::file_name)
                .is_some_and(|name| Some(name) == folder.file_name())
        };
        let found = summary["divergences"].as_array().and_then(|all| all.iter().find(is_it));
        let found = found.cloned().unwrap_or_default();
        let replay = found["replay"].as_str().unwrap_or_default();
        let fault = replay
            .split_once(" --fault ")
            .and_then(|(_, rest)| rest.split(' ').next());
        Self {
            server: text(&summary["server"]),
            target: text(&summary["target"]),
            fault: fault.map(str::to_owned),
            confirmed: serde_json::from_value(found["confirmed"].clone()).unwrap_or_default(),
            divergences: serde_json::from_value(found["divergences"].clone()).unwrap_or_default(),
        }
    }
}
