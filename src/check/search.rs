//! The walk along a trace: a run of the model that explains it is looked for, depth first.
//!
//! From a state that explains one status the walk goes on to the next status at once, and comes back for the others only when
//! it is stuck. So a healthy pod costs little more than its own run, and what no run explains has been tried in every way.

use super::bounds::Bounds;
use super::broken::Broken;
use super::diagnose;
use super::facts::{FAR_FUTURE, Facts, LONG_AGO};
use super::moves::Moves;
use super::node::Node;
use super::overdue::Owed;
use super::stages::{Stage, Stages, Then};
use super::verdict::Divergence;
use super::visited::Visited;
use crate::model::{Behaviour, Mode};
use crate::trace::{Gap, Step, Trace};

/// Result of the walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inclusion {
    /// A run of the model explains the trace.
    Included,
    /// None does.
    Excluded(Divergence),
    /// The walk cannot tell, for this reason.
    Undecided(String),
}

/// States visited for one event at most; beyond that the verdict is inconclusive.
const VISITED_MAX: usize = 50_000;
/// The same for all events of a pod together, beside a few for each: they are kept until the walk ends.
const VISITED_IN_ALL_MAX: usize = 500_000;
const VISITED_FOR_EACH_MAX: usize = 100;
/// So many states are looked at for the one that is nearest to a status which none explains.
const TOLD_MAX: usize = 5_000;

/// Is the trace a run of the model of this version?
pub fn includes(behaviour: &Behaviour, trace: &Trace, bounds: &Bounds) -> Inclusion {
    includes_with(behaviour, trace, &Facts::within(trace, bounds), bounds)
}

/// The same, where the facts of the trace are known.
pub fn includes_with(behaviour: &Behaviour, trace: &Trace, facts: &Facts, bounds: &Bounds) -> Inclusion {
    includes_within(behaviour, trace, facts, bounds, VISITED_MAX)
}

fn includes_within(
    behaviour: &Behaviour,
    trace: &Trace,
    facts: &Facts,
    bounds: &Bounds,
    visited_max: usize,
) -> Inclusion {
    if let Some(divergence) = out_of_order(trace) {
        return Inclusion::Excluded(divergence);
    }
    let stages = Stages::of(trace);
    let given = Given {
        behaviour,
        trace,
        bounds,
        facts,
        stages: &stages,
        visited_max,
    };
    let levels = Vec::with_capacity(stages.all.len());
    let walk = Walk {
        given,
        levels,
        visited: 0,
    };
    walk.run()
}

/// ST-23: each status lists init containers and sidecars as in the specification, and mains by name. It is the same for
/// every run of the model, so it is asked once.
fn out_of_order(trace: &Trace) -> Option<Divergence> {
    let step = trace.steps.iter().find(|step| step.pod_seen.out_of_order)?;
    Some(Divergence {
        event_index: step.event_index,
        resource_version: step.resource_version.clone(),
        rule: "ST-23".to_string(),
        container: None,
        summary: "the container statuses are not listed in their order".to_string(),
        known_deviation: None,
    })
}

/// What is wrong with what came after a status, and where that is seen.
type Refusal<'a> = (&'a Step, Broken);

/// What was tried to explain one status.
#[derive(Default)]
struct Level<'a> {
    visited: Visited,
    /// Still to be tried, the next one last, and whether it explains the status.
    open: Vec<(Node, bool)>,
    /// Of what those that explain the status would owe, and of what forbids the others, the nearest to being kept.
    overdue: Option<Broken>,
    broken: Option<Broken>,
    /// Why those that explain the status cannot be what went on.
    refused: Vec<Refusal<'a>>,
}

/// What the walk never changes.
#[derive(Clone, Copy)]
struct Given<'a> {
    behaviour: &'a Behaviour,
    trace: &'a Trace,
    bounds: &'a Bounds,
    facts: &'a Facts,
    stages: &'a Stages<'a>,
    /// States visited for one event at most.
    visited_max: usize,
}

impl<'a> Given<'a> {
    /// The pod before the kubelet has looked at it.
    fn start(&self) -> Node {
        // What a joined stream has not shown is as if it had been coalesced, at any time.
        let joined = self.trace.gaps.contains(&Gap::JoinedInTheMiddle);
        let first = self.trace.steps.first().filter(|_| !joined);
        let first_seen = first.and_then(|step| step.at_ms);
        // Statuses round to seconds, so the pod can have been started in the second before its first event.
        let created = first_seen.unwrap_or(LONG_AGO).saturating_sub(5_000);
        // A pod can wait for a node for any time, and until it has one the kubelet owes it nothing.
        let bound = self.trace.steps.iter().find(|step| !step.pod_seen.unbound);
        let bound_at = bound.filter(|_| !joined).and_then(|step| step.at_ms);
        Node {
            latest: bound_at.unwrap_or(FAR_FUTURE),
            ..Node::new(&self.trace.spec, created)
        }
    }

    fn moves(&self, stage: &'a Stage<'a>) -> Moves<'a> {
        Moves {
            behaviour: self.behaviour,
            spec: &self.trace.spec,
            facts: self.facts,
            bounds: self.bounds,
            target: &stage.target,
            received: stage.received,
            deletion: stage.deletion,
            is_deleted_later: self.trace.steps.last().is_some_and(|step| step.deletion.is_some()),
            initialized: &stage.initialized,
            keeps_all: false,
        }
    }

    fn owed(&self, stage: &Stage) -> Owed<'a> {
        Owed {
            behaviour: self.behaviour,
            spec: &self.trace.spec,
            facts: self.facts,
            bounds: self.bounds,
            deletion: stage.deletion,
            is_removed: stage.is_removed,
            may_pull_images: self.trace.scenario.is_none(),
        }
    }

    /// What the kubelet still owes at the end of this stage.
    fn overdue(&self, node: &Node, stage: &Stage) -> Option<Broken> {
        let until = if stage.is_silence {
            Some(stage.received)
        } else {
            stage.step.at_ms
        };
        self.owed(stage).overdue(node, until?)
    }

    /// What was tried, and what comes too late for the status: of all that the model permits the nearest is told.
    fn with_late_ones(&self, stage: &'a Stage<'a>, mut tried: Visited) -> Visited {
        let moves = Moves {
            keeps_all: true,
            ..self.moves(stage)
        };
        let mut next = 0;
        while next < tried.len() && tried.len() < TOLD_MAX {
            for node in moves.expand(tried.get(next)).next {
                tried.add(node);
            }
            next += 1;
        }
        tried
    }

    fn divergence(&self, step: &Step, why: Broken) -> Divergence {
        Divergence {
            event_index: step.event_index,
            resource_version: step.resource_version.clone(),
            rule: why.rule.to_string(),
            container: why.container,
            summary: why.summary(&self.trace.spec),
            known_deviation: None,
        }
    }
}

struct Walk<'a> {
    given: Given<'a>,
    /// As far as a run has come: one for each stage, but for those that no run has come to.
    levels: Vec<Level<'a>>,
    /// States visited in all.
    visited: usize,
}

/// What came of trying one state.
enum Tried {
    /// It explains the status, and so the run goes on.
    Explains(Node),
    /// It was known, or leads to others.
    More,
    /// There was none left.
    Stuck,
    /// Too many have been tried.
    TooMany(String),
}

impl<'a> Walk<'a> {
    fn run(mut self) -> Inclusion {
        let stages = self.given.stages;
        let mut depth = match self.go_on(stages.at_first, 0, self.given.start()) {
            Ok(Some(depth)) => depth,
            Ok(None) => return Inclusion::Included,
            Err((step, why)) => return Inclusion::Excluded(self.given.divergence(step, why)),
        };
        loop {
            match self.try_one(depth) {
                Tried::Explains(node) => match self.go_on(stages.all[depth].then, depth + 1, node) {
                    Ok(Some(next)) => depth = next,
                    Ok(None) => return Inclusion::Included,
                    Err(why) => self.levels[depth].refused.push(why),
                },
                Tried::More => {}
                Tried::Stuck if depth > 0 => depth -= 1,
                Tried::Stuck => return Inclusion::Excluded(self.divergence()),
                Tried::TooMany(why) => return Inclusion::Undecided(why),
            }
        }
    }

    /// The run goes on in this state: to the stage that is told, the next one or, where a silence before it is no news, the
    /// one after that; `None`: there is none left.
    fn go_on(&mut self, then: Then<'a>, next: usize, node: Node) -> Result<Option<usize>, Refusal<'a>> {
        may_go_on(&node, then)?;
        if then.is_the_end {
            return Ok(None);
        }
        let mut left = self.given.stages.all[next..].iter().zip(next..);
        // Who would owe something by the end of a silence must have acted in it, without a word.
        let is_news = |stage: &Stage| !stage.is_silence || self.given.overdue(&node, stage).is_some();
        let Some((_, depth)) = left.find(|(stage, _)| is_news(stage)) else {
            return Ok(None);
        };
        self.reach(depth, node);
        Ok(Some(depth))
    }

    /// The next state that can explain the status of stage `depth`.
    fn try_one(&mut self, depth: usize) -> Tried {
        let stage = &self.given.stages.all[depth];
        let level = &mut self.levels[depth];
        let Some((node, explains)) = level.open.pop() else {
            return Tried::Stuck;
        };
        let Some(index) = level.visited.add(node) else {
            return Tried::More;
        };
        self.visited += 1;
        let in_all_max = VISITED_IN_ALL_MAX + VISITED_FOR_EACH_MAX * self.given.stages.all.len();
        if level.visited.len() > self.given.visited_max || self.visited > in_all_max {
            return Tried::TooMany(format!(
                "more than {} states of the model could explain event {}",
                level.visited.len() - 1,
                stage.step.event_index
            ));
        }
        let node = level.visited.get(index);
        if explains {
            match self.given.overdue(node, stage) {
                Some(late) => level.overdue = Broken::nearest(level.overdue.take(), Some(late)),
                None if stage.is_silence => return Tried::Explains(node.clone()),
                None => return Tried::Explains(node.shown(stage.received)),
            }
        }
        self.expand(depth, index);
        Tried::More
    }

    fn reach(&mut self, depth: usize, node: Node) {
        while self.levels.len() <= depth {
            self.levels.push(Level::default());
        }
        let explains = explains(&node, &self.given.stages.all[depth]);
        self.levels[depth].open.push((node, explains));
    }

    /// What can have happened next: what explains the status is tried first, and then in the order of the moves.
    fn expand(&mut self, depth: usize, index: usize) {
        let stage = &self.given.stages.all[depth];
        let level = &mut self.levels[depth];
        let moves = self.given.moves(stage);
        let expansion = moves.expand(level.visited.get(index));
        let broken = expansion.broken.into_iter().map(Some);
        level.broken = broken.fold(level.broken.take(), Broken::nearest);
        let before = level.open.len();
        let next = expansion.next.into_iter().rev().map(|node| {
            let explains = explains(&node, stage);
            (node, explains)
        });
        // In a silence no other status is computed: it would be published.
        level
            .open
            .extend(next.filter(|(_, explains)| *explains || !stage.is_silence));
        level.open[before..].sort_by_key(|(_, explains)| *explains);
    }

    /// Why no run goes on: what was met at the last status that one came to.
    fn divergence(mut self) -> Divergence {
        let stage = &self.given.stages.all[self.levels.len() - 1];
        let level = self.levels.pop().expect("the walk has begun");
        let Level {
            visited,
            overdue,
            broken,
            refused,
            ..
        } = level;
        if let Some((step, why)) = refused.into_iter().min_by_key(|(_, why)| why.off_ms) {
            return self.given.divergence(step, why);
        }
        let why = overdue.or(broken).unwrap_or_else(|| {
            let tried = self.given.with_late_ones(stage, visited);
            let spec = &self.given.trace.spec;
            diagnose::nearest(spec, tried.all(), &stage.target, stage.previous_phase)
        });
        self.given.divergence(stage.step, why)
    }
}

fn explains(node: &Node, stage: &Stage) -> bool {
    node.status_at <= stage.received && node.explains(&stage.target, stage.previous_phase)
}

/// WS-2 d: the kubelet takes the object away only after its final status.
fn may_go_on<'a>(node: &Node, then: Then<'a>) -> Result<(), Refusal<'a>> {
    let finished = matches!(node.pod.mode, Mode::Killed | Mode::Terminated | Mode::Finished);
    let Some(step) = then.removal.filter(|_| !finished) else {
        return Ok(());
    };
    let words = "the object was removed although its containers had not all been stopped";
    Err((step, Broken::new("WS-2", None, 0, words)))
}

#[cfg(test)]
mod tests;
