//! What is still to be created, by node, and when the next may be.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::live::{InFlight, Planned};
use super::pace::Pace;

/// Pods come one after another, also when there is room for many.
const SPACING: Duration = Duration::from_millis(200);

/// One node's share of the plan; the empty name is whatever the scheduler chooses.
#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<(usize, Planned)>,
    in_flight: usize,
    /// Of those in flight, the ones whose first container has not been seen started.
    starting: usize,
    pace: Pace,
}

impl Lane {
    fn has_room(&self, in_flight: InFlight) -> bool {
        // Sandboxes that land at once starve each other, whatever the node could carry when they run.
        let limit = self.pace.limit();
        !self.waiting.is_empty()
            && (in_flight != InFlight::Adaptive || self.in_flight < limit && self.starting < (limit / 4).max(2))
    }
}

/// The plan, as far as it has not been created.
#[derive(Debug)]
pub(super) struct Queue {
    lanes: BTreeMap<String, Lane>,
    in_flight: InFlight,
    next_at: Instant,
}

impl Queue {
    pub(super) fn new(plan: Vec<Planned>, in_flight: InFlight, now: Instant) -> Self {
        let mut lanes = BTreeMap::<String, Lane>::new();
        for (position, planned) in plan.into_iter().enumerate() {
            let lane = lanes.entry(lane_name(&planned)).or_default();
            lane.waiting.push_back((position, planned));
        }
        Self {
            lanes,
            in_flight,
            next_at: now,
        }
    }

    /// The next pod, if there is room; of several nodes with room the one that lags most behind the plan's order, so
    /// that the same scenario runs on all nodes at about the same time.
    pub(super) fn take(&mut self, now: Instant) -> Option<Planned> {
        if now < self.next_at || !self.has_room_at_all() {
            return None;
        }
        let open = self.lanes.values_mut().filter(|lane| lane.has_room(self.in_flight));
        let lane = open.min_by_key(|lane| lane.waiting[0].0)?;
        lane.in_flight += 1;
        lane.starting += 1;
        self.next_at = now + SPACING;
        lane.waiting.pop_front().map(|(_, planned)| planned)
    }

    /// When [`Queue::take`] may give one without a pod finishing before.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let any = self.lanes.values().any(|lane| lane.has_room(self.in_flight));
        (any && self.has_room_at_all()).then_some(self.next_at)
    }

    /// A pod of this lane has started, as [`Queue::finished`] would count it otherwise.
    pub(super) fn started(&mut self, lane: &str) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.starting = lane.starting.saturating_sub(1);
        }
    }

    /// A pod of this lane has finished.
    pub(super) fn finished(&mut self, lane: &str, had_started: bool) {
        if !had_started {
            self.started(lane);
        }
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.in_flight = lane.in_flight.saturating_sub(1);
        }
    }

    /// A start or hand-over took so long; gives the node's new limit if it moved.
    pub(super) fn sample(&mut self, lane: &str, delay: Duration, now: Instant) -> Option<usize> {
        let lane = self.lanes.get_mut(lane)?;
        let has_moved = lane.pace.sample(delay, lane.in_flight, now);
        (has_moved && matches!(self.in_flight, InFlight::Adaptive)).then(|| lane.pace.limit())
    }

    /// Drops what has not been created and tells how many.
    pub(super) fn close(&mut self) -> usize {
        self.lanes
            .values_mut()
            .map(|lane| std::mem::take(&mut lane.waiting).len())
            .sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lanes.values().all(|lane| lane.waiting.is_empty())
    }

    fn has_room_at_all(&self) -> bool {
        match self.in_flight {
            InFlight::Adaptive => true,
            InFlight::Fixed(most) => self.lanes.values().map(|lane| lane.in_flight).sum::<usize>() < most.max(1),
        }
    }
}

/// Pods of one node share a lane.
pub(super) fn lane_name(planned: &Planned) -> String {
    planned.node.clone().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(cases: u32, nodes: &[&str]) -> Vec<Planned> {
        let text = "{restartPolicy: Never, graceSeconds: 1, observeMsMax: 1000, main: [{attempts: [{onTerm: {action: ignore}}]}]}";
        let scenario = podcheck_generators::Scenario::from_yaml(text).expect("valid");
        let one = |case: u32, node: &str| Planned {
            case: case.to_string(),
            scenario: scenario.clone(),
            node: Some(node.to_owned()),
        };
        (0..cases)
            .flat_map(|case| nodes.iter().map(move |node| (case, node)))
            .map(|(case, node)| one(case, node))
            .collect()
    }

    /// Takes what can be had, without starts or ends, and names it.
    fn drain(queue: &mut Queue, mut now: Instant) -> Vec<String> {
        let mut taken = Vec::new();
        while let Some(due) = queue.next_due() {
            now = now.max(due);
            taken.extend(
                queue
                    .take(now)
                    .map(|planned| format!("{}{}", planned.case, planned.node.unwrap_or_default())),
            );
        }
        taken
    }

    #[test]
    fn nodes_stay_together_and_few_start_at_once() {
        let now = Instant::now();
        let mut queue = Queue::new(plan(20, &["a", "b"]), InFlight::Adaptive, now);
        assert_eq!(drain(&mut queue, now), ["0a", "0b", "1a", "1b"]);
        queue.started("a");
        assert_eq!(drain(&mut queue, now), ["2a"]);
        queue.finished("b", false);
        assert_eq!(drain(&mut queue, now), ["2b"]);
        for _ in 0..9 {
            queue.started("a");
        }
        drain(&mut queue, now);
        for _ in 0..9 {
            queue.started("a");
        }
        drain(&mut queue, now);
        assert!(queue.lanes["a"].in_flight <= 8);
        assert_eq!(
            queue.close(),
            queue.lanes.len() * 20 - queue.lanes.values().map(|l| l.in_flight).sum::<usize>() - 1
        );
        assert!(queue.is_empty());
    }

    #[test]
    fn a_fixed_number_counts_all_nodes() {
        let now = Instant::now();
        let mut queue = Queue::new(plan(20, &["a", "b"]), InFlight::Fixed(5), now);
        assert_eq!(drain(&mut queue, now), ["0a", "0b", "1a", "1b", "2a"]);
        assert!(queue.take(now + Duration::from_secs(60)).is_none());
        queue.finished("b", true);
        assert_eq!(drain(&mut queue, now).len(), 1);
    }
}
