//! A campaign: many scenarios on a target, judged and counted. Knows no printing.

mod class;
mod confirmed;
pub mod delays;
mod gather;
mod keep;
mod kept;
mod pods;
mod predict;
mod recorded;
mod regression;
mod rerecord;
mod simulated;
mod soundness;
mod summary;
mod twins;
mod verdict;
mod zoo;

pub use class::{Class, Part, Stage};
pub use confirmed::{Minimal, Rate, Rates};
pub use delays::Delays;
pub use gather::{FINDINGS_MAX, Finding, Gathered};
pub use keep::{extract, keep, keep_minimal};
pub use kept::{Kept, KeptFound};
pub use pods::{PodLine, PodLines};
pub use predict::{predict, predicted};
pub use recorded::{Rest, delays as delays_of, judge_each, judge_each_by};
pub use regression::Regression;
pub use rerecord::rerecord;
pub use simulated::{Draw, IDLE_MS, Played, Simulation, simulate_all};
pub use soundness::{Accused, Observed, Outcome as SoundnessOutcome, Soundness, Sums, observed_life};
pub use summary::{Found, ShownClass, Summary, Tally};
pub use twins::{TWINS, Twin, WITHOUT_TWIN, is_twin};
pub use verdict::{Judged, judge_as};
pub use zoo::{Catch, Outcome, Zoo};
