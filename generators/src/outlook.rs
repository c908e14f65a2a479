//! A rough forecast of a pod's timeline: good enough to choose budgets and to let exits of different containers collide.

use crate::{Attempt, Container, InitKind, OnTerm, Probe, ProbeOutcome, RestartPolicy, Scenario, TIME_MS_MAX};

/// From the API create to the first container's start.
const POD_START_MS: u32 = 1_500;
/// From one container's end (or readiness to go on) to the next one's start.
const HAND_OVER_MS: u32 = 700;
/// Wait before each restart: the first is immediate, then 10 s doubled, with a second for the sync that does it.
const BACK_OFF_MS: [u32; 4] = [HAND_OVER_MS, 11_000, 21_000, 41_000];
/// Restarts that are followed when looking for a natural end; a fourth would be beyond every budget.
const RESTARTS_MAX: u32 = 3;

/// What will roughly become of a pod that nobody deletes; all times since its creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Start of each init-list element; the list ends where the pod gets no further.
    pub init_start_ms: Vec<u32>,
    /// Start of the mains, if they start at all.
    pub main_start_ms: Option<u32>,
    /// When every container has finished by itself, teardown included; absent: never, or after a very long back-off.
    pub end_ms: Option<u32>,
    /// When nothing new happens any more, counting only the first restarts of each container.
    pub settled_ms: u32,
}

/// Forecasts the pod, following up to `restarts` restarts of each container for `settled_ms`.
pub fn outlook(scenario: &Scenario, restarts: u32) -> Outlook {
    let grace_ms = scenario.grace_seconds * 1_000;
    let mut ahead = Outlook {
        init_start_ms: Vec::new(),
        main_start_ms: None,
        end_ms: None,
        settled_ms: POD_START_MS,
    };
    let mut now_ms = POD_START_MS;
    let mut teardown_ms = 0;
    for element in &scenario.init {
        ahead.init_start_ms.push(now_ms);
        let lives = Lives {
            container: &element.container,
            grace_ms,
        };
        let next_ms = match element.kind {
            InitKind::Init => {
                let restarted = |code| code != 0 && scenario.restart_policy != RestartPolicy::Never;
                ahead.settle(now_ms + lives.course(restarted, restarts).settled_ms);
                match lives.course(restarted, RESTARTS_MAX).end {
                    Some((end_ms, 0)) => now_ms + end_ms,
                    Some((end_ms, _)) => {
                        ahead.end_ms = Some(now_ms + end_ms + teardown_ms);
                        return ahead;
                    }
                    None => return ahead,
                }
            }
            InitKind::Sidecar => {
                ahead.settle(now_ms + lives.course(|_| true, restarts).settled_ms);
                teardown_ms += term_ms(element.container.attempt(u32::MAX), grace_ms);
                match lives.started_ms() {
                    Some(started_ms) => now_ms + started_ms,
                    None => return ahead,
                }
            }
        };
        now_ms = next_ms + HAND_OVER_MS;
    }
    ahead.main_start_ms = Some(now_ms);
    ahead.settle(now_ms);
    let restarted = |code| match scenario.restart_policy {
        RestartPolicy::Always => true,
        RestartPolicy::OnFailure => code != 0,
        RestartPolicy::Never => false,
    };
    let mut last_ms = Some(now_ms);
    for container in &scenario.main {
        let lives = Lives { container, grace_ms };
        ahead.settle(now_ms + lives.course(restarted, restarts).settled_ms);
        let end_ms = lives
            .course(restarted, RESTARTS_MAX)
            .end
            .map(|(end_ms, _)| now_ms + end_ms);
        last_ms = last_ms.zip(end_ms).map(|(a, b)| a.max(b));
    }
    ahead.end_ms = last_ms.map(|last_ms| last_ms + teardown_ms.min(grace_ms + 2_000));
    ahead
}

impl Outlook {
    fn settle(&mut self, at_ms: u32) {
        self.settled_ms = self.settled_ms.max(at_ms);
    }
}

/// The lives of one container, with what its probes do to them; times since its first start.
struct Lives<'a> {
    container: &'a Container,
    grace_ms: u32,
}

/// Where a container's restarts lead.
struct Course {
    /// Time and exit code of the end that is not followed by a restart.
    end: Option<(u32, u8)>,
    /// The last event within the restarts that were followed.
    settled_ms: u32,
}

impl Lives<'_> {
    fn course(&self, restarted: impl Fn(u8) -> bool, restarts: u32) -> Course {
        let mut now_ms = 0;
        for attempt in 0..=restarts {
            let Some((life_ms, code)) = self.death(attempt) else {
                return Course {
                    end: None,
                    settled_ms: now_ms + self.last_turn_ms(),
                };
            };
            now_ms += life_ms;
            if !restarted(code) {
                return Course {
                    end: Some((now_ms, code)),
                    settled_ms: now_ms,
                };
            }
            if attempt < restarts {
                now_ms += BACK_OFF_MS[attempt as usize];
            }
        }
        Course {
            end: None,
            settled_ms: now_ms,
        }
    }

    /// When the last probe changes its mind, in a life that goes on for ever.
    fn last_turn_ms(&self) -> u32 {
        let probes = [
            self.container.startup,
            self.container.readiness,
            self.container.liveness,
        ];
        let turns = probes.into_iter().flatten().map(|probe| match probe.outcome {
            ProbeOutcome::PassesAfter { ms } | ProbeOutcome::FailsAfter { ms } => ms,
            _ => probe.initial_delay_seconds * 1_000,
        });
        turns.max().unwrap_or_default()
    }

    /// When a sidecar lets the next element start.
    fn started_ms(&self) -> Option<u32> {
        let Some(startup) = &self.container.startup else {
            return Some(0);
        };
        let mut now_ms = 0;
        for attempt in 0..=RESTARTS_MAX {
            let death_ms = self.death(attempt).map(|(life_ms, _)| life_ms);
            let pass_ms =
                pass_ms(startup, attempt).filter(|pass_ms| death_ms.is_none_or(|death_ms| *pass_ms < death_ms));
            if let Some(pass_ms) = pass_ms {
                return Some(now_ms + pass_ms);
            }
            now_ms += death_ms? + BACK_OFF_MS[attempt as usize];
        }
        None
    }

    /// Length and exit code of one life; nothing if it lasts for ever.
    fn death(&self, attempt: u32) -> Option<(u32, u8)> {
        let script = self.container.attempt(attempt);
        // A startup probe that has passed once asks no more.
        let startup = self
            .container
            .startup
            .as_ref()
            .filter(|probe| pass_ms(probe, attempt).is_none());
        let startup = startup.and_then(|probe| fail_ms(probe, attempt));
        let liveness = self
            .container
            .liveness
            .as_ref()
            .and_then(|probe| fail_ms(probe, attempt));
        let killed = startup.into_iter().chain(liveness).min().map(|killed_ms| {
            let term_ms = term_ms(script, self.grace_ms);
            let code = match script.on_term {
                OnTerm::Exit { code, .. } if term_ms < self.grace_ms => code,
                _ => 137,
            };
            (killed_ms + term_ms, code)
        });
        let own = script.lives_ms.map(|lives_ms| (lives_ms, script.exit_code));
        own.into_iter().chain(killed).min()
    }
}

/// From TERM to the end of the process.
fn term_ms(script: &Attempt, grace_ms: u32) -> u32 {
    match script.on_term {
        OnTerm::Exit { after_ms, .. } => after_ms.min(grace_ms),
        OnTerm::Ignore => grace_ms,
    }
}

/// When the kubelet has seen enough successes, unless it has killed the container before.
fn pass_ms(probe: &Probe, attempt: u32) -> Option<u32> {
    let delay_ms = probe.initial_delay_seconds * 1_000;
    let first_ms = match probe.outcome {
        ProbeOutcome::PassesAfter { ms } => delay_ms.max(ms),
        other => other.passes(attempt, delay_ms).then_some(delay_ms)?,
    };
    let budget_ms = delay_ms + patience_ms(probe);
    (first_ms < budget_ms).then_some(first_ms + probe.period_seconds * 500)
}

/// When the kubelet has seen enough failures to kill the container.
fn fail_ms(probe: &Probe, attempt: u32) -> Option<u32> {
    let delay_ms = probe.initial_delay_seconds * 1_000;
    let patience_ms = patience_ms(probe);
    let first_ms = match probe.outcome {
        ProbeOutcome::Passes => None,
        ProbeOutcome::PassesAfter { ms } => (ms >= delay_ms + patience_ms).then_some(delay_ms),
        ProbeOutcome::FailsAfter { ms } => Some(delay_ms.max(ms)),
        other => (!other.passes(attempt, delay_ms)).then_some(delay_ms),
    };
    first_ms.map(|first_ms| first_ms + patience_ms)
}

/// How long a probe fails until the kubelet acts; bounded, so that sums of times stay in range.
fn patience_ms(probe: &Probe) -> u32 {
    (probe.failure_threshold * probe.period_seconds * 1_000).min(TIME_MS_MAX)
}
