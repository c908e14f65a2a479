//! A campaign: many scenarios on a target, judged and counted. Knows no printing.

mod verdict;

pub use verdict::{Judged, judge_as};
