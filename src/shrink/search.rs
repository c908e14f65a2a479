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
    /// Bold guesses, smallest first: edits merged, or a ladder.
    guesses: Wave,
    /// The scenario that the single edits of this wave are made to: the boldest guess, so that nobody has to wait for
    /// its result, or else the best.
    base: Scenario,
    singles: Vec<(Edit, Scenario)>,
    /// Do the guesses take something out of the pod?
    guesses_are_structural: bool,
    /// What could not be taken out of the pod as it is now, but for rounder numbers.
    needed: BTreeSet<Edit>,
    /// So many more waves may be spent on nothing but rounder numbers.
    polishing_left: usize,
}

impl Search {
    /// Begins with a scenario that shows the class at this rate.
    pub fn new(found: Scenario, rate: Rate, wave_max: usize) -> Self {
        Self {
            tried: BTreeSet::from([found.clone()]),
            base: found.clone(),
            trail: vec![found],
            rate,
            wave_max: wave_max.max(2),
            guesses: Wave::new(),
            singles: Vec::new(),
            guesses_are_structural: true,
            needed: BTreeSet::new(),
            polishing_left: usize::MAX,
        }
    }

    /// Spends at most so many waves on edits that take nothing out of the pod.
    #[must_use]
    pub fn with_polishing(mut self, waves_max: usize) -> Self {
        self.polishing_left = waves_max;
        self
    }

    /// Begins with a guess, smaller and smaller scenarios that showed the class elsewhere.
    #[must_use]
    pub fn with_ladder(mut self, ladder: &[Scenario]) -> Self {
        let smaller = ladder
            .iter()
            .filter(|rung| rung.size() < self.best().size() && !self.tried.contains(*rung));
        let rungs: Wave = smaller.cloned().collect();
        let count = rungs.len().min(self.guesses_max());
        // Evenly, with the smallest one.
        let chosen = (1..=count).map(|number| rungs[number * rungs.len() / count - 1].clone());
        self.guesses = chosen.collect();
        self.guesses.sort_by_key(Scenario::size);
        self
    }

    /// How often the found one really shows the class, and how many may be tried at the same time from now on.
    pub fn learn(&mut self, rate: Rate, wave_max: usize) {
        self.rate = rate;
        self.wave_max = wave_max.max(2);
    }

    /// The smallest scenario that showed the class so far.
    pub fn best(&self) -> &Scenario {
        &self.trail[self.trail.len() - 1]
    }

    /// The best one was a lucky hit: back to what was the best before it. Never takes back the found one.
    pub fn refute(&mut self) {
        if self.trail.len() > 1 {
            self.trail.pop();
        }
        self.guesses.clear();
    }

    /// What was the best, one after the other.
    pub fn trail(&self) -> &[Scenario] {
        &self.trail
    }

    /// Guesses leave room for single edits.
    fn guesses_max(&self) -> usize {
        (self.wave_max / 3).max(1)
    }

    /// What to try now; nothing if no single edit is left that was not tried.
    pub fn next_wave(&mut self) -> Option<Wave> {
        self.base = self.guesses.first().unwrap_or(self.best()).clone();
        let room = self.wave_max - self.guesses.len();
        let mut seen: BTreeSet<Scenario> = self.guesses.iter().cloned().collect();
        let (first, then): (Vec<Edit>, Vec<Edit>) = edits(&self.base)
            .into_iter()
            .partition(|edit| edit.is_structural() || edit.saves_time());
        let singles = first.into_iter().chain(then);
        let singles = singles.filter_map(|edit| Some((edit, apply(&self.base, &[edit])?)));
        self.singles = singles
            .filter(|(_, scenario)| !self.tried.contains(scenario) && seen.insert(scenario.clone()))
            .take(room)
            .collect();
        let may_go = |edit: &Edit| edit.is_structural() && !self.needed.contains(edit);
        let is_structural = !self.guesses.is_empty() && self.guesses_are_structural;
        if !is_structural && !self.singles.iter().any(|(edit, _)| may_go(edit)) {
            self.polishing_left = self.polishing_left.checked_sub(1)?;
        }
        let singles = self.singles.iter().map(|(_, scenario)| scenario);
        let wave: Wave = self.guesses.iter().chain(singles).cloned().collect();
        (!wave.is_empty()).then_some(wave)
    }

    /// Takes in how often each scenario of the wave showed the class, in the order of the wave.
    pub fn results(&mut self, rates: &[Rate]) {
        let worked = |index: usize| rates.get(index).is_some_and(|rate| shows(*rate, self.rate));
        let (guesses, singles) = (std::mem::take(&mut self.guesses), std::mem::take(&mut self.singles));
        let after = guesses.len();
        let right: Wave = (0..after)
            .filter(|it| worked(*it))
            .map(|it| guesses[it].clone())
            .collect();
        let done = singles.iter().enumerate().filter(|(index, _)| worked(after + index));
        let done: Vec<(Edit, Scenario)> = done.map(|(_, single)| single.clone()).collect();
        let edits: Vec<Edit> = done.iter().map(|(edit, _)| *edit).collect();
        self.guesses_are_structural = edits.iter().any(|edit| edit.is_structural());
        if self.guesses_are_structural {
            self.needed.clear();
        } else if guesses.is_empty() || right.contains(&self.base) {
            let structural = singles
                .iter()
                .map(|(edit, _)| *edit)
                .filter(|edit| edit.is_structural());
            self.needed.extend(structural);
        }
        self.tried.extend(guesses);
        self.tried.extend(singles.into_iter().map(|(_, scenario)| scenario));
        let smallest = right.iter().chain(done.iter().map(|(_, scenario)| scenario));
        if let Some(smallest) = smallest.min_by_key(|it| it.size()) {
            self.keep(smallest.clone());
        }
        self.guesses = self.worth_a_try(merge(&self.base, &edits));
    }

    /// Takes in a wave whose scenarios ran too seldom for a miss to mean anything: its guesses are tried again, and what
    /// showed the class.
    pub fn hits(&mut self, rates: &[Rate]) {
        let mut again = std::mem::take(&mut self.guesses);
        let singles = std::mem::take(&mut self.singles)
            .into_iter()
            .map(|(_, scenario)| scenario);
        let rates = rates.iter().skip(again.len());
        let hits = singles.zip(rates).filter(|(_, rate)| rate.shown > 0);
        again.extend(hits.map(|(scenario, _)| scenario));
        self.guesses = self.worth_a_try(again);
    }

    fn keep(&mut self, scenario: Scenario) {
        if scenario.size() < self.best().size() {
            self.trail.push(scenario);
        }
    }

    /// Merged scenarios that are worth a try, smallest first.
    fn worth_a_try(&self, mut merged: Wave) -> Wave {
        merged.retain(|it| it.size() < self.best().size() && !self.tried.contains(it));
        merged.sort_by_key(Scenario::size);
        merged.dedup();
        merged.truncate(self.guesses_max());
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
