//! Where a campaign's JUnit file goes.

use std::fs;
use std::path::{Path, PathBuf};

use super::Failure;
use crate::report::{self, Concluded};

/// The file's name, as CI systems look for it.
const NAME: &str = "junit.xml";

/// Writes `junit.xml` into the folder of the run, else into `$ARTIFACTS`, else nowhere.
pub fn write(folder: Option<&Path>, concluded: Concluded<'_>) -> Result<(), Failure> {
    let artifacts = std::env::var_os("ARTIFACTS").map(PathBuf::from);
    let path = match (folder, artifacts) {
        (Some(folder), _) => folder.join(NAME),
        (None, Some(artifacts)) => free(&artifacts),
        (None, None) => return Ok(()),
    };
    let unwritable = |error: &dyn std::fmt::Display| {
        let path = path.display();
        Failure::Environment(format!(
            "cannot write {path}: {error}; choose another --output or $ARTIFACTS"
        ))
    };
    let text = report::junit(concluded).map_err(|error| unwritable(&error))?;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| unwritable(&error))?;
    }
    fs::write(&path, text).map_err(|error| unwritable(&error))
}

/// Several runs of one job share `$ARTIFACTS`: none overwrites another's.
fn free(folder: &Path) -> PathBuf {
    let numbered = (2..).map(|number| folder.join(format!("junit-{number}.xml")));
    let mut names = std::iter::once(folder.join(NAME)).chain(numbered);
    names.find(|path| !path.exists()).unwrap_or_else(|| folder.join(NAME))
}
