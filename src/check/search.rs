//! The walk along a trace with the frontier of states that explain it.

use super::bounds::Bounds;
use super::diagnose;
use super::facts::{FAR_FUTURE, Facts, LONG_AGO};
use super::moves::{Moves, is_kubelets};
use super::node::Node;
use super::overdue::Owed;
use super::teardown::{Broken, Grace};
use super::verdict::Divergence;
use super::visited::Visited;
use crate::model::{self, Behaviour, Mode, PodSpec, Status};
use crate::trace::{EventType, Gap, Phase, Step, Trace, UnixMs};

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

/// Is the trace a run of the model of this version?
pub fn includes(behaviour: &Behaviour, trace: &Trace, bounds: &Bounds) -> Inclusion {
    if let Some(divergence) = out_of_order(trace) {
        return Inclusion::Excluded(divergence);
    }
    let facts = Facts::of(trace);
    Walk {
        behaviour,
        trace,
        bounds,
        facts: &facts,
    }
    .run()
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

/// Is this the kubelet's own delete of a pod that has ended (grace 0, seen as MODIFIED and then DELETED)?
fn is_final(step: &Step) -> bool {
    step.view.phase.is_terminal() && step.deletion.is_some_and(|mark| mark.grace_s == 0)
}

/// What the events before have shown.
struct Before {
    status: Status,
    /// Whether the pod had initialised in the objects that the worker can hold.
    initialized: Vec<bool>,
    /// The graces of its deletes, and when the first was seen.
    deletion: Option<(Grace, UnixMs)>,
}

impl Before {
    fn publish(&mut self, spec: &PodSpec, status: Status) {
        let now = model::has_initialized(spec, &status);
        // After a delete the worker can hold the object of any moment since; before, the newest but one at most.
        if self.deletion.is_none() && self.status != status {
            self.initialized = vec![model::has_initialized(spec, &self.status)];
        }
        if !self.initialized.contains(&now) {
            self.initialized.push(now);
        }
        self.status = status;
    }
}

struct Walk<'a> {
    behaviour: &'a Behaviour,
    trace: &'a Trace,
    bounds: &'a Bounds,
    facts: &'a Facts,
}

impl Walk<'_> {
    fn run(&self) -> Inclusion {
        // What a joined stream has not shown is as if it had been coalesced, at any time.
        let joined = self.trace.gaps.contains(&Gap::JoinedInTheMiddle);
        let first = self.trace.steps.first().filter(|_| !joined);
        let first_seen = first.and_then(|step| step.at_ms).unwrap_or(LONG_AGO);
        // Statuses round to seconds, so the pod can have been started in the second before its first event.
        let mut frontier = vec![Node::new(&self.trace.spec, first_seen.saturating_sub(5_000))];
        frontier[0].latest = if first_seen == LONG_AGO { FAR_FUTURE } else { first_seen };
        let status = Status::unseen();
        let mut before = Before {
            initialized: vec![model::has_initialized(&self.trace.spec, &status)],
            status,
            deletion: None,
        };
        let mut visited = Visited::default();
        if let Some(first) = self.trace.steps.first().filter(|_| joined) {
            // A terminal phase can hide behind the one that was published before (WS-1), and any object can be the newest.
            before.status.phase = Some(first.view.phase)
                .filter(|phase| !phase.is_terminal())
                .unwrap_or(Phase::Pending);
            before.initialized = vec![false, true];
            before.deletion = first.deletion.map(|_| (self.grace(), LONG_AGO));
        }
        for step in &self.trace.steps {
            let target = Status::of_view(&step.view);
            if is_kubelets(&target) {
                match self.explain(&mut visited, frontier, step, &target, &before) {
                    Ok(next) => frontier = next,
                    Err(stop) => return stop,
                }
                before.publish(&self.trace.spec, target);
            }
            if let Some(mark) = step.deletion {
                if is_final(step) {
                    if let Some(why) = self.not_finished(&frontier) {
                        return Inclusion::Excluded(self.divergence(step, why));
                    }
                } else if mark.grace_s == 0 {
                    // A forced delete takes the object away; there is nothing left to compare (3.3).
                    return Inclusion::Included;
                }
                let at = step.at_ms.unwrap_or(FAR_FUTURE);
                before.deletion = before.deletion.or(Some((self.grace(), at)));
            }
            if step.event == EventType::Deleted {
                return Inclusion::Included;
            }
        }
        self.end(&frontier, before.deletion)
    }

    /// The states that explain `step`, out of those that explain everything before it.
    fn explain(
        &self,
        visited: &mut Visited,
        frontier: Vec<Node>,
        step: &Step,
        target: &Status,
        before: &Before,
    ) -> Result<Vec<Node>, Inclusion> {
        let received = step.at_ms.unwrap_or(FAR_FUTURE);
        let Before {
            initialized, deletion, ..
        } = before;
        let previous_phase = before.status.phase;
        let moves = Moves {
            behaviour: self.behaviour,
            spec: &self.trace.spec,
            facts: self.facts,
            bounds: self.bounds,
            target,
            received,
            deletion: *deletion,
            is_deleted_later: self.trace.steps.last().is_some_and(|step| step.deletion.is_some()),
            initialized,
        };
        let owed = self.owed(*deletion);
        let mut explaining: Vec<(usize, UnixMs)> = Vec::new();
        let mut overdue: Vec<Broken> = Vec::new();
        let mut broken: Vec<Broken> = Vec::new();
        let mut queue: Vec<Node> = frontier;
        while let Some(node) = queue.pop() {
            if visited.len() > VISITED_MAX {
                return Err(Inclusion::Undecided(format!(
                    "more than {VISITED_MAX} states of the model could explain event {}",
                    step.event_index
                )));
            }
            let Some(index) = visited.add(node) else { continue };
            let node = visited.get(index);
            if node.explains(target, previous_phase) && node.status_at <= received {
                match step.at_ms.and_then(|at| owed.overdue(node, at)) {
                    Some(late) => overdue.push(late),
                    None => {
                        // What led to the status had happened when it was received; what the sync did then takes longer.
                        explaining.push((index, node.latest.min(received).max(node.acted_by)));
                        continue;
                    }
                }
            }
            let expansion = moves.expand(node);
            broken.extend(expansion.broken);
            queue.extend(expansion.next);
        }
        if explaining.is_empty() {
            let why = overdue
                .into_iter()
                .chain(broken)
                .next()
                .unwrap_or_else(|| diagnose::nearest(&self.trace.spec, visited.all(), target, previous_phase));
            return Err(Inclusion::Excluded(self.divergence(step, why)));
        }
        Ok(visited.take(&explaining))
    }

    /// WS-2 d: the kubelet takes the object away only after its final status.
    fn not_finished(&self, frontier: &[Node]) -> Option<Broken> {
        let mut modes = frontier.iter().map(|node| node.pod.mode);
        let finished = modes.any(|mode| matches!(mode, Mode::Killed | Mode::Terminated | Mode::Finished));
        (!finished).then(|| Broken {
            rule: "WS-2",
            container: None,
            summary: "the object was removed although its containers had not all been stopped".to_string(),
        })
    }

    /// The graces of all deletes of this pod (the kubelet's own last delete, with grace 0, is none).
    fn grace(&self) -> Grace {
        let steps = self.trace.steps.iter().filter(|step| !is_final(step));
        let graces = || steps.clone().filter_map(|step| step.deletion).map(|mark| mark.grace_s);
        Grace {
            s_min: graces().min().unwrap_or(0),
            s_max: graces().max().unwrap_or(0),
        }
    }

    fn owed(&self, deletion: Option<(Grace, UnixMs)>) -> Owed<'_> {
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
    fn end(&self, frontier: &[Node], deletion: Option<(Grace, UnixMs)>) -> Inclusion {
        let (Some(until), Some(step)) = (self.trace.watched_until_ms, self.trace.steps.last()) else {
            return Inclusion::Included;
        };
        let owed = self.owed(deletion);
        let mut late: Vec<Broken> = Vec::new();
        for node in frontier {
            match owed.overdue(node, until) {
                None => return Inclusion::Included,
                Some(broken) => late.push(broken),
            }
        }
        match late.into_iter().next() {
            Some(why) if !frontier.iter().any(|node| node.pod.mode == Mode::Finished) => {
                Inclusion::Excluded(self.divergence(step, why))
            }
            _ => Inclusion::Included,
        }
    }

    fn divergence(&self, step: &Step, why: Broken) -> Divergence {
        Divergence {
            event_index: step.event_index,
            resource_version: step.resource_version.clone(),
            rule: why.rule.to_string(),
            container: why.container,
            summary: why.summary,
            known_deviation: None,
        }
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
}
