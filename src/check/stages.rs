//! A trace as the walk needs it: the statuses that are to be explained, each with what is known when it comes, and the
//! silences between them.

use std::rc::Rc;

use super::facts::{FAR_FUTURE, LONG_AGO};
use super::moves::is_kubelets;
use super::teardown::Grace;
use crate::model::{self, Status};
use crate::trace::{EventType, Gap, Phase, Step, Trace, UnixMs};

/// The graces of a pod's deletes, and when the first was seen.
pub type Deletion = (Grace, UnixMs);

/// One observed status of the kubelet, or a silence: nothing else had been published when the next one came or the watch
/// ended.
pub struct Stage<'a> {
    /// The event that shows it, or that ends the silence (at the end of the watch: the last one).
    pub step: &'a Step,
    pub is_silence: bool,
    /// The status that is published.
    pub target: Rc<Status>,
    /// The phase that was published before.
    pub previous_phase: Phase,
    /// Whether the pod had initialised in the objects that the worker can hold.
    pub initialized: Vec<bool>,
    pub deletion: Option<Deletion>,
    /// The kubelet has taken the object away before.
    pub is_removed: bool,
    /// When it was received, or the silence ended; nothing later can have led to it.
    pub received: UnixMs,
    pub then: Then<'a>,
}

/// What follows a status before the next one.
#[derive(Clone, Copy, Default)]
pub struct Then<'a> {
    /// The kubelet has taken the object away, which it does only when the pod has ended.
    pub removal: Option<&'a Step>,
    /// The object is gone: nothing is left to compare.
    pub is_the_end: bool,
}

/// All of them.
pub struct Stages<'a> {
    /// What comes before the kubelet's first status.
    pub at_first: Then<'a>,
    pub all: Vec<Stage<'a>>,
}

impl<'a> Stages<'a> {
    /// The stages of a trace.
    pub fn of(trace: &'a Trace) -> Self {
        let mut before = Before::of(trace);
        let mut stages = Self {
            at_first: Then::default(),
            all: Vec::with_capacity(2 * trace.steps.len()),
        };
        for step in &trace.steps {
            let target = Status::of_view(&step.view);
            if is_kubelets(&target) {
                // When the kubelet looks at a pod first is seen by what it starts.
                let is_first = stages.all.is_empty();
                stages
                    .all
                    .extend(before.silence(step, step.at_ms).filter(|_| !is_first));
                stages.all.push(before.stage(step, Rc::new(target)));
                before.publish(trace, &stages.all[stages.all.len() - 1].target);
            }
            let then = stages
                .all
                .last_mut()
                .map_or(&mut stages.at_first, |stage| &mut stage.then);
            if let Some(mark) = step.deletion {
                if is_final(step) {
                    then.removal = then.removal.or(Some(step));
                    before.is_removed = true;
                }
                // A forced delete takes the object away; there is nothing left to compare (3.3).
                then.is_the_end |= mark.grace_s == 0 && !is_final(step);
                let at = step.at_ms.unwrap_or(FAR_FUTURE);
                before.deletion = before.deletion.or_else(|| Some((grace(trace), at)));
            }
            then.is_the_end |= step.event == EventType::Deleted;
            if then.is_the_end {
                return stages;
            }
        }
        let last = trace.steps.last();
        stages
            .all
            .extend(last.and_then(|last| before.silence(last, trace.watched_until_ms)));
        stages
    }
}

/// Is this the kubelet's own delete of a pod that has ended (grace 0, seen as MODIFIED and then DELETED)?
fn is_final(step: &Step) -> bool {
    step.view.phase.is_terminal() && step.deletion.is_some_and(|mark| mark.grace_s == 0)
}

/// The graces of all deletes of this pod (the kubelet's own last delete, with grace 0, is none).
fn grace(trace: &Trace) -> Grace {
    let steps = trace.steps.iter().filter(|step| !is_final(step));
    let graces = || steps.clone().filter_map(|step| step.deletion).map(|mark| mark.grace_s);
    Grace {
        s_min: graces().min().unwrap_or(0),
        s_max: graces().max().unwrap_or(0),
    }
}

/// What the events before have shown.
struct Before {
    phase: Phase,
    initialized: Vec<bool>,
    deletion: Option<Deletion>,
    is_removed: bool,
    /// The kubelet's newest status.
    published: Rc<Status>,
}

impl Before {
    fn of(trace: &Trace) -> Self {
        let mut before = Self {
            phase: Phase::Pending,
            initialized: vec![model::has_initialized(&trace.spec, &Status::unseen())],
            deletion: None,
            is_removed: false,
            published: Rc::new(Status::unseen()),
        };
        let joined = trace.gaps.contains(&Gap::JoinedInTheMiddle);
        if let Some(first) = trace.steps.first().filter(|_| joined) {
            // A terminal phase can hide behind the one that was published before (WS-1), and any object can be the newest.
            if !first.view.phase.is_terminal() {
                before.phase = first.view.phase;
            }
            before.initialized = vec![false, true];
            before.deletion = first.deletion.map(|_| (grace(trace), LONG_AGO));
        }
        before
    }

    /// The stage of a status that was received with `step`.
    fn stage<'a>(&self, step: &'a Step, target: Rc<Status>) -> Stage<'a> {
        Stage {
            step,
            is_silence: false,
            target,
            previous_phase: self.phase,
            initialized: self.initialized.clone(),
            deletion: self.deletion,
            is_removed: self.is_removed,
            received: step.at_ms.unwrap_or(FAR_FUTURE),
            then: Then::default(),
        }
    }

    /// The silence before `until`; where no times are known there is nothing to say of one.
    fn silence<'a>(&self, step: &'a Step, until: Option<UnixMs>) -> Option<Stage<'a>> {
        Some(Stage {
            is_silence: true,
            received: until?,
            ..self.stage(step, Rc::clone(&self.published))
        })
    }

    /// This status has been shown.
    fn publish(&mut self, trace: &Trace, newest: &Rc<Status>) {
        let published = std::mem::replace(&mut self.published, Rc::clone(newest));
        let is_initialized = |status: &Status| model::has_initialized(&trace.spec, status);
        // After a delete the worker can hold the object of any moment since; before, the newest but one at most.
        if self.deletion.is_none() && published != *newest {
            self.initialized = vec![is_initialized(&published)];
        }
        let now = is_initialized(newest);
        if !self.initialized.contains(&now) {
            self.initialized.push(now);
        }
        self.phase = newest.phase;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Inclusion;
    use crate::check::testing::{judged, simulated};
    use crate::trace::{ConditionKind, ContainerView, DeletionMark};

    /// A pod that is deleted with a grace of 5 s and, for its finalizer, is still there when it has ended.
    fn with_finalizer() -> Trace {
        let yaml = "restartPolicy: Always\ngraceSeconds: 5\nmain:\n  - attempts: [{onTerm: {action: exit, code: \
                    0}}]\ndeletion:\n  at: {kind: running, container: m0, attempt: 0, afterMs: 3000}\n  finalizer: \
                    true\nobserveMsMax: 20000\n";
        simulated(yaml)
    }

    /// WS-2: the kubelet's own delete, with grace 0, says that the pod has ended; it shortens nobody's grace (TO-7), and
    /// what comes after it is still to be explained.
    #[test]
    fn the_kubelets_own_delete_is_no_forced_one() {
        let mut trace = with_finalizer();
        trace.steps.retain(|step| step.event != EventType::Deleted);
        let last = trace.steps.last().expect("an event");
        assert!(last.view.phase.is_terminal() && last.deletion.is_some_and(|mark| mark.grace_s == 0));
        let stages = Stages::of(&trace).all;
        let silence = stages.last().expect("the watch goes on");
        assert!(silence.is_silence);
        assert_eq!(silence.deletion.map(|(grace, _)| grace), Some(Grace::exactly(5)));
        let shown = |stage: &&Stage| !stage.is_silence;
        let then = stages.iter().rfind(shown).expect("a status").then;
        assert_eq!(then.removal, Some(last));
        assert!(!then.is_the_end);
    }

    /// 3.3: a delete with grace 0 of a pod that has not ended takes its object away, and kills at once.
    #[test]
    fn a_forced_delete_is_the_end() {
        let mut trace = with_finalizer();
        let mark = |step: &Step| step.deletion.is_some();
        let at = trace.steps.iter().position(mark).expect("a delete");
        trace.steps.truncate(at + 1);
        assert!(!trace.steps[at].view.phase.is_terminal());
        trace.steps[at].deletion.as_mut().expect("a delete").grace_s = 0;
        let stages = Stages::of(&trace);
        let then = stages.all.last().expect("a status").then;
        assert_eq!(then.removal, None);
        assert!(then.is_the_end);
    }

    /// A pod whose main runs after an init container.
    fn with_init() -> Trace {
        let yaml = "restartPolicy: Never\ngraceSeconds: 2\ninit:\n  - kind: init\n    container: {attempts: [{livesMs: 2000, \
                    onTerm: {action: exit, code: 0}}]}\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
                    0}}]\nobserveMsMax: 20000\n";
        simulated(yaml)
    }

    /// 3.3: before a delete the worker holds the newest object or the one before it, so two initialised ones are enough.
    #[test]
    fn what_was_not_initialised_is_forgotten_two_statuses_later() {
        let trace = with_init();
        let mut stages = Stages::of(&trace).all;
        stages.retain(|stage| !stage.is_silence);
        assert_eq!(stages[0].initialized, [false]);
        let is_initialized = |stage: &&Stage| model::has_initialized(&trace.spec, &stage.target);
        let before = stages.iter().position(|stage| is_initialized(&stage)).expect("it does");
        assert!(before > 0 && before + 2 < stages.len());
        assert_eq!(stages[before].initialized, [false]);
        assert_eq!(stages[before + 1].initialized, [false, true]);
        assert_eq!(stages[before + 2].initialized, [true]);
    }

    /// 3.3: after a delete the worker can hold the object of any moment since.
    #[test]
    fn what_was_not_initialised_at_the_delete_is_never_forgotten() {
        let mut trace = with_init();
        trace.steps[1].deletion = Some(DeletionMark {
            timestamp_ms: crate::simulate::CREATED_MS,
            grace_s: 2,
        });
        let stages = Stages::of(&trace).all;
        assert_eq!(stages.last().expect("a status").initialized, [false, true]);
    }

    /// The scheduler and a client write into the object too; the kubelet's status tells of containers, or why it does not.
    #[test]
    fn only_the_kubelets_word_is_to_be_explained() {
        let mut trace = with_init();
        let tells = |step: &Step| step.view.containers.iter().any(Option::is_some);
        let told = trace.steps.iter().position(tells).expect("a status of the kubelet's");
        let scheduled = |step: &Step| step.condition(ConditionKind::PodScheduled) == Some(true);
        assert!(trace.steps[..told].iter().any(scheduled));
        let first = |trace: &Trace| Stages::of(trace).all[0].step.event_index;
        assert_eq!(first(&trace), trace.steps[told].event_index);
        trace.steps[told].view.containers.fill(None);
        assert_eq!(first(&trace), trace.steps[told].event_index);
    }

    /// WS-1: a pod that has ended is still said to run while the kubelet stops it; a stream that is joined then has no
    /// earlier status that said so.
    #[test]
    fn a_stream_can_be_joined_while_a_terminal_phase_is_held_back() {
        let mut trace = with_init();
        let has_ended = |step: &Step| {
            let mut views = step.view.containers.iter();
            views.all(|view| view.as_ref().is_some_and(ContainerView::has_succeeded))
        };
        let ended = trace.steps.iter().position(has_ended).expect("it does");
        assert_eq!(trace.steps[ended].view.phase, Phase::Running);
        trace.steps.drain(..ended);
        trace.gaps = vec![Gap::JoinedInTheMiddle];
        assert_eq!(judged(&trace), Inclusion::Included);
    }
}
