use super::*;
use crate::check::Inclusion;
use crate::check::facts::{Facts, InstanceFacts};
use crate::check::testing::{Asked, VERSION, exit, first, judged, life};
use crate::model::{Container, Mode, Status};
use crate::simulate::CREATED_MS;
use crate::trace::{Reason, State};

fn at(ms: i64) -> UnixMs {
    CREATED_MS + ms
}

fn ended_at(ms: i64, code: i32) -> InstanceFacts {
    InstanceFacts {
        finish: Some(Interval { lo: at(ms), hi: at(ms) }),
        exit: Some(exit(code)),
        ..InstanceFacts::NOTHING
    }
}

/// RS-5: the back-off of a probe's kill is asked about the life before, and a start that it lets pass counts. So the next
/// wait is 20 s, after which an error tick comes up to 15 s later (BO-5).
#[test]
fn a_kill_is_not_the_dead_one_of_its_own_back_off() {
    let mut trace = life(
        "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 1000, exitCode: 1, onTerm: {action: exit, code: \
         0}}, {onTerm: {action: exit, code: 0}}, {livesMs: 1000, exitCode: 1, onTerm: {action: exit, code: 0}}]\n    \
         liveness: {handler: httpGet, outcome: {kind: failsAfter, ms: 12000}, periodSeconds: 1, failureThreshold: 1, \
         successThreshold: 1}\nobserveMsMax: 60000\n",
    );
    let waits = first(&trace, 0, |state| *state == State::Waiting(Reason::CrashLoopBackOff));
    let view = trace.steps[waits].view.containers[0].as_ref();
    assert!(view.is_some_and(|view| view.restart_count == 2));
    let ended = trace.steps[waits].seen[0].last_finished_at.expect("its end");
    trace.steps.truncate(waits + 1);
    trace.watched_until_ms = Some(ended + 35_000);
    assert_eq!(judged(&trace), Inclusion::Included);
}

/// A main whose second life, after one that ended at 1 s, is stopped by its liveness probe at 4 s; where the first `is_gone`, no
/// back-off can be asked about it (RS-9). The third life starts then, if it does. What becomes of the main in the sync that
/// stops it.
fn after_a_kill(is_gone: bool, start_ms: Option<i64>) -> Vec<Container> {
    let mut asked = Asked::of(
        VERSION,
        "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\n    liveness: {handler: \
         httpGet, outcome: {kind: passes}, periodSeconds: 1, failureThreshold: 1, successThreshold: 1}\nobserveMsMax: 20000\n",
    );
    let start = start_ms.map(|ms| InstanceFacts {
        start: Some(Interval { lo: at(ms), hi: at(ms) }),
        ..InstanceFacts::NOTHING
    });
    let lives = [ended_at(1_000, 1), ended_at(4_000, 0)];
    asked.facts = Facts::told(vec![lives.into_iter().chain(start).collect()]);
    let mut node = asked.running(1);
    node.pod.exit(0, exit(1));
    node.pod.start(0, true);
    if is_gone {
        node.pod.container(0).previous = None;
    }
    asked.publish(&mut node);
    asked.target = Status::clone(&node.pod.status);
    model::liveness_failed(&mut node.pod, 0);
    let next = asked.next(&node).into_iter();
    next.map(|node| node.pod.containers[0].clone()).collect()
}

/// RS-9: nothing is left that a back-off could be asked about, so what a probe stops is started again at once.
#[test]
fn a_kill_is_not_refused_for_the_sake_of_a_life_that_is_gone() {
    let is_refused = |is_gone| after_a_kill(is_gone, None).iter().any(|main| main.refused);
    assert!(is_refused(false));
    assert!(!is_refused(true));
    let starts_at = |ms| {
        let mains = after_a_kill(true, Some(ms));
        mains
            .iter()
            .any(|main| main.newest.as_ref().is_some_and(|life| life.n == 2))
    };
    assert!(starts_at(4_000 + 5_000));
    assert!(!starts_at(4_000 + 5_001));
}

/// A kill can fail where the container ends by itself meanwhile; then the sync starts nothing, and the next one sees the end.
#[test]
fn a_kill_that_meets_the_containers_own_end_can_be_all_that_a_sync_does() {
    let is_left = |main: &Container| {
        main.newest
            .as_ref()
            .is_some_and(|life| life.n == 1 && life.exit.is_none())
    };
    assert!(after_a_kill(false, None).iter().any(is_left));
}

/// A Never pod whose init container has failed, with a sidecar before it and a main that never ran.
const FAILED_INIT: &str = "restartPolicy: Never\ngraceSeconds: 20\ninit:\n  - kind: sidecar\n    container: {attempts: [{onTerm: {action: \
                           ignore}}]}\n  - kind: init\n    container: {attempts: [{livesMs: 1000, exitCode: 1, onTerm: {action: \
                           ignore}}]}\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\nobserveMsMax: 60000\n";

/// TO-7: a kill that began with the pod's own grace is not shortened by a delete that the watch shows meanwhile.
#[test]
fn a_kill_that_has_begun_keeps_its_grace() {
    let mut asked = Asked::of(VERSION, FAILED_INIT);
    asked.facts = Facts::told(vec![vec![ended_at(20_500, 137)], vec![ended_at(100, 1)], Vec::new()]);
    asked.deletion = Some((Grace::exactly(2), at(1_000)));
    let mut node = asked.running(2);
    node.pod.exit(1, exit(1));
    asked.publish(&mut node);
    model::terminating_status(&asked.behaviour, &asked.spec, &mut node.pod);
    let is_over = |node: &Node| asked.next(node).iter().any(|next| next.pod.mode == Mode::Killed);
    assert!(is_over(&node));
    node.pod.deleted = true;
    assert!(!is_over(&node));
}
