//! Goals of start-up and restarts.

use super::{Goal, goal};
use crate::trace::{Kind, Phase, RestartPolicy};

const SECOND_MS: i64 = 1_000;

pub const GOALS: &[Goal] = &[
    goal(
        "init-behind-sidecar",
        "an init container runs while a sidecar before it runs",
        |life| {
            let mut steps = life.trace.steps.iter();
            steps.any(|step| {
                let sidecar = life.shown(step).find(|it| it.is(Kind::Sidecar) && it.runs());
                sidecar.is_some_and(|sidecar| {
                    life.shown(step)
                        .any(|it| it.is(Kind::Init) && it.runs() && it.index > sidecar.index)
                })
            })
        },
    ),
    goal(
        "sidecar-behind-init",
        "a sidecar runs whose predecessor is an init container",
        |life| {
            life.ever(|it| {
                let before = it
                    .index
                    .checked_sub(1)
                    .map(|index| life.trace.spec.containers[index].kind);
                it.is(Kind::Sidecar) && it.runs() && before == Some(Kind::Init)
            })
        },
    ),
    goal("three-sidecars", "three sidecars run at once", |life| {
        life.most(|it| it.is(Kind::Sidecar) && it.runs()) >= 3
    }),
    goal(
        "four-in-the-init-list",
        "an init list of four or more has been walked to the mains",
        |life| {
            let list = life
                .trace
                .spec
                .containers
                .iter()
                .filter(|it| it.kind != Kind::Main)
                .count();
            list >= 4 && life.ever(|it| it.is(Kind::Main) && it.runs())
        },
    ),
    goal(
        "gate-holds",
        "what follows a running sidecar waits for its startup probe",
        |life| {
            let next_is_new = |index: usize| {
                life.together(
                    |it| {
                        it.index == index
                            && it.spec.startup.is_some()
                            && it.is(Kind::Sidecar)
                            && it.runs()
                            && !it.view.started
                    },
                    |it| it.index == index + 1 && it.is_new(),
                )
            };
            (0..life.trace.spec.containers.len()).any(next_is_new)
        },
    ),
    goal(
        "gate-dies",
        "a sidecar ends before its startup probe has ever let anybody pass",
        |life| {
            life.together(
                |it| it.is(Kind::Sidecar) && it.spec.startup.is_some() && (it.code().is_some() || it.in_backoff()),
                |it| it.is(Kind::Main) && it.is_new(),
            )
        },
    ),
    goal(
        "sidecar-restarted-during-init",
        "a restarted sidecar runs while an init container runs",
        |life| {
            life.together(
                |it| it.is(Kind::Sidecar) && it.runs() && it.view.restart_count > 0,
                |it| it.is(Kind::Init) && it.runs(),
            )
        },
    ),
    goal(
        "sidecar-backs-off-during-init",
        "a sidecar is in back-off while an init container runs",
        |life| {
            life.together(
                |it| it.is(Kind::Sidecar) && it.in_backoff(),
                |it| it.is(Kind::Init) && it.runs(),
            )
        },
    ),
    goal(
        "init-retried",
        "an init container that has failed is tried again and completes",
        |life| life.ever(|it| it.is(Kind::Init) && it.view.restart_count > 0 && it.code() == Some(0)),
    ),
    goal("init-in-back-off", "an init container is in back-off", |life| {
        life.ever(|it| it.is(Kind::Init) && it.in_backoff())
    }),
    goal(
        "init-fails-beside-sidecar",
        "an init container has failed while a sidecar runs",
        |life| {
            life.together(
                |it| it.is(Kind::Init) && it.code().is_some_and(|code| code != 0),
                |it| it.is(Kind::Sidecar) && it.runs(),
            )
        },
    ),
    goal(
        "init-fails-for-good",
        "an init container's failure ends a Never pod",
        |life| {
            life.trace.spec.restart_policy == RestartPolicy::Never
                && life.last().is_some_and(|step| step.view.phase == Phase::Failed)
                && life.ever(|it| it.is(Kind::Init) && it.code().is_some_and(|code| code != 0))
        },
    ),
    goal("main-restarted", "a main container runs again", |life| {
        life.ever(|it| it.is(Kind::Main) && it.runs() && it.view.restart_count > 0)
    }),
    goal(
        "completed-sidecar-restarted",
        "a sidecar that has exited with 0 runs again",
        |life| {
            life.ever(|it| {
                it.is(Kind::Sidecar) && it.runs() && it.view.last.as_ref().is_some_and(|last| last.code == 0)
            })
        },
    ),
    goal(
        "never-pod-restarts-sidecar",
        "a sidecar of a Never pod runs again",
        |life| {
            life.trace.spec.restart_policy == RestartPolicy::Never
                && life.ever(|it| it.is(Kind::Sidecar) && it.runs() && it.view.restart_count > 0)
        },
    ),
    goal(
        "on-failure-succeeds",
        "a main container of an OnFailure pod fails, runs again and completes",
        |life| {
            life.trace.spec.restart_policy == RestartPolicy::OnFailure
                && life.ever(|it| it.is(Kind::Main) && it.view.restart_count > 0 && it.code() == Some(0))
        },
    ),
    goal(
        "sidecar-backs-off-beside-mains",
        "a sidecar is in back-off while a main container runs",
        |life| {
            life.together(
                |it| it.is(Kind::Sidecar) && it.in_backoff(),
                |it| it.is(Kind::Main) && it.runs(),
            )
        },
    ),
    goal("two-in-back-off", "two containers are in back-off at once", |life| {
        life.most(|it| it.in_backoff()) >= 2
    }),
    goal(
        "second-back-off",
        "a container is in back-off for the second time",
        |life| life.ever(|it| it.in_backoff() && it.view.restart_count >= 2),
    ),
    goal(
        "sub-second-life",
        "a process ends by itself within a second of its start",
        |life| {
            life.runs().any(|run| {
                let times = run.facts.start.zip(run.facts.finish);
                run.facts.term.is_none() && times.is_some_and(|(start, finish)| finish.hi - start.lo <= 2 * SECOND_MS)
            })
        },
    ),
    goal(
        "two-ends-at-once",
        "two containers end by themselves within a second",
        |life| {
            let ends = || life.runs().filter(|run| run.ended_by_itself());
            ends().any(|one| {
                ends().any(|other| {
                    let times = one.facts.finish.zip(other.facts.finish);
                    one.index < other.index && times.is_some_and(|(one, other)| (one.lo - other.lo).abs() <= SECOND_MS)
                })
            })
        },
    ),
];
