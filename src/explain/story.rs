//! A pod's life as a list of moments: what its processes wrote, what was published, who asked for what.

use serde::Serialize;

use crate::trace::{ConditionKind, ContainerView, EventType, JournalKind, State, Step, Trace, UnixMs};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// Since the first event, in milliseconds; absent: the recording has no receive times.
    pub at_ms: Option<UnixMs>,
    /// The event that showed it; absent: the journal did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_index: Option<usize>,
    /// In words.
    pub what: String,
}

/// Everything that happened, in order.
pub fn story(trace: &Trace) -> Vec<Moment> {
    let begin_ms = trace.steps.first().and_then(|step| step.at_ms);
    let since = |at: UnixMs| begin_ms.map(|begin| at - begin);
    let mut moments: Vec<(Option<UnixMs>, Moment)> = Vec::new();
    let mut before: Option<&Step> = None;
    for step in &trace.steps {
        let what = changes(trace, before, step);
        before = Some(step);
        if !what.is_empty() {
            let moment = Moment {
                at_ms: step.at_ms.and_then(since),
                event_index: Some(step.event_index),
                what: what.join("; "),
            };
            moments.push((step.at_ms, moment));
        }
    }
    // Without receive times the lines cannot be put between the events.
    for entry in trace.journal.iter().flatten().filter(|_| begin_ms.is_some()) {
        let name = &trace.spec.containers[entry.container].name;
        let life = if entry.attempt == 0 {
            String::new()
        } else {
            format!(" (life {})", entry.attempt + 1)
        };
        let what = match entry.kind {
            JournalKind::Start => format!("{name}{life} starts"),
            JournalKind::Term => format!("{name}{life} gets its TERM"),
            JournalKind::Exit(code) => format!("{name}{life} exits with {code}"),
        };
        let moment = Moment {
            at_ms: since(entry.at_ms),
            event_index: None,
            what,
        };
        moments.push((Some(entry.at_ms), moment));
    }
    moments.sort_by_key(|(at_ms, _)| *at_ms);
    moments.into_iter().map(|(_, moment)| moment).collect()
}

/// What an event changed.
fn changes(trace: &Trace, before: Option<&Step>, step: &Step) -> Vec<String> {
    let mut found = Vec::new();
    if step.event == EventType::Added && before.is_none() {
        found.push("pod created".to_owned());
    }
    if let Some(mark) = step.deletion
        && before.and_then(|before| before.deletion) != Some(mark)
    {
        found.push(match mark.grace_s {
            // The kubelet's own last delete, once it is through with the pod.
            0 if step.view.phase.is_terminal() => "let go, with a grace of 0 s".to_owned(),
            grace_s => format!("pod deleted with a grace of {grace_s} s"),
        });
    }
    if before.is_none_or(|before| before.view.phase != step.view.phase) {
        found.push(format!("phase {:?}", step.view.phase));
    }
    for (index, view) in step.view.containers.iter().enumerate() {
        let old = before.and_then(|before| before.view.containers[index].as_ref());
        if let Some(view) = view
            && old != Some(view)
        {
            found.push(format!(
                "{} {}",
                trace.spec.containers[index].name,
                difference(old, view)
            ));
        }
    }
    let told = [
        ConditionKind::PodReadyToStartContainers,
        ConditionKind::Initialized,
        ConditionKind::Ready,
    ];
    for kind in told {
        let is_true = |step: &Step| {
            step.view.conditions[kind as usize]
                .as_ref()
                .map(|condition| condition.is_true)
        };
        let now = is_true(step);
        if now != before.and_then(is_true)
            && let Some(now) = now
        {
            found.push(format!("{} {now}", kind.as_str()));
        }
    }
    if let Some(before) = before
        && before.view.pod_ip != step.view.pod_ip
    {
        found.push(if step.view.pod_ip { "podIP set" } else { "podIP gone" }.to_owned());
    }
    if step.event == EventType::Deleted {
        found.push("object removed".to_owned());
    }
    found
}

fn difference(old: Option<&ContainerView>, view: &ContainerView) -> String {
    let mut words = Vec::new();
    if old.is_none_or(|old| old.state != view.state || old.restart_count != view.restart_count) {
        words.push(state(&view.state));
        if view.restart_count > 0 {
            words.push(format!("restarts {}", view.restart_count));
        }
    } else if old.is_some_and(|old| old.last != view.last) {
        let last = view.last.as_ref();
        words.push(last.map_or("lastState gone".to_owned(), |exit| format!("lastState {}", exit.code)));
    }
    let flags = [
        ("started", old.is_some_and(|old| old.started), view.started),
        ("ready", old.is_some_and(|old| old.ready), view.ready),
    ];
    for (name, was, is) in flags {
        if was != is {
            words.push(if is { name.to_owned() } else { format!("not {name}") });
        }
    }
    words.join(", ")
}

/// A state as people say it.
pub fn state(state: &State) -> String {
    match state {
        State::Waiting(reason) if reason.as_str().is_empty() => "waiting".to_owned(),
        State::Waiting(reason) => format!("waiting ({reason})"),
        State::Running => "running".to_owned(),
        State::Terminated(exit) => format!("terminated with {} ({})", exit.code, exit.reason),
    }
}
