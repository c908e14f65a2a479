//! Case ids: a profile, a seed and an index name one scenario, whatever else is drawn.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::{Profile, Scenario, UnknownProfile};

/// Names one generated scenario; written `sidecars/7f3a9c/12` (the seed in hexadecimal).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseId {
    /// What kind of pod.
    pub profile: Profile,
    /// The campaign's seed.
    pub seed: u64,
    /// Number of the case in its campaign.
    pub index: u64,
}

/// The scenario with this id: always the same, independent of how many others are drawn.
pub fn case(id: CaseId) -> Scenario {
    draw(&id.profile.strategy(), id)
}

/// The cases of one profile and seed in order, for ever: the same as [`case`] gives, but cheaper for many.
pub fn cases(profile: Profile, seed: u64) -> impl Iterator<Item = (CaseId, Scenario)> {
    let cases = Cases::new(profile, seed);
    (0..).map(move |index| cases.get(index))
}

/// The cases of one profile and seed in any order: the same as [`case`] gives, but cheaper for many.
#[derive(Debug)]
pub struct Cases {
    profile: Profile,
    seed: u64,
    strategy: BoxedStrategy<Scenario>,
}

impl Cases {
    /// None is drawn yet.
    pub fn new(profile: Profile, seed: u64) -> Self {
        Self {
            profile,
            seed,
            strategy: profile.strategy(),
        }
    }

    /// The case with this number.
    pub fn get(&self, index: u64) -> (CaseId, Scenario) {
        let id = CaseId {
            profile: self.profile,
            seed: self.seed,
            index,
        };
        (id, draw(&self.strategy, id))
    }
}

fn draw(strategy: &impl Strategy<Value = Scenario>, id: CaseId) -> Scenario {
    let rng = TestRng::from_seed(RngAlgorithm::XorShift, &id.rng_seed());
    let mut runner = TestRunner::new_with_rng(
        Config {
            failure_persistence: None,
            ..Config::default()
        },
        rng,
    );
    strategy
        .new_tree(&mut runner)
        .expect("no strategy of a profile filters, so none can run out of tries")
        .current()
}

impl CaseId {
    /// A generator seed per case; the profile's name takes part so that profiles do not echo each other.
    fn rng_seed(self) -> [u8; 16] {
        // An own FNV-1a and splitmix64: the standard library's hashers promise no stable results.
        let mut state = self
            .profile
            .name()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        for word in [self.seed, self.index] {
            state = splitmix64(state ^ word);
        }
        let mut seed = [0; 16];
        for chunk in seed.chunks_exact_mut(8) {
            state = splitmix64(state);
            chunk.copy_from_slice(&state.to_le_bytes());
        }
        seed
    }
}

fn splitmix64(state: u64) -> u64 {
    let sum = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (sum ^ (sum >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:x}/{}", self.profile, self.seed, self.index)
    }
}

/// Why a text is not a case id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaseIdError {
    /// Not three parts.
    #[error("{0:?} is not a case id: expected profile/seed/index, like sidecars/7f3a9c/12")]
    Form(String),
    /// The first part names no profile.
    #[error(transparent)]
    Profile(#[from] UnknownProfile),
    /// The second part is no hexadecimal number.
    #[error("seed {text:?} is not a hexadecimal number: {source}")]
    Seed {
        /// What stood there.
        text: String,
        /// Why it does not parse.
        source: ParseIntError,
    },
    /// The third part is no number.
    #[error("index {text:?} is not a number: {source}")]
    Index {
        /// What stood there.
        text: String,
        /// Why it does not parse.
        source: ParseIntError,
    },
}

impl FromStr for CaseId {
    type Err = CaseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('/').collect();
        let &[profile, seed, index] = parts.as_slice() else {
            return Err(CaseIdError::Form(text.into()));
        };
        Ok(Self {
            profile: profile.parse()?,
            seed: u64::from_str_radix(seed, 16).map_err(|source| CaseIdError::Seed {
                text: seed.into(),
                source,
            })?,
            index: index.parse().map_err(|source| CaseIdError::Index {
                text: index.into(),
                source,
            })?,
        })
    }
}
