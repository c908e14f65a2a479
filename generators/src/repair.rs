//! From a draft to a scenario: times resolved, parts fitted to each other, the budget kept.

use crate::outlook::outlook;
use crate::strategy::{ContainerDraft, DeletionDraft, Draft, MomentDraft, OutcomeDraft, ProbeDraft, TermDraft, Tick};
use crate::weights::Then;
use crate::{
    Attempt, Container, Deletion, InitElement, InitKind, Moment, OnTerm, Probe, ProbeOutcome, Scenario, SecondDelete,
};

/// What a never-ending pod is watched for after its last foreseen event.
const SETTLE_MS: u32 = 4_000;
/// Room that a pod's natural end needs below the budget on a busy node.
const END_MARGIN_MS: u32 = 8_000;

pub(crate) fn repair(draft: &Draft, budget_ms: u32) -> Scenario {
    let times = Times {
        anchors_ms: &draft.anchors_ms,
        grace_ms: draft.grace_seconds * 1_000,
    };
    let init = draft.init.iter().map(|(kind, container)| InitElement {
        kind: *kind,
        container: match kind {
            InitKind::Init => Container::new(times.attempts(container)),
            InitKind::Sidecar => times.container(container),
        },
    });
    let mut scenario = Scenario {
        restart_policy: draft.restart_policy,
        grace_seconds: draft.grace_seconds,
        init: init.collect(),
        main: draft.main.iter().map(|container| times.container(container)).collect(),
        deletion: None,
        observe_ms_max: budget_ms,
    };
    align_sidecars(&mut scenario, draft);
    scenario.deletion = draft
        .deletion
        .as_ref()
        .map(|deletion| times.deletion(deletion, &scenario));
    scenario.observe_ms_max = observe_ms_max(&scenario, draft.restarts, budget_ms);
    scenario
}

/// Pods that end by themselves get the whole budget (a busy node is slow); others only until nothing new is to come.
pub(crate) fn observe_ms_max(scenario: &Scenario, restarts: u32, budget_ms: u32) -> u32 {
    let ahead = outlook(scenario, restarts);
    if ahead.end_ms.is_some_and(|end_ms| end_ms + END_MARGIN_MS <= budget_ms) {
        return budget_ms;
    }
    let waits_ms = match scenario.deletion.as_ref().map(|deletion| &deletion.at) {
        None => 0,
        Some(Moment::Created { after_ms } | Moment::Running { after_ms, .. } | Moment::Terminated { after_ms, .. }) => {
            *after_ms
        }
    };
    (ahead.settled_ms + SETTLE_MS + waits_ms)
        .next_multiple_of(1_000)
        .min(budget_ms)
}

/// Moves the first death of aligned sidecars to a time counted from the mains' start, so that it meets the mains' exits.
fn align_sidecars(scenario: &mut Scenario, draft: &Draft) {
    let ahead = outlook(scenario, 1);
    let Some(main_start_ms) = ahead.main_start_ms else {
        return;
    };
    for (index, (kind, container)) in draft.init.iter().enumerate() {
        let first = &mut scenario.init[index].container.attempts[0];
        if let (InitKind::Sidecar, true, Some(lives_ms)) = (kind, container.aligned, first.lives_ms) {
            let earlier_ms = main_start_ms.saturating_sub(ahead.init_start_ms[index]);
            first.lives_ms = Some(lives_ms + earlier_ms / 100 * 100);
        }
    }
}

/// Resolves a draft's times.
struct Times<'a> {
    anchors_ms: &'a [u32],
    grace_ms: u32,
}

impl Times<'_> {
    fn ms(&self, tick: Tick) -> u32 {
        self.anchors_ms[tick.anchor].saturating_add_signed(tick.offset_ms)
    }

    fn attempts(&self, draft: &ContainerDraft) -> Vec<Attempt> {
        let on_term = match draft.term {
            TermDraft::AtOnce(code) => OnTerm::Exit { code, after_ms: 0 },
            TermDraft::Needs(tick, code) => OnTerm::Exit {
                code,
                after_ms: self.ms(tick) / 200 * 100,
            },
            TermDraft::NeedsGrace(offset_ms, code) => OnTerm::Exit {
                code,
                after_ms: self.grace_ms.saturating_add_signed(offset_ms),
            },
            TermDraft::Ignores => OnTerm::Ignore,
        };
        let lives_ms = |number: usize, fails: bool| {
            if fails && draft.life.at_once {
                0
            } else {
                self.ms(draft.ticks[number % draft.ticks.len()])
            }
        };
        let deaths = usize::from(draft.life.deaths);
        let dies = |number| Attempt {
            lives_ms: Some(lives_ms(number, true)),
            exit_code: draft.fail_code,
            on_term,
        };
        let last = match draft.life.then {
            Then::Works => Attempt {
                lives_ms: Some(lives_ms(deaths, false)),
                exit_code: 0,
                on_term,
            },
            Then::Stays => Attempt {
                lives_ms: None,
                exit_code: 0,
                on_term,
            },
            Then::Fails => dies(deaths),
        };
        (0..deaths).map(dies).chain([last]).collect()
    }

    fn container(&self, draft: &ContainerDraft) -> Container {
        Container {
            attempts: self.attempts(draft),
            startup: draft.startup.as_ref().map(|probe| self.probe(probe)),
            readiness: draft.readiness.as_ref().map(|probe| self.probe(probe)),
            liveness: draft.liveness.as_ref().map(|probe| self.probe(probe)),
        }
    }

    fn probe(&self, draft: &ProbeDraft) -> Probe {
        let ms = self.ms(draft.tick);
        let outcome = match draft.outcome {
            OutcomeDraft::Passes => ProbeOutcome::Passes,
            OutcomeDraft::PassesAfter => ProbeOutcome::PassesAfter { ms },
            OutcomeDraft::FailsAfter => ProbeOutcome::FailsAfter { ms },
            OutcomeDraft::NeverPasses => ProbeOutcome::NeverPasses,
            OutcomeDraft::FirstLifeOnly => ProbeOutcome::FirstLifeOnly,
            OutcomeDraft::LaterLivesOnly => ProbeOutcome::LaterLivesOnly,
        };
        let enough = match outcome {
            ProbeOutcome::PassesAfter { ms } => ms / 1_000 / draft.period_seconds + 3,
            _ => 3,
        };
        Probe {
            handler: draft.handler,
            outcome,
            initial_delay_seconds: draft.initial_delay_seconds,
            period_seconds: draft.period_seconds,
            failure_threshold: draft.failure_threshold.unwrap_or(enough),
            success_threshold: draft.success_threshold,
            grace_seconds: draft.grace_seconds,
        }
    }

    fn deletion(&self, draft: &DeletionDraft, scenario: &Scenario) -> Deletion {
        let names = scenario.names();
        let index = draft.container % names.len();
        let script = scenario
            .containers()
            .nth(index)
            .expect("taken modulo the number of containers");
        let attempt = u32::from(draft.later_life && script.attempts.len() > 1);
        let (container, after_ms) = (names[index].clone(), draft.after.map_or(0, |tick| self.ms(tick)));
        let at = match draft.kind {
            MomentDraft::Created => Moment::Created {
                after_ms: after_ms.max(100),
            },
            // Long after an end there is mostly nothing left to delete.
            MomentDraft::Terminated if script.attempt(attempt).lives_ms.is_some() => Moment::Terminated {
                container,
                attempt,
                after_ms: after_ms % 1_600,
            },
            // What lives for ever is never seen terminated: its running is the moment.
            MomentDraft::Terminated | MomentDraft::Running => Moment::Running {
                container,
                attempt,
                after_ms,
            },
        };
        let first = draft.grace_seconds.unwrap_or(scenario.grace_seconds);
        let again = draft.again.filter(|_| first > 1).map(|(tick, eighths)| SecondDelete {
            after_ms: (self.ms(tick) / 200 * 100).max(100),
            grace_seconds: (first * eighths / 8).clamp(1, first - 1),
        });
        Deletion {
            at,
            grace_seconds: draft.grace_seconds,
            again,
            finalizer: draft.finalizer,
        }
    }
}
