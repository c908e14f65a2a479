//! What tests of the check begin with: simulated lives, and states of the model that are asked what can come next.

use podcheck_generators::Scenario;

use super::facts::{FAR_FUTURE, Facts};
use super::moves::Moves;
use super::node::Node;
use super::stages::Deletion;
use super::{Bounds, Inclusion, includes};
use crate::model::{self, Behaviour, KubeletVersion, PodSpec, Status};
use crate::simulate::{CREATED_MS, Options, simulate, spec_of};
use crate::trace::{ContainerView, Exit, Reason, State, Step, Trace, UnixMs};

pub const VERSION: KubeletVersion = KubeletVersion { minor: 34, patch: 0 };

pub fn scenario(yaml: &str) -> Scenario {
    Scenario::from_yaml(yaml).expect("a scenario")
}

/// A life on a quiet node that publishes every status.
pub fn simulated(yaml: &str) -> Trace {
    let options = Options {
        seed: None,
        ..Options::new(VERSION, 0)
    };
    simulate(&scenario(yaml), &options)
}

/// The same, which the model explains.
pub fn life(yaml: &str) -> Trace {
    let trace = simulated(yaml);
    assert_eq!(judged(&trace), Inclusion::Included);
    trace
}

pub fn judged(trace: &Trace) -> Inclusion {
    includes(&Behaviour::of(VERSION), trace, &Bounds::with_delay(0))
}

pub fn is_refused(trace: &Trace) -> bool {
    matches!(judged(trace), Inclusion::Excluded(_))
}

pub fn view(step: &Step, index: usize) -> Option<&ContainerView> {
    step.view.containers[index].as_ref()
}

/// The first step in which container `index` is in such a state.
pub fn first(trace: &Trace, index: usize, is_it: impl Fn(&State) -> bool) -> usize {
    let shows = |step: &Step| view(step, index).is_some_and(|view| is_it(&view.state));
    trace.steps.iter().position(shows).expect("it comes to that")
}

pub fn runs(state: &State) -> bool {
    *state == State::Running
}

pub fn ended(state: &State) -> bool {
    matches!(state, State::Terminated(_))
}

/// A status that is to be explained, and what is known when it comes. The node is idle.
pub struct Asked {
    pub behaviour: Behaviour,
    pub spec: PodSpec,
    pub facts: Facts,
    pub target: Status,
    pub received: UnixMs,
    pub deletion: Option<Deletion>,
}

impl Asked {
    /// About the pod of a scenario, of which the recording shows nothing.
    pub fn of(version: KubeletVersion, yaml: &str) -> Self {
        let spec = spec_of(&scenario(yaml));
        Self {
            behaviour: Behaviour::of(version),
            facts: Facts::told(vec![Vec::new(); spec.containers.len()]),
            target: Status::unseen(),
            received: FAR_FUTURE,
            deletion: None,
            spec,
        }
    }

    pub fn ask<T>(&self, question: impl FnOnce(&Moves) -> T) -> T {
        question(&Moves {
            behaviour: &self.behaviour,
            spec: &self.spec,
            facts: &self.facts,
            bounds: &Bounds::with_delay(0),
            target: &self.target,
            received: self.received,
            deletion: self.deletion,
            is_deleted_later: self.deletion.is_some(),
            initialized: &[true],
            keeps_all: false,
        })
    }

    /// What can have happened next.
    pub fn next(&self, node: &Node) -> Vec<Node> {
        self.ask(|moves| moves.expand(node).next)
    }

    /// The pod when its first `started` containers have been started at once and are published as running.
    pub fn running(&self, started: usize) -> Node {
        let mut node = Node::new(&self.spec, CREATED_MS);
        self.publish(&mut node);
        (0..started).for_each(|index| node.pod.start(index, false));
        self.publish(&mut node);
        node
    }

    /// A sync publishes what is known.
    pub fn publish(&self, node: &mut Node) {
        model::sync_status(&self.behaviour, &self.spec, &mut node.pod);
    }
}

/// How a process leaves with this code.
pub fn exit(code: i32) -> Exit {
    Exit {
        code,
        reason: if code == 0 { Reason::Completed } else { Reason::Error },
    }
}
