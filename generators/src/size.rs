//! How much there is to read in a scenario: what the simplifying edits make smaller.

use crate::{Attempt, Container, InitKind, Moment, OnTerm, Probe, ProbeOutcome, RestartPolicy, Scenario};

impl Scenario {
    /// Size under which every edit is strictly smaller: parts count most, then odd behaviour, then odd times.
    pub fn size(&self) -> u64 {
        let policy = match self.restart_policy {
            RestartPolicy::Never => 0,
            RestartPolicy::OnFailure => 20,
            RestartPolicy::Always => 40,
        };
        let sidecars = self
            .init
            .iter()
            .filter(|element| element.kind == InitKind::Sidecar)
            .count() as u64;
        let containers: u64 = self
            .containers()
            .map(|container| 20_000 + size_of_container(container))
            .sum();
        let deletion = self.deletion.as_ref().map_or(0, |deletion| {
            let moment = match deletion.at {
                Moment::Created { after_ms } => size_of_time(after_ms),
                Moment::Running { attempt, after_ms, .. } | Moment::Terminated { attempt, after_ms, .. } => {
                    u64::from(attempt) * 10 + size_of_time(after_ms)
                }
            };
            let again = deletion.again.map_or(0, |again| 2_000 + size_of_time(again.after_ms));
            let grace = deletion.grace_seconds.map_or(0, |_| 700);
            5_000 + moment + again + grace + u64::from(deletion.finalizer) * 1_000
        });
        let watched = u64::from(self.observe_ms_max / 1_000);
        watched + policy + sidecars * 1_000 + containers + deletion + u64::from(self.grace_seconds)
    }
}

fn size_of_container(container: &Container) -> u64 {
    let attempts: u64 = container
        .attempts
        .iter()
        .map(|attempt| 1_000 + size_of_attempt(attempt))
        .sum();
    let probes = [container.startup, container.readiness, container.liveness];
    attempts
        + probes
            .into_iter()
            .flatten()
            .map(|probe| 3_000 + size_of_probe(&probe))
            .sum::<u64>()
}

fn size_of_attempt(attempt: &Attempt) -> u64 {
    let on_term = match attempt.on_term {
        OnTerm::AT_ONCE => 0,
        OnTerm::Exit { code, after_ms } => size_of_code(code) + size_of_time(after_ms),
        OnTerm::Ignore => 8,
    };
    on_term + size_of_code(attempt.exit_code) + attempt.lives_ms.map_or(1, size_of_time)
}

fn size_of_probe(probe: &Probe) -> u64 {
    let outcome = match probe.outcome {
        ProbeOutcome::Passes => 0,
        ProbeOutcome::NeverPasses => 5,
        ProbeOutcome::FirstLifeOnly | ProbeOutcome::LaterLivesOnly => 10,
        ProbeOutcome::PassesAfter { ms } | ProbeOutcome::FailsAfter { ms } => 10 + size_of_time(ms),
    };
    let numbers = probe.initial_delay_seconds + probe.period_seconds + probe.success_threshold * 5;
    outcome + u64::from(numbers) + probe.grace_seconds.map_or(0, |_| 700)
}

/// 0 and 1 say what there is to say; other codes only catch the eye.
fn size_of_code(code: u8) -> u64 {
    match code {
        0 => 0,
        1 => 2,
        _ => 4,
    }
}

/// Whole seconds read better than fractions.
fn size_of_time(ms: u32) -> u64 {
    u64::from(ms / 1_000) + if ms.is_multiple_of(1_000) { 0 } else { 20 }
}
