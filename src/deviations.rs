//! The table of known deviations: promises that some versions are known to break.
//!
//! An entry covers a breach only for its versions, its guarantees and where its own mark is to be seen, so that it
//! cannot absorb another bug.

use std::fmt;

use crate::check::Divergence;
use crate::guarantees::{Breach, Case};
use crate::model::KubeletVersion;

mod findings;
mod marks;
mod upstream;

pub use findings::{NO_LIMIT, SANDBOX_LOST};

/// All known deviations, in the order in which they are tried.
pub fn all() -> impl Iterator<Item = &'static Deviation> {
    upstream::UPSTREAM.iter().chain(findings::FINDINGS)
}

/// One known deviation.
#[derive(Clone, Copy, Debug)]
pub struct Deviation {
    /// `kubernetes#125404`, `podcheck/RS-3`.
    pub name: &'static str,
    pub title: &'static str,
    /// The issue, or where the finding is described.
    pub link: &'static str,
    pub versions: Versions,
    /// Ids of the guarantees that it breaks.
    pub guarantees: &'static [&'static str],
    /// Is this breach its doing?
    pub is_its_doing: fn(&Case, &Breach) -> bool,
    /// The versions are the API server's, whose fault it is.
    pub in_api_server: bool,
    /// Is it why the model does not see what a healthy API server would show?
    pub hides_from_model: fn(&Case, &Divergence) -> bool,
    /// Name of the smallest pod in the corpus.
    pub smallest_pod: Option<&'static str>,
}

/// Versions of the kubelet that have a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// First minor version (1.x) that has it.
    pub since_minor: u32,
    /// First patch (minor, patch) that has it, where a release line got it with a pick.
    pub since_patches: &'static [(u32, u32)],
    /// First patch (minor, patch) of a release line that does not have it any more.
    pub fixed_patches: &'static [(u32, u32)],
    /// First minor version that never had it; absent: not fixed.
    pub fixed_minor: Option<u32>,
}

impl Versions {
    /// Every version from this minor version on.
    const fn since(minor: u32) -> Self {
        Self {
            since_minor: minor,
            since_patches: &[],
            fixed_patches: &[],
            fixed_minor: None,
        }
    }

    /// Those of them before this minor version.
    const fn fixed_in(self, minor: u32) -> Self {
        Self {
            fixed_minor: Some(minor),
            ..self
        }
    }

    /// Does this version have it?
    pub fn contain(&self, version: KubeletVersion) -> bool {
        let KubeletVersion { minor, patch } = version;
        let picked = self.since_patches.iter().find(|&&(line, _)| minor == line);
        picked.map_or(minor >= self.since_minor, |&(_, since)| patch >= since)
            && self.fixed_minor.is_none_or(|fixed| minor < fixed)
            && !self
                .fixed_patches
                .iter()
                .any(|&(line, fixed)| minor == line && patch >= fixed)
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self
            .since_patches
            .iter()
            .map(|(minor, patch)| format!("1.{minor}.{patch}"));
        let since: Vec<String> = since.chain([format!("1.{}", self.since_minor)]).collect();
        write!(f, "since {}", since.join(", "))?;
        let patches = self
            .fixed_patches
            .iter()
            .map(|(minor, patch)| format!("1.{minor}.{patch}"));
        let fixed: Vec<String> = patches
            .chain(self.fixed_minor.map(|minor| format!("1.{minor}")))
            .collect();
        if fixed.is_empty() {
            f.write_str(", not fixed")
        } else {
            write!(f, ", fixed in {}", fixed.join(", "))
        }
    }
}

/// What an entry says of the model's refusals unless it is about a server that hides the truth.
const fn nothing_is_hidden(_: &Case, _: &Divergence) -> bool {
    false
}

impl Deviation {
    /// Is it to be expected of this pod?
    fn concerns(&self, kubelet: KubeletVersion, case: &Case) -> bool {
        // Of a recording that does not name its API server, the kubelet's version is the best guess.
        let server = case.trace.server.as_deref();
        let server = server.map_or(Some(kubelet), |text| text.parse().ok());
        let version = if self.in_api_server { server } else { Some(kubelet) };
        version.is_some_and(|version| self.versions.contain(version))
    }
}

/// The entry that covers a breach of a guarantee by a kubelet of this version.
pub fn covering(kubelet: KubeletVersion, guarantee: &str, case: &Case, breach: &Breach) -> Option<&'static Deviation> {
    all().find(|deviation| {
        deviation.guarantees.contains(&guarantee)
            && deviation.concerns(kubelet, case)
            && (deviation.is_its_doing)(case, breach)
    })
}

/// The entry that explains why the model misses something in this pod.
pub fn hiding(kubelet: KubeletVersion, case: &Case, divergence: &Divergence) -> Option<&'static Deviation> {
    all().find(|deviation| deviation.concerns(kubelet, case) && (deviation.hides_from_model)(case, divergence))
}
