//! What people and programs read: verdict lines, tables side by side, the summary of a campaign.
//!
//! Everything here makes text or serde values out of results; nothing here judges.

mod compare;
mod confirmed;
mod finding;
mod junit;
pub mod lanes;
mod markup;
mod page;
mod promises;
mod scope;
mod soundness;
mod summary;
mod verdict;
mod zoo;

pub use compare::{ObservedRow, observed, side_by_side};
pub use confirmed::{classes, confirmed, seen_again};
pub use finding::{Explanation, Shown, explain, show};
pub use junit::{Concluded, junit};
pub use page::Page;
pub use promises::{PromiseLine, promises};
pub use scope::{ScopeRow, scope, scope_kept, scope_levels};
pub use soundness::soundness;
pub use summary::{catalogue, rates, summary};
pub use verdict::{Counts, VerdictLine};
pub use zoo::{ZooRow, zoo};
