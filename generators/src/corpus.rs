//! Named scenarios: the seed documents' cases and the smallest pods of the known deviations.

use crate::Scenario;

/// A named scenario and the commented YAML it is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// `seed/three-init-two-main`, `deviation/rs-3`; also its path under `generators/corpus/`.
    pub name: &'static str,
    /// The file's text.
    pub yaml: &'static str,
}

impl Named {
    /// The scenario.
    pub fn scenario(&self) -> Scenario {
        Scenario::from_yaml(self.yaml).unwrap_or_else(|error| panic!("embedded corpus file {}: {error}", self.name))
    }
}

/// The named scenario, if there is one of this name.
pub fn named(name: &str) -> Option<Scenario> {
    CORPUS.iter().find(|named| named.name == name).map(Named::scenario)
}

macro_rules! corpus {
    ($($name:literal),* $(,)?) => {
        &[$(Named { name: $name, yaml: include_str!(concat!("../corpus/", $name, ".yaml")) }),*]
    };
}

/// All named scenarios.
pub const CORPUS: &[Named] = corpus![
    "seed/job-with-classic-sidecar",
    "seed/three-init-two-main",
    "seed/init-two-sidecars-two-mains",
    "seed/sidecars-that-exit",
    "seed/two-inits-then-sidecar",
    "seed/init-waits-for-dependencies",
    "seed/init-fails-always",
    "seed/init-fails-on-failure",
    "seed/init-fails-never",
    "seed/native-sidecar",
    "deviation/125404",
    "deviation/125880",
    "deviation/132826",
    "deviation/rs-2",
    "deviation/rs-3",
    "deviation/to-3",
    "deviation/wr-5",
    "deviation/pb-7",
    "deviation/pb-10",
    "deviation/123323",
    "deviation/to-3-natural",
    "deviation/ip-gc",
    "deviation/rs-9",
    "deviation/pb-6",
    "deviation/113606",
    "deviation/121398",
    "deviation/83916",
    "deviation/rs-10",
    "deviation/pb-12",
    "deviation/134660",
    "deviation/119617",
    "deviation/pb-13",
    "deviation/life-gc",
    "deviation/rs-11",
    "deviation/pb-14",
    "deviation/22240",
    "deviation/to-0",
    "deviation/wr-4",
    "deviation/ph-1",
    "deviation/to-init",
    "deviation/109537",
];
