//! The picture of a trace.

use super::runs::runs;
use super::{Axis, Band, Lane, Life, Look, Mark, Picture, Position, Published, Request, Span};
use crate::check::{Divergence, Facts};
use crate::explain;
use crate::printer::Printer;
use crate::trace::{ConditionKind, ContainerSpec, ContainerView, EventType, Reason, State, Step, Trace, UnixMs};

/// A pod that is watched on after its last event is drawn for so long.
const QUIET_END_MS: Position = 30_000;

/// The kubelet is through with the pod.
const LET_GO: &str = "let go";
/// The object goes within this, unless something holds it.
const LET_GO_MS: Position = 1_000;

/// How the moments of a trace become places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ruler {
    pub axis: Axis,
    begin_ms: UnixMs,
}

impl Ruler {
    fn of(trace: &Trace) -> Self {
        let is_timed = trace.steps.iter().all(|step| step.at_ms.is_some());
        let begin_ms = trace.steps.first().and_then(|step| step.at_ms);
        Self {
            axis: if is_timed { Axis::Milliseconds } else { Axis::Events },
            begin_ms: begin_ms.unwrap_or_default(),
        }
    }

    /// Place of the event with this number among the pod's own.
    pub fn step(self, ordinal: usize, step: &Step) -> Position {
        match (self.axis, step.at_ms) {
            (Axis::Milliseconds, Some(at_ms)) => (at_ms - self.begin_ms).max(0),
            _ => ordinal as Position,
        }
    }

    /// Place of a moment; nothing where only the order of events is known.
    pub fn moment(self, at_ms: UnixMs) -> Option<Position> {
        (self.axis == Axis::Milliseconds).then(|| (at_ms - self.begin_ms).max(0))
    }
}

/// Draws up the picture of a pod, its disagreements, and the life that was predicted of it.
pub fn picture(trace: &Trace, divergences: &[Divergence], predicted: Option<&Trace>, printer: Printer) -> Picture {
    let ruler = Ruler::of(trace);
    let seen_to = end(trace, ruler);
    let predicted = predicted.filter(|_| ruler.axis == Axis::Milliseconds);
    // A prediction that goes on much longer would leave no room for what was seen.
    let predicted_to = predicted.map_or(0, |trace| end(trace, Ruler::of(trace)));
    let end = seen_to.max(predicted_to.min(seen_to + seen_to / 2 + 5_000));
    Picture {
        axis: ruler.axis,
        end,
        observed: life(trace, ruler, seen_to, printer),
        predicted: predicted.map(|trace| life(trace, Ruler::of(trace), end.min(predicted_to), printer)),
        marks: divergences
            .iter()
            .map(|divergence| mark(trace, ruler, divergence))
            .collect(),
    }
}

fn end(trace: &Trace, ruler: Ruler) -> Position {
    let Some(last) = trace.steps.last() else { return 1 };
    let last_at = ruler.step(trace.steps.len() - 1, last);
    match (ruler.axis, last.event, trace.watched_until_ms) {
        (Axis::Events, ..) => last_at + 1,
        // What is still there when the recording ends went on for a while.
        (_, EventType::Added | EventType::Modified, Some(until_ms)) => {
            let until = ruler.moment(until_ms).unwrap_or(last_at);
            until.clamp(last_at, last_at + QUIET_END_MS).max(1)
        }
        _ => last_at.max(1),
    }
}

fn mark(trace: &Trace, ruler: Ruler, divergence: &Divergence) -> Mark {
    let before = |step: &Step| step.event_index <= divergence.event_index;
    let ordinal = trace.steps.iter().rposition(before).unwrap_or_default();
    let at = trace.steps.get(ordinal).map_or(0, |step| ruler.step(ordinal, step));
    Mark {
        at,
        event_index: divergence.event_index,
        lane: divergence.container.filter(|lane| *lane < trace.spec.containers.len()),
        rule: divergence.rule.clone(),
        summary: divergence.summary.clone(),
    }
}

fn life(trace: &Trace, ruler: Ruler, to: Position, printer: Printer) -> Life {
    let steps: Vec<(Position, &Step)> = trace
        .steps
        .iter()
        .enumerate()
        .map(|(ordinal, step)| (ruler.step(ordinal, step), step))
        .filter(|(at, _)| *at <= to)
        .collect();
    let facts = Facts::of(trace);
    let lanes = trace.spec.containers.iter().enumerate().map(|(index, spec)| Lane {
        name: spec.name.clone(),
        kind: spec.kind,
        probes: probes(spec),
        runs: runs(index, &facts, &steps, ruler, to),
        published: published(index, &steps, to),
    });
    Life {
        statuses: spans(&steps, to, |step| {
            let row = printer.step(&trace.spec, step);
            let restarts = match row.restarts {
                0 => String::new(),
                1 => ", 1 restart".to_owned(),
                n => format!(", {n} restarts"),
            };
            Some((row.status, format!("{} ready{restarts}", row.ready)))
        }),
        phases: spans(&steps, to, |step| {
            let reason = step.view.reason.as_str().to_owned();
            Some((format!("{:?}", step.view.phase), reason))
        }),
        conditions: ConditionKind::ALL
            .into_iter()
            .filter(|kind| *kind != ConditionKind::PodScheduled)
            .map(|kind| band(kind, &steps, to))
            .collect(),
        lanes: lanes.collect(),
        requests: requests(&steps),
    }
}

/// What `read` says of each event, as long as it says the same.
fn spans(steps: &[(Position, &Step)], to: Position, read: impl Fn(&Step) -> Option<(String, String)>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut open = false;
    for (at, step) in steps {
        let now = read(step);
        let last = spans.last_mut().filter(|_| open);
        if let Some(last) = last {
            if now
                .as_ref()
                .is_some_and(|(label, detail)| *label == last.label && *detail == last.detail)
            {
                continue;
            }
            last.to = *at;
        }
        open = now.is_some();
        spans.extend(now.map(|(label, detail)| Span {
            from: *at,
            to,
            label,
            detail,
        }));
    }
    // What lasted for no time at all, like the state with which the object went, still was.
    spans
}

fn band(kind: ConditionKind, steps: &[(Position, &Step)], to: Position) -> Band {
    let holds = spans(steps, to, |step| {
        let condition = step.view.conditions[kind as usize].as_ref()?;
        condition
            .is_true
            .then(|| ("True".to_owned(), condition.reason.to_string()))
    });
    Band {
        name: kind.as_str(),
        holds,
    }
}

fn probes(spec: &ContainerSpec) -> Vec<&'static str> {
    let probes = [
        ("startup", &spec.startup),
        ("readiness", &spec.readiness),
        ("liveness", &spec.liveness),
    ];
    let has = probes.iter().filter(|(_, probe)| probe.is_some());
    has.map(|(name, _)| *name).collect()
}

fn published(index: usize, steps: &[(Position, &Step)], to: Position) -> Vec<Published> {
    let mut states: Vec<Published> = Vec::new();
    let mut shown: Option<&ContainerView> = None;
    for (at, step) in steps {
        let view = step.view.containers[index].as_ref();
        if view == shown {
            continue;
        }
        if shown.is_some()
            && let Some(last) = states.last_mut()
        {
            last.to = *at;
        }
        shown = view;
        states.extend(view.map(|view| Published {
            from: *at,
            to,
            look: look(view),
            words: words(view),
            event_index: step.event_index,
        }));
    }
    states
}

fn look(view: &ContainerView) -> Look {
    match &view.state {
        State::Waiting(Reason::CrashLoopBackOff) => Look::BackOff,
        State::Waiting(_) => Look::Waiting,
        State::Running if !view.started => Look::NotStarted,
        State::Running if !view.ready => Look::NotReady,
        State::Running => Look::Ready,
        State::Terminated(exit) if exit.code == 0 => Look::Done,
        State::Terminated(_) => Look::Failed,
    }
}

fn words(view: &ContainerView) -> String {
    let mut words = explain::state(&view.state);
    if view.state == State::Running {
        words.push_str(match (view.started, view.ready) {
            (false, false) => ", not started",
            (false, true) => ", ready but not started",
            (true, false) => ", started, not ready",
            (true, true) => ", ready",
        });
    } else if view.ready || view.started {
        words.push_str(if view.ready { ", ready" } else { ", started" });
    }
    if view.restart_count > 0 {
        words.push_str(&format!(", restartCount {}", view.restart_count));
    }
    if let Some(last) = &view.last {
        words.push_str(&format!(", lastState {} ({})", last.code, last.reason));
    }
    words
}

fn requests(steps: &[(Position, &Step)]) -> Vec<Request> {
    let mut requests = Vec::new();
    let mut before = None;
    for (at, step) in steps {
        if let Some(mark) = step.deletion
            && before != Some(mark)
        {
            before = Some(mark);
            let is_letting_go = mark.grace_s == 0 && step.view.phase.is_terminal();
            let words = if is_letting_go {
                LET_GO.to_owned()
            } else {
                format!("delete, grace {} s", mark.grace_s)
            };
            requests.push(Request { at: *at, words });
        }
        if step.event == EventType::Deleted {
            // The kubelet's own last delete is the same moment for whoever looks at a whole life.
            requests.pop_if(|last: &mut Request| last.words == LET_GO && *at - last.at < LET_GO_MS);
            let words = "removed".to_owned();
            requests.push(Request { at: *at, words });
        }
    }
    requests
}
