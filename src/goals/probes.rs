//! Goals of probes.

use super::life::Run;
use super::{Goal, Life, goal};
use crate::trace::{ConditionKind, Kind, RestartPolicy};

const SECOND_MS: i64 = 1_000;

fn liveness_kills(life: &Life, which: impl Fn(&Run) -> bool) -> bool {
    let mut runs = life.runs();
    runs.any(|run| run.was_killed_by_probe() && run.spec.liveness.is_some() && life.was_started(&run) && which(&run))
}

pub const GOALS: &[Goal] = &[
    goal(
        "startup-passes-as-another-ends",
        "a startup probe passes within a second of another container's end",
        |life| {
            life.changes().any(|(before, step, after)| {
                let passes = before.spec.startup.is_some() && !before.view.started && after.view.started;
                let Some(at) = step.at_ms.filter(|_| passes) else {
                    return false;
                };
                let mut others = life.runs().filter(|run| run.index != after.index);
                others.any(|run| {
                    run.facts
                        .finish
                        .is_some_and(|finish| (finish.lo - at).abs() <= SECOND_MS)
                })
            })
        },
    ),
    goal(
        "startup-probe-kills",
        "a startup probe has a container restarted",
        |life| {
            let mut runs = life.runs();
            runs.any(|run| run.was_killed_by_probe() && run.spec.startup.is_some() && !life.was_started(&run))
        },
    ),
    goal(
        "liveness-probe-kills-main",
        "a liveness probe has a main container restarted",
        |life| liveness_kills(life, |run| run.spec.kind == Kind::Main),
    ),
    goal(
        "liveness-probe-kills-sidecar",
        "a liveness probe has a sidecar restarted",
        |life| liveness_kills(life, |run| run.spec.kind == Kind::Sidecar),
    ),
    goal(
        "killed-container-backs-off",
        "a container that a probe has stopped is in back-off",
        |life| {
            let killed = |index: usize, n: u32| {
                let mut runs = life.runs();
                runs.any(|run| run.index == index && run.n == n && run.was_killed_by_probe())
            };
            life.ever(|it| it.in_backoff() && killed(it.index, it.view.restart_count))
        },
    ),
    goal(
        "killed-beside-back-off",
        "a probe stops a container while another one is in back-off",
        |life| {
            life.runs().filter(Run::was_killed_by_probe).any(|run| {
                let mut steps = life.trace.steps.windows(2);
                let waits = |step| life.shown(step).any(|it| it.index != run.index && it.in_backoff());
                steps.any(|pair| {
                    let times = pair[0].at_ms.zip(pair[1].at_ms).zip(run.facts.term);
                    times.is_some_and(|((from, to), term)| from <= term && term <= to) && waits(&pair[0])
                })
            })
        },
    ),
    goal(
        "probe-kill-runs-into-kill",
        "a container that a probe stops ignores its TERM",
        |life| life.runs().any(|run| run.was_killed_by_probe() && run.was_killed()),
    ),
    goal(
        "probe-has-own-grace",
        "a probe with a grace of its own stops a container",
        |life| {
            life.runs().any(|run| {
                let mut probes = [&run.spec.startup, &run.spec.liveness].into_iter().flatten();
                run.was_killed_by_probe() && probes.any(|probe| probe.grace_s.is_some())
            })
        },
    ),
    goal(
        "never-pod-stopped-by-probe",
        "a probe stops a main container of a Never pod",
        |life| {
            let probed = |run: &Run| run.spec.liveness.is_some() || run.spec.startup.is_some();
            life.trace.spec.restart_policy == RestartPolicy::Never
                && life.deleted().is_none()
                && life
                    .runs()
                    .any(|run| run.spec.kind == Kind::Main && probed(&run) && run.facts.term.is_some())
        },
    ),
    goal("readiness-lost", "a running container stops being ready", |life| {
        life.changes()
            .any(|(before, _, after)| before.view.ready && after.runs() && !after.view.ready)
    }),
    goal(
        "ready-again",
        "a running container is ready again after it was not",
        |life| {
            let lost = |index: usize, n: u32| {
                life.changes().any(|(before, _, after)| {
                    let same = after.index == index && after.view.restart_count == n;
                    same && before.view.ready && after.runs() && !after.view.ready
                })
            };
            life.changes().any(|(before, _, after)| {
                before.runs() && !before.view.ready && after.view.ready && lost(after.index, after.view.restart_count)
            })
        },
    ),
    goal(
        "unready-sidecar-beside-ready-mains",
        "all mains are ready, a sidecar is not, and neither is the pod",
        |life| {
            life.trace.steps.iter().any(|step| {
                let ready = step.view.conditions[ConditionKind::Ready as usize].as_ref();
                let mut mains = life.shown(step).filter(|it| it.is(Kind::Main)).peekable();
                mains.peek().is_some()
                    && mains.all(|it| it.view.ready)
                    && life.shown(step).any(|it| it.is(Kind::Sidecar) && !it.view.ready)
                    && ready.is_some_and(|ready| !ready.is_true)
            })
        },
    ),
    goal(
        "started-but-not-ready",
        "a container has started and waits for its readiness probe",
        |life| {
            life.ever(|it| {
                it.spec.startup.is_some()
                    && it.spec.readiness.is_some()
                    && it.view.started
                    && !it.view.ready
                    && it.runs()
            })
        },
    ),
];
