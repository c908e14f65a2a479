//! What can have happened next: the model's choices, explored.
//!
//! Moves that could never lead to the status that is to be explained are not made; that keeps the search small and
//! forbids nothing.

mod acts;
mod probes;
mod reach;
mod snapshots;
#[cfg(test)]
mod tests;

use smallvec::SmallVec;

use super::bounds::Bounds;
use super::broken::Broken;
use super::facts::{Facts, InstanceFacts, Interval};
use super::node::Node;
use super::teardown::Grace;
use crate::model::{self, Behaviour, ConditionReason, Kind, Mode, PodSpec, Probed, Status, Worker};
use crate::trace::{Exit, Reason, UnixMs};

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
    /// What comes too late for the target is wanted too, to tell what it would have been.
    pub keeps_all: bool,
}

/// More ends than this in one snapshot are explored in parts.
const SIMULTANEOUS_ENDS_MAX: usize = 8;

/// A watch event reaches the recorder at most this long after the change, on a machine under load.
pub const DELETE_LAG_MS: i64 = 2_000;

/// An end that a snapshot can show.
struct End {
    index: usize,
    exits: Vec<Exit>,
    at: Interval,
}

/// What one step leads to: mostly one state.
type Nodes = SmallVec<[Node; 1]>;

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
        let computes = self.keeps_all || !self.is_late(node);
        match node.pod.mode {
            Mode::Sync if node.interrupted => self.delete(node, &mut out),
            Mode::Sync if node.blocked => {
                self.readiness(node, &mut out);
                self.startup(node, &mut out);
            }
            Mode::Sync => {
                if computes {
                    self.syncs(node, &mut out);
                }
                self.probes(node, &mut out);
                if computes {
                    self.delete(node, &mut out);
                }
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

    fn push(&self, mut node: Node, out: &mut Expansion) {
        if self.can_reach_target(&node) {
            node.forget();
            out.next.push(node);
        }
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

    fn facts_of(&self, index: usize, n: u32) -> &InstanceFacts {
        self.facts.get(index, n).unwrap_or(&InstanceFacts::NOTHING)
    }

    /// The first status of the terminating step, on a snapshot newer than the one that showed the end.
    fn terminating(&self, node: &Node, out: &mut Expansion) {
        for (mut next, late) in self.with_late(node, self.snapshots(node)) {
            self.prune(&mut next.pod);
            model::late_status(&mut next.pod, &late, |pod| {
                model::terminating_status(self.behaviour, self.spec, pod);
            });
            next.computed();
            self.push(next, out);
        }
    }

    /// WS-4: what a status can be computed from: each snapshot, and, where the target shows containers that are not started
    /// any more, each snapshot once more with those whose startup probes passed between its status' computing and storing.
    /// A later life that is not started may owe that to such a status which nobody saw: it has nothing to inherit (PB-7).
    fn with_late(&self, node: &Node, snapshots: Nodes) -> impl Iterator<Item = (Node, Vec<usize>)> {
        let containers = node.pod.containers.iter().zip(&self.target.containers);
        let late = containers.enumerate().filter_map(|(index, (it, target))| {
            let instance = it.newest.as_ref().filter(|instance| instance.passed_just_now)?;
            let is_shown = target.runs_as(instance.n);
            let bequeaths = self.behaviour.started_is_inherited && target.restart_count > instance.n;
            ((is_shown || bequeaths) && !target.started).then_some(index)
        });
        let late: Vec<usize> = late.collect();
        let again = if late.is_empty() {
            Nodes::new()
        } else {
            snapshots.clone()
        };
        let again = again.into_iter().map(move |snapshot| (snapshot, late.clone()));
        snapshots
            .into_iter()
            .map(|snapshot| (snapshot, Vec::new()))
            .chain(again)
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
        let snapshots = self.snapshots(node).into_iter().flat_map(|node| self.pruned(node));
        let snapshots: Nodes = snapshots.collect();
        for (index, passed) in self.passing(node) {
            for mut snapshot in snapshots.clone() {
                snapshot.probed(Probed::Success, passed);
                self.sync(snapshot, &[index], out);
            }
        }
        for (snapshot, late) in self.with_late(node, snapshots) {
            self.sync(snapshot, &late, out);
        }
    }

    /// WS-4, from the other side: sidecars whose startup probe can pass after this sync has computed its status, which shows
    /// them as not started, and before it decides what may follow them.
    fn passing(&self, node: &Node) -> impl Iterator<Item = (usize, UnixMs)> {
        let containers = self.spec.containers.iter().zip(&self.target.containers).enumerate();
        containers.filter_map(|(index, (spec, target))| {
            let probe = spec
                .startup
                .as_ref()
                .filter(|_| spec.kind == Kind::Sidecar && !target.started)?;
            let n = self.probed(node, index)?;
            let container = &node.pod.containers[index];
            let waits = container
                .newest
                .as_ref()
                .is_some_and(|it| matches!(it.startup, Probed::Nothing | Probed::Pending));
            let is_shown = target.runs_as(n);
            let earliest = self.earliest(index, n, probe, 1);
            let can_pass = waits && is_shown && container.has_worker(Worker::Startup) && earliest <= self.received;
            can_pass.then_some((index, earliest))
        })
    }

    fn sync(&self, mut next: Node, late: &[usize], out: &mut Expansion) {
        let is_first = next.pod.sandbox == model::Sandbox::None;
        let acts = model::late_status(&mut next.pod, late, |pod| {
            model::sync_status(self.behaviour, self.spec, pod)
        });
        next.computed();
        if !acts {
            self.push(next, out);
        } else if self.restarts_fit(&next.pod) {
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

/// Does this status come from a kubelet at all?
pub fn is_kubelets(status: &Status) -> bool {
    !status.containers.is_empty()
        || status
            .conditions
            .iter()
            .flatten()
            .any(|condition| condition.reason == ConditionReason::ContainersNotReady)
}
