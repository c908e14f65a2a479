//! What the environment says.

use std::hash::{BuildHasher, Hasher, RandomState};

/// What the live tests do without a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are ignored, with the reason.
    Auto,
    /// They fail.
    Require,
    /// They are ignored also with a cluster.
    Off,
}

/// Settings of a test run.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub mode: Mode,
    /// Cases of each profile; absent: each kind of test has its own number.
    pub cases: Option<u64>,
    pub seed: u64,
}

impl Settings {
    /// Reads `PODCHECK_…`.
    pub fn from_environment() -> Result<Self, String> {
        let mode = match variable("PODCHECK_CLUSTER").as_deref() {
            None | Some("auto") => Mode::Auto,
            Some("require") => Mode::Require,
            Some("off") => Mode::Off,
            Some(other) => return Err(format!("PODCHECK_CLUSTER is {other:?}; use auto, require or off")),
        };
        let cases = variable("PODCHECK_CASES")
            .map(|text| {
                text.parse()
                    .map_err(|error| format!("PODCHECK_CASES is {text:?}: {error}; use a number"))
            })
            .transpose()?;
        let seed = variable("PODCHECK_SEED")
            .map(|text| {
                u64::from_str_radix(&text, 16)
                    .map_err(|error| format!("PODCHECK_SEED is {text:?}: {error}; use hexadecimal"))
            })
            .transpose()?;
        let random = || RandomState::new().build_hasher().finish() & 0xffff_ffff;
        Ok(Self {
            mode,
            cases,
            seed: seed.unwrap_or_else(random),
        })
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
