use super::*;
use crate::check::moves::tests::PROBED;
use crate::check::testing::{Asked, exit};
use crate::model::{KubeletVersion, Status};
use crate::simulate::CREATED_MS;
use crate::trace::{Exit, Reason};

fn reaches(asked: &Asked, node: &Node, keeps_all: bool) -> bool {
    asked.ask(|moves| {
        let moves = Moves { keeps_all, ..*moves };
        moves.can_reach_target(node)
    })
}

fn shown(restart_count: u32, state: State, last: Option<Exit>) -> ContainerView {
    ContainerView {
        state,
        last,
        restart_count,
        ready: false,
        started: false,
    }
}

/// A restart count never goes back, what has ended runs no more, and what runs has been created.
#[test]
fn a_container_that_has_got_further_is_not_shown_as_before() {
    let leads = |from: ContainerView, to: &ContainerView| has_not_passed((&from, to));
    let all = || {
        [
            State::Waiting(Reason::ContainerCreating),
            State::Running,
            State::Terminated(exit(0)),
        ]
    };
    let to = |state: &State, last: Option<Exit>| {
        let to = shown(1, state.clone(), last);
        all().map(|from| leads(shown(1, from, None), &to))
    };
    let [creating, running, terminated] = all();
    assert_eq!(to(&creating, None)[..2], [true, false]);
    assert_eq!(to(&creating, Some(exit(0))), [true, true, true]);
    assert_eq!(to(&running, None), [true, true, false]);
    assert_eq!(to(&terminated, None), [true, true, true]);
    for state in all() {
        assert!(leads(
            shown(0, terminated.clone(), None),
            &shown(1, state.clone(), None)
        ));
        assert!(!leads(shown(2, running.clone(), None), &shown(1, state, None)));
    }
}

/// The main of [`PROBED`], published as running while its probe is waited for; that very status is to be explained, and was
/// received at once.
fn published() -> (Asked, Node) {
    let mut asked = Asked::of(KubeletVersion { minor: 34, patch: 0 }, PROBED);
    let node = asked.running(1);
    asked.target = Status::clone(&node.pod.status);
    asked.received = CREATED_MS;
    (asked, node)
}

/// What is computed after a status was received has not led to it; the final write alone computes nothing.
#[test]
fn what_is_computed_too_late_is_not_followed() {
    let at = |now: i64, status_at: i64, mode: Mode, target: State| {
        let (mut asked, mut node) = published();
        (node.now, node.status_at) = (CREATED_MS + now, CREATED_MS + status_at);
        node.pod.mode = mode;
        asked.target.containers[0].state = target;
        reaches(&asked, &node, false)
    };
    let ended = || State::Terminated(exit(0));
    assert!(at(1, 0, Mode::Sync, State::Running));
    assert!(!at(1, 1, Mode::Sync, State::Running));
    assert!(at(0, 0, Mode::Sync, ended()));
    assert!(!at(1, 0, Mode::Sync, ended()));
    assert!(!at(1, 0, Mode::Killed, ended()));
    assert!(at(1, 0, Mode::Terminated, ended()));
    assert!(!at(1, 1, Mode::Terminated, ended()));
}

/// WS-3: without being computed anew a status shows what the probes of the life that it shows find, and nothing else.
#[test]
fn late_a_status_changes_only_in_what_probes_find() {
    let becomes = |change: fn(&mut Asked, &mut PodState)| {
        let (mut asked, mut node) = published();
        node.now += 1;
        change(&mut asked, &mut node.pod);
        reaches(&asked, &node, false)
    };
    assert!(becomes(|asked, _| asked.target.containers[0].ready = true));
    assert!(!becomes(|asked, _| asked.target.containers[0].last = Some(exit(0))));
    assert!(!becomes(|_, pod| pod.status = Status::unseen().into()));
    fn found(asked: &mut Asked, pod: &mut PodState, startup: Probed) {
        asked.target.containers[0].started = true;
        pod.container(0).newest.as_mut().expect("a life").startup = startup;
    }
    assert!(becomes(|asked, pod| found(asked, pod, Probed::Nothing)));
    assert!(becomes(|asked, pod| found(asked, pod, Probed::Pending)));
    assert!(!becomes(|asked, pod| found(asked, pod, Probed::Success)));
    assert!(!becomes(|asked, pod| found(asked, pod, Probed::Failure)));
    assert!(!becomes(|asked, pod| {
        found(asked, pod, Probed::Nothing);
        pod.container(0).workers = 0;
    }));
    assert!(!becomes(|asked, pod| {
        pod.exit(0, exit(0));
        pod.start(0, false);
        found(asked, pod, Probed::Nothing);
    }));
}

/// Can a main that was started, and is to be shown running, still be shown so? `change` says what has become of it since.
fn is_shown_after(minor: u32, change: fn(&mut Status, &mut PodState)) -> bool {
    let mut asked = Asked::of(KubeletVersion { minor, patch: 0 }, PROBED);
    asked.target = Status::clone(&asked.running(1).pod.status);
    let mut node = asked.running(0);
    node.pod.start(0, false);
    change(&mut asked.target, &mut node.pod);
    reaches(&asked, &node, false)
}

/// Instances never come back, and the dead stay dead.
#[test]
fn what_has_ended_will_not_be_shown_running() {
    assert!(is_shown_after(34, |_, _| {}));
    assert!(is_shown_after(34, |_, pod| pod.container(0).newest = None));
    assert!(!is_shown_after(34, |_, pod| pod.exit(0, exit(0))));
    assert!(is_shown_after(34, |target, pod| {
        pod.exit(0, exit(0));
        target.containers[0].restart_count = 1;
    }));
    assert!(!is_shown_after(34, |_, pod| {
        pod.exit(0, exit(0));
        pod.start(0, false);
    }));
}

/// PB-5, WS-4: a startup probe that has failed stays failed, and one that has passed stays so from 1.32 on, once no status can
/// have missed it.
#[test]
fn what_a_startup_probe_has_found_stays() {
    fn found(pod: &mut PodState, startup: Probed, just_now: bool) {
        let life = pod.container(0).newest.as_mut().expect("a life");
        (life.startup, life.passed_just_now) = (startup, just_now);
    }
    for (minor, may_fail_yet) in [(31, true), (32, false)] {
        let is_shown = |change| is_shown_after(minor, change);
        assert_eq!(is_shown(|_, pod| found(pod, Probed::Success, false)), may_fail_yet);
        assert!(is_shown(|_, pod| found(pod, Probed::Success, true)));
        assert!(is_shown(|target, pod| {
            found(pod, Probed::Success, false);
            target.containers[0].started = true;
        }));
        assert!(is_shown(|_, pod| found(pod, Probed::Failure, false)));
        assert!(!is_shown(|target, pod| {
            found(pod, Probed::Failure, false);
            target.containers[0].started = true;
        }));
    }
}

/// What comes too late is followed where it is to be told what the model permits; a later life is not.
#[test]
fn what_comes_too_late_can_be_asked_for() {
    let (mut asked, mut node) = published();
    asked.received -= 1;
    let next = |keeps_all: bool| {
        asked.ask(|moves| {
            let moves = Moves { keeps_all, ..*moves };
            moves.expand(&node).next.len()
        })
    };
    assert!(next(true) > 0);
    assert_eq!(next(false), 0);
    assert!(reaches(&asked, &node, true));
    node.pod.exit(0, exit(0));
    node.pod.start(0, false);
    asked.publish(&mut node);
    assert!(!reaches(&asked, &node, true));
}
