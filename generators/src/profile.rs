//! Named profiles: which kinds of pods a campaign draws, and how long each may take.

use std::fmt;
use std::str::FromStr;

use proptest::prelude::*;

use crate::drawn::one_of;
use crate::repair::repair;
use crate::weights::{self, Weights};
use crate::{Scenario, regressions, strategy};

/// A named family of scenarios.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Small pods that mostly just work.
    Smoke,
    /// Init containers in any number, many of them failing.
    Init,
    /// Sidecars between and before init containers, beside mains that mostly complete.
    Sidecars,
    /// Containers that die and come back, with a back-off or two.
    Restarts,
    /// Startup, readiness and liveness probes with every outcome.
    Probes,
    /// Pods deleted at any moment, also twice, also with a finalizer.
    Deletion,
    /// Sub-second lives, which statuses may well miss.
    Race,
    /// A weighted mix of all others except race.
    #[default]
    Mixed,
    /// Shapes aimed at the known deviations, with varied times.
    Regressions,
}

/// The share of each profile in `mixed`, in percent.
const MIX: [(u32, Profile); 7] = [
    (8, Profile::Smoke),
    (12, Profile::Init),
    (22, Profile::Sidecars),
    (12, Profile::Restarts),
    (16, Profile::Probes),
    (15, Profile::Deletion),
    (15, Profile::Regressions),
];

impl Profile {
    /// All profiles, in the order in which help texts list them.
    pub const ALL: [Self; 9] = [
        Self::Smoke,
        Self::Init,
        Self::Sidecars,
        Self::Restarts,
        Self::Probes,
        Self::Deletion,
        Self::Race,
        Self::Mixed,
        Self::Regressions,
    ];

    /// The name used on the command line and in case ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::Init => "init",
            Self::Sidecars => "sidecars",
            Self::Restarts => "restarts",
            Self::Probes => "probes",
            Self::Deletion => "deletion",
            Self::Race => "race",
            Self::Mixed => "mixed",
            Self::Regressions => "regressions",
        }
    }

    /// No pod of this profile is observed for longer; the grace period of the runner's delete comes on top.
    pub fn budget_ms(self) -> u32 {
        match self.weights() {
            Some(weights) => weights.budget_ms,
            None if self == Self::Regressions => regressions::BUDGET_MS,
            None => MIX.iter().map(|(_, part)| part.budget_ms()).max().unwrap_or_default(),
        }
    }

    /// Scenarios of this profile; every one of them is valid.
    pub fn strategy(self) -> BoxedStrategy<Scenario> {
        match self.weights() {
            Some(weights) => strategy::draft(weights)
                .prop_map(|draft| repair(&draft, weights.budget_ms))
                .boxed(),
            None if self == Self::Regressions => regressions::strategy().boxed(),
            None => one_of(MIX.iter().map(|(weight, part)| (*weight, part.strategy()))).boxed(),
        }
    }

    /// The weight table of a profile that has one of its own.
    fn weights(self) -> Option<&'static Weights> {
        match self {
            Self::Smoke => Some(&weights::SMOKE),
            Self::Init => Some(&weights::INIT),
            Self::Sidecars => Some(&weights::SIDECARS),
            Self::Restarts => Some(&weights::RESTARTS),
            Self::Probes => Some(&weights::PROBES),
            Self::Deletion => Some(&weights::DELETION),
            Self::Race => Some(&weights::RACE),
            Self::Mixed | Self::Regressions => None,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no profile has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no profile is called {0:?}; there are: {names}", names = Profile::ALL.map(Profile::name).join(", "))]
pub struct UnknownProfile(pub String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name() == name)
            .ok_or_else(|| UnknownProfile(name.into()))
    }
}
