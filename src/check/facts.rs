//! What the recording says of each instance of each container: when it started, got its TERM and ended, and how.
//!
//! These are the inputs of the check: how and when a process exits is the pod's business, not the kubelet's.

use podcheck_generators::Scenario;

use super::bounds::Bounds;
use crate::trace::{ContainerView, Exit, JournalKind, Reason, Seen, State, Trace, UnixMs};

/// Earlier than any moment of a recording; far enough from the ends of the type for bounds to be added and subtracted.
pub const LONG_AGO: UnixMs = UnixMs::MIN / 4;
/// Later than any moment of a recording.
pub const FAR_FUTURE: UnixMs = UnixMs::MAX / 4;

/// A moment known to lie between two bounds (both included).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    pub lo: UnixMs,
    pub hi: UnixMs,
}

impl Interval {
    /// Any time at all.
    pub const UNKNOWN: Self = Self {
        lo: LONG_AGO,
        hi: FAR_FUTURE,
    };

    /// API times are cut to whole seconds.
    fn of_second(at: UnixMs) -> Self {
        Self { lo: at, hi: at + 999 }
    }

    /// What the runtime says of a start, and the process that wrote its first line at `at`. On a busy machine the process
    /// can have come to write long after its start (2.5 s seen), so a line only says that it had started by then; one that
    /// writes before it shows that clocks disagree.
    fn with_start_line(self, at: UnixMs, late_ms: i64) -> Self {
        let written = Self {
            lo: at - late_ms,
            hi: at,
        };
        self.overlap(written).unwrap_or(Self::of_start_line(at))
    }

    /// The same for an end: the runtime can have noticed it long after the process wrote its last line.
    fn with_exit_line(self, at: UnixMs, late_ms: i64) -> Self {
        let written = Self {
            lo: at,
            hi: at + late_ms,
        };
        self.overlap(written).unwrap_or(Self::of_exit_line(at))
    }

    fn of_start_line(at: UnixMs) -> Self {
        Self {
            lo: at - RUNTIME_LAG_MS,
            hi: at,
        }
    }

    fn of_exit_line(at: UnixMs) -> Self {
        Self {
            lo: at,
            hi: at + RUNTIME_LAG_MS,
        }
    }

    fn overlap(self, other: Self) -> Option<Self> {
        let both = Self {
            lo: self.lo.max(other.lo),
            hi: self.hi.min(other.hi),
        };
        (both.lo <= both.hi).then_some(both)
    }
}

/// What is known of one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceFacts {
    /// When the runtime started it.
    pub start: Option<Interval>,
    /// When it ended, as the runtime tells.
    pub finish: Option<Interval>,
    pub exit: Option<Exit>,
    /// When the process got its TERM (journal).
    pub term: Option<UnixMs>,
    /// The process wrote its own exit line (so nobody killed it).
    pub wrote_exit: bool,
    /// The process wrote its start line.
    pub wrote_start: bool,
    /// Somebody killed it: it left with 137 and without a line, and its script never exits with 137. (There may be no journal,
    /// and one can be cut or have lost lines, so the missing line alone says nothing.)
    pub killed: bool,
    /// There is no journal, but its exit code is one that its script has only for a stop. (A pod without a script can leave
    /// with any code by itself.)
    pub stopped: bool,
}

impl InstanceFacts {
    /// Of an instance that the recording does not show.
    pub const NOTHING: Self = Self {
        start: None,
        finish: None,
        exit: None,
        term: None,
        wrote_exit: false,
        wrote_start: false,
        killed: false,
        stopped: false,
    };
}

/// Facts by container and instance (restart count).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    by_container: Vec<Vec<InstanceFacts>>,
    /// The recording has a process journal, so a missing line says something.
    pub journal: bool,
    /// When a status was received that showed the sandbox first.
    pub sandbox_by: Option<UnixMs>,
}

/// The runtime notes a start before the process can write its first line, and an end after its last: at most this long
/// before or after, on a machine under load.
const RUNTIME_LAG_MS: i64 = 2_000;
/// Where the runtime tells, a line may be this far from it in any case: twice what was seen at a load of 35 on two cores. What
/// is further away than the machine's load explains is a contradiction, and the line counts.
const LINE_LATE_MS_MIN: i64 = 5_000;

/// Exit code of a process that was ended by KILL.
const KILLED: i32 = 137;

/// Exit code of a process that TERM ended.
const TERMINATED: i32 = 143;

impl Facts {
    /// Gathers the facts of a trace.
    pub fn of(trace: &Trace) -> Self {
        Self::with_lines(trace, LINE_LATE_MS_MIN)
    }

    /// The same on a machine with these bounds: what holds a kubelet up holds a process up too (12 s seen at a load of 65 on two
    /// cores, from its start to its first line).
    pub fn within(trace: &Trace, bounds: &Bounds) -> Self {
        Self::with_lines(trace, bounds.delay_ms.max(LINE_LATE_MS_MIN))
    }

    fn with_lines(trace: &Trace, line_late_ms: i64) -> Self {
        let mut facts = Self {
            by_container: vec![Vec::new(); trace.spec.containers.len()],
            journal: trace.journal.is_some(),
            sandbox_by: sandbox_by(trace),
        };
        // IDs of each container's lives, in the order in which statuses told of them.
        let mut ids: Vec<Vec<&str>> = vec![Vec::new(); trace.spec.containers.len()];
        for step in &trace.steps {
            for (index, view) in step.view.containers.iter().enumerate() {
                let Some((view, seen)) = view.as_ref().zip(step.seen.get(index)) else {
                    continue;
                };
                let (known, id) = (&mut ids[index], seen.container_id.as_deref());
                let last = seen.last_container_id.as_deref().filter(|&last| Some(last) != id);
                if let Some(last) = last.filter(|last| !known.contains(last)) {
                    known.insert(0, last);
                }
                if let Some(id) = id.filter(|_| known.last().copied() != id) {
                    // LIFE-GC: a status that goes back to an earlier life, under whatever count, tells nothing new.
                    if known.contains(&id) {
                        continue;
                    }
                    known.push(id);
                }
                facts.add_status(index, view, seen);
            }
        }
        for entry in trace.journal.iter().flatten() {
            facts.add_journal((entry.container, entry.attempt), entry.at_ms, entry.kind, line_late_ms);
        }
        if let Some(scenario) = &trace.scenario {
            facts.add_script(scenario);
        }
        facts
    }

    /// What the script tells of ends: with which codes a process does not leave unless it is stopped.
    fn add_script(&mut self, scenario: &Scenario) {
        let journal = self.journal;
        for (script, instances) in scenario.containers().zip(&mut self.by_container) {
            for (n, instance) in (0..).zip(instances) {
                let Some(exit) = instance.exit.as_ref().filter(|exit| exit.reason == Reason::Error) else {
                    continue;
                };
                let (attempt, code) = (script.attempt(n), exit.code);
                instance.killed = !instance.wrote_exit && code == KILLED && !attempt.exits_with(code);
                instance.stopped =
                    !journal && matches!(code, KILLED | TERMINATED) && !attempt.exits_by_itself_with(code);
            }
        }
    }

    /// Facts of instance `n` of a container.
    pub fn get(&self, container: usize, n: u32) -> Option<&InstanceFacts> {
        self.by_container[container].get(n as usize)
    }

    /// Facts of all instances of a container, the first one first.
    pub fn lives(&self, container: usize) -> impl Iterator<Item = &InstanceFacts> {
        self.by_container[container].iter()
    }

    /// How many instances of a container the recording shows.
    pub fn instances(&self, container: usize) -> u32 {
        self.by_container[container].len() as u32
    }

    fn entry(&mut self, container: usize, n: u32) -> Option<&mut InstanceFacts> {
        // A restart count beyond any real one is damage, not a fact.
        const INSTANCES_MAX: u32 = 100_000;
        if n >= INSTANCES_MAX {
            return None;
        }
        let instances = &mut self.by_container[container];
        if instances.len() <= n as usize {
            instances.resize(n as usize + 1, InstanceFacts::default());
        }
        instances.get_mut(n as usize)
    }

    fn add_status(&mut self, index: usize, view: &ContainerView, seen: &Seen) {
        let n = view.restart_count;
        match &view.state {
            State::Running => self.add(index, n, seen.started_at, None, None),
            State::Terminated(exit) => self.add(index, n, seen.started_at, seen.finished_at, Some(exit)),
            State::Waiting(_) => {}
        }
        if let Some(exit) = &view.last {
            // WR-6, RS-9: lastState is this very instance while it waits (or, sticky, beside its own terminated state).
            let same = seen.last_container_id.is_some() && seen.last_container_id == seen.container_id;
            let waits = matches!(view.state, State::Waiting(_));
            let of = if same || (waits && seen.last_container_id.is_none()) {
                Some(n)
            } else {
                n.checked_sub(1)
            };
            if let Some(of) = of {
                self.add(index, of, seen.last_started_at, seen.last_finished_at, Some(exit));
            }
        }
    }

    fn add(&mut self, index: usize, n: u32, start: Option<UnixMs>, finish: Option<UnixMs>, exit: Option<&Exit>) {
        // WR-5: "could not be located" is the kubelet's invention, not an end that anybody saw.
        if exit.is_some_and(|exit| exit.reason == Reason::ContainerStatusUnknown) {
            return;
        }
        let Some(facts) = self.entry(index, n) else { return };
        if let Some(start) = start.filter(|&at| at > 0) {
            facts.start = Some(Interval::of_second(start));
        }
        if let Some(finish) = finish.filter(|&at| at > 0) {
            facts.finish = Some(Interval::of_second(finish));
        }
        if let Some(exit) = exit {
            facts.exit = Some(exit.clone());
        }
    }

    fn add_journal(&mut self, (index, n): (usize, u32), at: UnixMs, kind: JournalKind, late_ms: i64) {
        let Some(facts) = self.entry(index, n) else { return };
        match kind {
            JournalKind::Start => {
                let start = facts.start.map_or_else(
                    || Interval::of_start_line(at),
                    |start| start.with_start_line(at, late_ms),
                );
                facts.start = Some(start);
                facts.wrote_start = true;
            }
            JournalKind::Term => facts.term = Some(facts.term.map_or(at, |term| term.min(at))),
            JournalKind::Exit(code) => {
                let finish = facts.finish.map_or_else(
                    || Interval::of_exit_line(at),
                    |finish| finish.with_exit_line(at, late_ms),
                );
                facts.finish = Some(finish);
                facts.wrote_exit = true;
                if facts.exit.is_none() {
                    let reason = if code == 0 { Reason::Completed } else { Reason::Error };
                    facts.exit = Some(Exit {
                        code: i32::from(code),
                        reason,
                    });
                }
            }
        }
    }
}

fn sandbox_by(trace: &Trace) -> Option<UnixMs> {
    let first = trace.steps.iter().find(|step| step.has_sandbox() == Some(true));
    first?.at_ms
}

#[cfg(test)]
impl Facts {
    /// These lives of each container, with a journal.
    pub fn told(by_container: Vec<Vec<InstanceFacts>>) -> Self {
        Self {
            by_container,
            journal: true,
            sandbox_by: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{exit, simulated};
    use crate::trace::Step;

    const SECOND: Interval = Interval { lo: 10_000, hi: 10_999 };

    #[test]
    fn a_line_narrows_the_runtimes_second() {
        assert_eq!(
            SECOND.with_start_line(10_400, LINE_LATE_MS_MIN),
            Interval { lo: 10_000, hi: 10_400 }
        );
        assert_eq!(
            SECOND.with_exit_line(10_400, LINE_LATE_MS_MIN),
            Interval { lo: 10_400, hi: 10_999 }
        );
    }

    /// Seen on a kubelet v1.37.0 at a load of 35 on two cores: published as running at 20.9 s, first line at 23.5 s.
    #[test]
    fn a_process_that_comes_to_write_late_has_not_started_late() {
        assert_eq!(SECOND.with_start_line(13_500, LINE_LATE_MS_MIN), SECOND);
        assert_eq!(SECOND.with_exit_line(7_500, LINE_LATE_MS_MIN), SECOND);
    }

    #[test]
    fn a_line_that_contradicts_the_runtime_counts() {
        assert_eq!(
            SECOND.with_start_line(30_000, LINE_LATE_MS_MIN),
            Interval::of_start_line(30_000)
        );
        assert_eq!(
            SECOND.with_start_line(9_000, LINE_LATE_MS_MIN),
            Interval::of_start_line(9_000)
        );
        assert_eq!(
            SECOND.with_exit_line(30_000, LINE_LATE_MS_MIN),
            Interval::of_exit_line(30_000)
        );
        assert_eq!(
            SECOND.with_exit_line(4_000, LINE_LATE_MS_MIN),
            Interval::of_exit_line(4_000)
        );
    }

    /// Seen on a kubelet v1.37.0 at a load of 65 on two cores: 12 s from a start to its first line.
    #[test]
    fn a_line_may_be_as_late_as_the_load_explains_and_some_seconds_in_any_case() {
        let mut trace = simulated(
            "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\nobserveMsMax: \
             20000\n",
        );
        let told = Facts::of(&trace).get(0, 0).and_then(|life| life.start);
        let second = told.expect("a start").lo.div_euclid(1_000) * 1_000;
        let mut start = |late_ms: i64, delay_ms: i64| {
            let at = second + late_ms;
            trace.journal.as_mut().expect("a journal")[0].at_ms = at;
            let facts = Facts::within(&trace, &Bounds::with_delay(delay_ms));
            (facts.get(0, 0).and_then(|life| life.start), Interval::of_start_line(at))
        };
        let is_believed = |(start, line): (Option<Interval>, Interval)| start == Some(line);
        assert!(!is_believed(start(5_500, 0)));
        assert!(is_believed(start(6_500, 0)));
        assert!(!is_believed(start(12_000, 12_000)));
        assert!(is_believed(start(13_500, 12_000)));
    }

    /// A pod has its sandbox by the first status in which PodReadyToStartContainers is true.
    #[test]
    fn a_sandbox_is_there_by_the_first_status_that_shows_it() {
        let mut trace = simulated(
            "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
             0}}]\nobserveMsMax: 20000\n",
        );
        let shows: Vec<Option<bool>> = trace.steps.iter().map(Step::has_sandbox).collect();
        let first = shows.iter().position(|&it| it == Some(true)).expect("it has one");
        assert!(shows[..first].contains(&Some(false)) && shows[first + 1..].contains(&Some(true)));
        assert_eq!(Facts::of(&trace).sandbox_by, trace.steps[first].at_ms);
        trace.steps.truncate(first);
        assert_eq!(Facts::of(&trace).sandbox_by, None);
    }

    #[test]
    fn a_line_by_itself_leaves_room_for_the_runtime() {
        assert_eq!(Interval::of_start_line(10_000), Interval { lo: 8_000, hi: 10_000 });
        assert_eq!(Interval::of_exit_line(10_000), Interval { lo: 10_000, hi: 12_000 });
    }

    /// A trace whose one container ended with `code`, with these lines in its journal (`None`: no journal).
    fn ended_with(code: i32, lines: Option<&[JournalKind]>) -> InstanceFacts {
        let yaml = "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
                    143}}]\nobserveMsMax: 20000\n";
        let scenario = Scenario::from_yaml(yaml).expect("a scenario");
        let version = crate::model::KubeletVersion { minor: 37, patch: 0 };
        let mut trace = crate::simulate::simulate(&scenario, &crate::simulate::Options::new(version, 1));
        for step in &mut trace.steps {
            for view in step.view.containers.iter_mut().flatten() {
                if let State::Terminated(exit) = &mut view.state {
                    *exit = Exit {
                        code,
                        reason: Reason::Error,
                    };
                }
            }
        }
        trace.journal = lines.map(|lines| {
            let entry = |&kind: &JournalKind| crate::trace::JournalEntry {
                container: 0,
                attempt: 0,
                at_ms: 1,
                kind,
            };
            lines.iter().map(entry).collect()
        });
        Facts::of(&trace).get(0, 0).cloned().expect("it ran")
    }

    /// Its script leaves with 0 by itself and with 143 on TERM, so with 137 never.
    #[test]
    fn the_script_says_which_ends_are_no_accident() {
        let told = |facts: InstanceFacts| (facts.killed, facts.stopped);
        let nothing: &[JournalKind] = &[];
        assert_eq!(told(ended_with(KILLED, Some(nothing))), (true, false));
        assert_eq!(
            told(ended_with(KILLED, Some(&[JournalKind::Exit(137)]))),
            (false, false)
        );
        assert_eq!(told(ended_with(TERMINATED, Some(nothing))), (false, false));
        assert_eq!(told(ended_with(1, Some(nothing))), (false, false));
        assert_eq!(told(ended_with(KILLED, None)), (true, true));
        assert_eq!(told(ended_with(TERMINATED, None)), (false, true));
        assert_eq!(told(ended_with(1, None)), (false, false));
        assert_eq!(told(ended_with(0, None)), (false, false));
    }

    /// What one status of a container in its second life, with a `lastState` that began at 1 s and ended at 2 s, tells of
    /// the ends of its lives.
    fn ends_told(state: State, id: Option<&str>, last_id: Option<&str>) -> [Option<Interval>; 2] {
        let view = ContainerView {
            state,
            last: Some(exit(1)),
            restart_count: 1,
            ready: false,
            started: false,
        };
        let seen = Seen {
            container_id: id.map(Into::into),
            last_container_id: last_id.map(Into::into),
            last_started_at: Some(1_000),
            last_finished_at: Some(2_000),
            ..Seen::default()
        };
        let mut facts = Facts::told(vec![Vec::new()]);
        facts.add_status(0, &view, &seen);
        [0, 1].map(|n| facts.get(0, n).and_then(|life| life.finish))
    }

    /// WR-6 says it of waiting containers only: beside a running or ended one lies the life before, also where no ID tells.
    #[test]
    fn a_last_state_without_ids_is_the_life_before_unless_the_container_waits() {
        let end = Some(Interval::of_second(2_000));
        let waiting = State::Waiting(Reason::CrashLoopBackOff);
        assert_eq!(ends_told(State::Running, None, None), [end, None]);
        assert_eq!(ends_told(State::Running, Some("b"), None), [end, None]);
        assert_eq!(ends_told(State::Terminated(exit(2)), None, None), [end, None]);
        assert_eq!(ends_told(waiting, None, None), [None, end]);
    }

    /// WR-6: a container that waits has the ID of the instance that it follows; RS-9: a sticky one lies beside its own end.
    #[test]
    fn ids_tell_whose_end_a_last_state_is() {
        let end = Some(Interval::of_second(2_000));
        let waiting = || State::Waiting(Reason::CrashLoopBackOff);
        assert_eq!(ends_told(waiting(), Some("b"), Some("b")), [None, end]);
        assert_eq!(ends_told(waiting(), Some("b"), Some("a")), [end, None]);
        assert_eq!(ends_told(State::Terminated(exit(1)), Some("b"), Some("b")), [None, end]);
        assert_eq!(ends_told(State::Running, Some("b"), Some("a")), [end, None]);
    }

    /// A runtime gives 1970-01-01T00:00:00Z to a container that it could not start.
    #[test]
    fn the_epoch_is_no_time() {
        let life = |start, finish| {
            let mut facts = Facts::told(vec![Vec::new()]);
            facts.add(0, 0, Some(start), Some(finish), Some(&exit(128)));
            let life = facts.get(0, 0).expect("a life");
            (life.start, life.finish)
        };
        assert_eq!(life(0, 0), (None, None));
        assert_eq!(life(1, 1), (Some(Interval::of_second(1)), Some(Interval::of_second(1))));
    }

    /// An end that no status shows is told by its line alone.
    #[test]
    fn a_line_says_how_a_life_ended() {
        let told = |code: u8| {
            let mut facts = Facts::told(vec![Vec::new()]);
            facts.add_journal((0, 0), 1, JournalKind::Exit(code), LINE_LATE_MS_MIN);
            facts.get(0, 0).and_then(|life| life.exit.clone())
        };
        assert_eq!(told(0), Some(exit(0)));
        assert_eq!(told(3), Some(exit(3)));
    }

    /// LIFE-GC: a status that goes back to an earlier life, under whatever count, tells nothing new; also where a stream that
    /// was joined knows that life by its lastState only.
    #[test]
    fn a_status_that_goes_back_to_an_earlier_life_tells_nothing() {
        let whole = simulated(
            "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 2000, onTerm: {action: exit, code: \
             0}}]\nobserveMsMax: 60000\n",
        );
        let runs = |n: u32| {
            let runs = |view: &ContainerView| view.restart_count == n && view.state == State::Running;
            let shows = |step: &Step| step.view.containers[0].as_ref().is_some_and(runs);
            whole.steps.iter().position(shows).expect("it does")
        };
        for (joined_at, back_to) in [(0, 0), (0, 1), (1, 0)] {
            let mut trace = whole.clone();
            trace.steps.truncate(runs(2) + 1);
            trace.steps.drain(..if joined_at > 0 { runs(joined_at) } else { 0 });
            let facts = Facts::of(&trace);
            let mut back = whole.steps[runs(back_to)].clone();
            back.view.containers[0].as_mut().expect("a status").restart_count = 7;
            trace.steps.push(back);
            assert_eq!(Facts::of(&trace), facts, "from {joined_at} on, and back to {back_to}");
        }
    }
}
