//! Ordered termination and its grace accounting, judged on the facts (spec 3.2).

use super::bounds::{Bounds, STOP_TIMEOUT_MS_MIN};
use super::broken::Broken;
use super::facts::{Facts, InstanceFacts};
use crate::model::{Behaviour, Kind, PodSpec, PodState};
use crate::trace::UnixMs;

/// The grace of a teardown. A second, shorter delete counts only if it comes before the kill has begun (TO-7), which the
/// watch does not show, so either may have been given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace {
    pub s_min: u32,
    pub s_max: u32,
}

impl Grace {
    /// One grace, beyond doubt.
    pub fn exactly(s: u32) -> Self {
        Self { s_min: s, s_max: s }
    }

    fn ms_min(self) -> i64 {
        i64::from(self.s_min) * 1_000
    }

    /// The longest that was given, in milliseconds.
    pub fn ms_max(self) -> i64 {
        i64::from(self.s_max) * 1_000
    }
}

/// A teardown: what ran when it began, no earlier than `begin`, with this grace.
pub struct Teardown<'a> {
    pub behaviour: &'a Behaviour,
    pub spec: &'a PodSpec,
    pub facts: &'a Facts,
    pub bounds: &'a Bounds,
    pub begin: UnixMs,
    /// By then it had begun, as far as its inputs tell.
    pub begin_latest: UnixMs,
    pub grace: Grace,
}

impl Teardown<'_> {
    fn running(&self, pod: &PodState) -> Vec<(usize, &InstanceFacts)> {
        pod.containers
            .iter()
            .enumerate()
            .filter(|(_, container)| container.is_running())
            .filter_map(|(index, container)| {
                let n = container.newest.as_ref()?.n;
                Some((index, self.facts.get(index, n)?))
            })
            .collect()
    }

    /// How long the last sidecar waits for its turn, though it may have ended by then.
    pub fn waits_until(&self, pod: &PodState) -> UnixMs {
        let running = self.running(pod);
        let turns = running.iter().map(|&(index, _)| self.turn_latest(index, &running));
        turns.max().unwrap_or(self.begin_latest)
    }

    /// Checks order, grace and timeliness of the teardown of everything that runs in `pod`.
    pub fn check(&self, pod: &PodState) -> Result<(), Broken> {
        let running = self.running(pod);
        for &(index, facts) in &running {
            self.check_turn(index, facts, &running)?;
            self.check_grace(index, facts, &running)?;
        }
        Ok(())
    }

    /// The sidecar that follows `index` in the init list.
    fn next_sidecar(&self, index: usize) -> Option<usize> {
        (index + 1..self.spec.containers.len()).find(|&other| self.spec.containers[other].kind == Kind::Sidecar)
    }

    /// TO-3: who has to be gone before the turn of `index` comes: the mains, and the sidecar that follows it directly.
    /// (Not every later one: where the direct successor does not run, nobody waits for those behind it. That breaks the
    /// promised order, and the guarantees say so; here it is the mechanism, read in `newTerminationOrdering` of 1.31 to
    /// 1.37 and seen on v1.34.0 and v1.37.0.)
    fn prerequisites<'f>(
        &self,
        index: usize,
        running: &'f [(usize, &'f InstanceFacts)],
    ) -> impl Iterator<Item = &'f (usize, &'f InstanceFacts)> {
        let ordered = self.behaviour.ordered_sidecar_termination && self.spec.containers[index].kind == Kind::Sidecar;
        let next = self.next_sidecar(index);
        running.iter().filter(move |(other, _)| {
            ordered && (self.spec.containers[*other].kind == Kind::Main || Some(*other) == next)
        })
    }

    /// When the turn of `index` has come at the latest. A sidecar lets the one before it pass only after its own turn, even
    /// if it has ended long before.
    fn turn_latest(&self, index: usize, running: &[(usize, &InstanceFacts)]) -> UnixMs {
        let last = self.begin_latest.saturating_add(self.grace.ms_max());
        if self.waits_for_absent(index, running) {
            return last;
        }
        let turns = self.prerequisites(index, running).map(|&(other, prerequisite)| {
            let finish = prerequisite.finish.map_or(self.begin_latest, |finish| finish.hi);
            finish.max(self.turn_latest(other, running))
        });
        turns.max().unwrap_or(self.begin_latest).min(last)
    }

    /// #125880: a following sidecar that does not run keeps this one waiting for the whole grace period.
    fn waits_for_absent(&self, index: usize, running: &[(usize, &InstanceFacts)]) -> bool {
        self.behaviour.absent_sidecar_blocks_earlier
            && self.spec.containers[index].kind == Kind::Sidecar
            && self
                .next_sidecar(index)
                .is_some_and(|next| !running.iter().any(|&(other, _)| other == next))
    }

    /// A sidecar gets its TERM after everything that it serves is gone, or when the grace period is used up; and then
    /// it gets it at once.
    fn check_turn(
        &self,
        index: usize,
        facts: &InstanceFacts,
        running: &[(usize, &InstanceFacts)],
    ) -> Result<(), Broken> {
        let stopped_at = facts
            .term
            .or(facts.finish.filter(|_| facts.stopped).map(|finish| finish.hi));
        let grace_end = self.begin + self.grace.ms_min();
        for (other, prerequisite) in self.prerequisites(index, running) {
            let Some(finish) = prerequisite.finish else { continue };
            if let Some(at) = stopped_at
                && at < finish.lo - self.bounds.rounding_ms
                && at < grace_end - self.bounds.rounding_ms
            {
                let off_ms = finish.lo - at;
                let words = "{name} was told to stop {a} ms before {other} had ended, with {b} s of grace not used up";
                return Err(Broken {
                    other: Some(*other),
                    numbers: [off_ms, i64::from(self.grace.s_min)],
                    ..Broken::new("TO-3", Some(index), off_ms, words)
                });
            }
        }
        let due = self.turn_latest(index, running);
        if let Some(term) = facts.term
            && term > due.saturating_add(self.bounds.act_ms())
        {
            let words = "{name} got its TERM {a} ms after its turn had come; at most {b} ms are permitted";
            return Err(Broken {
                numbers: [term - due, self.bounds.act_ms()],
                ..Broken::new("TO-3", Some(index), term - due, words)
            });
        }
        Ok(())
    }

    /// TO-5: nobody is killed before its grace is over, and nobody outlives it.
    fn check_grace(
        &self,
        index: usize,
        facts: &InstanceFacts,
        running: &[(usize, &InstanceFacts)],
    ) -> Result<(), Broken> {
        let Some(finish) = facts.finish else { return Ok(()) };
        if facts.killed {
            // Where no line tells of its TERM, that came no earlier than the teardown.
            let term = facts.term.unwrap_or(self.begin);
            // The wait for the turn is subtracted in whole seconds.
            let waits = self.prerequisites(index, running).next().is_some() || self.waits_for_absent(index, running);
            let waited_ms = if waits { term - self.begin + 1_000 } else { 0 };
            let owed_ms = (self.grace.ms_min() - waited_ms).max(STOP_TIMEOUT_MS_MIN);
            if finish.hi - term < owed_ms - self.bounds.rounding_ms - 500 {
                let after_ms = finish.hi - term;
                let words = match facts.term {
                    Some(_) => "{name} was killed at most {a} ms after its TERM; it had {b} ms",
                    None => "{name} was killed at most {a} ms after the teardown began; it had {b} ms",
                };
                return Err(Broken {
                    numbers: [after_ms, owed_ms],
                    ..Broken::new("TO-5", Some(index), owed_ms - after_ms, words)
                });
            }
        }
        let latest = self
            .begin_latest
            .saturating_add(self.grace.ms_max() + STOP_TIMEOUT_MS_MIN + self.bounds.detect_ms + self.bounds.end_ms());
        if finish.lo > latest {
            let words = "{name} ended {a} ms after the teardown began; the grace period is {b} s plus at most 2 s";
            return Err(Broken {
                numbers: [finish.lo - self.begin, i64::from(self.grace.s_max)],
                ..Broken::new("TO-5", Some(index), finish.lo - latest, words)
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
