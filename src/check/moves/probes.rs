//! What the probe workers can have found.

use smallvec::SmallVec;

use super::{Expansion, Moves};
use crate::check::facts::LONG_AGO;
use crate::check::node::Node;
use crate::model::{self, Kind, Probed, RestartPolicy, Worker};
use crate::trace::{ProbeSpec, State, UnixMs};

impl Moves<'_> {
    pub(super) fn probes(&self, node: &Node, out: &mut Expansion) {
        self.startup(node, out);
        self.readiness(node, out);
        self.liveness(node, out);
        self.lost_workers(node, out);
    }

    /// The instance of `index` that its probe workers look at: the newest, published as running. (If its end is known
    /// all the same, it is being stopped by the very sync that published it, which blocks, and its workers go on.)
    pub(super) fn probed(&self, node: &Node, index: usize) -> Option<u32> {
        let view = node.pod.status.containers.get(index)?;
        let instance = node.pod.containers[index].newest.as_ref()?;
        view.runs_as(instance.n).then_some(instance.n)
    }

    pub(super) fn earliest(&self, index: usize, n: u32, probe: &ProbeSpec, results: u32) -> UnixMs {
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

    pub(super) fn startup(&self, node: &Node, out: &mut Expansion) {
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
            let published = &node.pod.status.containers[index];
            let target = &self.target.containers.get(index);
            let same = target.is_some_and(|view| view.runs_as(n));
            let shows_started = target.is_some_and(|view| view.started);
            let mut results: SmallVec<[(Probed, UnixMs); 3]> = SmallVec::new();
            match startup {
                Probed::Nothing | Probed::Pending => {
                    // Also where the status does not show it: it may have been taken back already (WS-4).
                    results.push((Probed::Success, self.earliest(index, n, probe, 1)));
                    // Failure leads to a kill, so it matters only where the instance ends (which a later one shows, if nothing
                    // else does) and has not been stopped yet.
                    let ends = !same || !shows_started || self.facts_of(index, n).finish.is_some();
                    if state.is_running() && ends {
                        results.push((Probed::Failure, self.earliest(index, n, probe, probe.failure_threshold)));
                    }
                    // PB-7: the worker's first result takes the inherited `started` back.
                    if startup == Probed::Nothing && published.started {
                        results.push((Probed::Pending, LONG_AGO));
                    }
                }
                // PB-5, WS-4: asked again, it can fail as often as it must, and the container is stopped though it had passed.
                Probed::Success if self.behaviour.startup_probe_is_asked_again && !published.started => {
                    if state.is_running() && (!same || !shows_started) {
                        results.push((
                            Probed::Failure,
                            self.earliest(index, n, probe, probe.failure_threshold + 1),
                        ));
                    }
                }
                Probed::Success | Probed::Failure => {}
            }
            for (result, earliest) in results {
                let mut next = node.clone();
                model::startup_result(&mut next.pod, index, result);
                next.probed(result, earliest);
                if earliest <= self.received {
                    self.push(next, out);
                }
            }
        }
    }

    pub(super) fn readiness(&self, node: &Node, out: &mut Expansion) {
        for (index, container) in self.spec.containers.iter().enumerate() {
            if container.readiness.is_none() {
                continue;
            }
            let (Some(view), Some(target)) = (node.pod.status.containers.get(index), self.target.containers.get(index))
            else {
                continue;
            };
            let newest = node.pod.containers[index].newest.as_ref();
            let same = target.restart_count == view.restart_count;
            let known = newest.is_some_and(|instance| instance.n >= view.restart_count);
            // PB-7: a readiness probe that was asked while `started` was still inherited brings its result after the startup
            // worker's first one has taken that back (seen on v1.37.0).
            let in_flight = target.ready && newest.is_some_and(|instance| instance.startup == Probed::Pending);
            let of_a_running_one = view.state == State::Running && (view.started || in_flight);
            // PB-15: one that was asked while the container ran, and is answered by whoever has the pod's address, can arrive
            // when its end is published already.
            let of_a_dead_one = view.state != State::Running && view.state == target.state && target.ready;
            // A result that the status tells already, for another reason, still counts from the next sync on.
            let is_news = view.ready != target.ready || newest.is_some_and(|instance| instance.ready != target.ready);
            if same
                && known
                && (of_a_running_one || of_a_dead_one)
                && is_news
                && node.pod.containers[index].has_worker(Worker::Readiness)
            {
                let mut next = node.clone();
                model::readiness_result(self.spec, &mut next.pod, index, target.ready);
                self.push(next, out);
            }
        }
    }

    pub(super) fn liveness(&self, node: &Node, out: &mut Expansion) {
        for (index, container) in self.spec.containers.iter().enumerate() {
            let (Some(probe), Some(n)) = (&container.liveness, self.probed(node, index)) else {
                continue;
            };
            let instance = node.pod.containers[index].newest.as_ref();
            if !node.pod.status.containers[index].started
                || instance.is_none_or(|instance| instance.liveness_failed || instance.exit.is_some())
                || !node.pod.containers[index].has_worker(Worker::Liveness)
            {
                continue;
            }
            let earliest = self.earliest(index, n, probe, probe.failure_threshold);
            if earliest <= self.received {
                let mut next = node.clone();
                model::liveness_failed(&mut next.pod, index);
                next.probed(Probed::Failure, earliest);
                self.push(next, out);
            }
        }
    }

    /// PB-10: probe workers end when they see a terminal phase, and what has no worker counts as started and ready.
    pub(super) fn ended_workers(&self, node: &Node, out: &mut Expansion) {
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

    /// PB-6: in a Never pod the probe workers of a sidecar end once they see it terminated.
    ///
    /// Those of a main do so in every version, but that matters only for the pass that makes missing workers again: it
    /// ends at the first that exists, and mains come first. So they are only ever taken away together.
    pub(super) fn lost_workers(&self, node: &Node, out: &mut Expansion) {
        if self.spec.restart_policy != RestartPolicy::Never || !self.behaviour.never_pod_loses_probe_workers {
            return;
        }
        let statuses = &node.pod.status.containers;
        let terminated = |index: usize| {
            statuses
                .get(index)
                .is_some_and(|it| matches!(it.state, State::Terminated(_)))
        };
        let of_kind =
            |kind: Kind| (0..self.spec.containers.len()).filter(move |&it| self.spec.containers[it].kind == kind);
        let workers = [Worker::Startup, Worker::Readiness, Worker::Liveness];
        let mut sidecar_lost = false;
        for index in of_kind(Kind::Sidecar) {
            for (worker, wanted) in workers.into_iter().zip(self.wanted(index)) {
                let has = node.pod.containers[index].has_worker(worker);
                sidecar_lost |= wanted && !has;
                if has && terminated(index) {
                    let mut next = node.clone();
                    model::worker_lost(&mut next.pod, index, worker);
                    self.push(next, out);
                }
            }
        }
        let mut mains = of_kind(Kind::Main).filter(|&index| self.wanted(index).contains(&true));
        let any_left = mains.clone().any(|index| node.pod.containers[index].workers != 0);
        if sidecar_lost && any_left && mains.all(terminated) {
            let mut next = node.clone();
            for index in of_kind(Kind::Main) {
                workers
                    .into_iter()
                    .for_each(|worker| model::worker_lost(&mut next.pod, index, worker));
            }
            self.push(next, out);
        }
    }

    /// Startup, readiness and liveness probe: which of them a container has.
    fn wanted(&self, index: usize) -> [bool; 3] {
        let container = &self.spec.containers[index];
        [
            container.startup.is_some(),
            container.readiness.is_some(),
            container.liveness.is_some(),
        ]
    }
}

#[cfg(test)]
mod tests;
