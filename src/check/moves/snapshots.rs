//! What a relist can show: which ends are seen together, and which dead instances are still there.

use smallvec::smallvec;

use super::{End, Moves, Nodes, SIMULTANEOUS_ENDS_MAX};
use crate::check::facts::{FAR_FUTURE, Interval};
use crate::check::node::Node;
use crate::model::{Container, ContainerView, PodState, State};
use crate::trace::Exit;

impl Moves<'_> {
    /// The runtime snapshots that the next sync can see: an end that is known to lie before another one that is seen is
    /// seen too, because one relist inspects the whole pod, one container after the other. So nothing is seen that comes after
    /// an end which the target does not show yet.
    pub(super) fn snapshots(&self, node: &Node) -> Nodes {
        let mut ends: Vec<End> = (0..node.pod.containers.len())
            .filter_map(|index| self.end(node, index))
            .collect();
        if ends.is_empty() {
            return smallvec![node.clone()];
        }
        ends.truncate(SIMULTANEOUS_ENDS_MAX);
        let hidden = (0..node.pod.containers.len()).filter_map(|index| self.hidden_end(node, index));
        let inspection_ms = self.bounds.inspection_ms();
        let until = hidden.map(|at| at.hi + inspection_ms).min().unwrap_or(FAR_FUTURE);
        ends.retain(|end| end.at.lo <= until);
        let subsets = 0..1_u32 << ends.len();
        let consistent = subsets.filter(|subset| {
            let seen = |k: usize| subset & (1 << k) != 0;
            let pairs = || (0..ends.len()).flat_map(|a| (0..ends.len()).map(move |b| (a, b)));
            !pairs().any(|(a, b)| seen(a) && !seen(b) && ends[b].at.hi + inspection_ms < ends[a].at.lo)
        });
        consistent
            .flat_map(|subset| self.snapshot(node, &ends, subset))
            .collect()
    }

    /// RS-9: instances before the newest dead one are removed at any later moment, even beside a running one: the garbage
    /// collection, once a minute, keeps one instance of each container that does not run, and one that is being created
    /// counts (seen on v1.37.0). What a status has told before is not lost by that since 1.36 (`sticky_last`). The
    /// choice is made for the target's sake: a removal that no status shows has no consequence.
    pub(super) fn prune(&self, pod: &mut PodState) {
        for (index, target) in self.target.containers.iter().enumerate() {
            if pod
                .containers
                .get(index)
                .is_some_and(|it| self.previous_goes(it, target))
            {
                pod.container(index).previous = None;
            }
        }
    }

    fn previous_goes(&self, container: &Container, target: &ContainerView) -> bool {
        let Some(newest) = &container.newest else { return false };
        // WR-6: the lastState of a waiting container is its newest instance.
        let shows_previous = !matches!(target.state, State::Waiting(_)) && target.restart_count == newest.n;
        container.previous.is_some() && shows_previous && target.last != container.previous
    }

    /// The same for a sync, which can kill a container by a probe: then the back-off is asked about the instance before it
    /// (RS-5), so whether that has been removed by now makes a difference.
    pub(super) fn pruned(&self, mut node: Node) -> Nodes {
        let containers = node.pod.containers.iter().zip(&self.target.containers);
        let matters = self.spec.containers.iter().zip(containers).any(|(spec, (it, target))| {
            it.is_running() && (spec.startup.is_some() || spec.liveness.is_some()) && self.previous_goes(it, target)
        });
        let whole = matters.then(|| node.clone());
        self.prune(&mut node.pod);
        std::iter::once(node).chain(whole).collect()
    }

    /// When a running instance ended that the target still shows running.
    fn hidden_end(&self, node: &Node, index: usize) -> Option<Interval> {
        let n = node.pod.containers[index]
            .newest
            .as_ref()
            .filter(|instance| instance.exit.is_none())?
            .n;
        let target = self.target.containers.get(index)?;
        self.facts_of(index, n).finish.filter(|_| target.runs_as(n))
    }

    /// The end of a running instance that a snapshot can show by now.
    pub(super) fn end(&self, node: &Node, index: usize) -> Option<End> {
        let instance = node.pod.containers[index]
            .newest
            .as_ref()
            .filter(|instance| instance.exit.is_none())?;
        let target = self.target.containers.get(index);
        if target.is_some_and(|view| view.runs_as(instance.n)) {
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
    pub(super) fn snapshot(&self, node: &Node, ends: &[End], subset: u32) -> Nodes {
        let mut nodes: Nodes = smallvec![node.clone()];
        for (_, end) in ends.iter().enumerate().filter(|(k, _)| subset & (1 << k) != 0) {
            let Some((exit, others)) = end.exits.split_first() else {
                continue;
            };
            let ended = |mut node: Node, exit: &Exit| {
                node.pod.exit(end.index, exit.clone());
                node.passed(end.at);
                node
            };
            let other_ways: Nodes = others
                .iter()
                .flat_map(|exit| nodes.iter().map(|node| ended(node.clone(), exit)))
                .collect();
            nodes = nodes.into_iter().map(|node| ended(node, exit)).collect();
            nodes.extend(other_ways);
        }
        nodes
    }
}

#[cfg(test)]
mod tests;
