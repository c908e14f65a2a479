//! A pod in flight: what it is owed, and the delays that tell how busy its node is.

use std::time::Duration;

use tokio::time::Instant;

use super::facts::PodFacts;
use super::lifecycle::{Action, Lifecycle};
use super::live::Planned;
use super::queue::lane_name;

/// A pod between its create and its end.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) planned: Planned,
    pub(super) lane: String,
    asked_at: Instant,
    /// From when the API server has it.
    lifecycle: Option<Lifecycle>,
    pub(super) has_started: bool,
    starts: u32,
    completed_inits: usize,
    /// Since when something should follow a completed init container.
    handover_since: Option<Instant>,
}

impl Flight {
    pub(super) fn new(planned: Planned, now: Instant) -> Self {
        let lane = lane_name(&planned);
        Self {
            planned,
            lane,
            asked_at: now,
            lifecycle: None,
            has_started: false,
            starts: 0,
            completed_inits: 0,
            handover_since: None,
        }
    }

    /// The API server has it: by its answer or by an event, whichever comes first.
    pub(super) fn is_created(&mut self, now: Instant) -> &mut Lifecycle {
        self.lifecycle
            .get_or_insert_with(|| Lifecycle::new(&self.planned.scenario, now))
    }

    pub(super) fn was_created(&self) -> bool {
        self.lifecycle.is_some()
    }

    pub(super) fn due(&mut self, now: Instant) -> Vec<Action> {
        self.lifecycle
            .as_mut()
            .map(|lifecycle| lifecycle.due(now))
            .unwrap_or_default()
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.lifecycle.as_ref().and_then(Lifecycle::next_due)
    }

    /// Takes in an event; gives the delay of a start or hand-over that it ends.
    pub(super) fn observe(&mut self, facts: &PodFacts, now: Instant) -> Option<Duration> {
        self.is_created(now).observe(facts, now);
        if facts.is_deleted && self.has_started {
            // A pod on its way out starts nothing more.
            self.handover_since = None;
            return None;
        }
        if !self.has_started && facts.has_started() {
            self.has_started = true;
            (self.starts, self.completed_inits) = (facts.starts(), facts.completed_inits());
            return Some(now - self.asked_at);
        }
        let ended = (facts.starts() > self.starts)
            .then(|| self.handover_since.take())
            .flatten();
        if facts.completed_inits() > self.completed_inits && facts.starts() == self.starts {
            self.handover_since = Some(now);
        }
        (self.starts, self.completed_inits) = (facts.starts(), facts.completed_inits());
        ended.map(|since| now - since)
    }
}
