//! The smallest pods that are remembered, with what they show and where.

use std::path::{Path, PathBuf};

use podcheck::campaign::Regression;

/// Name and content of every file of `expected/regressions/`, in a fixed order.
pub fn regressions() -> Vec<(String, Regression)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("expected/regressions");
    let entries = std::fs::read_dir(folder).expect("a folder of regressions");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

fn read(file: &Path) -> (String, Regression) {
    let name = file.file_stem().expect("a file").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(file).expect("a readable regression");
    let regression = Regression::from_yaml(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    (name, regression)
}
