//! The lives of one container: their identity, their count, their times and their order.

use super::numbers::Number;
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::{Reason, Seen, State, UnixMs};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-id-names-the-runtime",
        rule: "A running container has a containerID, which says which runtime it is of.",
        quote: "ContainerID is the ID of the container in the format '<type>://<container_id>'.",
        link: pages::CONTAINER_STATUS,
        since_minor: 0,
        judge: id_names_the_runtime,
    },
    Guarantee {
        id: "G-restart-counts",
        rule: "restartCount grows by one with each new life: an ID never has two counts, and a new one has a higher count.",
        quote: "RestartCount holds the number of times the container has been restarted.",
        link: pages::CONTAINER_STATUS,
        since_minor: 0,
        judge: restart_counts,
    },
    Guarantee {
        id: "G-start-is-fixed",
        rule: "The start of a life, once published, never becomes another.",
        quote: "Time at which the container was last (re-)started",
        link: pages::RUNNING,
        since_minor: 0,
        judge: |case| fixed(case, "started", |seen| [seen.started_at, seen.last_started_at]),
    },
    Guarantee {
        id: "G-finish-is-fixed",
        rule: "The end of a life, once published, never becomes another.",
        quote: "Time at which the container last terminated",
        link: pages::TERMINATED,
        since_minor: 0,
        judge: |case| fixed(case, "ended", |seen| [seen.finished_at, seen.last_finished_at]),
    },
    Guarantee {
        id: "G-lives-in-order",
        rule: "A life does not start before the one in lastState has ended.",
        quote: "Time at which previous execution of the container started",
        link: pages::TERMINATED,
        since_minor: 0,
        judge: lives_in_order,
    },
    Guarantee {
        id: "G-dead-stays-dead",
        rule: "A life that was shown to have ended is never shown running again.",
        quote: "A container in the `Terminated` state began execution and then either ran to completion or failed for some \
                reason.",
        link: pages::STATES,
        since_minor: 0,
        judge: dead_stays_dead,
    },
];

fn containers(case: &Case) -> std::ops::Range<usize> {
    0..case.trace.spec.containers.len()
}

fn seen<'c>(case: &'c Case, step: usize, index: usize) -> Option<&'c Seen> {
    case.trace.steps[step].seen.get(index)
}

fn id_names_the_runtime(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for index in containers(case) {
        for (step, view) in case.changes(index) {
            let id = seen(case, step, index).and_then(|seen| seen.container_id.as_deref());
            let Some(id) = id.or((view.state == State::Running).then_some("")) else {
                continue;
            };
            findings.at_risk();
            let complete = id.split_once(':').is_some_and(|(runtime, id)| {
                !runtime.is_empty() && id.strip_prefix("//").is_some_and(|id| !id.is_empty())
            });
            if !complete {
                let summary = format!("the containerID of {} is {id:?}", case.name(index));
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}

fn restart_counts(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.sandbox_changed {
        return findings.outcome();
    }
    let numbers = case.numbers();
    for index in containers(case) {
        let mut counts: Vec<Option<u32>> = vec![None; numbers.count];
        let mut newest: Option<(Number, u32)> = None;
        for (step, view) in case.changes(index) {
            let Some(id) = numbers.id(step, index) else { continue };
            let n = view.restart_count;
            let before = numbers.last_id(step, index).filter(|&last| last != id);
            let name = case.name(index);
            let wrong = if let Some(count) = counts[id].filter(|&count| count != n) {
                Some(format!(
                    "restartCount of {name} went from {count} to {n} within one life"
                ))
            } else if let Some((_, count)) = newest.filter(|&(other, count)| other != id && n <= count) {
                Some(format!(
                    "{name} has a new life and its restartCount went from {count} to {n}"
                ))
            } else {
                let count = before
                    .and_then(|last| counts[last])
                    .filter(|count| count.checked_add(1) != Some(n));
                count.map(|count| format!("{name} was restarted once, and its restartCount went from {count} to {n}"))
            };
            if newest.is_some_and(|(other, _)| other != id) {
                findings.at_risk();
            }
            if let Some(summary) = wrong {
                findings.broken(case, step, Some(index), summary);
            }
            counts[id].get_or_insert(n);
            newest = Some((id, n));
        }
    }
    findings.outcome()
}

/// A time of the life that a status is about, and of the one that its lastState is about.
type Times = fn(&Seen) -> [Option<UnixMs>; 2];

/// Judges that a time of a life stays what it was.
fn fixed(case: &Case, what: &str, times: Times) -> Outcome {
    let mut findings = Findings::default();
    let numbers = case.numbers();
    for index in containers(case) {
        let mut known: Vec<Option<UnixMs>> = vec![None; numbers.count];
        for (step, _) in case.views(index) {
            let Some(seen) = seen(case, step, index) else { continue };
            let ids = [numbers.id(step, index), numbers.last_id(step, index)];
            for (id, at) in ids.into_iter().zip(times(seen)) {
                let Some((id, at)) = id.zip(at.filter(|&at| at > 0)) else {
                    continue;
                };
                let Some(before) = known[id] else {
                    known[id] = Some(at);
                    continue;
                };
                findings.at_risk();
                if before != at {
                    let summary = format!(
                        "a life of {} that {what} at one time {what} {} ms later now",
                        case.name(index),
                        at - before
                    );
                    findings.broken(case, step, Some(index), summary);
                }
            }
        }
    }
    findings.outcome()
}

fn lives_in_order(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for index in containers(case) {
        for (step, _) in case.changes(index) {
            let Some(seen) = seen(case, step, index) else { continue };
            let another = seen.last_container_id.is_some() && seen.last_container_id != seen.container_id;
            let times = seen.last_finished_at.zip(seen.started_at).filter(|_| another);
            let Some((ended, started)) = times.filter(|&(ended, started)| ended > 0 && started > 0) else {
                continue;
            };
            findings.at_risk();
            if started < ended {
                let summary = format!(
                    "{} started {} ms before its life before had ended",
                    case.name(index),
                    ended - started
                );
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}

fn dead_stays_dead(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let numbers = case.numbers();
    for index in containers(case) {
        let mut dead: Vec<Number> = Vec::new();
        for (step, view) in case.views(index) {
            let id = numbers.id(step, index);
            if let Some(id) = id.filter(|_| view.state == State::Running && !dead.is_empty()) {
                findings.at_risk();
                if dead.contains(&id) {
                    let summary = format!("a life of {} that had ended runs", case.name(index));
                    findings.broken(case, step, Some(index), summary);
                }
            }
            // What the kubelet cannot find it calls ended, and may find after all.
            let ended = match &view.state {
                State::Terminated(exit) if exit.reason != Reason::ContainerStatusUnknown => id,
                _ => None,
            };
            let known = |exit: &crate::trace::Exit| exit.reason != Reason::ContainerStatusUnknown;
            let last = numbers
                .last_id(step, index)
                .filter(|_| view.last.as_ref().is_some_and(known));
            for id in [ended, last].into_iter().flatten() {
                if !dead.contains(&id) {
                    dead.push(id);
                }
            }
        }
    }
    findings.outcome()
}
