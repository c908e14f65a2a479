//! Goals of completion, termination and deletion.

use super::life::Shown;
use super::{Goal, Life, goal};
use crate::trace::{Kind, Phase, UnixMs};

const SECOND_MS: UnixMs = 1_000;

/// Does the status that first shows the delete show such a container?
fn deleted_while(life: &Life, which: impl Fn(&Shown) -> bool) -> bool {
    life.deleted().is_some_and(|step| life.shown(step).any(|it| which(&it)))
}

fn ended_as(life: &Life, phase: Phase) -> bool {
    life.deleted().is_none() && life.trace.steps.iter().any(|step| step.view.phase == phase)
}

fn mains_done(life: &Life, step: usize) -> bool {
    let mut mains = life
        .shown(&life.trace.steps[step])
        .filter(|it| it.is(Kind::Main))
        .peekable();
    mains.peek().is_some() && mains.all(|it| it.code().is_some())
}

pub const GOALS: &[Goal] = &[
    goal(
        "completes-beside-sidecar",
        "a pod succeeds although it has a sidecar that would run for ever",
        |life| {
            let told = life
                .runs()
                .any(|run| run.spec.kind == Kind::Sidecar && !run.followed && run.facts.term.is_some());
            ended_as(life, Phase::Succeeded) && told
        },
    ),
    goal(
        "two-sidecars-stopped",
        "two sidecars get their TERM after the work is done",
        |life| {
            let told = life
                .runs()
                .filter(|run| run.spec.kind == Kind::Sidecar && !run.followed && run.facts.term.is_some());
            (ended_as(life, Phase::Succeeded) || ended_as(life, Phase::Failed)) && told.count() >= 2
        },
    ),
    goal(
        "mains-disagree",
        "one main container completes, another fails, and the pod has failed",
        |life| {
            ended_as(life, Phase::Failed)
                && life.together(
                    |it| it.is(Kind::Main) && it.code() == Some(0),
                    |it| it.is(Kind::Main) && it.code().is_some_and(|code| code != 0),
                )
        },
    ),
    goal(
        "sidecar-fails-pod-succeeds",
        "a pod succeeds although its sidecar's last exit code is not 0",
        |life| {
            let last = life.last().filter(|step| step.view.phase == Phase::Succeeded);
            last.is_some_and(|step| {
                life.shown(step)
                    .any(|it| it.is(Kind::Sidecar) && it.code().is_some_and(|code| code != 0))
            })
        },
    ),
    goal(
        "sidecar-ignores-term-at-the-end",
        "a sidecar is killed after the work is done",
        |life| {
            ended_as(life, Phase::Succeeded)
                && life
                    .runs()
                    .any(|run| run.spec.kind == Kind::Sidecar && !run.followed && run.was_killed())
        },
    ),
    goal(
        "work-ends-while-sidecar-backs-off",
        "all work is done while a sidecar is in back-off",
        |life| {
            (0..life.trace.steps.len()).any(|step| {
                mains_done(life, step)
                    && life
                        .shown(&life.trace.steps[step])
                        .any(|it| it.is(Kind::Sidecar) && it.in_backoff())
            })
        },
    ),
    goal(
        "sidecar-ends-before-its-turn",
        "a sidecar ends by itself in a shutdown, before its TERM",
        |life| {
            let begun = life.first_term();
            life.runs().any(|run| {
                let times = run.facts.finish.zip(begun);
                let within = times.is_some_and(|(finish, begun)| finish.lo > begun);
                run.spec.kind == Kind::Sidecar && !run.followed && run.ended_by_itself() && within
            })
        },
    ),
    goal(
        "grace-runs-out-on-a-sidecar",
        "the grace is used up while a sidecar still waits for its turn",
        |life| {
            let begun = life.first_term();
            life.runs().any(|run| {
                let times = run.facts.term.zip(begun);
                let late = times.is_some_and(|(term, begun)| term - begun >= life.grace_ms() - 2 * SECOND_MS);
                run.spec.kind == Kind::Sidecar && !run.followed && life.grace_ms() > 2 * SECOND_MS && late
            })
        },
    ),
    goal(
        "ends-in-the-last-second",
        "a process answers its TERM in the last second of its grace",
        |life| {
            life.runs().any(|run| {
                let took = run
                    .facts
                    .finish
                    .zip(run.facts.term)
                    .map(|(finish, term)| finish.lo - term);
                let left = took.map(|took| life.grace_ms() - took);
                !run.followed && run.facts.wrote_exit && left.is_some_and(|left| left.abs() <= SECOND_MS)
            })
        },
    ),
    goal(
        "deleted-before-any-start",
        "a pod is deleted before any of its containers was started",
        |life| {
            let step = life.deleted();
            step.is_some_and(|step| life.shown(step).all(|it| it.is_new()))
        },
    ),
    goal(
        "deleted-during-init",
        "a pod is deleted while an init container runs",
        |life| deleted_while(life, |it| it.is(Kind::Init) && it.runs()),
    ),
    goal(
        "deleted-behind-the-gate",
        "a pod is deleted while a sidecar's startup probe has not passed",
        |life| {
            deleted_while(life, |it| {
                it.is(Kind::Sidecar) && it.spec.startup.is_some() && it.runs() && !it.view.started
            })
        },
    ),
    goal(
        "deleted-in-back-off",
        "a pod is deleted while a container is in back-off",
        |life| deleted_while(life, |it| it.in_backoff()),
    ),
    goal(
        "deleted-during-hand-over",
        "a pod is deleted after an init container has completed and before the next is started",
        |life| {
            let Some(step) = life.deleted() else { return false };
            let mut pairs = life.shown(step).zip(life.shown(step).skip(1));
            pairs.any(|(one, next)| one.is(Kind::Init) && one.code() == Some(0) && next.is_new())
        },
    ),
    goal(
        "deleted-as-a-container-ends",
        "a pod is deleted within a second of a container's own end",
        |life| {
            let Some(at) = life.deleted().and_then(|step| step.at_ms) else {
                return false;
            };
            let mut ends = life.runs().filter(|run| run.ended_by_itself());
            ends.any(|run| {
                run.facts
                    .finish
                    .is_some_and(|finish| (finish.lo - at).abs() <= SECOND_MS)
            })
        },
    ),
    goal(
        "deleted-while-ending",
        "a pod is deleted when its work is done and it is not yet terminal",
        |life| {
            let steps = &life.trace.steps;
            let deleted = steps
                .iter()
                .position(|step| step.deletion.is_some_and(|mark| mark.grace_s > 0));
            deleted.is_some_and(|step| mains_done(life, step) && !steps[step].view.phase.is_terminal())
        },
    ),
    goal("deleted-twice", "a second delete shortens the grace", |life| {
        let marks = life
            .trace
            .steps
            .iter()
            .filter_map(|step| step.deletion)
            .filter(|mark| mark.grace_s > 0);
        let mut graces: Vec<u32> = marks.map(|mark| mark.grace_s).collect();
        graces.dedup();
        graces.len() >= 2
    }),
    goal(
        "finalizer-holds",
        "the object of an ended and deleted pod waits for its finalizer",
        |life| {
            life.trace
                .steps
                .iter()
                .any(|step| step.finalizers && step.deletion.is_some() && step.view.phase.is_terminal())
        },
    ),
    goal(
        "delete-runs-into-kill",
        "a container of a deleted pod ignores its TERM and is killed",
        |life| life.deleted().is_some() && life.runs().any(|run| !run.followed && run.was_killed()),
    ),
    goal(
        "deleted-after-sidecar-restart",
        "a pod is deleted while a sidecar runs that was restarted, beside a main container",
        |life| {
            deleted_while(life, |it| {
                it.is(Kind::Sidecar) && it.runs() && it.view.restart_count > 0
            }) && deleted_while(life, |it| it.is(Kind::Main) && it.runs())
        },
    ),
];
