//! What a real kubelet said of the smallest pods: the files of `expected/scope/`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::campaign::Regression;

/// What became of a pod that was tried on a real kubelet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// It breaks the promise there too.
    Confirmed,
    /// It was tried, and the promise was kept.
    Refuted,
    NotTried,
}

/// A file with a smallest pod that is remembered.
#[derive(Clone, Debug)]
pub struct Known {
    pub file: String,
    pub regression: Regression,
}

impl Known {
    /// Confirmed where one kubelet at least has shown it.
    pub fn mark(&self) -> Mark {
        let rates = self.regression.versions.values();
        if rates.clone().any(|rate| rate.shown > 0) {
            Mark::Confirmed
        } else if rates.clone().any(|rate| rate.of > 0) {
            Mark::Refuted
        } else {
            Mark::NotTried
        }
    }

    /// Is it about this promise and this deviation?
    pub fn is_about(&self, rule: &str, known_deviation: Option<&str>) -> bool {
        let class = &self.regression.class;
        class.rule == rule && class.known_deviation.as_deref() == known_deviation
    }
}

/// Reads all files of a folder, in the order of their names; none, if there is no folder.
pub fn read_known(folder: &Path) -> Result<Vec<Known>, String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(|error| format!("{}: {error}", folder.display()))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if let Some(name) = name.filter(|name| name.ends_with(".yaml")) {
            files.insert(name, path);
        }
    }
    let read = |(file, path): (String, std::path::PathBuf)| {
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let regression = Regression::from_yaml(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Known { file, regression })
    };
    files.into_iter().map(read).collect()
}
