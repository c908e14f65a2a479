//! What is read back from the folder of a run: what its recording alone does not say.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::class::Class;
use super::confirmed::{Minimal, Rates};

/// The part of `summary.json` that cannot be had from the recording again.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Kept {
    #[serde(default)]
    pub seed: String,
    #[serde(default)]
    pub cases: String,
    #[serde(default)]
    pub target: String,
    #[serde(default)]
    pub server: Option<String>,
    #[serde(default)]
    pub seconds: f64,
    #[serde(default)]
    pub pods_per_minute: f64,
    #[serde(default)]
    pub stopped: Option<String>,
    /// Absent in older folders; see [`Kept::is_strict`].
    #[serde(default)]
    strict: Option<bool>,
    #[serde(default)]
    pub divergences: Vec<KeptFound>,
}

/// A divergence as it was kept.
#[derive(Clone, Debug, Deserialize)]
pub struct KeptFound {
    pub case: String,
    pub uid: String,
    pub class: Class,
    #[serde(default)]
    pub confirmed: Rates,
    #[serde(default)]
    pub minimal: Option<Minimal>,
    #[serde(default)]
    pub folder: Option<PathBuf>,
    pub replay: String,
}

impl Kept {
    /// Reads `summary.json` of a run's folder; nothing if there is none.
    pub fn read(folder: &Path) -> io::Result<Option<Self>> {
        match fs::read_to_string(folder.join("summary.json")) {
            Ok(text) => Ok(Some(serde_json::from_str(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Did its pods run on simulated nodes?
    pub fn is_simulated(&self) -> bool {
        self.target.starts_with("simulated")
    }

    /// Did known deviations count as divergences? Otherwise none could stand first in one.
    pub fn is_strict(&self) -> bool {
        let known_first = |found: &KeptFound| found.class.known_deviation.is_some();
        self.strict.unwrap_or_else(|| self.divergences.iter().any(known_first))
    }
}
