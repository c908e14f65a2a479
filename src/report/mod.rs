//! What people and programs read: verdict lines, tables side by side, the summary of a campaign.
//!
//! Everything here makes text or serde values out of results; nothing here judges.

mod verdict;

pub use verdict::{Counts, VerdictLine};
