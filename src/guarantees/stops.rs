//! Who is told to stop, for which reason, and how soon it is over then.

use super::sidecars::shown;
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::check::{FAR_FUTURE, InstanceFacts, STOP_TIMEOUT_MS_MIN};
use crate::trace::{Kind, ProbeSpec, UnixMs};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-init-runs-to-completion",
        rule: "No init container is told to stop unless its pod is deleted.",
        quote: "Init containers always run to completion.",
        link: pages::INIT,
        since_minor: 0,
        judge: |case| stopped_for_a_reason(case, |kind| kind == Kind::Init),
    },
    Guarantee {
        id: "G-stopped-for-a-reason",
        rule: "A sidecar or main container without liveness and startup probes is told to stop only when its pod ends.",
        quote: "They can be started, stopped, and restarted independently of app containers.",
        link: pages::SIDECARS_DIFFER,
        since_minor: 0,
        judge: |case| stopped_for_a_reason(case, |kind| kind != Kind::Init),
    },
    Guarantee {
        id: "G-failure-threshold",
        rule: "No probe stops a container before its initial delay and as many periods as its failureThreshold needs.",
        quote: "After a probe fails `failureThreshold` times in a row, Kubernetes considers that the overall check has failed: \
                the container is _not_ ready/healthy/live.",
        link: pages::PROBE_FIELDS,
        since_minor: 0,
        judge: |case| not_too_early(case, |_, _| Some(0)),
    },
    Guarantee {
        id: "G-startup-holds-liveness",
        rule: "Before its startup probe can have passed, no liveness probe stops a container.",
        quote: "If a startup probe is configured, Kubernetes does not execute liveness or readiness probes until the startup \
                probe succeeds, allowing the application time to finish its initialization.",
        link: pages::STARTUP_PROBE,
        since_minor: 0,
        judge: startup_holds_liveness,
    },
    Guarantee {
        id: "G-killed-in-time",
        rule: "What was told to stop is gone when its grace is over.",
        quote: "The container runtime sends `SIGKILL` to any processes still running in any container in the Pod.",
        link: pages::TERMINATION,
        since_minor: 0,
        judge: killed_in_time,
    },
    Guarantee {
        id: "G-probe-grace",
        rule: "A container that its probe stops is gone when the probe's own grace is over.",
        quote: "When both a pod- and probe-level `terminationGracePeriodSeconds` are set, the kubelet will use the \
                probe-level value.",
        link: pages::PROBE_GRACE,
        since_minor: 28,
        judge: probe_grace,
    },
];

/// Where a time of the API server meets one of the journal.
const CLOCKS_MS: i64 = 1_000;

/// Lives that the journal says were told to stop, with that time.
fn told<'c>(case: &'c Case, index: usize) -> impl Iterator<Item = (u32, &'c InstanceFacts, UnixMs)> {
    (0..case.facts.instances(index)).filter_map(move |n| {
        let facts = case.facts.get(index, n)?;
        Some((n, facts, facts.term?))
    })
}

/// Can nothing have told a container to stop at this time but a probe?
fn before_any_shutdown(case: &Case, term: UnixMs) -> bool {
    case.shutdown_begins_no_earlier_than()
        .is_none_or(|begins| term + CLOCKS_MS < begins)
}

fn stopped_for_a_reason(case: &Case, of: fn(Kind) -> bool) -> Outcome {
    let mut findings = Findings::default();
    if case.has_other_reasons() {
        return findings.outcome();
    }
    let unprobed = |&index: &usize| of(case.kind(index)) && !case.can_be_killed_by_probe(index);
    for index in (0..case.trace.spec.containers.len()).filter(unprobed) {
        for (n, _, term) in told(case, index) {
            findings.at_risk();
            if before_any_shutdown(case, term) {
                let summary = format!("{} was told to stop although its pod was not ending", case.name(index));
                findings.broken(case, shown(case, index, n), Some(index), summary);
            }
        }
    }
    findings.outcome()
}

/// The kubelet compares the delay in whole seconds with a start that is cut to them.
const DELAY_ROUNDING_MS: i64 = 1_000;

/// The soonest after a start, or after `from_ms` if it begins only then, at which a probe can have failed for good.
pub(super) fn soonest_failure_ms(probe: &ProbeSpec, from_ms: i64) -> i64 {
    let delay_ms = i64::from(probe.initial_delay_s) * 1_000 - DELAY_ROUNDING_MS;
    let periods = i64::from(probe.failure_threshold.saturating_sub(1));
    let failing_ms = periods.saturating_mul(i64::from(probe.period_s)).saturating_mul(1_000);
    delay_ms.max(from_ms).saturating_add(failing_ms).min(FAR_FUTURE)
}

/// Judges that no probe stops a container too soon; `liveness_from_ms` says from when on after the start of a life the
/// liveness probe is asked at all.
fn not_too_early(case: &Case, liveness_from_ms: fn(&Case, (usize, u32)) -> Option<i64>) -> Outcome {
    let mut findings = Findings::default();
    if case.has_other_reasons() {
        return findings.outcome();
    }
    for (index, spec) in case.trace.spec.containers.iter().enumerate() {
        for (n, facts, term) in told(case, index).filter(|(_, _, term)| before_any_shutdown(case, *term)) {
            let startup = spec.startup.as_ref().map(|probe| soonest_failure_ms(probe, 0));
            let liveness = spec
                .liveness
                .as_ref()
                .zip(liveness_from_ms(case, (index, n)))
                .map(|(probe, from_ms)| soonest_failure_ms(probe, from_ms));
            let soonest = startup.into_iter().chain(liveness).min();
            let Some((soonest_ms, start)) = soonest.zip(facts.start).filter(|(soonest, _)| *soonest > 0) else {
                continue;
            };
            findings.at_risk();
            let after_ms = term - start.lo;
            if after_ms + case.bounds.rounding_ms < soonest_ms {
                let summary = format!(
                    "{} was told to stop at most {after_ms} ms after its start; its probes cannot have failed before \
                     {soonest_ms} ms",
                    case.name(index)
                );
                findings.broken_in_life(case, shown(case, index, n), (index, n), summary);
            }
        }
    }
    findings.outcome()
}

fn startup_holds_liveness(case: &Case) -> Outcome {
    let both = case
        .trace
        .spec
        .containers
        .iter()
        .any(|it| it.startup.is_some() && it.liveness.is_some());
    if case.trace.scenario.is_none() || !both {
        return Outcome::NotAtRisk;
    }
    not_too_early(case, |case, (index, n)| {
        let script = case.trace.scenario.as_ref()?.containers().nth(index)?;
        match &script.startup {
            Some(startup) => super::probes::earliest_pass_ms(startup.outcome, n),
            None => Some(0),
        }
    })
}

/// The graces that a probe's kill can have.
fn probe_graces_s(case: &Case, index: usize) -> impl Iterator<Item = u32> {
    let spec = &case.trace.spec.containers[index];
    let probes = [&spec.startup, &spec.liveness].into_iter().flatten();
    probes.map(|probe| probe.grace_s.unwrap_or(case.trace.spec.grace_s))
}

/// How much later than its grace says a process may be seen to be gone: the runtime's own time, and the machine's load.
const KILL_MS: i64 = 2_000;

/// Judges that a life that was told to stop at `term` is gone after its grace.
fn gone_after(case: &Case, life: (usize, u32), term: UnixMs, grace_s: u32, findings: &mut Findings) {
    let (index, n) = life;
    let Some(finish) = case.facts.get(index, n).and_then(|facts| facts.finish) else {
        return;
    };
    findings.at_risk();
    let grace_ms = (i64::from(grace_s) * 1_000).max(STOP_TIMEOUT_MS_MIN);
    let bound_ms = grace_ms + KILL_MS + case.bounds.delay_ms;
    if finish.lo > term + bound_ms {
        let summary = format!(
            "{} ran on for {} ms after its TERM, with a grace of {grace_s} s",
            case.name(index),
            finish.lo - term
        );
        findings.broken(case, shown(case, index, n), Some(index), summary);
    }
}

fn killed_in_time(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.has_other_reasons() {
        return findings.outcome();
    }
    let deletes = case.trace.steps.iter().filter_map(|step| step.deletion);
    let deleted_s = deletes.map(|mark| mark.grace_s).max().unwrap_or(0);
    for index in 0..case.trace.spec.containers.len() {
        let probes_s = probe_graces_s(case, index).max().unwrap_or(0);
        let grace_s = case.trace.spec.grace_s.max(deleted_s).max(probes_s);
        for (n, _, term) in told(case, index) {
            gone_after(case, (index, n), term, grace_s, &mut findings);
        }
    }
    findings.outcome()
}

fn probe_grace(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.has_other_reasons() {
        return findings.outcome();
    }
    for (index, spec) in case.trace.spec.containers.iter().enumerate() {
        let mut probes = [&spec.startup, &spec.liveness].into_iter().flatten();
        if !probes.any(|probe| probe.grace_s.is_some()) {
            continue;
        }
        let Some(grace_s) = probe_graces_s(case, index).max() else {
            continue;
        };
        let by_probe = |term| before_any_shutdown(case, term) || case.told_by_its_probe(index, term);
        for (n, _, term) in told(case, index).filter(|&(_, _, term)| by_probe(term)) {
            gone_after(case, (index, n), term, grace_s, &mut findings);
        }
    }
    findings.outcome()
}
