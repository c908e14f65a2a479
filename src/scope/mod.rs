//! The small scope, exhaustively: every small scenario under all choices of the model, and which promises break.
//!
//! The choices of a run are the simulated node's: when a relist comes, how late a status is written, how long a start
//! takes, which container is killed first, when the work queue comes round. A run is told by where it departs from the
//! canonical choices; all runs with at most so many departures are gone through (bounded search, as in stateless model
//! checking). The lives are judged by the guarantees alone, which know nothing of the model that made them.

mod explore;
mod judged;
mod known;
mod rates;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use podcheck_generators::{Scenario, Shape, shapes};
use serde::Serialize;

pub use explore::each_run;
pub use judged::{Broken, Count, Key, Smallest};
pub use known::{Known, Mark, read_known};
pub use rates::rates;

use crate::judge::{Tallies, add};
use crate::model::{Behaviour, KubeletVersion};
use crate::simulate::Workload;
use judged::Judged;

/// What is gone through.
#[derive(Clone, Debug)]
pub struct Scope {
    pub versions: Vec<KubeletVersion>,
    pub levels: Vec<Level>,
    /// Threads.
    pub jobs: usize,
}

/// All scenarios of so many containers and oddities, under at most so many unusual choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Level {
    pub containers: usize,
    pub oddities: usize,
    pub choices: usize,
}

/// What a level came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Covered {
    pub scenarios: u64,
    /// Lives simulated and judged, each for all versions that behave alike.
    pub runs: u64,
    /// The most choices that a run had.
    pub choices_met_max: usize,
    /// Scenarios (of one version or several that behave alike) in which at least one promise broke.
    pub breaking: u64,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub levels: Vec<(Level, Covered)>,
    pub broken: BTreeMap<Key, Broken>,
    /// How often each guarantee was at risk, in runs.
    pub tallies: Tallies,
}

/// The versions that are gone through unless others are asked for: those whose source was read, and the first of the others.
pub const VERSIONS: [(u32, u32); 10] = [
    (28, 15),
    (29, 2),
    (30, 0),
    (31, 0),
    (32, 0),
    (33, 0),
    (34, 0),
    (35, 0),
    (36, 1),
    (37, 0),
];

/// What is gone through unless something else is asked for: more choices for smaller pods.
pub const LEVELS: [Level; 8] = [
    level(1, 0, 2),
    level(1, 1, 1),
    level(1, 2, 0),
    level(1, 3, 0),
    level(2, 0, 1),
    level(2, 1, 0),
    level(3, 0, 1),
    level(3, 1, 0),
];

const fn level(containers: usize, oddities: usize, choices: usize) -> Level {
    Level {
        containers,
        oddities,
        choices,
    }
}

impl Scope {
    /// Goes through everything; what comes out does not depend on the number of threads.
    pub fn run(&self, progress: impl FnMut(Level, &Covered)) -> Outcome {
        self.run_where(|_| true, progress)
    }

    /// The same for some shapes only.
    pub fn run_where(&self, wanted: impl Fn(&Shape) -> bool, mut progress: impl FnMut(Level, &Covered)) -> Outcome {
        let alike = alike(&self.versions);
        let mut outcome = Outcome::default();
        for &level in &self.levels {
            let shapes = shapes(level.containers).into_iter().filter(&wanted);
            let found = self.level(&shapes.collect::<Vec<_>>(), level, &alike);
            progress(level, &found.covered);
            outcome.levels.push((level, found.covered));
            add(&mut outcome.tallies, found.tallies);
            for (key, broken) in found.broken {
                outcome.broken.entry(key).or_default().merge(broken);
            }
        }
        outcome
    }

    fn level(&self, shapes: &[Shape], level: Level, alike: &[Vec<KubeletVersion>]) -> Judged {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut judged = Judged::default();
            while let Some(shape) = shapes.get(next.fetch_add(1, Ordering::Relaxed)) {
                go_through(shape, level, alike, &mut judged);
            }
            judged
        };
        let mut total = Judged::default();
        thread::scope(|scope| {
            let threads: Vec<_> = (0..self.jobs.max(1)).map(|_| scope.spawn(work)).collect();
            for thread in threads {
                total.merge(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
        });
        total
    }
}

fn go_through(shape: &Shape, level: Level, alike: &[Vec<KubeletVersion>], judged: &mut Judged) {
    for scenario in shape.scenarios(level.oddities) {
        judged.covered.scenarios += 1;
        for versions in alike {
            one_scenario(&scenario, level, versions, judged);
        }
    }
}

fn one_scenario(scenario: &Scenario, level: Level, versions: &[KubeletVersion], judged: &mut Judged) {
    let work = Workload::of(scenario);
    judged.begin();
    each_run(&work, versions[0], level.choices, &mut |unusual, run| {
        judged.covered.choices_met_max = judged.covered.choices_met_max.max(run.ways.len());
        judged.judge(scenario, level, versions, unusual, &run.trace);
    });
    judged.end();
}

/// Versions that behave alike, in groups: a group needs to be simulated only once.
pub fn alike(versions: &[KubeletVersion]) -> Vec<Vec<KubeletVersion>> {
    let behaviour = |version: KubeletVersion| Behaviour {
        version: KubeletVersion {
            minor: crate::simulate::OWN_MINORS
                .into_iter()
                .map(|since| u32::from(version.minor >= since))
                .sum(),
            patch: 0,
        },
        ..Behaviour::of(version)
    };
    let mut groups: Vec<(Behaviour, Vec<KubeletVersion>)> = Vec::new();
    for &version in versions {
        let behaviour = behaviour(version);
        match groups.iter_mut().find(|(it, _)| *it == behaviour) {
            Some((_, group)) => group.push(version),
            None => groups.push((behaviour, vec![version])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}
