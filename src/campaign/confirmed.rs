//! What became of a divergence after it was found: how often it shows again, and the smallest pod that shows it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use podcheck_generators::Scenario;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How often a scenario showed a class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Pods that showed it.
    pub shown: usize,
    /// Pods that were judged conclusively, or showed it.
    pub of: usize,
}

/// Rates by kubelet version.
pub type Rates = BTreeMap<String, Rate>;

/// The smallest pod that shows a class, and what it took to get there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Minimal {
    /// What it does.
    #[serde(serialize_with = "as_yaml", deserialize_with = "of_yaml")]
    pub scenario: Scenario,
    /// How often it shows the class, by kubelet version.
    pub confirmed: Rates,
    /// How many waves of pods.
    pub rounds: usize,
    /// How many pods.
    pub pods: usize,
    /// From the first wave to the last.
    pub seconds: f64,
    /// Containers of the pod that was found.
    pub containers_from: usize,
    /// Containers of the smallest one.
    pub containers_to: usize,
    /// Why it ended before nothing smaller was left to try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Its YAML file, if it was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

fn as_yaml<S: Serializer>(scenario: &Scenario, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&scenario.to_yaml())
}

fn of_yaml<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scenario, D::Error> {
    let yaml = String::deserialize(deserializer)?;
    Scenario::from_yaml(&yaml).map_err(serde::de::Error::custom)
}

/// `3 of 5`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.shown, self.of)
    }
}

/// `2 containers from 5; 6 rounds, 148 pods, 92.4 s`.
impl fmt::Display for Minimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            containers_from,
            containers_to,
            rounds,
            pods,
            seconds,
            ..
        } = self;
        write!(
            f,
            "{containers_to} containers from {containers_from}; {rounds} rounds, {pods} pods, {seconds} s"
        )?;
        match &self.stopped {
            Some(why) => write!(f, "; {why}"),
            None => Ok(()),
        }
    }
}
