//! When the processes of a container really ran, as far as a recording tells.

use super::build::Ruler;
use super::{Axis, Position, Run};
use crate::check::Facts;
use crate::trace::{State, Step};

/// Half of the second to which the status cuts its times.
const HALF_SECOND_MS: Position = 500;

/// The runs of one container up to `to`.
pub(super) fn runs(index: usize, facts: &Facts, steps: &[(Position, &Step)], ruler: Ruler, to: Position) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for attempt in 0..facts.instances(index) {
        let Some(known) = facts.get(index, attempt) else {
            continue;
        };
        let (seen_from, seen_to) = seen(index, attempt, steps);
        let moment = |interval: Option<crate::check::Interval>, is_exact: bool, exact_is_upper: bool| {
            let interval = interval.filter(|_| ruler.axis == Axis::Milliseconds)?;
            ruler.moment(match (is_exact, exact_is_upper) {
                (true, true) => interval.hi,
                (true, false) => interval.lo,
                (false, _) => interval.lo + HALF_SECOND_MS.min((interval.hi - interval.lo) / 2),
            })
        };
        // What was published cannot be older than the fact.
        let no_later = |at: Option<Position>, seen: Option<Position>| match (at, seen) {
            (Some(at), Some(seen)) => Some(at.min(seen)),
            (at, seen) => at.or(seen),
        };
        let begin = no_later(moment(known.start, known.wrote_start, true), seen_from);
        let finish = no_later(moment(known.finish, known.wrote_exit, false), seen_to);
        let Some(from) = begin.or(finish).filter(|from| *from <= to) else {
            continue;
        };
        let before = runs.last().map_or(0, |run| run.from);
        let from = from.max(before);
        runs.push(Run {
            attempt,
            from,
            to: finish.map_or(to, |finish| finish.clamp(from, to.max(from))),
            exact: known.wrote_start && (known.wrote_exit || finish.is_none()),
            term: known.term.and_then(|at_ms| ruler.moment(at_ms)).filter(|at| *at <= to),
            exit: known
                .exit
                .as_ref()
                .filter(|_| finish.is_some_and(|at| at <= to))
                .map(|exit| exit.code),
        });
    }
    // One container has one process at a time: an end that nobody saw is before the next start.
    for later in (1..runs.len()).rev() {
        let next = runs[later].from;
        let run = &mut runs[later - 1];
        run.to = run.to.min(next).max(run.from);
    }
    runs
}

/// The first events that show this instance, running or at all, and its end.
fn seen(index: usize, attempt: u32, steps: &[(Position, &Step)]) -> (Option<Position>, Option<Position>) {
    let (mut begin, mut end) = (None, None);
    for (at, step) in steps {
        let Some(view) = step.view.containers.get(index).and_then(Option::as_ref) else {
            continue;
        };
        let is_it = view.restart_count == attempt;
        let has_run = !matches!(view.state, State::Waiting(_)) || view.last.is_some();
        if is_it && has_run {
            begin.get_or_insert(*at);
        }
        let has_ended = (is_it && has_run && view.state != State::Running) || view.restart_count > attempt;
        if has_ended {
            end.get_or_insert(*at);
        }
    }
    (begin, end)
}
