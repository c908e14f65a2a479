//! From a divergence to the smallest pod that shows the same class of failure.
//!
//! [`Search`] decides what to try next and knows nothing of clusters; a [`Lab`] runs what it is given; [`pursue`] confirms,
//! shrinks on the model where the class shows itself there, then on the real node, and confirms what is left.

mod chosen;
mod lab;
mod limits;
mod live;
mod pursue;
mod repeats;
mod run;
mod search;
mod simulated;
#[cfg(test)]
mod tests;

pub use chosen::{Chosen, choose};
pub use lab::{Keep, Lab, Shown, Stop, Trial};
pub use limits::Limits;
pub use live::{Asked, LiveLab};
pub use pursue::{Pursued, Pursuit, pursue, said};
pub use repeats::repeats;
pub use search::{Search, Wave};
pub use simulated::{SimulatedLab, header};
