//! One pod as the guarantees see it: its trace, the facts in it, and what can be said about time.

use std::cell::OnceCell;

use podcheck_generators::Attempt;

use super::numbers::Numbers;
use super::stops::soonest_failure_ms;
use super::times::{newest_time, skew_ms};
use crate::check::{Bounds, DELETE_LAG_MS, Facts, InstanceFacts, Interval};
use crate::trace::{ContainerView, EventType, Gap, Kind, Phase, Reason, RestartPolicy, State, Step, Trace, UnixMs};

/// The first graceful delete of the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// First step that shows it.
    pub step: usize,
    /// When it was requested.
    pub requested: Interval,
    /// The shortest grace that a delete gave, in seconds.
    pub grace_s: u32,
}

/// A pod to be judged.
pub struct Case<'a> {
    pub trace: &'a Trace,
    pub facts: &'a Facts,
    pub bounds: &'a Bounds,
    /// `None` also for a delete without grace, which promises nothing.
    pub deletion: Option<Deletion>,
    /// The pod was deleted without grace.
    pub forced: bool,
    /// The delete with a grace that came before the one without, and the step that shows the latter.
    pub cut_short: Option<(Deletion, usize)>,
    /// The sandbox was made anew, so containers legitimately ran again from the first.
    pub sandbox_changed: bool,
    /// What to subtract from receive times so that none is later than it must be.
    skew_ms: i64,
    known: Known,
}

/// What many guarantees ask for, once it has been asked.
#[derive(Default)]
struct Known {
    numbers: OnceCell<Numbers>,
    changes: OnceCell<Vec<Vec<usize>>>,
    tells_times: OnceCell<bool>,
    terminal_step: OnceCell<Option<usize>>,
    free_until: OnceCell<Option<UnixMs>>,
    mains_done: OnceCell<Option<Interval>>,
    init_failed: OnceCell<Option<Interval>>,
    has_other_reasons: OnceCell<bool>,
}

/// Where a time from the journal meets one from the runtime: the journal's clock is an estimate.
const CLOCKS_MS: i64 = 1_000;

/// How far a node's clock may be ahead of the recorder's without a container's times showing it: a status takes that long.
const UNKNOWN_SKEW_MS: i64 = 20_000;

/// The kubelet counts the wait for a turn in whole seconds.
const TURN_ROUNDING_MS: i64 = 1_000;

impl<'a> Case<'a> {
    /// Prepares a trace for the guarantees.
    pub fn new(trace: &'a Trace, facts: &'a Facts, bounds: &'a Bounds) -> Self {
        let Asked {
            deletion,
            forced,
            cut_short,
        } = asked(trace);
        Self {
            trace,
            facts,
            bounds,
            deletion,
            forced,
            cut_short,
            sandbox_changed: sandbox_changed(trace),
            skew_ms: skew_ms(trace),
            known: Known::default(),
        }
    }

    /// Indices of the containers of a kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = usize> {
        let containers = &self.trace.spec.containers;
        (0..containers.len()).filter(move |&index| containers[index].kind == kind)
    }

    pub fn name(&self, index: usize) -> &str {
        &self.trace.spec.containers[index].name
    }

    pub fn kind(&self, index: usize) -> Kind {
        self.trace.spec.containers[index].kind
    }

    /// The published statuses of a container with the steps that show them.
    pub fn views(&self, index: usize) -> impl Iterator<Item = (usize, &'a ContainerView)> {
        self.trace
            .steps
            .iter()
            .enumerate()
            .filter_map(move |(step, it)| Some((step, it.view.containers.get(index)?.as_ref()?)))
    }

    /// Those of them that tell anything else of the container than the one before. For what is judged by a status of it alone,
    /// or by what has been told of it so far, they do, and they are few.
    pub fn changes(&self, index: usize) -> impl Iterator<Item = (usize, &ContainerView)> {
        let changes = self.known.changes.get_or_init(|| self.find_changes());
        let view = move |&step: &usize| Some((step, self.trace.steps[step].view.containers[index].as_ref()?));
        changes[index].iter().filter_map(view)
    }

    fn find_changes(&self) -> Vec<Vec<usize>> {
        let of_one = |index: usize| {
            let mut before = None;
            let is_new = |&(step, view): &(usize, &'a ContainerView)| {
                let now = Some((view, self.trace.steps[step].seen.get(index)));
                std::mem::replace(&mut before, now) != now
            };
            self.views(index).filter(is_new).map(|(step, _)| step).collect()
        };
        (0..self.trace.spec.containers.len()).map(of_one).collect()
    }

    /// The container IDs that statuses show.
    pub fn numbers(&self) -> &Numbers {
        self.known.numbers.get_or_init(|| Numbers::of(self.trace))
    }

    /// The last instance of a container that the recording shows.
    pub fn last_instance(&self, index: usize) -> Option<(u32, &InstanceFacts)> {
        let n = self.facts.instances(index).checked_sub(1)?;
        Some((n, self.facts.get(index, n)?))
    }

    /// When a life began.
    pub fn start(&self, index: usize, n: u32) -> Option<Interval> {
        self.facts.get(index, n)?.start
    }

    /// Does the recording show anywhere that this container ever ran?
    pub fn ever_ran(&self, index: usize) -> bool {
        self.facts.lives(index).any(has_run)
    }

    /// Did a life end of its own accord, untold? A TERM's line can be lost (a termination message is cut), so the script, where
    /// it is known, has a say: what outlives its time was told, and so was what leaves before it or has none.
    pub fn left_by_itself(&self, index: usize, n: u32) -> bool {
        let Some(facts) = self.facts.get(index, n) else {
            return false;
        };
        if facts.term.is_some() || !facts.wrote_exit {
            return false;
        }
        let scenario = self.trace.scenario.as_ref();
        let Some(script) = scenario.and_then(|it| it.containers().nth(index)) else {
            return true;
        };
        let Attempt {
            lives_ms, exit_code, ..
        } = *script.attempt(n);
        let lived = facts.start.zip(facts.finish).map(|(start, finish)| Interval {
            lo: finish.lo - start.hi,
            hi: finish.hi - start.lo,
        });
        let in_time = |lives_ms: u32| {
            let lives_ms = i64::from(lives_ms);
            let is_in_time = |lived: Interval| {
                lived.lo <= lives_ms + self.bounds.delay_ms && lived.hi >= lives_ms - self.bounds.rounding_ms
            };
            lived.is_none_or(is_in_time)
        };
        lives_ms.is_some_and(in_time) && facts.exit.as_ref().is_none_or(|exit| exit.code == i32::from(exit_code))
    }

    /// May a container be stopped by a failed probe?
    pub fn can_be_killed_by_probe(&self, index: usize) -> bool {
        let spec = &self.trace.spec.containers[index];
        spec.liveness.is_some() || spec.startup.is_some()
    }

    /// The step was received no earlier than this.
    pub fn not_before(&self, step: usize) -> Option<UnixMs> {
        let steps = &self.trace.steps;
        match steps[step].at_ms {
            Some(at) => Some(at - self.skew_ms.max(0)),
            None => steps[..=step].iter().filter_map(newest_time).max(),
        }
    }

    /// The step was received no later than this; unknown in a stream without receive times.
    pub fn not_after(&self, step: usize) -> Option<UnixMs> {
        self.trace.steps[step].at_ms
    }

    /// Is this time of the node's clock later than the step was received, by more than clocks can disagree? That is known of
    /// the node's clock only where a container's times are told.
    pub fn is_after(&self, step: usize, at: UnixMs) -> bool {
        let told = || self.trace.steps.iter().flat_map(|step| &step.seen);
        let is_told = *self
            .known
            .tells_times
            .get_or_init(|| told().any(|seen| seen.started_at.is_some()));
        let ahead_ms = (-self.skew_ms).max(0) + UNKNOWN_SKEW_MS;
        is_told && self.not_after(step).is_some_and(|received| at > received + ahead_ms)
    }

    /// The pod was watched at least until then.
    pub fn watched_until(&self) -> Option<UnixMs> {
        let until = self.trace.watched_until_ms.map(|until| until - self.skew_ms.max(0));
        until.max(self.not_before(self.trace.steps.len().checked_sub(1)?))
    }

    /// The first step that shows a terminal phase.
    pub fn terminal_step(&self) -> Option<usize> {
        let terminal = |step: &Step| step.view.phase.is_terminal();
        let found = || self.trace.steps.iter().position(terminal);
        *self.known.terminal_step.get_or_init(found)
    }

    /// Until when the kubelet was free to do its ordinary work: no delete, no terminal phase, no end of the watch.
    pub fn free_until(&self) -> Option<UnixMs> {
        *self.known.free_until.get_or_init(|| self.find_free_until())
    }

    fn find_free_until(&self) -> Option<UnixMs> {
        let terminal = self.terminal_step().and_then(|step| self.not_before(step));
        let forced = self.trace.steps.iter().position(|step| step.deletion.is_some());
        let deleted = match self.deletion {
            Some(deletion) => Some(deletion.requested.lo),
            None => forced.and_then(|step| self.not_before(step)),
        };
        [self.watched_until(), terminal, deleted].into_iter().flatten().min()
    }

    /// Until when its containers were wanted: [`Case::free_until`], and work that was left.
    pub fn wanted_until(&self) -> Option<UnixMs> {
        let over = [self.mains_done(), self.init_failed()].into_iter().flatten();
        over.map(|it| it.lo).chain(self.free_until()).min()
    }

    /// The last step, where something that never came is missed.
    pub fn last_step(&self) -> usize {
        self.trace.steps.len().saturating_sub(1)
    }

    /// Has this exit no restart under the pod's policy?
    pub fn is_final(&self, kind: Kind, code: i32) -> bool {
        match (kind, self.trace.spec.restart_policy) {
            (Kind::Sidecar, _) => false,
            (Kind::Init, RestartPolicy::Never) | (_, RestartPolicy::Never) => true,
            (Kind::Init, _) | (Kind::Main, RestartPolicy::OnFailure) => code == 0,
            (Kind::Main, RestartPolicy::Always) => false,
        }
    }

    /// When the last main container was finally done; `None`: not all are, or the recording does not tell.
    pub fn mains_done(&self) -> Option<Interval> {
        *self.known.mains_done.get_or_init(|| self.find_mains_done())
    }

    fn find_mains_done(&self) -> Option<Interval> {
        let mut done: Option<Interval> = None;
        for index in self.of_kind(Kind::Main) {
            let (_, last) = self.last_instance(index)?;
            let (finish, exit) = (last.finish?, last.exit.as_ref()?);
            if !self.is_final(Kind::Main, exit.code) {
                return None;
            }
            done = Some(done.map_or(finish, |it| Interval {
                lo: it.lo.max(finish.lo),
                hi: it.hi.max(finish.hi),
            }));
        }
        done
    }

    /// When an init container failed for good (policy Never).
    pub fn init_failed(&self) -> Option<Interval> {
        *self.known.init_failed.get_or_init(|| self.find_init_failed())
    }

    fn find_init_failed(&self) -> Option<Interval> {
        if self.trace.spec.restart_policy != RestartPolicy::Never {
            return None;
        }
        self.of_kind(Kind::Init).find_map(|index| {
            let (_, last) = self.last_instance(index)?;
            last.finish
                .filter(|_| last.exit.as_ref().is_some_and(|exit| exit.code != 0))
        })
    }

    /// Nobody can have begun to shut the pod down before this: it takes a delete, or that there is nothing left to do.
    pub fn shutdown_begins_no_earlier_than(&self) -> Option<UnixMs> {
        // A delete that comes when the watch ends is known to the kubelet, and not to the recording.
        let unseen = self.watched_until().map(|until| until - DELETE_LAG_MS);
        let deleted = self.deletion.map(|it| it.requested.lo).or(unseen);
        self.work_over_no_earlier_than().into_iter().chain(deleted).min()
    }

    /// No grace can be used up before this.
    pub fn grace_ends_no_earlier_than(&self) -> Option<UnixMs> {
        let deleted = self.deletion.map(|it| it.requested.lo + i64::from(it.grace_s) * 1_000);
        let ended = self
            .work_over_no_earlier_than()
            .map(|over| over + i64::from(self.trace.spec.grace_s) * 1_000);
        ended.into_iter().chain(deleted).min().map(|end| end - TURN_ROUNDING_MS)
    }

    /// The pod cannot have begun to end by itself before this.
    pub fn work_over_no_earlier_than(&self) -> Option<UnixMs> {
        let ended = [self.mains_done(), self.init_failed()]
            .into_iter()
            .flatten()
            .map(|it| it.lo);
        ended.chain(self.last_main_killed_by_probe()).min()
    }

    /// In a Never pod the failed probe of the last main that runs shuts the whole pod down, in order (RS-11): its TERM is
    /// the beginning. Where no line tells of it, one may have been lost, and it can have come as soon as the probe fails.
    fn last_main_killed_by_probe(&self) -> Option<UnixMs> {
        let never = self.trace.spec.restart_policy == RestartPolicy::Never;
        let told = self.of_kind(Kind::Main).filter(|_| never).filter_map(|index| {
            let (_, last) = self.last_instance(index)?;
            let spec = &self.trace.spec.containers[index];
            let probes = [&spec.startup, &spec.liveness].into_iter().flatten();
            let soonest_ms = probes.map(|probe| soonest_failure_ms(probe, 0)).min()?;
            last.term.or(last.start.map(|start| start.lo + soonest_ms))
        });
        told.min()
    }

    /// Evictions and the like stop containers for reasons of their own; and a delete of which a stream that was joined late
    /// shows only the end may have come at any time. (One that comes when the pod has ended tells nobody to stop.)
    pub fn has_other_reasons(&self) -> bool {
        *self.known.has_other_reasons.get_or_init(|| self.find_other_reasons())
    }

    fn find_other_reasons(&self) -> bool {
        let steps = &self.trace.steps;
        let marked = steps.iter().position(|step| step.deletion.is_some());
        let had_ended = |at: usize| steps[..at].iter().any(|step| step.view.phase.is_terminal());
        let unknown_delete = self.deletion.is_none() && marked.is_some_and(|at| !had_ended(at));
        self.forced || unknown_delete || steps.iter().any(|step| step.view.reason != Reason::None)
    }

    /// Was a life of a main told to stop at `term` because its own probe had failed? Nothing else stops a main whose pod is
    /// not deleted: while it runs the pod's work is not over.
    pub fn told_by_its_probe(&self, index: usize, term: UnixMs) -> bool {
        self.kind(index) == Kind::Main
            && self.can_be_killed_by_probe(index)
            && !self.sandbox_changed
            && !self.has_other_reasons()
            && self.deletion.is_none_or(|it| term + CLOCKS_MS < it.requested.lo)
    }

    /// Has the sandbox gone by this event, though containers are shown running?
    pub fn lost_while_running(&self, event_index: usize) -> bool {
        lost_while_running(self.trace).is_some_and(|step| self.trace.steps[step].event_index <= event_index)
    }

    /// Did the sandbox go with nobody asking for it, while or before something ran in the pod?
    pub fn lost_its_sandbox(&self) -> bool {
        let steps = &self.trace.steps;
        let lost = steps.windows(2).position(lost_its_sandbox);
        lost_while_running(self.trace).is_some()
            || lost.is_some_and(|lost| steps[lost + 1..].iter().any(|step| step.view.runs()))
    }

    /// How far apart the times of two instances must be for their order to be certain.
    pub fn margin_ms(&self, a: &InstanceFacts, b: &InstanceFacts) -> i64 {
        let same_clock = (a.wrote_start || a.wrote_exit) == (b.wrote_start || b.wrote_exit);
        if same_clock { self.bounds.rounding_ms } else { CLOCKS_MS }
    }
}

/// Something shows that the instance ran.
pub fn has_run(facts: &InstanceFacts) -> bool {
    facts.start.is_some() || facts.finish.is_some() || facts.wrote_start || facts.term.is_some()
}

/// Does this status show that the container was started at some time?
pub fn shows_a_start(view: &ContainerView) -> bool {
    match &view.state {
        State::Running => true,
        // A container that never ran is rewritten to this when the pod is deleted early.
        State::Terminated(exit) => view.last.is_some() || exit.reason != Reason::ContainerStatusUnknown,
        State::Waiting(_) => view.last.is_some(),
    }
}

/// What was asked for by deletes.
#[derive(Default)]
struct Asked {
    deletion: Option<Deletion>,
    forced: bool,
    cut_short: Option<(Deletion, usize)>,
}

fn asked(trace: &Trace) -> Asked {
    let marks = trace
        .steps
        .iter()
        .enumerate()
        .filter_map(|(step, it)| Some((step, it, it.deletion?)));
    let mut found: Option<Deletion> = None;
    for (step, it, mark) in marks {
        // The kubelet's own last delete has no grace either, but then the phase is terminal.
        if mark.grace_s == 0 && !it.view.phase.is_terminal() && it.event != EventType::Deleted {
            return Asked {
                deletion: None,
                forced: true,
                cut_short: found.zip(Some(step)),
            };
        }
        match &mut found {
            None if mark.grace_s == 0 => {
                return Asked {
                    forced: !it.view.phase.is_terminal(),
                    ..Asked::default()
                };
            }
            None => {
                let at = mark.timestamp_ms - i64::from(mark.grace_s) * 1_000;
                let requested = Interval { lo: at, hi: at + 999 };
                found = Some(Deletion {
                    step,
                    requested,
                    grace_s: mark.grace_s,
                });
            }
            Some(deletion) if mark.grace_s > 0 => deletion.grace_s = deletion.grace_s.min(mark.grace_s),
            Some(_) => {}
        }
    }
    Asked {
        deletion: found,
        ..Asked::default()
    }
}

/// A sandbox that is ready again after it was not, or is not ready any more while containers are shown running.
fn sandbox_changed(trace: &Trace) -> bool {
    let mut seen: Vec<bool> = trace.steps.iter().filter_map(Step::has_sandbox).collect();
    seen.dedup();
    lost_in_view(trace).is_some() || seen.windows(3).any(|window| window == [true, false, true])
}

/// The first step that shows containers running though the sandbox has gone.
fn lost_while_running(trace: &Trace) -> Option<usize> {
    let before = trace.gaps.contains(&Gap::JoinedInTheMiddle)
        && trace.steps.first().is_some_and(|step| {
            step.view.phase == Phase::Running && step.has_sandbox() == Some(false) && step.view.runs()
        });
    if before { Some(0) } else { lost_in_view(trace) }
}

/// The same for a sandbox that was there when the pod was first seen.
fn lost_in_view(trace: &Trace) -> Option<usize> {
    let lost = |pair: &[Step]| lost_its_sandbox(pair) && pair[1].view.runs();
    trace.steps.windows(2).position(lost).map(|before| before + 1)
}

/// Of two steps, did the sandbox go between them, with nobody asking for it?
fn lost_its_sandbox(pair: &[Step]) -> bool {
    pair[0].has_sandbox() == Some(true) && pair[1].has_sandbox() == Some(false) && pair[1].deletion.is_none()
}
