//! The walk along a trace: a run of the model that explains it is looked for, depth first.
//!
//! From a state that explains one status the walk goes on to the next status at once, and comes back for the others only when
//! it is stuck. So a healthy pod costs little more than its own run, and what no run explains has been tried in every way.

use super::bounds::Bounds;
use super::diagnose;
use super::facts::{FAR_FUTURE, Facts, LONG_AGO};
use super::moves::Moves;
use super::node::Node;
use super::overdue::Owed;
use super::stages::{Deletion, Stage, Stages, Then};
use super::teardown::Broken;
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

/// Is the trace a run of the model of this version?
pub fn includes(behaviour: &Behaviour, trace: &Trace, bounds: &Bounds) -> Inclusion {
    includes_with(behaviour, trace, &Facts::of(trace), bounds)
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
    overdue: Vec<Broken>,
    broken: Vec<Broken>,
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
        }
    }

    fn owed(&self, deletion: Option<Deletion>) -> Owed<'a> {
        Owed {
            behaviour: self.behaviour,
            spec: &self.trace.spec,
            facts: self.facts,
            bounds: self.bounds,
            deletion,
            may_pull_images: self.trace.scenario.is_none(),
        }
    }

    /// Nothing may be owed when the watch ends.
    fn may_end(&self, node: &Node) -> Result<(), Refusal<'a>> {
        let (Some(until), Some(step)) = (self.trace.watched_until_ms, self.trace.steps.last()) else {
            return Ok(());
        };
        match self.owed(self.stages.deletion).overdue(node, until) {
            Some(late) if node.pod.mode != Mode::Finished => Err((step, late)),
            _ => Ok(()),
        }
    }
}

struct Walk<'a> {
    given: Given<'a>,
    /// As far as a run has come: one for each status, but for those that no run has come to.
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
        match self.go_on(stages.at_first, 0, self.given.start()) {
            Ok(true) => return Inclusion::Included,
            Ok(false) => {}
            Err((step, why)) => return Inclusion::Excluded(divergence(step, why)),
        }
        let mut depth = 0;
        loop {
            match self.try_one(depth) {
                Tried::Explains(node) => match self.go_on(stages.all[depth].then, depth + 1, node) {
                    Ok(true) => return Inclusion::Included,
                    Ok(false) => depth += 1,
                    Err(why) => self.levels[depth].refused.push(why),
                },
                Tried::More => {}
                Tried::Stuck if depth > 0 => depth -= 1,
                Tried::Stuck => return Inclusion::Excluded(self.divergence()),
                Tried::TooMany(why) => return Inclusion::Undecided(why),
            }
        }
    }

    /// The run goes on to stage `next` in this state; `true`: there is none, and it may end so.
    fn go_on(&mut self, then: Then<'a>, next: usize, node: Node) -> Result<bool, Refusal<'a>> {
        may_go_on(&node, then)?;
        if then.is_the_end {
            return Ok(true);
        }
        if next == self.given.stages.all.len() {
            return self.given.may_end(&node).map(|()| true);
        }
        self.reach(next, node);
        Ok(false)
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
            let owed = self.given.owed(stage.deletion);
            match stage.step.at_ms.and_then(|at| owed.overdue(node, at)) {
                Some(late) => level.overdue.push(late),
                // What led to the status had happened when it was received; what the sync did then takes longer.
                None => {
                    return Tried::Explains(Node {
                        latest: node.latest.min(stage.received).max(node.acted_by),
                        ..node.clone()
                    });
                }
            }
        }
        self.expand(depth, index);
        Tried::More
    }

    fn reach(&mut self, depth: usize, node: Node) {
        if depth == self.levels.len() {
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
        level.broken.extend(expansion.broken);
        let before = level.open.len();
        let next = expansion.next.into_iter().rev();
        level.open.extend(next.map(|node| {
            let explains = explains(&node, stage);
            (node, explains)
        }));
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
            return divergence(step, why);
        }
        let nearest = |found: Vec<Broken>| found.into_iter().min_by_key(|why| why.off_ms);
        let why = nearest(overdue).or_else(|| nearest(broken)).unwrap_or_else(|| {
            let spec = &self.given.trace.spec;
            diagnose::nearest(spec, visited.all(), &stage.target, stage.previous_phase)
        });
        divergence(stage.step, why)
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
    let why = Broken {
        rule: "WS-2",
        container: None,
        summary: "the object was removed although its containers had not all been stopped".to_string(),
        off_ms: 0,
    };
    Err((step, why))
}

fn divergence(step: &Step, why: Broken) -> Divergence {
    Divergence {
        event_index: step.event_index,
        resource_version: step.resource_version.clone(),
        rule: why.rule.to_string(),
        container: why.container,
        summary: why.summary,
        known_deviation: None,
    }
}

#[cfg(test)]
mod tests {
    use podcheck_generators::Scenario;

    use super::*;
    use crate::model::{self, KubeletVersion};
    use crate::simulate::{Options, simulate};
    use crate::trace::State;

    /// A process that is killed leaves no exit line, so only the statuses tell of its end.
    #[test]
    fn an_end_that_the_runtime_knows_is_not_unknown() {
        let yaml = "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{onTerm: {action: ignore}}]\ndeletion:\n  at: {kind: \
                    running, container: m0, attempt: 0, afterMs: 3000}\nobserveMsMax: 20000\n";
        let version = KubeletVersion { minor: 37, patch: 0 };
        let scenario = Scenario::from_yaml(yaml).expect("a scenario");
        let mut trace = simulate(&scenario, &Options::new(version, 1));
        let judged = |trace: &Trace| includes(&Behaviour::of(version), trace, &Bounds::default());
        assert_eq!(judged(&trace), Inclusion::Included);
        for step in &mut trace.steps {
            for (view, seen) in step.view.containers.iter_mut().flatten().zip(&mut step.seen) {
                if matches!(view.state, State::Terminated(_)) {
                    view.state = State::Terminated(model::unknown_exit());
                    (seen.started_at, seen.finished_at) = (None, None);
                }
            }
        }
        assert!(matches!(judged(&trace), Inclusion::Excluded(_)));
    }

    /// A container that is never shown to run is late, but where it may have to pull its image nobody knows when.
    #[test]
    fn a_start_is_owed_unless_an_image_may_be_pulled() {
        let yaml = "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
                    0}}]\nobserveMsMax: 20000\n";
        let version = KubeletVersion { minor: 37, patch: 0 };
        let scenario = Scenario::from_yaml(yaml).expect("a scenario");
        let mut trace = simulate(&scenario, &Options::new(version, 1));
        let creating = |step: &Step| {
            let mut views = step.view.containers.iter().flatten();
            views.all(|view| matches!(view.state, State::Waiting(_)))
        };
        trace.steps.retain(creating);
        trace.journal = Some(Vec::new());
        trace.watched_until_ms = trace.steps.last().and_then(|step| step.at_ms).map(|at| at + 60_000);
        let judged = |trace: &Trace| includes(&Behaviour::of(version), trace, &Bounds::default());
        assert!(matches!(judged(&trace), Inclusion::Excluded(it) if it.rule == "ST-6"));
        trace.scenario = None;
        assert_eq!(judged(&trace), Inclusion::Included);
    }

    #[test]
    fn a_list_in_the_wrong_order_is_refused() {
        let yaml = "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
                    0}}]\nobserveMsMax: 20000\n";
        let version = KubeletVersion { minor: 37, patch: 0 };
        let scenario = Scenario::from_yaml(yaml).expect("a scenario");
        let mut trace = simulate(&scenario, &Options::new(version, 1));
        let judged = |trace: &Trace| includes(&Behaviour::of(version), trace, &Bounds::default());
        assert_eq!(judged(&trace), Inclusion::Included);
        trace.steps[2].pod_seen.out_of_order = true;
        assert!(matches!(judged(&trace), Inclusion::Excluded(it) if it.rule == "ST-23" && it.event_index == 2));
    }

    /// The walk gives up rather than to accuse: with one state less than it needs it cannot tell.
    #[test]
    fn with_too_many_states_nothing_is_decided() {
        let yaml = "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
                    0}}]\nobserveMsMax: 20000\n";
        let version = KubeletVersion { minor: 37, patch: 0 };
        let scenario = Scenario::from_yaml(yaml).expect("a scenario");
        let trace = simulate(&scenario, &Options::new(version, 1));
        let (behaviour, facts, bounds) = (Behaviour::of(version), Facts::of(&trace), Bounds::default());
        let within = |max| includes_within(&behaviour, &trace, &facts, &bounds, max);
        let enough = (0..100)
            .find(|&max| within(max) == Inclusion::Included)
            .expect("few states");
        assert!(enough > 1);
        for max in 0..enough {
            let why = format!("more than {max} states of the model could explain event ");
            assert!(matches!(within(max), Inclusion::Undecided(it) if it.starts_with(&why)));
        }
    }

    /// WS-2: the kubelet takes the object away only when it has stopped everything, whatever the last event shows.
    #[test]
    fn an_object_is_not_removed_while_its_containers_run() {
        let yaml = "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\ndeletion:\n  \
                    at: {kind: running, container: m0, attempt: 0, afterMs: 3000}\n  finalizer: true\nobserveMsMax: 20000\n";
        let version = KubeletVersion { minor: 37, patch: 0 };
        let scenario = Scenario::from_yaml(yaml).expect("a scenario");
        let mut trace = simulate(&scenario, &Options::new(version, 1));
        let judged = |trace: &Trace| includes(&Behaviour::of(version), trace, &Bounds::default());
        assert_eq!(judged(&trace), Inclusion::Included);
        let removed =
            |step: &Step| step.view.phase.is_terminal() && step.deletion.is_some_and(|mark| mark.grace_s == 0);
        let ended = |step: &Step| !removed(step) && step.view.phase.is_terminal();
        trace.steps.retain(|step| !ended(step));
        trace.steps.iter_mut().filter(|step| removed(step)).for_each(|step| {
            step.view.containers.fill(None);
            step.view.conditions.fill(None);
        });
        assert!(matches!(judged(&trace), Inclusion::Excluded(it) if it.rule == "WS-2"));
    }
}
