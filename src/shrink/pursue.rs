//! One class from the first pod that showed it to the smallest one: confirmed, shrunk, confirmed again.

use std::path::Path;
use std::time::Instant;

use podcheck_generators::Scenario;

use super::lab::Lab;
use super::limits::Limits;
use super::run::Run;
use super::search::Search;
use crate::campaign::{Class, Minimal, Rates};

/// What to pursue, and how far.
pub struct Pursuit<'a> {
    pub class: &'a Class,
    /// What the pod did that showed it.
    pub scenario: &'a Scenario,
    /// Where it ran.
    pub node: &'a str,
    /// How often to run it again on each node.
    pub confirm: usize,
    /// Nothing: only confirm.
    pub limits: Option<Limits>,
    /// No new wave after this, whatever the limits say.
    pub until: Option<Instant>,
    /// First make it smaller on the model, where that shows the class.
    pub model_first: bool,
    /// Where to keep the recording of a smallest pod that shows it.
    pub recording: Option<&'a Path>,
    /// A line of progress.
    pub say: &'a dyn Fn(&str),
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Pursued {
    /// How often the scenario showed the class again.
    pub confirmed: Rates,
    /// The smallest pod.
    pub minimal: Option<Minimal>,
    /// Why something is missing.
    pub stopped: Option<String>,
}

/// Confirms and shrinks. The first wave does both: while the found pod runs again, smaller ones run beside it.
pub fn pursue(lab: &dyn Lab, pursuit: &Pursuit<'_>) -> Pursued {
    let mut run = Run::new(lab, pursuit);
    let limits = pursuit.limits.filter(|_| !run.is_late());
    let mut search = limits.map(|limits| run.begin(limits));
    let beside = search.as_mut().and_then(Search::next_wave).unwrap_or_default();
    let times = limits.map_or(0, |limits| limits.repeats_min);
    let (confirmed, shown) = match run.confirm_beside(pursuit.scenario, beside, times) {
        Ok(shown) => shown,
        Err(stop) => {
            (pursuit.say)(&format!("{}: {stop}", pursuit.class));
            return Pursued {
                stopped: Some(stop.to_string()),
                ..Pursued::default()
            };
        }
    };
    (pursuit.say)(&format!("{}: {}", pursuit.class, said(&confirmed)));
    let minimal = limits
        .zip(search)
        .and_then(|(limits, search)| run.shrink(search, &shown, limits, &confirmed));
    Pursued {
        confirmed,
        minimal,
        stopped: run.stopped,
    }
}

/// `v1.29.2 5 of 5, v1.37.0 0 of 5`.
pub fn said(rates: &Rates) -> String {
    let rates = rates.iter().map(|(version, rate)| format!("{version} {rate}"));
    rates.collect::<Vec<_>>().join(", ")
}
