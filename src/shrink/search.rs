//! The search for the smallest scenario: waves of single edits, then waves that merge those that worked.
//!
//! No IO: what to try comes out, how often it showed the class goes in.

use std::collections::BTreeSet;

use podcheck_generators::{Edit, Scenario, apply, edits};

use super::repeats::shows;
use crate::campaign::Rate;

/// Scenarios to try at the same time.
pub type Wave = Vec<Scenario>;

/// A search in progress.
#[derive(Clone, Debug)]
pub struct Search {
    /// Every scenario that was the best, the found one first.
    trail: Vec<Scenario>,
    /// How often the found one showed the class.
    rate: Rate,
    /// Scenarios tried at the same time at most.
    wave_max: usize,
    tried: BTreeSet<Scenario>,
    asked: Asked,
}

/// What the wave that is under way asks.
#[derive(Clone, Debug)]
enum Asked {
    Nothing,
    /// Which of these scenarios still show it?
    Ladder(Wave),
    /// Which of these edits can be made?
    Singles(Vec<(Edit, Scenario)>),
    /// Which of those can be made together?
    Merged(Wave),
}

impl Search {
    /// Begins with a scenario that shows the class at this rate.
    pub fn new(found: Scenario, rate: Rate, wave_max: usize) -> Self {
        Self {
            tried: BTreeSet::from([found.clone()]),
            trail: vec![found],
            rate,
            wave_max: wave_max.max(1),
            asked: Asked::Nothing,
        }
    }

    /// Begins with a guess, smaller and smaller scenarios that showed the class elsewhere.
    #[must_use]
    pub fn with_ladder(mut self, ladder: &[Scenario]) -> Self {
        let smaller = ladder.iter().filter(|rung| rung.size() < self.best().size());
        let rungs: Wave = smaller.cloned().collect();
        let count = rungs.len().min(self.wave_max);
        // Evenly, with the smallest one.
        let chosen = (1..=count)
            .rev()
            .map(|number| rungs[number * rungs.len() / count - 1].clone());
        self.asked = Asked::Ladder(chosen.collect());
        self
    }

    /// The smallest scenario that showed the class so far.
    pub fn best(&self) -> &Scenario {
        &self.trail[self.trail.len() - 1]
    }

    /// What was the best, one after the other.
    pub fn trail(&self) -> &[Scenario] {
        &self.trail
    }

    /// What to try now; nothing if no single edit is left that was not tried.
    pub fn next_wave(&mut self) -> Option<Wave> {
        match &self.asked {
            Asked::Ladder(wave) | Asked::Merged(wave) if !wave.is_empty() => return Some(wave.clone()),
            _ => {}
        }
        let best = self.best().clone();
        let smaller = |edit| Some((edit, apply(&best, &[edit])?));
        let untried = |(_, scenario): &(Edit, Scenario)| !self.tried.contains(scenario);
        let mut seen = BTreeSet::new();
        let singles: Vec<(Edit, Scenario)> = edits(&best)
            .into_iter()
            .filter_map(smaller)
            .filter(untried)
            .filter(|(_, scenario)| seen.insert(scenario.clone()))
            .take(self.wave_max)
            .collect();
        let wave: Wave = singles.iter().map(|(_, scenario)| scenario.clone()).collect();
        self.asked = Asked::Singles(singles);
        (!wave.is_empty()).then_some(wave)
    }

    /// Takes in how often each scenario of the wave showed the class, in the order of the wave.
    pub fn results(&mut self, rates: &[Rate]) {
        let asked = std::mem::replace(&mut self.asked, Asked::Nothing);
        let worked = |index: usize| rates.get(index).is_some_and(|rate| shows(*rate, self.rate));
        match asked {
            Asked::Nothing => {}
            Asked::Ladder(wave) | Asked::Merged(wave) => {
                let smallest = wave.iter().enumerate().filter(|(index, _)| worked(*index));
                let smallest = smallest
                    .map(|(_, scenario)| scenario)
                    .min_by_key(|it| it.size())
                    .cloned();
                self.tried.extend(wave);
                if let Some(smallest) = smallest {
                    self.keep(smallest);
                }
            }
            Asked::Singles(singles) => {
                let done = singles.iter().enumerate().filter(|(index, _)| worked(*index));
                let done: Vec<(Edit, Scenario)> = done.map(|(_, single)| single.clone()).collect();
                self.tried.extend(singles.into_iter().map(|(_, scenario)| scenario));
                // Boldest first, so the first one is the smallest.
                if let Some((_, smallest)) = done.first() {
                    let edits: Vec<Edit> = done.iter().map(|(edit, _)| *edit).collect();
                    let merged = merge(self.best(), &edits);
                    let smallest = smallest.clone();
                    self.keep(smallest);
                    self.asked = Asked::Merged(self.mergers(merged));
                }
            }
        }
    }

    fn keep(&mut self, scenario: Scenario) {
        if scenario.size() < self.best().size() {
            self.trail.push(scenario);
        }
    }

    /// Merged scenarios that are worth a try, smallest first.
    fn mergers(&self, mut merged: Wave) -> Wave {
        merged.retain(|it| it.size() < self.best().size() && !self.tried.contains(it));
        merged.sort_by_key(Scenario::size);
        merged.dedup();
        merged.truncate(self.wave_max);
        merged
    }
}

/// All edits that go together, every shorter list of the boldest, and all but one.
fn merge(scenario: &Scenario, edits: &[Edit]) -> Wave {
    let mut together: Vec<Edit> = Vec::new();
    let mut size = scenario.size();
    let mut merged = Vec::new();
    for edit in edits {
        together.push(*edit);
        match apply(scenario, &together).filter(|it| it.size() < size) {
            Some(smaller) => {
                size = smaller.size();
                merged.push(smaller);
            }
            None => {
                together.pop();
            }
        }
    }
    for left_out in 0..together.len() {
        let mut others = together.clone();
        others.remove(left_out);
        merged.extend(apply(scenario, &others));
    }
    merged
}
