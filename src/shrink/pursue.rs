//! One class from the first pod that showed it to the smallest one: confirmed, shrunk, confirmed again.

use std::path::Path;
use std::time::{Duration, Instant};

use podcheck_generators::Scenario;

use super::lab::{Keep, Lab, Shown, Stop, Trial};
use super::repeats::{repeats, shows};
use super::search::Search;
use super::simulated::SimulatedLab;
use crate::campaign::{Class, Minimal, Rate, Rates, Simulation};

/// So many smallest scenarios may turn out to have been lucky hits.
const LUCKY_MAX: usize = 3;

/// What a search may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Waves of pods.
    pub rounds_max: usize,
    /// Pods in all.
    pub pods_max: usize,
    /// Pods at the same time.
    pub wave_max: usize,
    /// Runs of each candidate at least.
    pub repeats_min: usize,
    /// Waves that only make numbers rounder.
    pub polishing_max: usize,
    /// From the first wave to the last.
    pub time_max: Duration,
}

impl Limits {
    /// Where pods cost nothing.
    pub const SIMULATED: Self = Self {
        rounds_max: 60,
        pods_max: 6_000,
        wave_max: 200,
        repeats_min: 3,
        polishing_max: usize::MAX,
        time_max: Duration::from_secs(60),
    };
    /// Where they cost seconds.
    pub const CLUSTER: Self = Self {
        rounds_max: 8,
        pods_max: 200,
        // As many as a small node starts at once: a wave takes as long as its longest pod.
        wave_max: 20,
        // A lucky hit does not survive the confirmation at the end.
        repeats_min: 1,
        polishing_max: 1,
        time_max: Duration::from_secs(150),
    };
}

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

/// Confirms and shrinks.
pub fn pursue(lab: &dyn Lab, pursuit: &Pursuit<'_>) -> Pursued {
    let mut run = Run {
        lab,
        pursuit,
        begin: Instant::now(),
        rounds: 0,
        pods: 0,
        stopped: None,
    };
    let confirmed = match run.confirm(pursuit.scenario, None) {
        Ok(rates) => rates,
        Err(stop) => {
            (pursuit.say)(&format!("{}: {stop}", pursuit.class));
            return Pursued {
                stopped: Some(stop.to_string()),
                ..Pursued::default()
            };
        }
    };
    (pursuit.say)(&format!("{}: {}", pursuit.class, said(&confirmed)));
    let here = run.rate_here(&confirmed);
    let minimal = match pursuit.limits {
        Some(limits) if here.shown > 0 => Some(run.shrink(here, limits, &confirmed)),
        _ => None,
    };
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

struct Run<'a> {
    lab: &'a dyn Lab,
    pursuit: &'a Pursuit<'a>,
    begin: Instant,
    rounds: usize,
    pods: usize,
    stopped: Option<String>,
}

impl Run<'_> {
    /// Runs a scenario on every node, as often as was asked for.
    fn confirm(&mut self, scenario: &Scenario, file: Option<&Path>) -> Result<Rates, Stop> {
        let nodes = self.lab.nodes();
        let trial = |(node, _): &(String, String)| Trial {
            scenario: scenario.clone(),
            node: node.clone(),
            times: self.pursuit.confirm,
        };
        let trials: Vec<Trial> = nodes.iter().map(trial).collect();
        let keep = file.map(|file| Keep {
            class: self.pursuit.class,
            node: self.pursuit.node,
            file,
        });
        let shown = self.wave(&trials, keep)?;
        let mut rates = Rates::new();
        for ((_, version), shown) in nodes.iter().zip(&shown) {
            let rate = shown.rate(self.pursuit.class);
            let sum = rates.entry(version.clone()).or_default();
            sum.shown += rate.shown;
            sum.of += rate.of;
        }
        Ok(rates)
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

    fn shrink(&mut self, here: Rate, limits: Limits, confirmed: &Rates) -> Minimal {
        let found = self.pursuit.scenario;
        let times = repeats(here, limits.repeats_min);
        let mut search = Search::new(found.clone(), here, limits.wave_max / times).with_polishing(limits.polishing_max);
        if self.pursuit.model_first {
            search = search.with_ladder(&self.on_the_model());
        }
        let (minimal, confirmed) = self.confirmed_end(&mut search, times, limits, confirmed);
        let minimal = Minimal {
            confirmed,
            rounds: self.rounds,
            pods: self.pods,
            seconds: (self.begin.elapsed().as_secs_f64() * 10.0).round() / 10.0,
            containers_from: found.containers().count(),
            containers_to: minimal.containers().count(),
            stopped: self.stopped.clone(),
            file: None,
            scenario: minimal,
        };
        (self.pursuit.say)(&format!("{}: {minimal}", self.pursuit.class));
        minimal
    }

    /// Waves until nothing is left to try; an error says what ended it before.
    fn search(&mut self, search: &mut Search, times: usize, limits: Limits) -> Result<(), String> {
        while let Some(wave) = search.next_wave() {
            let is_late = self.pursuit.until.is_some_and(|until| Instant::now() >= until);
            if is_late || self.begin.elapsed() >= limits.time_max {
                return Err("time was over".to_owned());
            }
            if self.rounds >= limits.rounds_max {
                return Err(format!("{} rounds were over", limits.rounds_max));
            }
            if self.pods + wave.len() * times > limits.pods_max {
                return Err(format!("{} pods were not enough", limits.pods_max));
            }
            let trial = |scenario| Trial {
                scenario,
                node: self.pursuit.node.to_owned(),
                times,
            };
            let trials: Vec<Trial> = wave.into_iter().map(trial).collect();
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
        let mut run = Run {
            lab: &lab,
            pursuit: &pursuit,
            begin: Instant::now(),
            rounds: 0,
            pods: 0,
            stopped: None,
        };
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
        search.trail()[1..].to_vec()
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
