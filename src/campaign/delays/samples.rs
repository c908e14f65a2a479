//! The delays that a pod's recording shows for certain: what the kubelet does at once when nothing holds it up.

use super::At;
use crate::trace::{ContainerSpec, JournalEntry, JournalKind, Kind, State, Step, Trace};

/// From a cause to its effect, and how long that takes at most on an idle node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The cause.
    pub from_ms: At,
    /// The effect.
    pub until_ms: At,
    /// An idle node's time for it.
    pub idle_ms: i64,
}

/// From create to the first process: binding, volume, sandbox.
const START_IDLE_MS: i64 = 2_000;
/// From an exit to the status that shows it: a relist a second, and the write.
const SHOWN_IDLE_MS: i64 = 1_500;
/// From an exit to the next container's process.
const NEXT_IDLE_MS: i64 = 2_000;
/// From a delete to the TERM of a main container.
const TERM_IDLE_MS: i64 = 1_000;
/// From the last exit to the pod's last status: sandbox, volumes.
const END_IDLE_MS: i64 = 3_000;

/// All samples of a pod.
pub fn of(trace: &Trace) -> Vec<Sample> {
    let Some(journal) = &trace.journal else {
        return Vec::new();
    };
    let mut samples: Vec<Sample> = start(trace, journal).into_iter().collect();
    // A probe's kill keeps the worker busy for a grace, and a delete changes what comes next: no delays of the machine.
    let calm = trace
        .spec
        .containers
        .iter()
        .all(|c| c.startup.is_none() && c.liveness.is_none());
    if calm {
        for exit in own_init_exits(trace, journal) {
            samples.extend(shown(trace, exit));
            samples.extend(next_start(trace, journal, exit));
        }
    }
    if calm {
        samples.extend(term(trace, journal));
    }
    samples.extend(end(trace, journal));
    samples
}

fn start(trace: &Trace, journal: &[JournalEntry]) -> Option<Sample> {
    let from_ms = trace.steps.first()?.at_ms?;
    let first = journal.iter().find(|entry| entry.kind == JournalKind::Start)?;
    Some(Sample {
        from_ms,
        until_ms: first.at_ms,
        idle_ms: START_IDLE_MS,
    })
}

fn deleted_ms(trace: &Trace) -> Option<At> {
    trace
        .steps
        .iter()
        .find(|step| step.deletion.is_some())
        .and_then(|step| step.at_ms)
}

/// Exits of init containers that succeeded by themselves before any delete.
fn own_init_exits<'a>(trace: &'a Trace, journal: &'a [JournalEntry]) -> impl Iterator<Item = &'a JournalEntry> {
    let deleted_ms = deleted_ms(trace);
    let is_init = |spec: &ContainerSpec| spec.kind == Kind::Init;
    journal.iter().filter(move |entry| {
        entry.kind == JournalKind::Exit(0)
            && trace.spec.containers.get(entry.container).is_some_and(is_init)
            && deleted_ms.is_none_or(|deleted_ms| entry.at_ms < deleted_ms)
    })
}

/// Until a status shows the end, or shows the delete that came instead.
fn shown(trace: &Trace, exit: &JournalEntry) -> Option<Sample> {
    let shows = |step: &&Step| {
        let view = step.view.containers.get(exit.container).and_then(Option::as_ref);
        view.is_some_and(|view| {
            let ended = matches!(view.state, State::Terminated(_));
            view.restart_count > exit.attempt || (view.restart_count == exit.attempt && ended)
        })
    };
    let until_ms = trace.steps.iter().find(shows)?.at_ms?;
    let cut = deleted_ms(trace).is_some_and(|deleted_ms| deleted_ms < until_ms);
    (!cut).then_some(Sample {
        from_ms: exit.at_ms,
        until_ms,
        idle_ms: SHOWN_IDLE_MS,
    })
}

/// What follows an init container in the list starts next, unless a delete comes first.
fn next_start(trace: &Trace, journal: &[JournalEntry], exit: &JournalEntry) -> Option<Sample> {
    let is_first = |entry: &&JournalEntry| {
        entry.container == exit.container + 1 && entry.attempt == 0 && entry.kind == JournalKind::Start
    };
    let until_ms = journal.iter().find(is_first)?.at_ms;
    let cut = deleted_ms(trace).is_some_and(|deleted_ms| deleted_ms < until_ms);
    (!cut && until_ms > exit.at_ms).then_some(Sample {
        from_ms: exit.at_ms,
        until_ms,
        idle_ms: NEXT_IDLE_MS,
    })
}

/// Main containers hear of a delete first; the first of those that ran, since its worker can be busy with a start.
fn term(trace: &Trace, journal: &[JournalEntry]) -> Option<Sample> {
    let from_ms = deleted_ms(trace)?;
    let is_main = |entry: &JournalEntry| {
        trace
            .spec
            .containers
            .get(entry.container)
            .is_some_and(|c| c.kind == Kind::Main)
    };
    let ran = |term: &JournalEntry| {
        let mut own = journal
            .iter()
            .filter(|entry| (entry.container, entry.attempt) == (term.container, term.attempt));
        own.any(|entry| entry.kind == JournalKind::Start && entry.at_ms < from_ms)
    };
    let mut terms = journal
        .iter()
        .filter(|entry| entry.kind == JournalKind::Term && entry.at_ms >= from_ms);
    let until_ms = terms.find(|entry| is_main(entry) && ran(entry))?.at_ms;
    Some(Sample {
        from_ms,
        until_ms,
        idle_ms: TERM_IDLE_MS,
    })
}

/// From the last process's exit, or the delete after it, to the first terminal phase; killed processes write no exit, so
/// they give no sample.
fn end(trace: &Trace, journal: &[JournalEntry]) -> Option<Sample> {
    let last = journal
        .last()
        .filter(|entry| matches!(entry.kind, JournalKind::Exit(_)))?;
    let starts = journal.iter().filter(|entry| entry.kind == JournalKind::Start).count();
    let exits = journal
        .iter()
        .filter(|entry| matches!(entry.kind, JournalKind::Exit(_)))
        .count();
    let until_ms = trace.steps.iter().find(|step| step.view.phase.is_terminal())?.at_ms?;
    let from_ms = deleted_ms(trace)
        .filter(|deleted_ms| *deleted_ms <= until_ms)
        .unwrap_or(last.at_ms)
        .max(last.at_ms);
    (starts == exits).then_some(Sample {
        from_ms,
        until_ms,
        idle_ms: END_IDLE_MS,
    })
}
