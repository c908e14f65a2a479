//! The end of a deleted pod: told at once, given its grace, gone when it is over.

use super::delays::{begin_ms, busy_ms, first_start_ms};
use super::sidecars::shown;
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::check::{Interval, STOP_TIMEOUT_MS_MIN};
use crate::trace::{EventType, Kind, UnixMs};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-told-at-once",
        rule: "On a delete, a running container gets its TERM within the bound; a sidecar, once all that it serves has ended.",
        quote: "as soon as the kubelet sees that a Pod has been marked as terminating (a graceful shutdown duration has been \
                set), the kubelet begins the local Pod shutdown process.",
        link: pages::TERMINATION,
        since_minor: 0,
        judge: told_at_once,
    },
    Guarantee {
        id: "G-grace-is-given",
        rule: "No container is killed before its grace is over.",
        quote: "Once the grace period has expired, the KILL signal is sent to any remaining processes, and the Pod is then \
                deleted from the API Server.",
        link: pages::TERMINATION,
        since_minor: 0,
        judge: grace_is_given,
    },
    Guarantee {
        id: "G-gone-in-time",
        rule: "A deleted pod is terminal, and without finalizers gone, when its grace and the bound are over.",
        quote: "Once the grace period has expired, the KILL signal is sent to any remaining processes, and the Pod is then \
                deleted from the API Server.",
        link: pages::TERMINATION,
        since_minor: 0,
        judge: gone_in_time,
    },
    Guarantee {
        id: "G-deletion-is-not-put-off",
        rule: "A deletion timestamp is never taken back or set later.",
        quote: "Once the deletionTimestamp is set, this value may not be unset or be set further into the future, although it \
                may be shortened or the resource may be deleted prior to this time.",
        link: "https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/",
        since_minor: 0,
        judge: deletion_is_not_put_off,
    },
    Guarantee {
        id: "G-grace-only-shrinks",
        rule: "A deleted pod's deletionGracePeriodSeconds never grows.",
        quote: "Number of seconds allowed for this object to gracefully terminate before it will be removed from the system. \
                Only set when deletionTimestamp is also set. May only be shortened.",
        link: pages::OBJECT_META,
        since_minor: 0,
        judge: grace_only_shrinks,
    },
    Guarantee {
        id: "G-zero-grace-kills",
        rule: "In a pod with a grace of zero no container gets a TERM.",
        quote: "The value zero indicates stop immediately via the kill signal (no opportunity to shut down).",
        link: "https://github.com/kubernetes/api/blob/v0.37.0/core/v1/types.go#L4419 (PodSpec)",
        since_minor: 0,
        judge: zero_grace_kills,
    },
];

fn told_at_once(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let Some(deletion) = case.deletion else {
        return findings.outcome();
    };
    let asked = deletion.requested;
    for index in 0..case.trace.spec.containers.len() {
        for n in 0..case.facts.instances(index) {
            let Some(facts) = case.facts.get(index, n) else {
                continue;
            };
            let (Some(term), Some(start)) = (facts.term, facts.start) else {
                continue;
            };
            // Told before the delete: for another reason.
            if start.hi > asked.lo || term < asked.lo {
                continue;
            }
            findings.at_risk();
            let turn = turn(case, index, asked.hi, term);
            let bound_ms = begin_ms(case, asked.lo, term);
            if let Some(turn) = turn.filter(|turn| term > turn + bound_ms) {
                let summary = format!(
                    "{} was told to stop {} ms after its turn had come; at most {bound_ms} ms are permitted (grace {} s)",
                    case.name(index),
                    term - turn,
                    deletion.grace_s
                );
                findings.broken(case, shown(case, index, n), Some(index), summary);
            }
        }
    }
    findings.outcome()
}

/// The latest moment at which the turn of `index` came, if what it waits for is known to have ended before `term`.
fn turn(case: &Case, index: usize, asked_hi: UnixMs, term: UnixMs) -> Option<UnixMs> {
    if case.kind(index) != Kind::Sidecar {
        return Some(asked_hi);
    }
    let mut turn = asked_hi;
    for other in index + 1..case.trace.spec.containers.len() {
        for m in 0..case.facts.instances(other) {
            let Some(served) = case.facts.get(other, m) else {
                continue;
            };
            match (served.start, served.finish) {
                (Some(start), _) if start.lo > term => {}
                (_, Some(finish)) => turn = turn.max(finish.hi),
                // Something of it is unknown: it may have been in the way for as long as one likes.
                (Some(_), None) => return None,
                (None, None) => {}
            }
        }
    }
    Some(turn)
}

fn grace_is_given(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.forced {
        return findings.outcome();
    }
    for index in 0..case.trace.spec.containers.len() {
        for n in 0..case.facts.instances(index) {
            let Some(facts) = case.facts.get(index, n) else {
                continue;
            };
            // Where a delete is what ended it, no line tells of a TERM that never came; one that was lost came after the start.
            let by_delete = |finish: &Interval| case.deletion.is_some_and(|it| it.requested.lo <= finish.lo);
            let untold = facts.start.filter(|_| facts.finish.as_ref().is_some_and(by_delete));
            let told = facts.term.or(untold.map(|start| start.lo));
            let (Some(term), Some(finish), true) = (told, facts.finish, facts.killed) else {
                continue;
            };
            findings.at_risk();
            let Some(earliest) = grace_over(case, index, term) else {
                continue;
            };
            // Its end is known to the second, and the kubelet counts the wait for a turn in whole seconds.
            if finish.hi < earliest - 1_000 {
                let summary = format!(
                    "{} was killed {} ms after its {}, at least {} ms before its grace was over",
                    case.name(index),
                    finish.hi - term,
                    if facts.term.is_some() { "TERM" } else { "start" },
                    earliest - finish.hi
                );
                findings.broken(case, shown(case, index, n), Some(index), summary);
            }
        }
    }
    findings.outcome()
}

/// The earliest moment at which a container that was told to stop at `term` may be killed.
fn grace_over(case: &Case, index: usize, term: UnixMs) -> Option<UnixMs> {
    let spec = &case.trace.spec;
    let pod_wide = case.grace_ends_no_earlier_than();
    if !case.can_be_killed_by_probe(index) {
        return pod_wide;
    }
    let container = &spec.containers[index];
    let probes = [&container.startup, &container.liveness].into_iter().flatten();
    let by_probe_s = probes.map(|probe| probe.grace_s.unwrap_or(spec.grace_s)).min()?;
    let shortest_s = case
        .deletion
        .map_or(by_probe_s, |deletion| by_probe_s.min(deletion.grace_s));
    let by_probe = term + i64::from(shortest_s) * 1_000;
    let other = pod_wide.filter(|_| !case.told_by_its_probe(index, term));
    Some(other.map_or(by_probe, |end| end.min(by_probe)))
}

fn gone_in_time(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let cut_short = case.cut_short;
    let Some(deletion) = case.deletion.or(cut_short.map(|(deletion, _)| deletion)) else {
        return findings.outcome();
    };
    let reported = case.trace.steps[..=deletion.step]
        .iter()
        .any(|step| step.view.containers.iter().any(Option::is_some));
    if !reported {
        return findings.outcome();
    }
    let grace_ms = i64::from(deletion.grace_s) * 1_000 + STOP_TIMEOUT_MS_MIN;
    // A delete does not cut short a kill by a probe, which G-delete-comes-first judges.
    let asked = deletion.requested;
    let busy_ms = busy_ms(case, asked.lo, asked.hi + case.bounds.detect_ms);
    let bound_ms = first_start_ms(case) + busy_ms + grace_ms + case.bounds.teardown_ms + case.bounds.end_ms();
    let latest = asked.hi + bound_ms;
    let finalizers = case.trace.steps.iter().skip(deletion.step).any(|step| step.finalizers);
    let gone = case.trace.steps.iter().position(|step| match finalizers {
        true => step.view.phase.is_terminal(),
        false => step.event == EventType::Deleted,
    });
    // Whoever forces the end ends the watch: until then it had not come by itself.
    let watched_until = cut_short.map_or(case.watched_until(), |(_, step)| case.not_before(step));
    let gone = gone.filter(|_| cut_short.is_none());
    let at = gone.map_or(watched_until, |step| case.not_before(step));
    if gone.is_some() {
        findings.at_risk();
    }
    if let Some(late_ms) = at.map(|at| at - latest).filter(|&late_ms| late_ms > 0) {
        let what = if finalizers { "terminal" } else { "gone" };
        let summary = format!(
            "the pod was not {what} {} ms after its delete; at most {bound_ms} ms are permitted (grace {} s)",
            late_ms + bound_ms,
            deletion.grace_s
        );
        findings.broken(case, gone.unwrap_or(case.last_step()), None, summary);
    }
    findings.outcome()
}

fn deletion_is_not_put_off(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let mut before = None;
    for (step, it) in case.trace.steps.iter().enumerate() {
        if let Some(before) = before {
            findings.at_risk();
            match it.deletion {
                None => findings.broken(case, step, None, "the deletion timestamp was taken back".to_string()),
                // The last delete has no grace and is stamped with its own time.
                Some(mark) if mark.grace_s > 0 && mark.timestamp_ms > before => {
                    let by_ms = mark.timestamp_ms - before;
                    findings.broken(
                        case,
                        step,
                        None,
                        format!("the deletion timestamp was put off by {by_ms} ms"),
                    );
                }
                Some(_) => {}
            }
        }
        before = it.deletion.map(|mark| mark.timestamp_ms).or(before);
    }
    findings.outcome()
}

fn grace_only_shrinks(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let mut least: Option<u32> = None;
    for (step, it) in case.trace.steps.iter().enumerate() {
        let Some(mark) = it.deletion else { continue };
        if let Some(least) = least {
            findings.at_risk();
            if mark.grace_s > least {
                let summary = format!("the grace of the delete grew from {least} s to {} s", mark.grace_s);
                findings.broken(case, step, None, summary);
            }
        }
        least = Some(least.map_or(mark.grace_s, |least| least.min(mark.grace_s)));
    }
    findings.outcome()
}

fn zero_grace_kills(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.trace.spec.grace_s > 0 {
        return findings.outcome();
    }
    for index in 0..case.trace.spec.containers.len() {
        for n in 0..case.facts.instances(index) {
            let Some(facts) = case.facts.get(index, n).filter(|facts| facts.finish.is_some()) else {
                continue;
            };
            findings.at_risk();
            if facts.term.is_some() {
                let summary = format!("{} was told to stop in a pod whose grace is zero", case.name(index));
                findings.broken_in_life(case, shown(case, index, n), (index, n), summary);
            }
        }
    }
    findings.outcome()
}
