//! One hypothesis about the kubelet's state, and when it explains an observed status.

use super::facts::{FAR_FUTURE, Interval, LONG_AGO};
use crate::model::{Mode, PodSpec, PodState, Probed, Status};
use crate::trace::{ConditionKind, Phase, UnixMs};

/// A state of the model together with the earliest time at which it can have been reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    pub pod: PodState,
    /// No earlier than this: everything that led here had happened by then.
    pub now: UnixMs,
    /// By this time all inputs that led here had arrived (`FAR_FUTURE`: nobody knows), and the worker was free to see the
    /// next one; but for what probes have found, which keeps nobody from that.
    pub latest: UnixMs,
    /// By this time all successes of probes that led here had come.
    pub success_by: UnixMs,
    /// By this time all failures of probes that led here had come.
    pub failure_by: UnixMs,
    /// No earlier than this was the cached status computed.
    pub status_at: UnixMs,
    /// When the kills and starts that followed the cached status were over, as far as the recording tells.
    pub acted_by: UnixMs,
    /// A kill inside a sync waits for a process whose end the recording does not show.
    pub blocked: bool,
    /// The first sync was cancelled by a delete before it started anything.
    pub interrupted: bool,
}

impl Node {
    /// A pod that the kubelet has not looked at yet, created at `created`.
    pub fn new(spec: &PodSpec, created: UnixMs) -> Self {
        Self {
            pod: PodState::new(spec),
            now: created,
            latest: created,
            success_by: created,
            failure_by: created,
            status_at: created,
            acted_by: created,
            blocked: false,
            interrupted: false,
        }
    }

    /// The cached status was computed now.
    pub fn computed(&mut self) {
        (self.status_at, self.acted_by) = (self.now, LONG_AGO);
    }

    /// Something has happened in this interval.
    pub fn passed(&mut self, at: Interval) {
        self.now = self.now.max(at.lo);
        self.latest = self.latest.max(at.hi);
    }

    /// A probe's result has come, no earlier than this.
    pub fn probed(&mut self, result: Probed, earliest: UnixMs) {
        self.now = self.now.max(earliest);
        match result {
            Probed::Failure => self.failure_by = FAR_FUTURE,
            _ => self.success_by = FAR_FUTURE,
        }
    }

    /// By this time whatever a sync does had reason to be done, unless for a failure.
    pub fn ready_by(&self) -> UnixMs {
        self.latest.max(self.success_by)
    }

    /// By this time a failure had to have its consequences.
    pub fn failed_by(&self) -> UnixMs {
        self.latest.max(self.failure_by)
    }

    /// An action of the sync was over in this interval, and what led to it had come before.
    pub fn acted(&mut self, at: Interval) {
        self.passed(at);
        if at.hi < FAR_FUTURE {
            self.acted_by = self.acted_by.max(at.hi);
            self.success_by = self.success_by.min(at.hi);
            self.failure_by = self.failure_by.min(at.hi);
        }
    }

    /// What led to the status had happened when it was received; what the sync did then takes longer.
    pub fn shown(&self, received: UnixMs) -> Self {
        let by = |time: UnixMs| time.min(received).max(self.acted_by);
        Self {
            latest: by(self.latest),
            success_by: by(self.success_by),
            failure_by: by(self.failure_by),
            ..self.clone()
        }
    }

    /// Forgets what nothing later depends on, so that states which differ in nothing else are one: what the probes of a dead
    /// instance had found (once its end is in the status; until then its workers go on), and after the last sync whom a
    /// probe condemned and how long a back-off would be.
    pub fn forget(&mut self) {
        let syncs_again = self.pod.mode == Mode::Sync;
        for index in 0..self.pod.containers.len() {
            if !syncs_again && self.pod.containers[index].backoff_level > 0 {
                self.pod.container(index).backoff_level = 0;
            }
            let Some(instance) = &self.pod.containers[index].newest else {
                continue;
            };
            let view = self.pod.status.containers.get(index);
            let runs_in_status = view.is_some_and(|view| view.runs_as(instance.n));
            let is_over = instance.exit.is_some() && !runs_in_status;
            let found = instance.startup != Probed::Nothing || instance.passed_just_now || instance.ready;
            let forgets_failure = instance.liveness_failed && (is_over || !syncs_again);
            let forgets = forgets_failure || (is_over && found);
            if !forgets {
                continue;
            }
            let Some(instance) = &mut self.pod.container(index).newest else {
                continue;
            };
            instance.liveness_failed &= syncs_again;
            if is_over {
                instance.startup = Probed::Nothing;
                (instance.passed_just_now, instance.ready, instance.liveness_failed) = (false, false, false);
            }
        }
    }

    /// Does the status that this state can publish equal the observed one?
    pub fn explains(&self, observed: &Status, previous_phase: Phase) -> bool {
        let status = &self.pod.status;
        // WS-1: the status of the fresh read after the kill is stored before its step returns, and only then the worker counts
        // as terminated; the status manager can send it in between, with the old phase (seen on v1.37.0). The same holds
        // while the step is tried again (TO-11).
        let not_returned = matches!(self.pod.mode, Mode::Killed | Mode::Terminated)
            && status.phase.is_terminal()
            && !previous_phase.is_terminal()
            && observed.phase == previous_phase;
        (self.phase(previous_phase) == observed.phase || not_returned)
            && conditions_match(status, observed)
            && status.containers == observed.containers
    }

    /// WS-1: a terminal phase is not published while the worker is not terminated.
    pub fn phase(&self, previous: Phase) -> Phase {
        let phase = self.pod.status.phase;
        let masked = phase.is_terminal()
            && !previous.is_terminal()
            && matches!(self.pod.mode, Mode::Sync | Mode::Ending | Mode::Killing);
        if masked { previous } else { phase }
    }
}

/// PodScheduled is the scheduler's as much as the kubelet's, so it is compared only when the kubelet has spoken.
fn conditions_match(model: &Status, observed: &Status) -> bool {
    model.containers.is_empty()
        || ConditionKind::ALL
            .iter()
            .all(|&kind| model.condition(kind) == observed.condition(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::one_main;
    use crate::check::testing::exit;
    use crate::model::{self, Behaviour, KubeletVersion};

    /// ST-10: an action that is over by a known time had its reasons before; of one that nobody knows of nothing follows, and
    /// what a status shows later can still be late.
    #[test]
    fn only_an_action_that_is_known_bounds_what_led_to_it() {
        let mut node = Node::new(&one_main(), 1_000);
        node.probed(Probed::Success, 1_000);
        node.probed(Probed::Failure, 1_000);
        let mut unknown = node.clone();
        unknown.acted(Interval::UNKNOWN);
        assert_eq!((unknown.ready_by(), unknown.failed_by()), (FAR_FUTURE, FAR_FUTURE));
        assert_eq!(
            (unknown.shown(3_000).ready_by(), unknown.shown(3_000).failed_by()),
            (3_000, 3_000)
        );
        node.acted(Interval { lo: 1_500, hi: 2_000 });
        assert_eq!((node.ready_by(), node.failed_by()), (2_000, 2_000));
        assert_eq!(node.shown(1_800).ready_by(), 2_000);
    }

    /// PB-4: what the probes of a life have found is forgotten once its end is in the status; until then its workers go on.
    #[test]
    fn what_probes_have_found_is_forgotten_when_the_end_is_told() {
        let spec = one_main();
        let behaviour = Behaviour::of(KubeletVersion { minor: 37, patch: 0 });
        let mut node = Node::new(&spec, 1_000);
        node.pod.start(0, false);
        model::sync_status(&behaviour, &spec, &mut node.pod);
        node.pod.exit(0, exit(1));
        let life = node.pod.container(0).newest.as_mut().expect("a life");
        (life.startup, life.ready) = (Probed::Success, true);
        let found = |node: &mut Node| {
            node.forget();
            let life = node.pod.containers[0].newest.as_ref().expect("a life");
            (life.startup, life.ready)
        };
        assert_eq!(found(&mut node), (Probed::Success, true));
        model::sync_status(&behaviour, &spec, &mut node.pod);
        assert_eq!(found(&mut node), (Probed::Nothing, false));
    }
}
