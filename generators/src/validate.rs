//! What makes a scenario one that an API server accepts and that ends in bounded time.

use crate::{Container, Deletion, InitKind, Moment, OnTerm, Probe, ProbeOutcome, Scenario};

/// Most elements of the init list.
pub const INIT_MAX: usize = 5;
/// Most main containers.
pub const MAIN_MAX: usize = 3;
/// Most scripted attempts of one container.
pub const ATTEMPTS_MAX: usize = 16;
/// Longest scripted time.
pub const TIME_MS_MAX: u32 = 600_000;
/// Longest grace period, probe period or initial delay.
pub const SECONDS_MAX: u32 = 600;
/// Highest probe threshold.
pub const THRESHOLD_MAX: u32 = 600;

/// Why a scenario is refused, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct Invalid {
    /// The field, as a path through the YAML with the container's name: `init[2] (s2).startup.periodSeconds`.
    pub place: String,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A number is too small.
    #[error("must be at least {0}")]
    AtLeast(u32),
    /// A number is too large.
    #[error("must be at most {0}")]
    AtMost(u32),
    /// A list is empty.
    #[error("must have at least one entry")]
    Empty,
    /// A list is too long.
    #[error("must have at most {0} entries")]
    TooMany(usize),
    /// A probe on an init container.
    #[error("init containers cannot have probes, only sidecars and mains can")]
    ProbeOnInit,
    /// A success threshold other than 1 where the API wants 1.
    #[error("must be 1 for startup and liveness probes")]
    SuccessThreshold,
    /// A grace period on a readiness probe.
    #[error("readiness probes cannot have a grace period of their own")]
    GraceOnReadiness,
    /// A moment that names a container the pod does not have.
    #[error("the pod has no such container")]
    NoSuchContainer,
    /// A second delete that would not shorten the grace period.
    #[error("must be shorter than the first delete's {0} s")]
    NotShorter(u32),
}

impl Scenario {
    /// Checks that the scenario makes a pod the API server accepts and that every number is bounded.
    pub fn validate(&self) -> Result<(), Invalid> {
        // A delete with a grace of 0 takes the object away before its end can be seen: nothing could be judged of it.
        let least = u32::from(self.deletion.is_some());
        between(self.grace_seconds, least, SECONDS_MAX, || "graceSeconds".into())?;
        between(self.observe_ms_max, 1_000, TIME_MS_MAX, || "observeMsMax".into())?;
        at_most_entries(self.init.len(), INIT_MAX, || "init".into())?;
        at_most_entries(self.main.len(), MAIN_MAX, || "main".into())?;
        if self.main.is_empty() {
            return Err(invalid("main".into(), Problem::Empty));
        }
        let names = self.names();
        for (index, element) in self.init.iter().enumerate() {
            let place = format!("init[{index}] ({})", names[index]);
            validate_container(&element.container, element.kind == InitKind::Init, &place)?;
        }
        for (index, container) in self.main.iter().enumerate() {
            validate_container(container, false, &format!("main[{index}] (m{index})"))?;
        }
        match &self.deletion {
            Some(deletion) => validate_deletion(deletion, self.grace_seconds, &names),
            None => Ok(()),
        }
    }
}

fn validate_container(container: &Container, is_init: bool, place: &str) -> Result<(), Invalid> {
    let attempts = &container.attempts;
    if attempts.is_empty() {
        return Err(invalid(format!("{place}.attempts"), Problem::Empty));
    }
    at_most_entries(attempts.len(), ATTEMPTS_MAX, || format!("{place}.attempts"))?;
    for (number, attempt) in attempts.iter().enumerate() {
        if let Some(lives_ms) = attempt.lives_ms {
            between(lives_ms, 0, TIME_MS_MAX, || {
                format!("{place}.attempts[{number}].livesMs")
            })?;
        }
        if let OnTerm::Exit { after_ms, .. } = attempt.on_term {
            between(after_ms, 0, TIME_MS_MAX, || {
                format!("{place}.attempts[{number}].onTerm.afterMs")
            })?;
        }
    }
    let probes = [
        ("startup", container.startup),
        ("readiness", container.readiness),
        ("liveness", container.liveness),
    ];
    for (kind, probe) in probes {
        let Some(probe) = probe else { continue };
        let place = format!("{place}.{kind}");
        if is_init {
            return Err(invalid(place, Problem::ProbeOnInit));
        }
        validate_probe(&probe, kind == "readiness", &place)?;
    }
    Ok(())
}

fn validate_probe(probe: &Probe, is_readiness: bool, place: &str) -> Result<(), Invalid> {
    between(probe.initial_delay_seconds, 0, SECONDS_MAX, || {
        format!("{place}.initialDelaySeconds")
    })?;
    between(probe.period_seconds, 1, SECONDS_MAX, || {
        format!("{place}.periodSeconds")
    })?;
    between(probe.failure_threshold, 1, THRESHOLD_MAX, || {
        format!("{place}.failureThreshold")
    })?;
    between(probe.success_threshold, 1, THRESHOLD_MAX, || {
        format!("{place}.successThreshold")
    })?;
    if !is_readiness && probe.success_threshold != 1 {
        return Err(invalid(format!("{place}.successThreshold"), Problem::SuccessThreshold));
    }
    if let Some(grace_seconds) = probe.grace_seconds {
        if is_readiness {
            return Err(invalid(format!("{place}.graceSeconds"), Problem::GraceOnReadiness));
        }
        between(grace_seconds, 1, SECONDS_MAX, || format!("{place}.graceSeconds"))?;
    }
    match probe.outcome {
        ProbeOutcome::PassesAfter { ms } | ProbeOutcome::FailsAfter { ms } => {
            between(ms, 0, TIME_MS_MAX, || format!("{place}.outcome.ms"))
        }
        _ => Ok(()),
    }
}

fn validate_deletion(deletion: &Deletion, pod_grace_seconds: u32, names: &[String]) -> Result<(), Invalid> {
    let (container, attempt, after_ms) = match &deletion.at {
        Moment::Created { after_ms } => (None, 0, *after_ms),
        Moment::Running {
            container,
            attempt,
            after_ms,
        }
        | Moment::Terminated {
            container,
            attempt,
            after_ms,
        } => (Some(container), *attempt, *after_ms),
    };
    if container.is_some_and(|name| !names.contains(name)) {
        return Err(invalid("deletion.at.container".into(), Problem::NoSuchContainer));
    }
    between(attempt, 0, ATTEMPTS_MAX as u32, || "deletion.at.attempt".into())?;
    between(after_ms, 0, TIME_MS_MAX, || "deletion.at.afterMs".into())?;
    if let Some(grace_seconds) = deletion.grace_seconds {
        between(grace_seconds, 1, SECONDS_MAX, || "deletion.graceSeconds".into())?;
    }
    if let Some(again) = deletion.again {
        between(again.after_ms, 0, TIME_MS_MAX, || "deletion.again.afterMs".into())?;
        between(again.grace_seconds, 1, SECONDS_MAX, || {
            "deletion.again.graceSeconds".into()
        })?;
        let first = deletion.grace_seconds.unwrap_or(pod_grace_seconds);
        if again.grace_seconds >= first {
            return Err(invalid(
                "deletion.again.graceSeconds".into(),
                Problem::NotShorter(first),
            ));
        }
    }
    Ok(())
}

fn invalid(place: String, problem: Problem) -> Invalid {
    Invalid { place, problem }
}

fn between(value: u32, least: u32, most: u32, place: impl FnOnce() -> String) -> Result<(), Invalid> {
    if value < least {
        return Err(invalid(place(), Problem::AtLeast(least)));
    }
    if value > most {
        return Err(invalid(place(), Problem::AtMost(most)));
    }
    Ok(())
}

fn at_most_entries(len: usize, most: usize, place: impl FnOnce() -> String) -> Result<(), Invalid> {
    if len > most {
        Err(invalid(place(), Problem::TooMany(most)))
    } else {
        Ok(())
    }
}
