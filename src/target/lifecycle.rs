//! What the runner owes one pod, and when: its deletion moments, the finalizer, the end of its budget.
//!
//! No IO: facts and times go in, actions come out.

use std::time::Duration;

use podcheck_generators::{Deletion, Moment, Scenario};
use tokio::time::Instant;

use super::facts::PodFacts;

/// A pod that is terminal is watched this much longer: what must not change has time to.
const TERMINAL_REST: Duration = Duration::from_secs(3);
/// A finalizer holds a deleted, terminal pod this long.
const FINALIZER_REST: Duration = Duration::from_secs(2);
/// A delete that takes this much longer than its grace is repeated with force: long after it could still be in time.
const TEARDOWN_MARGIN: Duration = Duration::from_secs(45);
/// What is not gone this long after that stays for the end of the namespace.
const FORCE_MARGIN: Duration = Duration::from_secs(10);

/// How a pod's observation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Deleted by its scenario, and gone.
    Deleted,
    /// Terminal by itself, and at rest.
    Terminal,
    /// Its time was over; the runner deleted it.
    OutOfTime,
    /// A delete did not come to its end; the runner forced it.
    Forced,
    /// Not even force removed it.
    Stuck,
    /// It vanished without a delete from here.
    Vanished,
}

/// What has to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// An API delete.
    Delete { grace_seconds: Option<u32> },
    /// Take our finalizer away.
    RemoveFinalizer,
    /// Nothing more will be observed.
    Finish(Ending),
}

/// The runner's side of one pod's life.
#[derive(Debug)]
pub(super) struct Lifecycle {
    deletion: Option<Deletion>,
    grace_seconds: u32,
    out_of_time_at: Instant,
    /// When the first delete of the scenario is due, once its moment has come.
    first_due: Option<Instant>,
    first_sent: Option<Instant>,
    is_second_sent: bool,
    is_out_of_time: bool,
    /// When force is due, once a delete was sent.
    force_due: Option<Instant>,
    is_forced: bool,
    terminal_since: Option<Instant>,
    finalizer_due: Option<Instant>,
    is_deleted: bool,
    is_gone: bool,
    ending: Option<Ending>,
}

impl Lifecycle {
    /// Of a pod that was created now.
    pub(super) fn new(scenario: &Scenario, now: Instant) -> Self {
        let first_due = match scenario.deletion.as_ref().map(|deletion| &deletion.at) {
            Some(Moment::Created { after_ms }) => Some(now + ms(*after_ms)),
            _ => None,
        };
        Self {
            deletion: scenario.deletion.clone(),
            grace_seconds: scenario.grace_seconds,
            out_of_time_at: now + ms(scenario.observe_ms_max),
            first_due,
            first_sent: None,
            is_second_sent: false,
            is_out_of_time: false,
            force_due: None,
            is_forced: false,
            terminal_since: None,
            finalizer_due: None,
            is_deleted: false,
            is_gone: false,
            ending: None,
        }
    }

    /// Takes in what an event says.
    pub(super) fn observe(&mut self, facts: &PodFacts, now: Instant) {
        self.is_gone |= facts.is_gone;
        self.is_deleted |= facts.is_deleted;
        if facts.is_deleted && self.force_due.is_none() {
            // Somebody else's delete; it too has to end.
            self.expect_end(None, now);
        }
        if facts.is_terminal {
            self.terminal_since.get_or_insert(now);
        }
        if self.first_due.is_none()
            && let Some(deletion) = &self.deletion
            && facts.has_come(&deletion.at)
        {
            let (Moment::Created { after_ms } | Moment::Running { after_ms, .. } | Moment::Terminated { after_ms, .. }) =
                &deletion.at;
            self.first_due = Some(now + ms(*after_ms));
        }
        if facts.has_finalizer && facts.is_deleted && facts.is_terminal {
            self.finalizer_due.get_or_insert(now + FINALIZER_REST);
        }
    }

    /// What is due now; each action is given out once.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.ending.is_some() {
            return actions;
        }
        if self.is_gone {
            return self.finish(match (self.is_forced, self.is_out_of_time, self.first_sent) {
                (true, _, _) => Ending::Forced,
                (_, true, _) => Ending::OutOfTime,
                (_, _, Some(_)) => Ending::Deleted,
                _ => Ending::Vanished,
            });
        }
        if self.first_sent.is_none() && !self.is_out_of_time && self.first_due.is_some_and(|due| due <= now) {
            let grace_seconds = self.deletion.as_ref().and_then(|deletion| deletion.grace_seconds);
            self.first_sent = Some(now);
            self.expect_end(grace_seconds, now);
            actions.push(Action::Delete { grace_seconds });
        }
        if let Some((due, grace_seconds)) = self.second()
            && due <= now
        {
            self.is_second_sent = true;
            self.expect_end(Some(grace_seconds), now);
            actions.push(Action::Delete {
                grace_seconds: Some(grace_seconds),
            });
        }
        // Not while a second delete is still to come: it needs its object.
        if self.second().is_none() && self.finalizer_due.is_some_and(|due| due <= now) {
            // Tried again until the pod is gone, should the patch get lost.
            self.finalizer_due = Some(now + FINALIZER_REST);
            actions.push(Action::RemoveFinalizer);
        }
        let is_deleting = self.first_sent.is_some() || self.is_out_of_time || self.is_deleted;
        if !is_deleting && self.first_due.is_none() && self.terminal_since.is_some_and(|at| at + TERMINAL_REST <= now) {
            return self.finish(Ending::Terminal);
        }
        if !is_deleting && self.out_of_time_at <= now {
            self.is_out_of_time = true;
            self.expect_end(None, now);
            actions.push(Action::Delete { grace_seconds: None });
        }
        if self.force_due.is_some_and(|due| due <= now) {
            if self.is_forced {
                return self.finish(Ending::Stuck);
            }
            self.is_forced = true;
            self.force_due = Some(now + FORCE_MARGIN);
            actions.push(Action::RemoveFinalizer);
            actions.push(Action::Delete { grace_seconds: Some(0) });
        }
        actions
    }

    /// When [`Lifecycle::due`] may have something again without a new event.
    pub(super) fn next_due(&self) -> Option<Instant> {
        if self.ending.is_some() {
            return None;
        }
        let is_deleting = self.first_sent.is_some() || self.is_out_of_time || self.is_deleted;
        let second = self.second().map(|(due, _)| due);
        let waiting = [
            self.first_due
                .filter(|_| self.first_sent.is_none() && !self.is_out_of_time),
            second,
            self.finalizer_due.filter(|_| second.is_none()),
            self.terminal_since
                .map(|at| at + TERMINAL_REST)
                .filter(|_| !is_deleting && self.first_due.is_none()),
            Some(self.out_of_time_at).filter(|_| !is_deleting),
            self.force_due,
        ];
        waiting.into_iter().flatten().min()
    }

    fn second(&self) -> Option<(Instant, u32)> {
        let second = self.deletion.as_ref()?.again?;
        let first = self.first_sent.filter(|_| !self.is_second_sent)?;
        Some((first + ms(second.after_ms), second.grace_seconds))
    }

    fn expect_end(&mut self, grace_seconds: Option<u32>, now: Instant) {
        let grace = Duration::from_secs(grace_seconds.unwrap_or(self.grace_seconds).into());
        self.force_due = Some(now + grace + TEARDOWN_MARGIN);
    }

    fn finish(&mut self, ending: Ending) -> Vec<Action> {
        self.ending = Some(ending);
        vec![Action::Finish(ending)]
    }
}

fn ms(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}

#[cfg(test)]
mod tests;
