//! The states that were visited for one event, found again by their hash.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use super::node::Node;
use crate::trace::UnixMs;

/// Visited states, in the order of their visits.
#[derive(Default)]
pub struct Visited {
    nodes: Vec<Node>,
    /// Hash of a state and its place; states with equal hashes are compared.
    by_hash: BTreeSet<(u64, usize)>,
}

impl Visited {
    /// Takes a state and says where it is; `None`: it was here before, with at least the same freedom in time.
    pub fn add(&mut self, node: Node) -> Option<usize> {
        let hash = hash(&node);
        let known = self.by_hash.range((hash, 0)..=(hash, usize::MAX));
        if known.map(|&(_, index)| &self.nodes[index]).any(|it| covers(it, &node)) {
            return None;
        }
        let index = self.nodes.len();
        self.by_hash.insert((hash, index));
        self.nodes.push(node);
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

    /// The states at these places (in ascending order), with a new bound on when their inputs had arrived.
    pub fn take(self, chosen: &[(usize, UnixMs)]) -> Vec<Node> {
        let mut chosen = chosen.iter().peekable();
        let nodes = self.nodes.into_iter().enumerate();
        nodes
            .filter_map(|(index, node)| {
                let &(_, latest) = chosen.next_if(|(wanted, _)| *wanted == index)?;
                Some(Node { latest, ..node })
            })
            .collect()
    }
}

fn covers(known: &Node, new: &Node) -> bool {
    known.now <= new.now
        && known.latest >= new.latest
        && (known.blocked, known.interrupted) == (new.blocked, new.interrupted)
        && known.pod == new.pod
}

fn hash(node: &Node) -> u64 {
    let mut mixer = Mixer(0);
    (&node.pod, node.blocked, node.interrupted).hash(&mut mixer);
    mixer.finish()
}

/// Multiply and rotate: the states of one event are few, and equal hashes cost only a comparison.
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(word.into());
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(word.into());
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
