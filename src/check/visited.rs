//! The states that were visited for one event, found again by a fingerprint.

use hashbrown::HashTable;

use super::node::Node;
use crate::model::{Container, Instance, PodState, State, Status};

/// So many states are compared one by one.
const FEW: usize = 16;

/// Visited states, in the order of their visits.
#[derive(Default)]
pub struct Visited {
    nodes: Vec<Node>,
    fingerprints: Vec<u64>,
    /// Places of the states by their fingerprints, once there are many; states with equal ones are compared.
    places: HashTable<usize>,
}

impl Visited {
    /// Takes a state and says where it is; `None`: it was here before, with at least the same freedom in time.
    pub fn add(&mut self, node: Node) -> Option<usize> {
        let fingerprint = fingerprint(&node);
        let Self {
            nodes,
            fingerprints,
            places,
        } = self;
        let is_known = |&place: &usize| fingerprints[place] == fingerprint && covers(&nodes[place], &node);
        let index = nodes.len();
        let found = if index < FEW {
            (0..index).any(|place| is_known(&place))
        } else {
            places.find(fingerprint, is_known).is_some()
        };
        if found {
            return None;
        }
        fingerprints.push(fingerprint);
        nodes.push(node);
        // Most events are explained before it pays to look states up.
        if nodes.len() >= FEW {
            let new = if index < FEW { 0..FEW } else { index..index + 1 };
            for place in new {
                places.insert_unique(fingerprints[place], place, |&place| fingerprints[place]);
            }
        }
        Some(index)
    }

    pub fn get(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    pub fn all(&self) -> &[Node] {
        &self.nodes
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }
}

fn covers(known: &Node, new: &Node) -> bool {
    known.now <= new.now
        && known.status_at <= new.status_at
        && known.latest >= new.latest
        && known.success_by >= new.success_by
        && known.failure_by >= new.failure_by
        && known.acted_by >= new.acted_by
        && (known.blocked, known.interrupted) == (new.blocked, new.interrupted)
        && known.pod == new.pod
}

/// What tells most states apart, cheaply; equal states have equal ones.
fn fingerprint(node: &Node) -> u64 {
    let PodState {
        containers,
        sandbox,
        status,
        mode,
        deleted,
        announcement_due,
    } = &node.pod;
    let flags = [node.blocked, node.interrupted, *deleted, *announcement_due];
    let mut mixer = Mixer(packed(&flags) | (*sandbox as u64) << 8 | (*mode as u64) << 16);
    containers.iter().for_each(|container| mixer.container(container));
    mixer.status(status);
    mixer.0
}

fn packed(flags: &[bool]) -> u64 {
    flags.iter().fold(0, |bits, &flag| bits << 1 | u64::from(flag))
}

/// Multiply and rotate.
struct Mixer(u64);

impl Mixer {
    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn container(&mut self, container: &Container) {
        let ended = |instance: &Instance| {
            instance
                .exit
                .as_ref()
                .map_or(0, |exit| 1 << 32 | u64::from(exit.code as u32))
        };
        let flags = [container.refused, container.previous.is_some()];
        self.word(packed(&flags) | u64::from(container.workers) << 8 | u64::from(container.backoff_level) << 16);
        let Some(instance) = &container.newest else { return };
        let flags = [instance.passed_just_now, instance.ready, instance.liveness_failed];
        self.word(packed(&flags) | (instance.startup as u64) << 8 | u64::from(instance.n) << 16);
        self.word(ended(instance));
    }

    fn status(&mut self, status: &Status) {
        let conditions = status.conditions.iter().flatten();
        let conditions = conditions.fold(0, |bits, it| bits << 8 | u64::from(it.is_true) << 4 | it.reason as u64);
        self.word(conditions << 8 | status.phase as u64);
        for view in &status.containers {
            let state = match view.state {
                State::Waiting(_) => 0,
                State::Running => 1,
                State::Terminated(_) => 2,
            };
            let flags = [view.ready, view.started, view.last.is_some()];
            self.word(packed(&flags) | state << 8 | u64::from(view.restart_count) << 16);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::one_main;

    /// What is known counts once, few or many; one that is freer in time is not covered.
    #[test]
    fn states_are_counted_once() {
        let spec = one_main();
        let mut visited = Visited::default();
        // Each can have been reached 1 ms earlier than the one before.
        let node = |k: usize| Node {
            now: -(k as i64),
            ..Node::new(&spec, 0)
        };
        for k in 0..3 * FEW {
            assert_eq!(visited.len(), k);
            assert_eq!(visited.add(node(k)), Some(k));
            assert_eq!(visited.add(node(k)), None);
            assert_eq!(visited.add(node(0)), None);
        }
        assert_eq!(visited.len(), 3 * FEW);
    }

    /// A state stands for another one only where it is as free in every time, and the same in all else: what follows from the
    /// other one would be missed otherwise.
    #[test]
    fn what_is_freer_in_any_time_is_not_known() {
        let known = Node {
            acted_by: 1_000,
            ..Node::new(&one_main(), 1_000)
        };
        let is_new = |change: &dyn Fn(&mut Node)| {
            let (mut visited, mut node) = (Visited::default(), known.clone());
            visited.add(known.clone());
            change(&mut node);
            visited.add(node).is_some()
        };
        assert!(!is_new(&|_| {}));
        let earliest: [fn(&mut Node) -> &mut i64; 2] = [|it| &mut it.now, |it| &mut it.status_at];
        for time in earliest {
            assert!(is_new(&|it| *time(it) -= 1));
            assert!(!is_new(&|it| *time(it) += 1));
        }
        let latest: [fn(&mut Node) -> &mut i64; 4] = [
            |it| &mut it.latest,
            |it| &mut it.success_by,
            |it| &mut it.failure_by,
            |it| &mut it.acted_by,
        ];
        for time in latest {
            assert!(is_new(&|it| *time(it) += 1));
            assert!(!is_new(&|it| *time(it) -= 1));
        }
        assert!(is_new(&|it| it.blocked = true));
        assert!(is_new(&|it| it.interrupted = true));
        assert!(is_new(&|it| it.pod.refuse(0)));
    }
}
