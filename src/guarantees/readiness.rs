//! What `ready` tells beyond being gated: failures, thresholds, and the end of the container.

use super::delays::starting_ms;
use super::identity::reported;
use super::probes::{earliest_pass_ms, fails_for_good_ms, verdict_ms};
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::check::Interval;
use crate::trace::{ConditionKind, Kind, State, Step, UnixMs};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-unready-when-failing",
        rule: "A container whose readiness probe fails for good is not ready within the bound.",
        quote: "For readiness probes, the kubelet marks the container as not ready, and the Pod stops receiving traffic from \
                matching Services.",
        link: pages::PROBE_RESULTS,
        since_minor: 0,
        judge: unready_when_failing,
    },
    Guarantee {
        id: "G-delay-after-startup",
        rule: "The initial delay of a readiness probe counts from the startup probe's success: no container is ready before \
               both are over.",
        quote: "If a startup probe is defined, liveness and readiness probe delays do not begin until the startup probe has \
                succeeded.",
        link: pages::PROBE_FIELDS,
        since_minor: 0,
        judge: delay_after_startup,
    },
    Guarantee {
        id: "G-success-threshold",
        rule: "No life is ready before its readiness probe can have passed as often as its successThreshold wants.",
        quote: "Minimum consecutive successes for the probe to be considered successful after having failed. Defaults to 1.",
        link: pages::CONTAINER,
        since_minor: 0,
        judge: success_threshold,
    },
    Guarantee {
        id: "G-dead-is-not-ready",
        rule: "A container that has ended is not shown ready beyond the bound.",
        quote: "Ready specifies whether the container is currently passing its readiness check.",
        link: pages::STATUS,
        since_minor: 0,
        judge: dead_is_not_ready,
    },
];

fn dead_is_not_ready(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    // What is being shut down is judged by its own promises.
    let Some(wanted_until) = case.wanted_until() else {
        return findings.outcome();
    };
    let containers = (0..case.trace.spec.containers.len()).filter(|&index| case.kind(index) != Kind::Init);
    for index in containers {
        for n in 0..case.facts.instances(index) {
            let shown = case.views(index).filter(|(step, view)| {
                let all_ready = case.trace.steps[*step].condition(ConditionKind::ContainersReady) == Some(true);
                all_ready && view.ready && view.state == State::Running && view.restart_count == n
            });
            let end = case.facts.get(index, n).and_then(|facts| facts.finish);
            let Some(((shown, _), end)) = shown.last().zip(end) else {
                continue;
            };
            let Some(ready_until) = ready_until(case, shown, index, n, end) else {
                continue;
            };
            if pulls_images(case, end.hi) {
                continue;
            }
            findings.at_risk();
            let ready_until = ready_until.min(wanted_until);
            let late_ms = ready_until - end.hi;
            if late_ms > case.bounds.notice_ms() + starting_ms(case, end.hi, ready_until) {
                let summary = format!("{} is shown ready {late_ms} ms after it had ended", case.name(index));
                let next = (shown + 1).min(case.last_step());
                findings.broken(case, next, Some(index), summary);
            }
        }
    }
    findings.outcome()
}

/// Until when all containers were said to be ready, by what the status after `shown` tells of ContainersReady: statuses in
/// between can be missing, a transition can not.
fn ready_until(case: &Case, shown: usize, index: usize, n: u32, end: Interval) -> Option<UnixMs> {
    let Some(next) = case.trace.steps.get(shown + 1) else {
        return case.watched_until();
    };
    let shows_this = |step: &Step| {
        let view = step.view.containers[index].as_ref();
        view.is_some_and(|view| view.restart_count == n)
    };
    let since = next.pod_seen.conditions[ConditionKind::ContainersReady as usize].transition?;
    match next.condition(ConditionKind::ContainersReady)? {
        // Never withdrawn since before the end; from the start of a later life on that one may be meant.
        true => {
            let until = case.not_before(shown + 1).filter(|_| since < end.lo)?;
            if shows_this(next) {
                Some(until)
            } else {
                case.start(index, n + 1).map(|later| until.min(later.lo))
            }
        }
        // Withdrawn then, for this end and not once more for the life after.
        false => {
            let later = case.start(index, n + 1);
            (shows_this(next) || later.is_none_or(|start| start.lo > since)).then_some(since)
        }
    }
}

/// In a pod that was not made here: can the worker have been busy with an image after this?
fn pulls_images(case: &Case, from: UnixMs) -> bool {
    let containers = 0..case.trace.spec.containers.len();
    let started_before = |index: usize| case.start(index, 0).is_some_and(|start| start.lo <= from);
    case.trace.scenario.is_none() && !containers.into_iter().all(started_before)
}

fn unready_when_failing(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let Some(scenario) = &case.trace.scenario else {
        return findings.outcome();
    };
    // In a shutdown probes are taken away one after the other.
    let Some(until) = case.wanted_until() else {
        return findings.outcome();
    };
    for (index, script) in scenario.containers().enumerate() {
        let spec = &case.trace.spec.containers[index];
        let Some((probe, readiness)) = spec.readiness.as_ref().zip(script.readiness.as_ref()) else {
            continue;
        };
        if spec.kind == Kind::Init {
            continue;
        }
        for (step, view) in case
            .views(index)
            .filter(|(_, view)| view.state == State::Running && view.started)
        {
            let n = view.restart_count;
            let start = case.start(index, n);
            let Some((start, fails_ms)) = start.zip(fails_for_good_ms(readiness.outcome, n)) else {
                continue;
            };
            let failed = start.hi + fails_ms.max(i64::from(probe.initial_delay_s) * 1_000);
            let Some(at) = case.not_before(step).filter(|&at| at < until) else {
                continue;
            };
            if at <= failed + verdict_ms(probe) + case.bounds.notice_ms() {
                continue;
            }
            findings.at_risk();
            if view.ready {
                let summary = format!(
                    "{} is ready {} ms after its readiness probe had begun to fail",
                    case.name(index),
                    at - failed
                );
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}

/// The runtime notes a start, and a process writes its first line, at most so long after the process began; and the
/// delay is compared in whole seconds.
const EARLY_MS: i64 = 3_000 + 1_000;

fn delay_after_startup(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let Some(scenario) = &case.trace.scenario else {
        return findings.outcome();
    };
    let scripts: Vec<_> = scenario.containers().collect();
    for (index, spec) in case.trace.spec.containers.iter().enumerate() {
        let script = scripts.get(index).and_then(|script| script.startup.as_ref());
        let Some((readiness, startup)) = spec.readiness.as_ref().zip(script) else {
            continue;
        };
        let delay_ms = i64::from(readiness.initial_delay_s) * 1_000;
        for (step, _) in reported(case).filter(|_| delay_ms > 0) {
            let view = case.trace.steps[step].view.containers[index].as_ref();
            let Some(view) = view.filter(|view| view.ready && view.state == State::Running) else {
                continue;
            };
            let n = view.restart_count;
            let start = case.start(index, n);
            let passes_ms = earliest_pass_ms(startup.outcome, n);
            let Some(((start, passes_ms), at)) = start.zip(passes_ms).zip(case.not_after(step)) else {
                continue;
            };
            findings.at_risk();
            let earliest = start.hi + passes_ms + delay_ms - EARLY_MS;
            if at < earliest {
                let summary = format!(
                    "{} is ready at most {} ms after its startup probe can have passed; its readiness probe has a delay of \
                     {delay_ms} ms",
                    case.name(index),
                    at - (start.hi + passes_ms - EARLY_MS)
                );
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}

/// Out of turn a readiness probe is asked once for each sync of its pod. Syncs follow on something that happens to it, each
/// on a newer relist: a burst around a start, and then no more than this.
const SYNCS_IN_A_BURST: i64 = 4;
const SYNC_MS: i64 = 500;

/// How often a readiness probe can have been asked at most in the first `ms` of a life.
fn asked_at_most(period_ms: i64, ms: i64) -> i64 {
    1 + ms / period_ms.max(1) + SYNCS_IN_A_BURST + ms / SYNC_MS
}

fn success_threshold(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (index, spec) in case.trace.spec.containers.iter().enumerate() {
        let Some(probe) = spec.readiness.as_ref().filter(|_| spec.kind != Kind::Init) else {
            continue;
        };
        let (wanted, period_ms) = (i64::from(probe.success_threshold), i64::from(probe.period_s) * 1_000);
        // What a burst can reach needs no time that could be measured.
        if wanted <= asked_at_most(period_ms, 0) {
            continue;
        }
        for (step, view) in case
            .views(index)
            .filter(|(_, view)| view.state == State::Running && view.ready)
        {
            let start = case.start(index, view.restart_count);
            let Some((start, at)) = start.zip(case.not_after(step)) else {
                continue;
            };
            findings.at_risk();
            if asked_at_most(period_ms, (at - start.lo).max(0)) < wanted {
                let summary = format!(
                    "{} is ready at most {} ms after its start; its probe has to pass {wanted} times",
                    case.name(index),
                    at - start.lo
                );
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}
