//! A campaign: many scenarios on a target, judged and counted. Knows no printing.

mod delays;
mod summary;
mod verdict;

pub use delays::Delays;
pub use summary::{Found, Summary, Tally};
pub use verdict::{Judged, judge_as};
