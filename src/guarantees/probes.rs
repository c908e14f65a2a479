//! What probes gate, and what their failure does. Whether a probe can have passed is known for scripted pods only.

use podcheck_generators::{Probe, ProbeOutcome};

use super::delays::busy_ms;
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::check::{FAR_FUTURE, STOP_TIMEOUT_MS_MIN};
use crate::trace::{ContainerSpec, Kind, ProbeSpec, RestartPolicy, State, UnixMs};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-startup-gates-started",
        rule: "A container with a startup probe is started only after that probe can have succeeded in this very life.",
        quote: "Initialized as false, becomes true after startupProbe is considered successful.",
        link: pages::STATUS,
        since_minor: 0,
        judge: |case| gates(case, "started", |it| &it.startup, |it| &it.startup, |view| view.started),
    },
    Guarantee {
        id: "G-readiness-gates-ready",
        rule: "A container with a readiness probe is ready only after that probe can have succeeded in this very life.",
        quote: "the existence of the readiness probe in the spec means that the Pod will start without receiving any traffic \
                and only start receiving traffic after the probe starts succeeding.",
        link: pages::PROBES,
        since_minor: 0,
        judge: |case| gates(case, "ready", |it| &it.readiness, |it| &it.readiness, |view| view.ready),
    },
    Guarantee {
        id: "G-liveness-restarts",
        rule: "A container whose liveness probe fails for good is stopped, and restarted under Always and OnFailure.",
        quote: "If a container fails its liveness probe more times than the configured tolerance, the kubelet restarts that \
                container.",
        link: pages::PROBES,
        since_minor: 0,
        judge: liveness_restarts,
    },
    Guarantee {
        id: "G-startup-failure-restarts",
        rule: "A container whose startup probe never passes is stopped when its failures are used up.",
        quote: "If the startup probe fails, the kubelet kills the container, and the container is subjected to its restart \
                policy.",
        link: pages::PROBES,
        since_minor: 0,
        judge: startup_failure_restarts,
    },
];

/// The runtime notes a start, and a process writes its first line, at most so long after the process began.
const NOTED_LATE_MS: i64 = 3_000;

/// Judges that a status flag of a life is not up before the probe that gates it can have passed.
fn gates(
    case: &Case,
    flag: &str,
    of_spec: fn(&ContainerSpec) -> &Option<ProbeSpec>,
    of_script: fn(&podcheck_generators::Container) -> &Option<Probe>,
    is_up: fn(&crate::trace::ContainerView) -> bool,
) -> Outcome {
    let mut findings = Findings::default();
    let scripts: Vec<_> = case
        .trace
        .scenario
        .iter()
        .flat_map(|scenario| scenario.containers())
        .collect();
    for (index, container) in case.trace.spec.containers.iter().enumerate() {
        let Some(probe) = of_spec(container).as_ref().filter(|_| container.kind != Kind::Init) else {
            continue;
        };
        let outcome = scripts
            .get(index)
            .and_then(|script| of_script(script).as_ref())
            .map(|probe| probe.outcome);
        for (step, view) in case.views(index).filter(|(_, view)| view.state == State::Running) {
            findings.at_risk();
            if !is_up(view) {
                continue;
            }
            let n = view.restart_count;
            let passes_ms = outcome.map_or(Some(0), |outcome| earliest_pass_ms(outcome, n));
            let Some(passes_ms) = passes_ms else {
                let summary = format!(
                    "{} is {flag} although its probe never passes in life {n}",
                    case.name(index)
                );
                findings.broken(case, step, Some(index), summary);
                continue;
            };
            // The process counts from its own start, the kubelet its delay from the runtime's (cut to a second).
            let earliest_ms = passes_ms.max(i64::from(probe.initial_delay_s) * 1_000 - 1_000);
            let start = case
                .facts
                .get(index, n)
                .and_then(|facts| Some(facts.start?.hi - NOTED_LATE_MS));
            if let (Some(start), Some(at)) = (start, case.not_after(step))
                && at < start + earliest_ms
            {
                let summary = format!(
                    "{} is {flag} at most {} ms after its start; its probe cannot pass before {earliest_ms} ms",
                    case.name(index),
                    at - start
                );
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}

/// Earliest time after a start at which the probe can pass in life `n`; `None`: never.
pub(crate) fn earliest_pass_ms(outcome: ProbeOutcome, n: u32) -> Option<i64> {
    match outcome {
        ProbeOutcome::PassesAfter { ms } => Some(i64::from(ms)),
        ProbeOutcome::FailsAfter { ms: 0 } | ProbeOutcome::NeverPasses => None,
        ProbeOutcome::Passes | ProbeOutcome::FailsAfter { .. } => Some(0),
        ProbeOutcome::FirstLifeOnly => (n == 0).then_some(0),
        ProbeOutcome::LaterLivesOnly => (n > 0).then_some(0),
    }
}

/// From when on the probe fails for good in life `n`, after its start; `None`: it does not, or passes first.
pub(super) fn fails_for_good_ms(outcome: ProbeOutcome, n: u32) -> Option<i64> {
    match outcome {
        ProbeOutcome::FailsAfter { ms } => Some(i64::from(ms)),
        _ => earliest_pass_ms(outcome, n).is_none().then_some(0),
    }
}

/// How long a probe may take from its first possible failure to its verdict: every try can be late by a period and be
/// lost to an error of its handler.
pub(super) fn verdict_ms(probe: &ProbeSpec) -> i64 {
    let tries = i64::from(probe.failure_threshold) + 2;
    let try_ms = (i64::from(probe.period_s) + i64::from(probe.timeout_s)) * 1_000;
    try_ms.saturating_mul(2 * tries).min(FAR_FUTURE)
}

fn liveness_restarts(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let Some(scenario) = &case.trace.scenario else {
        return findings.outcome();
    };
    for (index, script) in scenario.containers().enumerate() {
        let Some((probe, liveness)) = case.trace.spec.containers[index].liveness.as_ref().zip(script.liveness) else {
            continue;
        };
        for n in 0..case.facts.instances(index) {
            let Some(fails_ms) = fails_for_good_ms(liveness.outcome, n) else {
                continue;
            };
            // It begins when the startup probe has passed, which the status shows; but one that can be shown without having
            // passed in this life (PB-6, PB-7) is another promise's to judge.
            let passes_ms = script
                .startup
                .map_or(Some(0), |startup| earliest_pass_ms(startup.outcome, n));
            let Some(passes_ms) = passes_ms else { continue };
            let shown = case
                .views(index)
                .find(|(_, view)| view.state == State::Running && view.restart_count == n && view.started);
            let (Some((step, _)), Some(start)) = (shown, case.start(index, n)) else {
                continue;
            };
            let Some(shown_at) = case.not_after(step) else { continue };
            let delay_ms = i64::from(probe.initial_delay_s) * 1_000;
            let from = shown_at.max(start.hi + fails_ms.max(delay_ms).max(passes_ms));
            must_end(case, index, n, from + verdict_ms(probe), "liveness", &mut findings);
        }
    }
    findings.outcome()
}

fn startup_failure_restarts(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let Some(scenario) = &case.trace.scenario else {
        return findings.outcome();
    };
    for (index, script) in scenario.containers().enumerate() {
        let Some((probe, startup)) = case.trace.spec.containers[index].startup.as_ref().zip(script.startup) else {
            continue;
        };
        for n in 0..case.facts.instances(index) {
            let never = earliest_pass_ms(startup.outcome, n).is_none();
            let Some(start) = case.start(index, n).filter(|_| never) else {
                continue;
            };
            let delay_ms = i64::from(probe.initial_delay_s) * 1_000;
            must_end(
                case,
                index,
                n,
                start.hi + delay_ms + verdict_ms(probe),
                "startup",
                &mut findings,
            );
        }
    }
    findings.outcome()
}

/// Judges that a life whose probe has failed at `failed` ends in time, as long as the kubelet probes at all.
fn must_end(case: &Case, index: usize, n: u32, failed: UnixMs, which: &str, findings: &mut Findings) {
    // Nobody is killed for a probe once the pod is being torn down.
    let facts = case.facts.get(index, n);
    let Some(until) = case.wanted_until() else { return };
    // Told to stop while the pod was at work: this is what was promised.
    if facts.is_some_and(|facts| facts.term.is_some_and(|term| term < until)) {
        findings.at_risk();
    }
    if until <= failed {
        return;
    }
    let ended = facts.and_then(|facts| facts.finish).map(|finish| finish.lo);
    // A life that another one followed, and whose end no status told, has ended at any time before that.
    let ended_some_time = ended.is_none() && n + 1 < case.facts.instances(index);
    if ended_some_time || ended.is_some_and(|ended| ended <= failed) {
        return;
    }
    findings.at_risk();
    let bound_ms = case.bounds.act_ms() + busy_ms(case, failed, until) + STOP_TIMEOUT_MS_MIN;
    let still_runs = facts.is_some_and(|facts| facts.term.is_none_or(|term| term > failed + bound_ms));
    let until = ended.map_or(until, |ended| ended.min(until));
    if still_runs && until > failed + bound_ms {
        let restart = if case.trace.spec.restart_policy == RestartPolicy::Never {
            "stopped"
        } else {
            "restarted"
        };
        let summary = format!(
            "the {which} probe of {} had failed and it was not {restart} in {} ms; at most {bound_ms} ms are permitted",
            case.name(index),
            until - failed
        );
        findings.broken(case, super::sidecars::shown(case, index, n), Some(index), summary);
    }
}
