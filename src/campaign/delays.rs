//! How late a node was, as the pods of the run itself show it, and the bounds that follow.

use crate::check::Bounds;
use crate::trace::{JournalKind, Kind, State, Step, Trace, UnixMs};

/// Delays below which an idle node stays: from create to the first process, and from an exit to its status here.
const IDLE_MS: i64 = 2_500;
/// With fewer samples nothing is concluded.
const SAMPLES_MIN: usize = 20;
/// What the bounds allow for in any case; latencies are never measured completely.
const FLOOR_MS: i64 = 3_000;
/// A node that is later than this cannot be judged by times; its pods' bounds stop growing here.
const CEILING_MS: i64 = 60_000;
/// An exit so shortly before a delete may be shown by the teardown, after its kills.
const CALM_MS: i64 = 5_000;

/// Delays of one node.
#[derive(Clone, Debug, Default)]
pub struct Delays {
    /// From the pod's creation to its first process.
    start_ms: Vec<i64>,
    /// From a process's exit to the status that shows it.
    seen_ms: Vec<i64>,
}

impl Delays {
    /// Takes the delays that a pod shows.
    pub fn see(&mut self, trace: &Trace) {
        if !trace.gaps.is_empty() {
            return;
        }
        self.start_ms.extend(start_delay_ms(trace));
        // A kill or a probe's kill keeps the worker busy for a whole grace: that is no delay of the node.
        let is_calm = trace
            .spec
            .containers
            .iter()
            .all(|c| c.startup.is_none() && c.liveness.is_none());
        if is_calm {
            self.seen_ms.extend(exit_delays_ms(trace));
        }
    }

    /// The bounds for judging this node's pods: wide ones if there is too little to go by.
    pub fn bounds(&self) -> Bounds {
        self.excess_ms().map_or_else(Bounds::default, Bounds::with_delay)
    }

    /// By how much the slowest hundredth exceeded an idle node; absent: too few samples.
    pub fn excess_ms(&self) -> Option<i64> {
        let slowest_ms = [&self.start_ms, &self.seen_ms]
            .into_iter()
            .filter_map(|samples| percentile_99(samples))
            .max()?;
        Some((slowest_ms - IDLE_MS).clamp(FLOOR_MS, CEILING_MS))
    }
}

fn percentile_99(samples: &[i64]) -> Option<i64> {
    if samples.len() < SAMPLES_MIN {
        return None;
    }
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    let index = (sorted.len() * 99).div_ceil(100) - 1;
    sorted.get(index).copied()
}

fn start_delay_ms(trace: &Trace) -> Option<i64> {
    let created_ms = trace.steps.first()?.at_ms?;
    let journal = trace.journal.as_ref()?;
    let first = journal.iter().find(|entry| entry.kind == JournalKind::Start)?;
    Some(first.at_ms - created_ms)
}

/// Exits of init containers that ended by themselves before any delete: nothing else can hold the kubelet up then.
fn exit_delays_ms(trace: &Trace) -> Vec<i64> {
    let Some(journal) = &trace.journal else {
        return Vec::new();
    };
    let deleted_ms = trace
        .steps
        .iter()
        .find(|step| step.deletion.is_some())
        .and_then(|step| step.at_ms);
    let own_exits = journal.iter().filter(|entry| {
        let is_exit = matches!(entry.kind, JournalKind::Exit(_));
        let is_init = trace
            .spec
            .containers
            .get(entry.container)
            .is_some_and(|c| c.kind == Kind::Init);
        let before_delete = deleted_ms.is_none_or(|deleted_ms| entry.at_ms + CALM_MS < deleted_ms);
        is_exit && is_init && before_delete
    });
    own_exits
        .filter_map(|exit| Some(shown_ms(&trace.steps, exit.container, exit.attempt)? - exit.at_ms))
        .collect()
}

/// When a status first showed that this attempt has ended.
fn shown_ms(steps: &[Step], container: usize, attempt: u32) -> Option<UnixMs> {
    let shows = |step: &&Step| {
        step.view
            .containers
            .get(container)
            .and_then(Option::as_ref)
            .is_some_and(|view| {
                view.restart_count > attempt
                    || (view.restart_count == attempt && matches!(view.state, State::Terminated(_)))
            })
    };
    steps.iter().find(shows)?.at_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_follow_the_slowest_hundredth() {
        let mut delays = Delays::default();
        assert_eq!(delays.bounds(), Bounds::default());
        delays.start_ms = vec![1_500; 200];
        assert_eq!(delays.excess_ms(), Some(FLOOR_MS));
        delays.seen_ms = vec![12_500; 200];
        assert_eq!(delays.excess_ms(), Some(10_000));
        // One in two hundred is chance.
        delays.seen_ms[0] = 50_000;
        assert_eq!(delays.excess_ms(), Some(10_000));
        delays.seen_ms = vec![500_000; 30];
        assert_eq!(delays.excess_ms(), Some(CEILING_MS));
    }
}
