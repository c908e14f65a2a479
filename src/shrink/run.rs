//! Waves of pods: to confirm, to search, to confirm what was found.

use std::path::Path;
use std::time::Instant;

use podcheck_generators::Scenario;

use super::lab::{Keep, Lab, Shown, Stop, Trial};
use super::limits::Limits;
use super::pursue::Pursuit;
use super::repeats::{repeats, shows};
use super::search::{Search, Wave};
use super::simulated::SimulatedLab;
use crate::campaign::{Minimal, Rate, Rates, Simulation};

/// So many smallest scenarios may turn out to have been lucky hits.
const LUCKY_MAX: usize = 3;

/// A pursuit under way.
pub(super) struct Run<'a> {
    lab: &'a dyn Lab,
    pursuit: &'a Pursuit<'a>,
    begin: Instant,
    rounds: usize,
    pods: usize,
    /// What the model makes of the found scenario, smaller and smaller.
    ladder: Vec<Scenario>,
    pub(super) stopped: Option<String>,
}

impl<'a> Run<'a> {
    pub(super) fn new(lab: &'a dyn Lab, pursuit: &'a Pursuit<'a>) -> Self {
        Self {
            lab,
            pursuit,
            begin: Instant::now(),
            rounds: 0,
            pods: 0,
            ladder: Vec::new(),
            stopped: None,
        }
    }

    pub(super) fn is_late(&self) -> bool {
        self.pursuit.until.is_some_and(|until| Instant::now() >= until)
    }

    /// A search that starts before anybody knows how often the found pod shows the class: as if it always did.
    pub(super) fn begin(&mut self, limits: Limits) -> Search {
        if self.pursuit.model_first {
            self.ladder = self.on_the_model();
        }
        // The pods that confirm are in the first wave too, and a busier node would show another rate.
        let confirming = self.pursuit.confirm * self.lab.nodes().len();
        let room = limits.wave_max.saturating_sub(confirming) / limits.repeats_min;
        let always = Rate { shown: 1, of: 1 };
        let search = Search::new(self.pursuit.scenario.clone(), always, room);
        search.with_polishing(limits.polishing_max).with_ladder(&self.ladder)
    }

    /// Runs a scenario on every node, as often as was asked for, and others beside it where the class was found.
    pub(super) fn confirm_beside(
        &mut self,
        scenario: &Scenario,
        beside: Wave,
        times: usize,
    ) -> Result<(Rates, Vec<Shown>), Stop> {
        let mut trials = self.confirming(scenario);
        let count = trials.len();
        trials.extend(self.here(beside, times));
        let mut shown = self.wave(&trials, None)?;
        let beside = shown.split_off(count);
        Ok((self.rates(&shown), beside))
    }

    /// Runs a scenario on every node, as often as was asked for; keeps a recording that shows the class.
    fn confirm(&mut self, scenario: &Scenario, file: Option<&Path>) -> Result<Rates, Stop> {
        let keep = file.map(|file| Keep {
            class: self.pursuit.class,
            node: self.pursuit.node,
            file,
        });
        let shown = self.wave(&self.confirming(scenario), keep)?;
        Ok(self.rates(&shown))
    }

    fn confirming(&self, scenario: &Scenario) -> Vec<Trial> {
        let trial = |(node, _): &(String, String)| Trial {
            scenario: scenario.clone(),
            node: node.clone(),
            times: self.pursuit.confirm,
        };
        self.lab.nodes().iter().map(trial).collect()
    }

    /// Each of them so often, on the node where the class was found.
    fn here(&self, wave: Wave, times: usize) -> impl Iterator<Item = Trial> {
        let node = self.pursuit.node;
        wave.into_iter().map(move |scenario| Trial {
            scenario,
            node: node.to_owned(),
            times,
        })
    }

    /// How often each version showed the class, from a confirmation on all nodes.
    fn rates(&self, shown: &[Shown]) -> Rates {
        let mut rates = Rates::new();
        for ((_, version), shown) in self.lab.nodes().iter().zip(shown) {
            let rate = shown.rate(self.pursuit.class);
            let sum = rates.entry(version.clone()).or_default();
            sum.shown += rate.shown;
            sum.of += rate.of;
        }
        rates
    }

    fn wave(&mut self, trials: &[Trial], keep: Option<Keep<'_>>) -> Result<Vec<Shown>, Stop> {
        self.rounds += 1;
        self.pods += trials.iter().map(|trial| trial.times).sum::<usize>();
        self.lab.run(trials, keep)
    }

    /// The version of the kubelet where the class was found.
    fn version(&self) -> Option<&str> {
        let mut nodes = self.lab.nodes().iter();
        nodes
            .find(|(node, _)| node == self.pursuit.node)
            .map(|(_, version)| version.as_str())
    }

    fn rate_here(&self, rates: &Rates) -> Rate {
        self.version()
            .and_then(|version| rates.get(version))
            .copied()
            .unwrap_or_default()
    }

    /// The smallest pod that shows the class, if the found one did it again; `beside` is what the first wave of the search showed.
    pub(super) fn shrink(
        &mut self,
        mut search: Search,
        beside: &[Shown],
        limits: Limits,
        confirmed: &Rates,
    ) -> Option<Minimal> {
        let here = self.rate_here(confirmed);
        if here.shown == 0 {
            return None;
        }
        let times = repeats(here, limits.repeats_min);
        search.learn(here, limits.wave_max / times);
        let rates: Vec<Rate> = beside.iter().map(|shown| shown.rate(self.pursuit.class)).collect();
        if times > limits.repeats_min {
            search.hits(&rates);
        } else {
            search.results(&rates);
            if search.trail().len() == 1 {
                search = search.with_ladder(&self.ladder);
            }
        }
        let (minimal, confirmed) = self.confirmed_end(&mut search, times, limits, confirmed);
        let minimal = Minimal {
            confirmed,
            rounds: self.rounds,
            pods: self.pods,
            seconds: (self.begin.elapsed().as_secs_f64() * 10.0).round() / 10.0,
            containers_from: self.pursuit.scenario.containers().count(),
            containers_to: minimal.containers().count(),
            stopped: self.stopped.clone(),
            file: None,
            scenario: minimal,
        };
        (self.pursuit.say)(&format!("{}: {minimal}", self.pursuit.class));
        Some(minimal)
    }

    /// Waves until nothing is left to try; an error says what ended it before.
    fn search(&mut self, search: &mut Search, times: usize, limits: Limits) -> Result<(), String> {
        while let Some(wave) = search.next_wave() {
            if self.is_late() || self.begin.elapsed() >= limits.time_max {
                return Err("time was over".to_owned());
            }
            if self.rounds >= limits.rounds_max {
                return Err(format!("{} rounds were over", limits.rounds_max));
            }
            if self.pods + wave.len() * times > limits.pods_max {
                return Err(format!("{} pods were not enough", limits.pods_max));
            }
            let trials: Vec<Trial> = self.here(wave, times).collect();
            let shown = self.wave(&trials, None).map_err(|stop| stop.to_string())?;
            let rates: Vec<Rate> = shown.iter().map(|shown| shown.rate(self.pursuit.class)).collect();
            search.results(&rates);
            let containers = search.best().containers().count();
            let class = self.pursuit.class;
            (self.pursuit.say)(&format!("{class}: round {}, {containers} containers", self.rounds));
        }
        Ok(())
    }

    /// Smaller and smaller scenarios that show the class on a simulated node of this version.
    fn on_the_model(&self) -> Vec<Scenario> {
        let Some(version) = self.version().and_then(|version| version.parse().ok()) else {
            return Vec::new();
        };
        let lab = SimulatedLab::new(Simulation {
            versions: vec![version],
            fault: None,
            strict: true,
        });
        let node = lab.nodes()[0].0.clone();
        let pursuit = Pursuit {
            node: &node,
            confirm: 3 * self.pursuit.confirm,
            model_first: false,
            recording: None,
            limits: None,
            say: &|_| (),
            ..*self.pursuit
        };
        let mut run = Run::new(&lab, &pursuit);
        let Ok(rates) = run.confirm(pursuit.scenario, None) else {
            return Vec::new();
        };
        let here = run.rate_here(&rates);
        if here.shown == 0 {
            return Vec::new();
        }
        let limits = Limits::SIMULATED;
        let times = repeats(here, limits.repeats_min);
        let mut search = Search::new(pursuit.scenario.clone(), here, limits.wave_max / times);
        // What was reached before a limit is a guess as good as any.
        let _ = run.search(&mut search, times, limits);
        // A simulated node is never busy: what is seen there in a short time can take longer on a real one.
        let watched_as_long = |rung: &Scenario| Scenario {
            observe_ms_max: pursuit.scenario.observe_ms_max,
            ..rung.clone()
        };
        search.trail()[1..].iter().map(watched_as_long).collect()
    }

    /// Searches until the smallest scenario is confirmed; one that was a lucky hit gives way to what was there before it.
    fn confirmed_end(
        &mut self,
        search: &mut Search,
        times: usize,
        limits: Limits,
        confirmed: &Rates,
    ) -> (Scenario, Rates) {
        let here = self.rate_here(confirmed);
        for _ in 0..LUCKY_MAX {
            self.stopped = self.search(search, times, limits).err();
            if search.trail().len() == 1 {
                break;
            }
            let scenario = search.best().clone();
            match self.confirm(&scenario, self.pursuit.recording) {
                Ok(rates) if shows(self.rate_here(&rates), here) => return (scenario, rates),
                // A recording of this pod would not be of the one that is kept.
                Ok(_) => {
                    let _ = self.pursuit.recording.map(std::fs::remove_file);
                    search.refute();
                }
                // It was seen in its wave, and that is all that can be said.
                Err(stop) => {
                    self.stopped = Some(format!("{stop} before the smallest pod was confirmed"));
                    return (scenario, Rates::new());
                }
            }
        }
        (self.pursuit.scenario.clone(), confirmed.clone())
    }
}
