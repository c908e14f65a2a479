//! What is still to be created, by node, and when the next may be.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use super::live::{InFlight, Planned};
use super::pace::Pace;

/// Sandboxes that land at once starve each other; pods come one after another.
const SPACING: Duration = Duration::from_millis(200);

/// One node's share of the plan; the empty name is whatever the scheduler chooses.
#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<(usize, Planned)>,
    in_flight: usize,
    pace: Pace,
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
        Self { lanes, in_flight, next_at: now }
    }

    /// The next pod, if there is room; of several nodes with room the one that lags most behind the plan's order, so
    /// that the same scenario runs on all nodes at about the same time.
    pub(super) fn take(&mut self, now: Instant) -> Option<Planned> {
        if now < self.next_at || !self.has_room_at_all() {
            return None;
        }
        let is_adaptive = matches!(self.in_flight, InFlight::Adaptive);
        let open = self.lanes.values_mut().filter(|lane| !is_adaptive || lane.in_flight < lane.pace.limit());
        let lane = open.filter(|lane| !lane.waiting.is_empty()).min_by_key(|lane| lane.waiting[0].0)?;
        lane.in_flight += 1;
        self.next_at = now + SPACING;
        lane.waiting.pop_front().map(|(_, planned)| planned)
    }

    /// When [`Queue::take`] may give one without a pod finishing before.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let is_adaptive = matches!(self.in_flight, InFlight::Adaptive);
        let is_open = |lane: &Lane| !is_adaptive || lane.in_flight < lane.pace.limit();
        let any = self.lanes.values().any(|lane| !lane.waiting.is_empty() && is_open(lane));
        (any && self.has_room_at_all()).then_some(self.next_at)
    }

    /// A pod of this lane has finished.
    pub(super) fn release(&mut self, lane: &str) {
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
        self.lanes.values_mut().map(|lane| std::mem::take(&mut lane.waiting).len()).sum()
    }

    /// How many pods have not been created yet.
    pub(super) fn len(&self) -> usize {
        self.lanes.values().map(|lane| lane.waiting.len()).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
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
