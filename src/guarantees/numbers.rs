//! Container IDs as numbers: many guarantees ask which life a status tells of, and IDs are long.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::trace::{Seen, Trace};

/// Number of a container ID, in the order in which the trace shows them.
pub type Number = usize;

/// An ID with its number.
type Shown<'a> = (&'a Arc<str>, Number);

/// The IDs in a trace's statuses.
pub struct Numbers {
    containers: usize,
    /// Of `containerID` and of lastState's, by step and container.
    of: Vec<[Option<Number>; 2]>,
    /// How many IDs there are.
    pub count: usize,
}

impl Numbers {
    pub fn of(trace: &Trace) -> Self {
        let containers = trace.spec.containers.len();
        let mut known: BTreeMap<&str, Number> = BTreeMap::new();
        let mut of = Vec::with_capacity(trace.steps.len() * containers);
        // Mostly it is what the status before showed.
        let mut before: Vec<[Option<Shown>; 2]> = vec![[None; 2]; containers];
        for step in &trace.steps {
            for (index, before) in before.iter_mut().enumerate() {
                let ids = step.seen.get(index).map_or([None; 2], ids);
                for (id, before) in ids.into_iter().zip(before.iter_mut()) {
                    *before = id.map(|id| match before {
                        Some((same, number)) if *same == id => (id, *number),
                        _ => {
                            let next = known.len();
                            (id, *known.entry(id).or_insert(next))
                        }
                    });
                }
                of.push(before.map(|it| it.map(|(_, number)| number)));
            }
        }
        Self {
            containers,
            of,
            count: known.len(),
        }
    }

    /// The ID of a container's status.
    pub fn id(&self, step: usize, index: usize) -> Option<Number> {
        self.of[step * self.containers + index][0]
    }

    /// The ID of its lastState.
    pub fn last_id(&self, step: usize, index: usize) -> Option<Number> {
        self.of[step * self.containers + index][1]
    }
}

fn ids(seen: &Seen) -> [Option<&Arc<str>>; 2] {
    [seen.container_id.as_ref(), seen.last_container_id.as_ref()]
}
