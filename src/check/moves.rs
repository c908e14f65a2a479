//! What can have happened next: the model's choices, explored.
//!
//! Moves that could never lead to the status that is to be explained are not made; that keeps the search small and
//! forbids nothing.

use super::bounds::Bounds;
use super::facts::{FAR_FUTURE, Facts, InstanceFacts, Interval, LONG_AGO};
use super::node::Node;
use super::teardown::{Broken, Grace, Teardown};
use crate::model::{
    self, Behaviour, ConditionReason, Kind, Mode, PodSpec, PodState, Probed, RestartPolicy, Status, Worker,
};
use crate::trace::{Exit, ProbeSpec, Reason, State, UnixMs};

/// What the search knows when it explains one observed status.
pub struct Moves<'a> {
    pub behaviour: &'a Behaviour,
    pub spec: &'a PodSpec,
    pub facts: &'a Facts,
    pub bounds: &'a Bounds,
    /// The status to be explained.
    pub target: &'a Status,
    /// When it was received; nothing later can have led to it.
    pub received: UnixMs,
    /// Grace of the delete, once the watch has shown the deletion timestamp.
    pub deletion: Option<(Grace, UnixMs)>,
    /// The pod is deleted at some time, so its first sync can be interrupted.
    pub is_deleted_later: bool,
    /// Whether the pod had initialised in the object that the worker holds; it can lag behind the published statuses.
    pub initialized: &'a [bool],
}

/// More ends than this in one snapshot are explored in parts.
const SIMULTANEOUS_ENDS_MAX: usize = 8;

/// A watch event reaches the recorder at most this long after the change, on a machine under load.
const DELETE_LAG_MS: i64 = 2_000;

/// An end that a snapshot can show.
struct End {
    index: usize,
    exits: Vec<Exit>,
    at: Interval,
}

/// Moves out of a state, and the rules that forbade others.
#[derive(Default)]
pub struct Expansion {
    pub next: Vec<Node>,
    pub broken: Vec<Broken>,
}

impl Moves<'_> {
    /// All moves out of `node` that can still lead to the target.
    pub fn expand(&self, node: &Node) -> Expansion {
        let mut out = Expansion::default();
        match node.pod.mode {
            Mode::Sync if node.interrupted => self.delete(node, &mut out),
            Mode::Sync if node.blocked => self.readiness(node, &mut out),
            Mode::Sync => {
                self.syncs(node, &mut out);
                self.probes(node, &mut out);
                self.delete(node, &mut out);
                if node.pod.announcement_due {
                    let mut next = node.clone();
                    model::sandbox_announced(&mut next.pod);
                    self.push(next, &mut out);
                }
            }
            Mode::Ending => {
                self.terminating(node, &mut out);
                self.delete(node, &mut out);
                self.readiness(node, &mut out);
                self.startup(node, &mut out);
                self.ended_workers(node, &mut out);
            }
            Mode::Killing => {
                self.kill_done(node, &mut out);
                self.readiness(node, &mut out);
                self.startup(node, &mut out);
            }
            Mode::Killed => {
                self.terminated(node, &mut out);
                // TO-11: when stopping the sandbox fails (seen under load), the whole step is tried again, and it begins
                // with a status.
                self.terminating(node, &mut out);
            }
            Mode::Terminated => {
                self.terminated(node, &mut out);
                for &initialized in self.initialized {
                    let mut next = node.clone();
                    model::finish(self.spec, &mut next.pod, initialized);
                    self.push(next, &mut out);
                }
            }
            Mode::Finished => {}
        }
        out
    }

    fn push(&self, node: Node, out: &mut Expansion) {
        if self.can_lead_to_target(&node.pod) {
            out.next.push(node);
        }
    }

    /// Restart counts and instances never go back, so a state beyond the target cannot explain it.
    fn can_lead_to_target(&self, pod: &PodState) -> bool {
        pod.status
            .containers
            .iter()
            .zip(&self.target.containers)
            .all(|(model, target)| {
                model.restart_count < target.restart_count
                    || (model.restart_count == target.restart_count
                        && (target.state != State::Running
                            || matches!(model.state, State::Running | State::Waiting(_)))
                        && (target.last.is_some()
                            || !matches!(target.state, State::Waiting(_))
                            || model.state != State::Running))
            })
            || self.target.containers.is_empty()
    }

    fn exists_later(&self, index: usize, n: u32) -> bool {
        self.facts.instances(index) > n + 1
            || self
                .target
                .containers
                .get(index)
                .is_some_and(|view| view.restart_count > n)
    }

    /// How instance `n` of a container ended, as far as anybody can know: the fact, or (when it was never shown) both.
    fn exits(&self, index: usize, n: u32) -> Vec<Exit> {
        match self.facts.get(index, n).and_then(|facts| facts.exit.clone()) {
            Some(exit) => vec![exit],
            None if self.exists_later(index, n) => vec![
                Exit {
                    code: 0,
                    reason: Reason::Completed,
                },
                Exit {
                    code: 1,
                    reason: Reason::Error,
                },
            ],
            None => Vec::new(),
        }
    }

    fn facts_of(&self, index: usize, n: u32) -> InstanceFacts {
        self.facts.get(index, n).cloned().unwrap_or_default()
    }

    /// The first status of the terminating step, on a snapshot newer than the one that showed the end.
    fn terminating(&self, node: &Node, out: &mut Expansion) {
        for snapshot in self.snapshots(node) {
            let mut next = snapshot;
            self.prune(&mut next.pod);
            model::terminating_status(self.behaviour, self.spec, &mut next.pod);
            next.computed();
            self.push(next, out);
        }
    }

    fn terminated(&self, node: &Node, out: &mut Expansion) {
        // A delete that comes only now still counts (WR-4).
        let may_be_deleted = self.deletion.is_some() && !node.pod.deleted;
        for deleted_now in [false, true].into_iter().take(1 + usize::from(may_be_deleted)) {
            let mut next = node.clone();
            next.pod.deleted |= deleted_now;
            self.prune(&mut next.pod);
            model::terminated_status(self.behaviour, self.spec, &mut next.pod);
            next.computed();
            self.push(next, out);
        }
    }

    fn syncs(&self, node: &Node, out: &mut Expansion) {
        for mut next in self.snapshots(node).into_iter().flat_map(|node| self.pruned(node)) {
            let is_first = next.pod.sandbox == model::Sandbox::None;
            let acts = model::sync_status(self.behaviour, self.spec, &mut next.pod);
            next.computed();
            if !acts {
                self.push(next, out);
            } else if self.can_lead_to_target(&next.pod) {
                if is_first && self.is_deleted_later {
                    // A delete cancels the wait for the pod's volumes, which comes after the first status: nothing is
                    // started then (seen on v1.34.0 and v1.37.0).
                    let mut interrupted = next.clone();
                    interrupted.interrupted = true;
                    interrupted.pod.sandbox = model::Sandbox::None;
                    interrupted.pod.announcement_due = false;
                    self.push(interrupted, out);
                }
                self.act(next, out);
            }
        }
    }

    /// The runtime snapshots that the next sync can see: an end that is known to lie before another one that is seen is
    /// seen too, because one relist inspects the whole pod.
    fn snapshots(&self, node: &Node) -> Vec<Node> {
        let mut ends: Vec<End> = (0..node.pod.containers.len())
            .filter_map(|index| self.end(node, index))
            .collect();
        ends.truncate(SIMULTANEOUS_ENDS_MAX);
        let subsets = 0..1_u32 << ends.len();
        let consistent = subsets.filter(|subset| {
            let seen = |k: usize| subset & (1 << k) != 0;
            let pairs = || (0..ends.len()).flat_map(|a| (0..ends.len()).map(move |b| (a, b)));
            !pairs().any(|(a, b)| seen(a) && !seen(b) && ends[b].at.hi < ends[a].at.lo)
        });
        consistent
            .flat_map(|subset| self.snapshot(node, &ends, subset))
            .collect()
    }

    /// RS-9: instances before the newest dead one are removed at any later moment (up to 1.35 seen even beside a running
    /// one). The choice is made for the target's sake: a removal that no status shows has no consequence.
    fn prune(&self, pod: &mut PodState) {
        for (container, target) in pod.containers.iter_mut().zip(&self.target.containers) {
            let Some(newest) = &container.newest else { continue };
            let may_go = newest.exit.is_some() || !self.behaviour.last_state_is_sticky;
            // WR-6: the lastState of a waiting container is its newest instance.
            let shows_previous = !matches!(target.state, State::Waiting(_)) && target.restart_count == newest.n;
            if may_go && shows_previous && target.last != container.previous {
                container.previous = None;
            }
        }
    }

    /// The same for a sync, which can kill a container by a probe: then the back-off is asked about the instance before it
    /// (RS-5), so whether that has been removed by now makes a difference.
    fn pruned(&self, node: Node) -> Vec<Node> {
        let mut pruned = node.clone();
        self.prune(&mut pruned.pod);
        let mut pairs = self
            .spec
            .containers
            .iter()
            .zip(pruned.pod.containers.iter().zip(&node.pod.containers));
        let matters = pairs.any(|(spec, (after, before))| {
            after.previous != before.previous
                && before.is_running()
                && (spec.startup.is_some() || spec.liveness.is_some())
        });
        if matters { vec![pruned, node] } else { vec![pruned] }
    }

    /// The end of a running instance that a snapshot can show by now.
    fn end(&self, node: &Node, index: usize) -> Option<End> {
        let instance = node.pod.containers[index]
            .newest
            .as_ref()
            .filter(|instance| instance.exit.is_none())?;
        let target = self.target.containers.get(index);
        if target.is_some_and(|view| view.restart_count == instance.n && view.state == State::Running) {
            return None;
        }
        let unknown = Interval {
            lo: node.now,
            hi: FAR_FUTURE,
        };
        let at = self.facts_of(index, instance.n).finish.unwrap_or(unknown);
        let exits = self.exits(index, instance.n);
        (at.lo <= self.received && !exits.is_empty()).then_some(End { index, exits, at })
    }

    /// `node` with the ends of `subset` seen, once for every way in which they can have ended.
    fn snapshot(&self, node: &Node, ends: &[End], subset: u32) -> Vec<Node> {
        let mut nodes = vec![node.clone()];
        for (_, end) in ends.iter().enumerate().filter(|(k, _)| subset & (1 << k) != 0) {
            nodes = nodes
                .iter()
                .flat_map(|node| {
                    end.exits.iter().map(move |exit| {
                        let mut next = node.clone();
                        next.pod.exit(end.index, exit.clone());
                        next.passed(end.at);
                        next
                    })
                })
                .collect();
        }
        nodes
    }

    /// The sync performs its plan.
    fn act(&self, mut node: Node, out: &mut Expansion) {
        let plan = model::plan(self.behaviour, self.spec, &node.pod);
        if plan.kill_pod {
            return self.kill_pod(node, out);
        }
        // RS-5: the back-off of a container that this sync kills is asked about the instance that was dead before.
        let dead: Vec<Option<u32>> = node
            .pod
            .containers
            .iter()
            .map(|container| match &container.newest {
                Some(instance) if instance.exit.is_some() => Some(instance.n),
                Some(instance) if container.previous.is_some() => instance.n.checked_sub(1),
                _ => None,
            })
            .collect();
        for &index in &plan.kills {
            let n = node.pod.containers[index]
                .newest
                .as_ref()
                .map_or(0, |instance| instance.n);
            let facts = self.facts_of(index, n);
            let Some(exit) = facts.exit.clone().or_else(|| self.exits(index, n).pop()) else {
                node.blocked = true;
                return self.push(node, out);
            };
            node.acted(facts.finish.unwrap_or(Interval::UNKNOWN));
            node.pod.exit(index, exit);
        }
        self.start(node.clone(), &plan.starts, &dead, out);
        // RS-9: the instance before can have been removed by then (seen on v1.37.0: a third life after a probe's kill began
        // 9.4 s after the second had ended); without a dead instance there is no back-off.
        let removed = plan.kills.iter().fold(dead.clone(), |mut dead, &index| {
            dead[index] = None;
            dead
        });
        if removed != dead {
            self.start(node, &plan.starts, &removed, out);
        }
    }

    /// Starts the first of `starts`, then the rest; where the back-off decides, both answers are explored.
    fn start(&self, node: Node, starts: &[usize], dead: &[Option<u32>], out: &mut Expansion) {
        let Some((&index, rest)) = starts.split_first() else {
            return self.push(node, out);
        };
        let container = &node.pod.containers[index];
        let n = container.newest.as_ref().map_or(0, |instance| instance.n + 1);
        let started = self.facts_of(index, n).start;
        let wait_ms = i64::from(container.backoff_wait_s()) * 1_000;
        let ready_from = dead[index]
            .and_then(|d| self.facts_of(index, d).finish)
            .filter(|_| wait_ms > 0)
            .map(|finish| (finish.lo + wait_ms, finish.hi + wait_ms));
        let is_init = self.spec.containers[index].kind == Kind::Init;
        let name = &self.spec.containers[index].name;

        // Refused: the sync may have been before the wait was over.
        if dead[index].is_some() && wait_ms > 0 && ready_from.is_none_or(|(_, hi)| node.now < hi) {
            let mut refused = node.clone();
            refused.pod.refuse(index);
            // ST-8: a failing init container start ends the sync.
            self.start(refused, if is_init { &[] } else { rest }, dead, out);
        }

        let mut next = node;
        if let Some(start) = started {
            if let Some((lo, _)) = ready_from
                && start.hi < lo - self.bounds.rounding_ms
            {
                out.broken.push(Broken {
                    rule: "BO-3",
                    summary: format!(
                        "{name} was started again {} ms before its back-off of {} s was over",
                        lo - start.hi,
                        wait_ms / 1_000
                    ),
                });
                return;
            }
            if start.hi < next.now - self.bounds.rounding_ms {
                out.broken.push(Broken {
                    rule: "ST-2",
                    summary: format!("{name} was started {} ms before its turn had come", next.now - start.hi),
                });
                return;
            }
            if wait_ms == 0 && start.lo > next.latest.saturating_add(self.bounds.act_ms()) {
                out.broken.push(Broken {
                    rule: "ST-10",
                    summary: format!(
                        "{name} was started {} ms after its turn had come; at most {} ms are permitted",
                        start.lo - next.latest,
                        self.bounds.act_ms()
                    ),
                });
                return;
            }
            next.acted(start);
        }
        next.pod.start(index, dead[index].is_some());
        self.start(next, rest, dead, out);
    }

    /// TP-A, or the end of a pod whose init container failed: everything is stopped inside this sync.
    fn kill_pod(&self, node: Node, out: &mut Expansion) {
        let mut stopped = node.clone();
        match self.stop_all(&mut stopped, Grace::exactly(self.spec.grace_s), out) {
            Some(()) => self.push(stopped, out),
            None => {
                let mut blocked = node;
                blocked.blocked = true;
                self.push(blocked, out);
            }
        }
    }

    /// Ends everything that runs, in order; `None` when the recording does not show all the ends or forbids them.
    fn stop_all(&self, node: &mut Node, grace: Grace, out: &mut Expansion) -> Option<()> {
        let teardown = Teardown {
            behaviour: self.behaviour,
            spec: self.spec,
            facts: self.facts,
            bounds: self.bounds,
            // Probe results that came during the kill are later than its beginning.
            begin: node.status_at,
            begin_latest: node.latest,
            grace,
        };
        if let Err(broken) = teardown.check(&node.pod) {
            out.broken.push(broken);
            return None;
        }
        node.acted(Interval {
            lo: node.now,
            hi: teardown.waits_until(&node.pod),
        });
        for index in 0..node.pod.containers.len() {
            let Some(instance) = node.pod.containers[index].newest.clone().filter(|i| i.exit.is_none()) else {
                continue;
            };
            let facts = self.facts_of(index, instance.n);
            // WS-1: a slow writer sends the status from before the kill with the terminal phase; where the object is
            // gone before the next one, nobody ever learns how the containers ended.
            let unseen = self.target.phase.is_terminal().then(model::unknown_exit);
            let exit = facts.exit.clone().or(unseen)?;
            node.acted(facts.finish.unwrap_or(Interval::UNKNOWN));
            node.pod.exit(index, exit);
        }
        if node.pod.sandbox == model::Sandbox::Ready {
            node.pod.sandbox = model::Sandbox::Stopped;
        }
        node.pod.announcement_due = false;
        Some(())
    }

    fn kill_done(&self, node: &Node, out: &mut Expansion) {
        let grace = match self.deletion {
            Some((grace, _)) if node.pod.deleted => grace,
            _ => Grace::exactly(self.spec.grace_s),
        };
        let mut next = node.clone();
        if self.stop_all(&mut next, grace, out).is_some() {
            model::kill_done(&mut next.pod);
            self.push(next, out);
        }
    }

    fn delete(&self, node: &Node, out: &mut Expansion) {
        let Some((_, seen_at)) = self.deletion else { return };
        for snapshot in self.snapshots(node) {
            let mut next = snapshot;
            // The watch shows the delete a little after the API server has accepted it.
            next.passed(Interval {
                lo: seen_at - DELETE_LAG_MS,
                hi: seen_at,
            });
            next.interrupted = false;
            self.prune(&mut next.pod);
            model::delete_seen(self.behaviour, self.spec, &mut next.pod);
            next.computed();
            self.push(next, out);
        }
    }

    fn probes(&self, node: &Node, out: &mut Expansion) {
        self.startup(node, out);
        self.readiness(node, out);
        self.liveness(node, out);
        self.lost_workers(node, out);
    }

    /// The instance of `index` that its probe workers look at: the newest, published as running. (If its end is known
    /// all the same, it is being stopped by the very sync that published it, which blocks, and its workers go on.)
    fn probed(&self, node: &Node, index: usize) -> Option<u32> {
        let view = node.pod.status.containers.get(index)?;
        let instance = node.pod.containers[index].newest.as_ref()?;
        (view.state == State::Running && view.restart_count == instance.n).then_some(instance.n)
    }

    fn earliest(&self, index: usize, n: u32, probe: &ProbeSpec, results: u32) -> UnixMs {
        let start = self.facts_of(index, n).start.map_or(LONG_AGO, |start| start.lo);
        // The initial delay counts from the status's start time, which is cut to the second.
        let start = start.div_euclid(1_000) * 1_000;
        // A worker goes on counting in the next life where it stopped in the one before (its run of equal results is not
        // reset), so there the first result can be the one that is missing.
        let results = if n == 0 { results } else { 1 };
        let periods =
            i64::from(probe.initial_delay_s) + i64::from(probe.period_s) * i64::from(results.saturating_sub(1));
        // Ticks are not aligned with the start, and readiness can be asked out of turn (PB-1).
        start.saturating_add(periods * 1_000 - self.bounds.rounding_ms)
    }

    fn startup(&self, node: &Node, out: &mut Expansion) {
        for (index, container) in self.spec.containers.iter().enumerate() {
            let (Some(probe), Some(n)) = (&container.startup, self.probed(node, index)) else {
                continue;
            };
            let state = &node.pod.containers[index];
            if !state.has_worker(Worker::Startup) {
                continue;
            }
            let startup = state
                .newest
                .as_ref()
                .map_or(Probed::Nothing, |instance| instance.startup);
            let target = &self.target.containers.get(index);
            let same = target.is_some_and(|view| view.restart_count == n && view.state == State::Running);
            let shows_started = target.is_some_and(|view| view.started);
            let mut results = Vec::new();
            match startup {
                Probed::Nothing | Probed::Pending => {
                    if !same || shows_started {
                        results.push((Probed::Success, self.earliest(index, n, probe, 1)));
                    }
                    // Failure leads to a kill, so it matters only where the instance ends.
                    if self.facts_of(index, n).finish.is_some() || !shows_started {
                        results.push((Probed::Failure, self.earliest(index, n, probe, probe.failure_threshold)));
                    }
                    // PB-7: the worker's first result takes the inherited `started` back.
                    if startup == Probed::Nothing && node.pod.status.containers[index].started {
                        results.push((Probed::Pending, LONG_AGO));
                    }
                }
                Probed::Success | Probed::Failure => {}
            }
            for (result, earliest) in results {
                let mut next = node.clone();
                model::startup_result(&mut next.pod, index, result);
                next.passed(Interval {
                    lo: earliest,
                    hi: FAR_FUTURE,
                });
                if earliest <= self.received {
                    self.push(next, out);
                }
            }
        }
    }

    fn readiness(&self, node: &Node, out: &mut Expansion) {
        for (index, container) in self.spec.containers.iter().enumerate() {
            if container.readiness.is_none() {
                continue;
            }
            let (Some(view), Some(target)) = (node.pod.status.containers.get(index), self.target.containers.get(index))
            else {
                continue;
            };
            let same = view.state == State::Running && target.restart_count == view.restart_count;
            let known = node.pod.containers[index]
                .newest
                .as_ref()
                .is_some_and(|i| i.n >= view.restart_count);
            if same
                && known
                && view.started
                && view.ready != target.ready
                && node.pod.containers[index].has_worker(Worker::Readiness)
            {
                let mut next = node.clone();
                model::readiness_result(self.spec, &mut next.pod, index, target.ready);
                self.push(next, out);
            }
        }
    }

    fn liveness(&self, node: &Node, out: &mut Expansion) {
        for (index, container) in self.spec.containers.iter().enumerate() {
            let (Some(probe), Some(n)) = (&container.liveness, self.probed(node, index)) else {
                continue;
            };
            let instance = node.pod.containers[index].newest.as_ref();
            if !node.pod.status.containers[index].started
                || instance.is_none_or(|instance| instance.liveness_failed)
                || !node.pod.containers[index].has_worker(Worker::Liveness)
            {
                continue;
            }
            let earliest = self.earliest(index, n, probe, probe.failure_threshold);
            if earliest <= self.received {
                let mut next = node.clone();
                model::liveness_failed(&mut next.pod, index);
                next.passed(Interval {
                    lo: earliest,
                    hi: FAR_FUTURE,
                });
                self.push(next, out);
            }
        }
    }

    /// PB-10: probe workers end when they see a terminal phase, and what has no worker counts as started and ready.
    fn ended_workers(&self, node: &Node, out: &mut Expansion) {
        for (index, (view, target)) in node
            .pod
            .status
            .containers
            .iter()
            .zip(&self.target.containers)
            .enumerate()
        {
            let improves = (target.started && !view.started) || (target.ready && !view.ready);
            if !improves || (view.restart_count, &view.state) != (target.restart_count, &target.state) {
                continue;
            }
            for worker in [Worker::Startup, Worker::Readiness] {
                if node.pod.containers[index].has_worker(worker) {
                    let mut next = node.clone();
                    model::worker_lost(&mut next.pod, index, worker);
                    self.push(next, out);
                }
            }
        }
    }

    /// In a Never pod the probe workers of a container end once they see it terminated; a sidecar's too where PB-6 holds.
    fn lost_workers(&self, node: &Node, out: &mut Expansion) {
        if self.spec.restart_policy != RestartPolicy::Never {
            return;
        }
        for (index, container) in self.spec.containers.iter().enumerate() {
            let terminated = node
                .pod
                .status
                .containers
                .get(index)
                .is_some_and(|view| matches!(view.state, State::Terminated(_)));
            let ends = match container.kind {
                Kind::Init => false,
                Kind::Sidecar => self.behaviour.never_pod_loses_probe_workers,
                Kind::Main => true,
            };
            if !ends || !terminated {
                continue;
            }
            for worker in [Worker::Startup, Worker::Readiness, Worker::Liveness] {
                if node.pod.containers[index].has_worker(worker) {
                    let mut next = node.clone();
                    model::worker_lost(&mut next.pod, index, worker);
                    self.push(next, out);
                }
            }
        }
    }
}

/// Does this status come from a kubelet at all?
pub fn is_kubelets(status: &Status) -> bool {
    !status.containers.is_empty()
        || status
            .conditions
            .iter()
            .flatten()
            .any(|condition| condition.reason == ConditionReason::ContainersNotReady)
}
