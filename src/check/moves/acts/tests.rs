use super::*;
use crate::check::Inclusion;
use crate::check::facts::{Facts, InstanceFacts};
use crate::check::moves::tests::PROBED;
use crate::check::testing::{Asked, VERSION, exit, first, judged, life};
use crate::model::{Container, KubeletVersion, Mode, Status};
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

/// What was told to end, or was killed, has not ended by itself, and so its end makes no kill fail.
#[test]
fn only_an_end_of_its_own_makes_a_kill_fail() {
    let fails = |change: fn(&mut InstanceFacts)| {
        let mut asked = Asked::of(VERSION, PROBED);
        let mut life = ended_at(4_000, 137);
        change(&mut life);
        asked.facts = Facts::told(vec![vec![life]]);
        let mut node = asked.running(1);
        model::liveness_failed(&mut node.pod, 0);
        let plan = model::plan(&asked.behaviour, &asked.spec, &node.pod);
        let mut out = Expansion::default();
        asked.ask(|moves| moves.failed_kill(&node, &plan, &mut out));
        !out.next.is_empty()
    };
    assert!(fails(|_| {}));
    assert!(!fails(|life| life.term = Some(at(2_000))));
    assert!(!fails(|life| life.killed = true));
    assert!(!fails(|life| life.stopped = true));
}

/// ST-10: what a pod starts first is not late before its sandbox is announced, where that is done at once (1.36 and later).
#[test]
fn a_first_life_waits_for_its_sandbox() {
    let turn = |minor: u32, n: u32, latest: UnixMs| {
        let mut asked = Asked::of(KubeletVersion { minor, patch: 0 }, PROBED);
        asked.facts.sandbox_by = Some(at(9_000));
        let mut node = asked.running(0);
        node.latest = latest;
        asked.ask(|moves| moves.turn(&node, n))
    };
    assert_eq!(turn(36, 0, at(0)), at(9_000));
    assert_eq!(turn(36, 0, at(9_500)), at(9_500));
    assert_eq!(turn(36, 1, at(0)), at(0));
    assert_eq!(turn(35, 0, at(0)), at(0));
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

/// A Never pod that is stopped: a sidecar beside a main with a liveness probe.
const STOPPED: &str = "restartPolicy: Never\ngraceSeconds: 20\ninit:\n  - kind: sidecar\n    container: {attempts: [{onTerm: {action: \
                       exit, code: 0}}]}\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\n    liveness: {handler: httpGet, \
                       outcome: {kind: passes}, periodSeconds: 1, failureThreshold: 1, successThreshold: 1}\nobserveMsMax: 60000\n";

/// Can the sidecar and the main of [`STOPPED`] have got their TERM so late, when `begun` has made the rest of its state and `stop`
/// stops them?
fn may_be_told_at(ms: [i64; 2], begun: fn(&mut Node), stop: fn(&Moves, Node, &mut Expansion)) -> bool {
    let mut asked = Asked::of(VERSION, STOPPED);
    let told = |ms: i64| InstanceFacts {
        term: Some(at(ms)),
        ..ended_at(ms + 100, 0)
    };
    asked.facts = Facts::told(ms.map(|ms| vec![told(ms)]).to_vec());
    let mut node = asked.running(2);
    begun(&mut node);
    let mut out = Expansion::default();
    asked.ask(|moves| stop(moves, node, &mut out));
    out.next.iter().any(|next| !next.blocked)
}

/// RS-3, TO-3: a pod whose work is done is stopped once its last sidecar is up, whatever its probes have found else.
#[test]
fn the_end_of_a_pod_whose_work_is_done_waits_for_its_last_sidecar() {
    let may_be_told_at = |ms: i64| {
        let begun = |node: &mut Node| {
            node.pod.exit(1, exit(0));
            (node.success_by, node.failure_by) = (at(10_000), FAR_FUTURE);
        };
        may_be_told_at([ms, 1_000], begun, |moves, node, out| moves.kill_pod(node, out))
    };
    assert!(may_be_told_at(10_000 + 5_000));
    assert!(!may_be_told_at(10_000 + 5_001));
}

/// RS-11, TO-3: a pod that ends for its main's failed probe is stopped from then on; that, too, waits for the last sidecar.
#[test]
fn the_end_of_a_pod_for_a_failed_probe_begins_with_the_failure() {
    for begun in [
        |node: &mut Node| (node.success_by, node.failure_by) = (at(0), at(10_000)),
        |node: &mut Node| (node.success_by, node.failure_by) = (at(10_000), at(3_000)),
    ] {
        let may_be_told_at =
            |ms: i64| may_be_told_at([ms + 200, ms], begun, |moves, node, out| moves.kill_pod(node, out));
        assert!(may_be_told_at(10_000 + 5_000));
        assert!(!may_be_told_at(10_000 + 5_001));
    }
}

/// TO-3: when the terminating step has begun, what probes find meanwhile is no excuse.
#[test]
fn a_kill_that_has_begun_does_not_wait_for_probes() {
    let may_be_told_at = |ms: i64| {
        let begun = |node: &mut Node| {
            node.pod.mode = Mode::Killing;
            (node.success_by, node.failure_by) = (FAR_FUTURE, FAR_FUTURE);
        };
        may_be_told_at([ms + 200, ms], begun, |moves, node, out| moves.kill_done(&node, out))
    };
    assert!(may_be_told_at(5_000));
    assert!(!may_be_told_at(5_001));
}
