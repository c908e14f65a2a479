//! Scenarios aimed at the known deviations: each shape by its smallest pod, with varied times and harmless company.

use proptest::prelude::*;

use crate::drawn::{percent, sometimes, weighted};
use crate::strategy::handler;
use crate::{
    Attempt, Container, Deletion, InitElement, InitKind, Moment, Probe, ProbeHandler, ProbeOutcome, RestartPolicy,
    Scenario,
};

/// No pod of the profile is observed for longer.
pub(crate) const BUDGET_MS: u32 = 48_000;
/// Longer than any pod is observed, at one probe a second: such a probe gates but never kills.
const NEVER_KILLS: u32 = 120;

pub(crate) fn strategy() -> impl Strategy<Value = Scenario> {
    let shape = prop_oneof![
        15 => completes_under_never(),
        17 => deleted_while_a_sidecar_starts(),
        18 => sidecar_dies_once_before_it_started(),
        18 => last_sidecar_never_starts_again(),
        18 => mains_finish_during_back_off(),
        14 => liveness_restart_with_startup_probe(),
    ];
    (shape, sometimes(20, tenths(3..=15))).prop_map(|(mut scenario, init_ms)| {
        // An init container in front changes none of the shapes; moments name containers, so those move with it.
        if let Some(init_ms) = init_ms {
            scenario.init.insert(
                0,
                InitElement {
                    kind: InitKind::Init,
                    container: Container::new([Attempt::exits(init_ms, 0)]),
                },
            );
            if let Some(deletion) = &mut scenario.deletion {
                rename_after_insert(&mut deletion.at);
            }
        }
        scenario
    })
}

/// A time on the grid, given in tenths of a second.
fn tenths(range: std::ops::RangeInclusive<u32>) -> impl Strategy<Value = u32> {
    range.prop_map(|tenths| tenths * 100)
}

fn sidecar(container: Container) -> InitElement {
    InitElement {
        kind: InitKind::Sidecar,
        container,
    }
}

/// A probe that asks every second.
pub(crate) fn probe(handler: ProbeHandler, outcome: ProbeOutcome, failure_threshold: u32) -> Probe {
    Probe {
        handler,
        outcome,
        initial_delay_seconds: 0,
        period_seconds: 1,
        failure_threshold,
        success_threshold: 1,
        grace_seconds: None,
    }
}

fn pod(restart_policy: RestartPolicy, init: Vec<InitElement>, main: Vec<Container>) -> Scenario {
    Scenario {
        restart_policy,
        grace_seconds: 3,
        init,
        main,
        deletion: None,
        observe_ms_max: BUDGET_MS,
    }
}

fn rename_after_insert(moment: &mut Moment) {
    let (Moment::Running { container, .. } | Moment::Terminated { container, .. }) = moment else {
        return;
    };
    if let Some(index) = container
        .strip_prefix('s')
        .and_then(|index| index.parse::<usize>().ok())
    {
        *container = format!("s{}", index + 1);
    }
}

/// #125404: the pod addresses vanish for a moment when a pod completes.
fn completes_under_never() -> impl Strategy<Value = Scenario> {
    (
        tenths(5..=35),
        weighted(&[(70, 0), (30, 1)]),
        percent(50),
        sometimes(25, tenths(5..=35)),
    )
        .prop_map(|(main_ms, code, has_sidecar, second_ms)| {
            let init = if has_sidecar {
                vec![sidecar(Container::new([Attempt::FOREVER]))]
            } else {
                Vec::new()
            };
            let mut main = vec![Container::new([Attempt::exits(main_ms, code)])];
            main.extend(second_ms.map(|second_ms| Container::new([Attempt::exits(second_ms, 0)])));
            Scenario {
                observe_ms_max: 20_000,
                ..pod(RestartPolicy::Never, init, main)
            }
        })
}

/// #125880: on a delete, sidecars wait the whole grace period for a later one that has not started.
fn deleted_while_a_sidecar_starts() -> impl Strategy<Value = Scenario> {
    let outcome = prop_oneof![
        Just(ProbeOutcome::NeverPasses),
        tenths(200..=280).prop_map(|ms| ProbeOutcome::PassesAfter { ms })
    ];
    let policy = weighted(&[
        (1, RestartPolicy::Never),
        (1, RestartPolicy::OnFailure),
        (1, RestartPolicy::Always),
    ]);
    // The grace is longer than a busy node may be late, else it could as well be the node.
    (policy, handler(), outcome, tenths(5..=35), 14_u32..=18, percent(30)).prop_map(
        |(restart_policy, handler, outcome, after_ms, grace_seconds, has_earlier)| {
            let starting = Container {
                startup: Some(probe(handler, outcome, NEVER_KILLS)),
                ..Container::new([Attempt::FOREVER])
            };
            let mut init = vec![sidecar(starting), sidecar(Container::new([Attempt::FOREVER]))];
            if has_earlier {
                init.insert(0, sidecar(Container::new([Attempt::FOREVER])));
            }
            let at = Moment::Running {
                container: format!("s{}", usize::from(has_earlier)),
                attempt: 0,
                after_ms,
            };
            Scenario {
                grace_seconds,
                deletion: Some(Deletion {
                    at,
                    grace_seconds: None,
                    again: None,
                    finalizer: false,
                }),
                observe_ms_max: 30_000,
                ..pod(restart_policy, init, vec![Container::new([Attempt::FOREVER])])
            }
        },
    )
}

/// #132826: under Never, a sidecar's startup probe is not asked again after its first life.
fn sidecar_dies_once_before_it_started() -> impl Strategy<Value = Scenario> {
    let outcome = weighted(&[(65, ProbeOutcome::LaterLivesOnly), (35, ProbeOutcome::Passes)]);
    (
        outcome,
        handler(),
        handler(),
        tenths(15..=40),
        tenths(20..=40),
        weighted(&[(60, 1), (20, 3), (20, 0)]),
    )
        .prop_map(|(outcome, handler, main_handler, life_ms, main_ms, code)| {
            let dies_once = Container {
                startup: Some(probe(handler, outcome, NEVER_KILLS)),
                ..Container::new([Attempt::exits(life_ms, code), Attempt::FOREVER])
            };
            let main = Container {
                startup: Some(probe(main_handler, ProbeOutcome::Passes, 5)),
                ..Container::new([Attempt::exits(main_ms, 0)])
            };
            Scenario {
                observe_ms_max: 30_000,
                ..pod(RestartPolicy::Never, vec![sidecar(dies_once)], vec![main])
            }
        })
}

/// RS-3: a last sidecar that never starts again keeps a pod from finishing while an earlier one runs.
fn last_sidecar_never_starts_again() -> impl Strategy<Value = Scenario> {
    let policy = weighted(&[(75, RestartPolicy::OnFailure), (25, RestartPolicy::Never)]);
    (
        policy,
        handler(),
        tenths(20..=35),
        tenths(20..=40),
        weighted(&[(60, 1), (40, 0)]),
        2_usize..=3,
    )
        .prop_map(|(restart_policy, handler, life_ms, later_ms, code, sidecars)| {
            let last = Container {
                startup: Some(probe(handler, ProbeOutcome::FirstLifeOnly, NEVER_KILLS)),
                ..Container::new([Attempt::exits(life_ms, code), Attempt::FOREVER])
            };
            let mut init = vec![sidecar(Container::new([Attempt::FOREVER])); sidecars - 1];
            init.push(sidecar(last));
            let main = Container::new([Attempt::exits(life_ms + later_ms, 0)]);
            pod(restart_policy, init, vec![main])
        })
}

/// WR-5: what waits in back-off at the pod's end gets an exit code that never happened.
fn mains_finish_during_back_off() -> impl Strategy<Value = Scenario> {
    let policy = weighted(&[(75, RestartPolicy::OnFailure), (25, RestartPolicy::Never)]);
    (
        policy,
        tenths(8..=20),
        tenths(25..=60),
        weighted(&[(70, 3), (30, 1)]),
        weighted(&[(60, 0), (25, 1), (15, 2)]),
    )
        .prop_map(|(restart_policy, life_ms, later_ms, code, company)| {
            let mut init = vec![sidecar(Container::new([Attempt::exits(life_ms, code)]))];
            match company {
                0 => {}
                1 => init.push(sidecar(Container::new([Attempt::FOREVER]))),
                _ => init.insert(0, sidecar(Container::new([Attempt::FOREVER]))),
            }
            // Two lives with an immediate restart between them, then the wait of ten seconds has begun.
            let main = Container::new([Attempt::exits(2 * life_ms + later_ms, 0)]);
            pod(restart_policy, init, vec![main])
        })
}

/// PB-7: after a liveness restart the new instance passes for started until its startup probe runs.
fn liveness_restart_with_startup_probe() -> impl Strategy<Value = Scenario> {
    let policy = weighted(&[(60, RestartPolicy::OnFailure), (40, RestartPolicy::Always)]);
    let times = (tenths(0..=15), tenths(25..=45), tenths(20..=40));
    (policy, handler(), handler(), times, percent(40), percent(35), 1_u32..=2).prop_map(
        |(restart_policy, startup, liveness, (starts_ms, fails_ms, after_ms), in_sidecar, ready, threshold)| {
            let stays = Attempt {
                on_term: crate::OnTerm::Exit { code: 143, after_ms: 0 },
                ..Attempt::FOREVER
            };
            let restarted = Container {
                attempts: vec![stays],
                startup: Some(probe(startup, ProbeOutcome::PassesAfter { ms: starts_ms }, 10)),
                readiness: ready.then(|| probe(ProbeHandler::TcpSocket, ProbeOutcome::Passes, 1)),
                liveness: Some(probe(liveness, ProbeOutcome::FailsAfter { ms: fails_ms }, threshold)),
            };
            let plain = Container::new([Attempt::FOREVER]);
            let (init, main, name) = if in_sidecar {
                (vec![sidecar(restarted)], plain, "s0")
            } else {
                (Vec::new(), restarted, "m0")
            };
            let at = Moment::Running {
                container: name.into(),
                attempt: 1,
                after_ms,
            };
            Scenario {
                deletion: Some(Deletion {
                    at,
                    grace_seconds: None,
                    again: None,
                    finalizer: false,
                }),
                observe_ms_max: 22_000,
                ..pod(restart_policy, init, vec![main])
            }
        },
    )
}
