//! The small scope: every scenario of a few containers on a coarse grid of scripts, probes, policies, graces and deletes.
//!
//! A shape says which containers there are, what each does when nothing about it is odd, and the pod's policy. An oddity
//! is one thing more: another script, a TERM that is not heeded, a probe, a delete, a second delete, a long grace. All
//! scenarios of a number of containers and of oddities are gone through; mains only in one order, since their names alone
//! tell one order from another.

use crate::regressions;
use crate::{
    Attempt, Container, Deletion, InitElement, InitKind, Moment, OnTerm, Probe, ProbeHandler, ProbeOutcome,
    RestartPolicy, Scenario, SecondDelete,
};

/// The plain life, and the late one that others can end before.
const SOON_MS: u32 = 2_000;
const LATE_MS: u32 = 7_000;
/// Long enough for three back-offs and for a teardown with the long grace.
const OBSERVE_MS: u32 = 50_000;
const SHORT_GRACE_S: u32 = 2;
const LONG_GRACE_S: u32 = 20;

type Script = &'static [Attempt];

const fn ends(lives_ms: u32, code: u8) -> Attempt {
    Attempt::exits(lives_ms, code)
}

const INIT: &[Script] = &[&[ends(SOON_MS, 0)], &[ends(SOON_MS, 1)]];
const ODD_INIT: &[Script] = &[
    &[ends(SOON_MS, 1), ends(SOON_MS, 0)],
    &[Attempt::FOREVER],
    &[ends(0, 0)],
    &[ends(0, 1)],
];
const SIDECAR: &[Script] = &[&[Attempt::FOREVER], &[ends(SOON_MS, 1)]];
const ODD_SIDECAR: &[Script] = &[
    &[ends(SOON_MS, 0)],
    &[ends(SOON_MS, 1), Attempt::FOREVER],
    &[ends(0, 1)],
];
const MAIN: &[Script] = &[
    &[ends(SOON_MS, 0)],
    &[ends(SOON_MS, 1)],
    &[ends(LATE_MS, 0)],
    &[ends(LATE_MS, 1)],
    &[Attempt::FOREVER],
];
const ODD_MAIN: &[Script] = &[&[ends(SOON_MS, 1), Attempt::FOREVER], &[ends(0, 0)], &[ends(0, 1)]];

const TERMS: &[OnTerm] = &[
    OnTerm::Ignore,
    OnTerm::Exit {
        code: 1,
        after_ms: 4_000,
    },
];

/// Failures that no pod of the grid lives to see, and those that it does.
const PATIENT: u32 = 120;
const IMPATIENT: u32 = 2;

const STARTUP: &[(ProbeOutcome, u32)] = &[
    (ProbeOutcome::Passes, IMPATIENT),
    (ProbeOutcome::NeverPasses, PATIENT),
    (ProbeOutcome::NeverPasses, IMPATIENT),
    (ProbeOutcome::FirstLifeOnly, PATIENT),
    (ProbeOutcome::LaterLivesOnly, PATIENT),
    (ProbeOutcome::LaterLivesOnly, IMPATIENT),
];
const READINESS: &[(ProbeOutcome, u32)] = &[
    (ProbeOutcome::Passes, 1),
    (ProbeOutcome::NeverPasses, 1),
    (ProbeOutcome::FirstLifeOnly, 1),
    (ProbeOutcome::LaterLivesOnly, 1),
    (ProbeOutcome::FailsAfter { ms: 3_000 }, 1),
];
const LIVENESS: &[(ProbeOutcome, u32)] = &[
    (ProbeOutcome::FailsAfter { ms: 3_000 }, 1),
    (ProbeOutcome::FirstLifeOnly, 1),
    (ProbeOutcome::LaterLivesOnly, 1),
];

/// A delete comes so long after its moment.
const AFTER_MS: [u32; 2] = [0, 6_000];
const CREATED_AFTER_MS: [u32; 2] = [100, 1_500];
const AGAIN: SecondDelete = SecondDelete {
    after_ms: 2_000,
    grace_seconds: SHORT_GRACE_S,
};

/// A pod of which nothing is odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    plain: Scenario,
}

/// Something odd.
#[derive(Clone, Debug)]
enum Odd {
    Script(usize, Script),
    Term(usize, OnTerm),
    Startup(usize, Probe),
    Readiness(usize, Probe),
    Liveness(usize, Probe),
    LongGrace,
    Delete(Moment),
    Again,
}

/// All shapes of a number of containers, at least one of them a main.
pub fn shapes(containers: usize) -> Vec<Shape> {
    let mut shapes = Vec::new();
    for mains in (1..=containers).rev() {
        for main in lists(mains, &main_containers()) {
            for init in lists(containers - mains, &init_elements()) {
                for restart_policy in [RestartPolicy::Never, RestartPolicy::OnFailure, RestartPolicy::Always] {
                    let plain = Scenario {
                        restart_policy,
                        grace_seconds: SHORT_GRACE_S,
                        init: init.clone(),
                        main: main.clone(),
                        deletion: None,
                        observe_ms_max: OBSERVE_MS,
                    };
                    shapes.push(Shape { plain });
                }
            }
        }
    }
    shapes
}

fn main_containers() -> Vec<Container> {
    MAIN.iter().map(|&script| Container::new(script)).collect()
}

fn init_elements() -> Vec<InitElement> {
    let of = |kind: InitKind, scripts: &'static [Script]| {
        scripts.iter().map(move |&script| InitElement {
            kind,
            container: Container::new(script),
        })
    };
    of(InitKind::Init, INIT).chain(of(InitKind::Sidecar, SIDECAR)).collect()
}

/// All lists of this length.
fn lists<T: Clone>(len: usize, of: &[T]) -> Vec<Vec<T>> {
    (0..len).fold(vec![Vec::new()], |lists, _| {
        let longer = |list: &Vec<T>| {
            let list = list.clone();
            of.iter()
                .map(move |item| [&list[..], std::slice::from_ref(item)].concat())
        };
        lists.iter().flat_map(longer).collect()
    })
}

impl Shape {
    /// The scenario of this shape that has nothing odd.
    pub fn plain(&self) -> &Scenario {
        &self.plain
    }

    /// All scenarios of this shape with so many oddities.
    pub fn scenarios(&self, oddities: usize) -> Vec<Scenario> {
        let dimensions = self.dimensions();
        let mut scenarios = Vec::new();
        choose(&dimensions, oddities, &mut Vec::new(), &mut |odd| {
            self.with(odd, &mut scenarios)
        });
        scenarios.retain(|scenario| scenario.main.is_sorted());
        scenarios
    }

    /// What can be odd, and in which ways; of each at most one.
    fn dimensions(&self) -> Vec<Vec<Odd>> {
        let mut dimensions = Vec::new();
        let inits = self.plain.init.len();
        for index in 0..inits + self.plain.main.len() {
            let kind = self.plain.init.get(index).map(|element| element.kind);
            let scripts = match kind {
                Some(InitKind::Init) => ODD_INIT,
                Some(InitKind::Sidecar) => ODD_SIDECAR,
                None => ODD_MAIN,
            };
            // Each odd script belongs to one shape only, or it would be met once for every plain script.
            let first = self.container(index).attempts[..]
                == *match kind {
                    Some(InitKind::Init) => INIT[0],
                    Some(InitKind::Sidecar) => SIDECAR[0],
                    None => MAIN[0],
                };
            if first {
                dimensions.push(scripts.iter().map(|script| Odd::Script(index, script)).collect());
            }
            dimensions.push(TERMS.iter().map(|&on_term| Odd::Term(index, on_term)).collect());
            if kind != Some(InitKind::Init) {
                let probes = |probes: &[(ProbeOutcome, u32)], odd: fn(usize, Probe) -> Odd| {
                    probes.iter().map(|&it| odd(index, probe(it))).collect()
                };
                dimensions.push(probes(STARTUP, Odd::Startup));
                dimensions.push(probes(READINESS, Odd::Readiness));
                dimensions.push(probes(LIVENESS, Odd::Liveness));
            }
        }
        dimensions.push(vec![Odd::LongGrace]);
        dimensions.push(self.moments().into_iter().map(Odd::Delete).collect());
        dimensions.push(vec![Odd::Again]);
        dimensions
    }

    fn container(&self, index: usize) -> &Container {
        self.plain.containers().nth(index).expect("an index of the shape")
    }

    fn moments(&self) -> Vec<Moment> {
        let created = CREATED_AFTER_MS.map(|after_ms| Moment::Created { after_ms });
        let of = |name: String| {
            AFTER_MS.into_iter().flat_map(move |after_ms| {
                let (container, attempt) = (name.clone(), 0);
                let running = Moment::Running {
                    container,
                    attempt,
                    after_ms,
                };
                let container = name.clone();
                [
                    running,
                    Moment::Terminated {
                        container,
                        attempt,
                        after_ms,
                    },
                ]
            })
        };
        created
            .into_iter()
            .chain(self.plain.names().into_iter().flat_map(of))
            .collect()
    }

    /// The scenarios with these oddities; graces that are not all the same to it come without being odd.
    fn with(&self, odd: &[Odd], scenarios: &mut Vec<Scenario>) {
        let mut scenario = self.plain.clone();
        let mut again = false;
        for odd in odd {
            again |= matches!(odd, Odd::Again);
            odd.put(&mut scenario);
        }
        let heedless = odd.iter().any(|odd| matches!(odd, Odd::Term(..)));
        let long = odd.iter().any(|odd| matches!(odd, Odd::LongGrace));
        // A long grace that somebody uses is no oddity of its own.
        if heedless && long {
            return;
        }
        let graces: &[u32] = match (heedless, long) {
            (true, _) => &[SHORT_GRACE_S, LONG_GRACE_S],
            (_, true) => &[LONG_GRACE_S],
            _ => &[SHORT_GRACE_S],
        };
        for &grace_seconds in graces {
            scenario.grace_seconds = grace_seconds;
            let shorter = heedless && scenario.deletion.is_some() && grace_seconds > SHORT_GRACE_S && !again;
            let own = [Some(SHORT_GRACE_S)].into_iter().filter(|_| shorter);
            for grace_seconds in [None].into_iter().chain(own) {
                if let Some(deletion) = &mut scenario.deletion {
                    deletion.grace_seconds = grace_seconds;
                    deletion.again = again.then_some(AGAIN);
                }
                let deletes_again = scenario.deletion.as_ref().is_some_and(|it| it.again.is_some());
                if deletes_again == again && scenario.validate().is_ok() {
                    scenarios.push(scenario.clone());
                }
            }
        }
    }
}

impl Odd {
    /// Makes the scenario odd in this way. Scripts come before TERMs in the order of the dimensions.
    fn put(&self, scenario: &mut Scenario) {
        match self {
            Self::Script(index, script) => container(scenario, *index).attempts = script.to_vec(),
            Self::Term(index, on_term) => {
                let attempts = container(scenario, *index).attempts.iter_mut();
                attempts.for_each(|attempt| attempt.on_term = *on_term);
            }
            Self::Startup(index, probe) => container(scenario, *index).startup = Some(*probe),
            Self::Readiness(index, probe) => container(scenario, *index).readiness = Some(*probe),
            Self::Liveness(index, probe) => container(scenario, *index).liveness = Some(*probe),
            Self::LongGrace | Self::Again => {}
            Self::Delete(at) => {
                scenario.deletion = Some(Deletion {
                    at: at.clone(),
                    grace_seconds: None,
                    again: None,
                    finalizer: false,
                });
            }
        }
    }
}

fn container(scenario: &mut Scenario, index: usize) -> &mut Container {
    match index.checked_sub(scenario.init.len()) {
        None => &mut scenario.init[index].container,
        Some(main) => &mut scenario.main[main],
    }
}

fn probe((outcome, failure_threshold): (ProbeOutcome, u32)) -> Probe {
    regressions::probe(ProbeHandler::HttpGet, outcome, failure_threshold)
}

/// Every choice of so many dimensions with a value for each, in the order of the dimensions.
fn choose(dimensions: &[Vec<Odd>], count: usize, chosen: &mut Vec<Odd>, each: &mut impl FnMut(&[Odd])) {
    if count == 0 {
        return each(chosen);
    }
    for (position, dimension) in dimensions.iter().enumerate() {
        for odd in dimension {
            chosen.push(odd.clone());
            choose(&dimensions[position + 1..], count - 1, chosen, each);
            chosen.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all(containers: usize, oddities: usize) -> Vec<Scenario> {
        let shapes = shapes(containers);
        shapes.iter().flat_map(|shape| shape.scenarios(oddities)).collect()
    }

    #[test]
    fn no_scenario_comes_twice() {
        for (containers, oddities) in [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (3, 0)] {
            let all = all(containers, oddities);
            let different: BTreeSet<&Scenario> = all.iter().collect();
            assert_eq!(
                different.len(),
                all.len(),
                "{containers} containers, {oddities} oddities"
            );
            assert!(all.iter().all(|it| it.containers().count() == containers));
        }
    }

    #[test]
    fn the_smallest_pods_are_in_it() {
        let plain = all(1, 0);
        assert_eq!(plain.len(), 15);
        // RS-3: a sidecar that crashes, a main that completes in its back-off.
        let blocks = |it: &Scenario| {
            it.init
                .iter()
                .any(|it| it.container.attempts == [ends(SOON_MS, 1)] && it.kind == InitKind::Sidecar)
                && it.main[0].attempts == [ends(LATE_MS, 0)]
        };
        assert_eq!(all(2, 0).iter().filter(|it| blocks(it)).count(), 3);
    }
}
