//! The times of a life beside what its process wrote.

use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::{JournalKind, Reason, Seen, State, UnixMs};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-start-is-the-process's",
        rule: "A life is said to have started when its process did, within the bound.",
        quote: "Time at which the container was last (re-)started",
        link: pages::CONTAINER_STATE,
        since_minor: 0,
        judge: |case| {
            let is_start = |kind: &JournalKind| *kind == JournalKind::Start;
            judged(case, "started", is_start, |seen| seen.started_at)
        },
    },
    Guarantee {
        id: "G-finish-is-the-process's",
        rule: "A life is said to have ended when its process left, within the bound.",
        quote: "Time at which the container last terminated",
        link: pages::TERMINATED,
        since_minor: 0,
        judge: |case| {
            let is_exit = |kind: &JournalKind| matches!(kind, JournalKind::Exit(_));
            judged(case, "ended", is_exit, |seen| seen.finished_at)
        },
    },
];

/// Between what the runtime notes and what the process writes lie the machine's scheduling (2.5 s seen at a load of 35 on two
/// cores) and the cut to whole seconds.
const APART_MS: i64 = 5_000;

fn judged(case: &Case, what: &str, is_line: fn(&JournalKind) -> bool, told: fn(&Seen) -> Option<UnixMs>) -> Outcome {
    let mut findings = Findings::default();
    let bound_ms = APART_MS + case.bounds.delay_ms;
    for index in 0..case.trace.spec.containers.len() {
        for (step, view) in case.changes(index) {
            // Of an end that the kubelet made up nobody knows the times.
            let is_made_up =
                matches!(&view.state, State::Terminated(exit) if exit.reason == Reason::ContainerStatusUnknown);
            let mut lines = case.trace.journal.iter().flatten();
            let line = lines
                .find(|entry| entry.container == index && entry.attempt == view.restart_count && is_line(&entry.kind));
            let told = case.trace.steps[step].seen.get(index).and_then(told);
            let Some((line, told)) = line.zip(told).filter(|_| !is_made_up) else {
                continue;
            };
            findings.at_risk();
            let late_ms = told - line.at_ms;
            if late_ms.abs() > bound_ms {
                let name = case.name(index);
                let summary = format!("{name} is said to have {what} {late_ms} ms after its process did");
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}
