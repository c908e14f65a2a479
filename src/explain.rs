//! A verdict in words: what was observed, what had to come and by which rule, and what does not follow from it.

mod failed_start;
mod permitted;
mod proof;
mod standing;
mod story;

use std::fmt;

use serde::Serialize;

pub use permitted::{Permitted, VERSIONS, permitted};
pub use proof::{Proof, Source, proof, source};
pub use standing::{Standing, standing};
pub use story::{Moment, state, story};

use crate::check::{Bounds, Divergence};
use crate::model::KubeletVersion;
use crate::trace::Trace;

/// Everything that can be said of a pod that does not conform.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// One for each disagreement.
    pub proofs: Vec<Proof>,
    /// Which versions' models permit what was seen.
    pub permitted: Permitted,
}

/// Explains the disagreements of a pod that was judged as this version.
pub fn explain(
    trace: &Trace,
    divergences: &[Divergence],
    version: Option<KubeletVersion>,
    bounds: &Bounds,
) -> Explanation {
    let permitted = permitted(trace, version, bounds);
    let proofs = divergences
        .iter()
        .map(|divergence| proof(trace, divergence, &permitted))
        .collect();
    Explanation { proofs, permitted }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for proof in &self.proofs {
            writeln!(f, "{proof}")?;
        }
        write!(
            f,
            "Which versions permit this (by their mechanism; promises are judged apart)\n  {}\n",
            self.permitted
        )
    }
}
