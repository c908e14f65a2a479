//! What a sync does after its status: kills, starts with their back-off, teardowns; and the delete.

use super::{DELETE_LAG_MS, Expansion, Moves};
use crate::check::broken::Broken;
use crate::check::facts::{FAR_FUTURE, Interval, LONG_AGO};
use crate::check::node::Node;
use crate::check::overdue::ends_for_a_failure;
use crate::check::teardown::{Grace, Teardown};
use crate::model::{self, Kind, Plan};
use crate::trace::UnixMs;

impl Moves<'_> {
    /// The sync performs its plan.
    pub(super) fn act(&self, mut node: Node, out: &mut Expansion) {
        let plan = model::plan(self.behaviour, self.spec, &node.pod);
        if plan.kill_pod {
            return self.kill_pod(node, out);
        }
        if plan.is_empty() {
            return self.push(node, out);
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
        self.failed_kill(&node, &plan, out);
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
        // RS-9: the instance before can have been removed by then (seen on v1.37.0: a third life after a probe's kill began
        // 9.4 s after the second had ended); without a dead instance there is no back-off.
        if plan.kills.iter().any(|&index| dead[index].is_some()) {
            let mut removed = dead.clone();
            plan.kills.iter().for_each(|&index| removed[index] = None);
            self.start(node.clone(), &plan.starts, &removed, out);
        }
        self.start(node, &plan.starts, &dead, out);
    }

    /// A kill that meets the container's own end can fail, and then the sync does nothing more (seen on v1.29.2: `ttrpc:
    /// closed`; SyncPod returns at the first one in all versions).
    fn failed_kill(&self, node: &Node, plan: &Plan, out: &mut Expansion) {
        if plan.kills.len() + plan.starts.len() < 2 {
            return;
        }
        let own_end = |&index: &usize| {
            let n = node.pod.containers[index].newest.as_ref()?.n;
            let facts = self.facts_of(index, n);
            facts
                .finish
                .filter(|_| facts.term.is_none() && !facts.killed && !facts.stopped)
        };
        for end in plan.kills.iter().filter_map(own_end) {
            let mut failed = node.clone();
            failed.acted(end);
            self.push(failed, out);
        }
    }

    /// Starts the first of `starts`, then the rest; where the back-off decides, both answers are explored.
    pub(super) fn start(&self, node: Node, starts: &[usize], dead: &[Option<u32>], out: &mut Expansion) {
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
                let words = "{name} was started again {a} ms before its back-off of {b} s was over";
                out.broken.push(Broken {
                    numbers: [lo - start.hi, wait_ms / 1_000],
                    ..Broken::new("BO-3", Some(index), lo - start.hi, words)
                });
                return;
            }
            if start.hi < next.now - self.bounds.rounding_ms {
                let words = "{name} was started {a} ms before its turn had come";
                let broken = Broken::new("ST-2", Some(index), next.now - start.hi, words);
                out.broken.push(broken);
                return;
            }
            let at_once = wait_ms == 0 || dead[index].is_none();
            let turn = self.turn(&next, n);
            if at_once && start.lo > turn.saturating_add(self.bounds.act_ms()) {
                let late_ms = start.lo - turn;
                let words = "{name} was started {a} ms after its turn had come; at most {b} ms are permitted";
                out.broken.push(Broken {
                    numbers: [late_ms, self.bounds.act_ms()],
                    ..Broken::new("ST-10", Some(index), late_ms, words)
                });
                return;
            }
            next.acted(start);
        }
        next.pod.start(index, dead[index].is_some());
        self.start(next, rest, dead, out);
    }

    /// By when instance `n` of a container had reason to be started: a first one not before there is a sandbox, which since 1.36
    /// is announced as soon as it is made (seen on v1.37.0 at a load of 65: 11 s after the sync had begun).
    fn turn(&self, node: &Node, n: u32) -> UnixMs {
        let sandbox_by = self
            .facts
            .sandbox_by
            .filter(|_| n == 0 && self.behaviour.ready_to_start_announced);
        node.ready_by().max(sandbox_by.unwrap_or(LONG_AGO))
    }

    /// TP-A, or the end of a pod whose init container failed: everything is stopped inside this sync.
    pub(super) fn kill_pod(&self, mut node: Node, out: &mut Expansion) {
        // RS-3: what has ended may have to wait until the last sidecar is up.
        node.failure_by = if ends_for_a_failure(self.spec, &node.pod) {
            node.failed_by().max(node.ready_by())
        } else {
            node.ready_by()
        };
        let mut stopped = node.clone();
        let begin_latest = node.failed_by();
        match self.stop_all(&mut stopped, Grace::exactly(self.spec.grace_s), begin_latest, out) {
            Some(()) => self.push(stopped, out),
            None => {
                node.blocked = true;
                self.push(node, out);
            }
        }
    }

    /// Ends everything that runs, in order; `None` when the recording does not show all the ends or forbids them.
    pub(super) fn stop_all(
        &self,
        node: &mut Node,
        grace: Grace,
        begin_latest: UnixMs,
        out: &mut Expansion,
    ) -> Option<()> {
        let teardown = Teardown {
            behaviour: self.behaviour,
            spec: self.spec,
            facts: self.facts,
            bounds: self.bounds,
            // Probe results that came during the kill are later than its beginning.
            begin: node.status_at,
            begin_latest,
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
            let runs_on = self
                .target
                .containers
                .get(index)
                .is_some_and(|view| view.runs_as(instance.n));
            let unseen = (runs_on && self.target.phase.is_terminal()).then(model::unknown_exit);
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

    pub(super) fn kill_done(&self, node: &Node, out: &mut Expansion) {
        let grace = match self.deletion {
            Some((grace, _)) if node.pod.deleted => grace,
            _ => Grace::exactly(self.spec.grace_s),
        };
        let mut next = node.clone();
        if self.stop_all(&mut next, grace, node.latest, out).is_some() {
            model::kill_done(&mut next.pod);
            self.push(next, out);
        }
    }

    pub(super) fn delete(&self, node: &Node, out: &mut Expansion) {
        let Some((_, seen_at)) = self.deletion else { return };
        for (mut next, late) in self.with_late(node, self.snapshots(node)) {
            // The watch shows the delete a little after the API server has accepted it.
            let lo = if seen_at < FAR_FUTURE {
                seen_at - DELETE_LAG_MS
            } else {
                LONG_AGO
            };
            next.passed(Interval { lo, hi: seen_at });
            next.interrupted = false;
            self.prune(&mut next.pod);
            model::late_status(&mut next.pod, &late, |pod| {
                model::delete_seen(self.behaviour, self.spec, pod);
            });
            next.computed();
            self.push(next, out);
        }
    }
}

#[cfg(test)]
mod tests;
