use std::rc::Rc;

use super::*;
use crate::check::facts::{Facts, InstanceFacts, Interval};
use crate::check::testing::{Asked, VERSION, exit};
use crate::model::{KubeletVersion, PodState, Status};
use crate::simulate::CREATED_MS;

/// A main with these probes; those of its startup need three failures, 2 s apart.
fn main_with(probes: &[&str]) -> String {
    let probe = |kind: &&str| {
        format!(
            "    {kind}: {{handler: httpGet, outcome: {{kind: passes}}, periodSeconds: 2, failureThreshold: 3, \
             successThreshold: 1}}\n"
        )
    };
    let probes: String = probes.iter().map(probe).collect();
    format!(
        "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{{onTerm: {{action: exit, code: 0}}}}]\n{probes}\
         observeMsMax: 20000\n"
    )
}

fn found(asked: &Asked, node: &Node, probe: fn(&Moves, &Node, &mut Expansion)) -> Vec<Node> {
    asked.ask(|moves| {
        let mut out = Expansion::default();
        probe(moves, node, &mut out);
        out.next
    })
}

/// PB-4, PB-5: a liveness probe is asked of what runs, has started and has not failed yet, as long as it has a worker. A
/// failure more would change nothing, but nobody knows when it was, and so nothing would be owed any more.
#[test]
fn a_liveness_probe_fails_once_and_only_while_it_is_asked() {
    let can_fail = |probes: &[&str], before: fn(&mut PodState)| {
        let asked = Asked::of(VERSION, &main_with(probes));
        let mut node = asked.running(1);
        before(&mut node.pod);
        !found(&asked, &node, |moves, node, out| moves.liveness(node, out)).is_empty()
    };
    assert!(can_fail(&["liveness"], |_| {}));
    assert!(!can_fail(&["liveness"], |pod| model::liveness_failed(pod, 0)));
    assert!(!can_fail(&["liveness"], |pod| pod.exit(0, exit(1))));
    assert!(!can_fail(&["liveness"], |pod| model::worker_lost(
        pod,
        0,
        Worker::Liveness
    )));
    assert!(!can_fail(&["startup", "liveness"], |_| {}));
    assert!(can_fail(&["startup", "liveness"], |pod| model::startup_result(
        pod,
        0,
        Probed::Success
    )));
}

fn startup_can_fail(asked: &Asked, node: &Node) -> bool {
    let found = found(asked, node, |moves, node, out| moves.startup(node, out));
    let failed = |node: &Node| {
        let newest = node.pod.containers[0].newest.as_ref();
        newest.is_some_and(|it| it.startup == Probed::Failure)
    };
    found.iter().any(failed)
}

/// TO-5: the sync that stops a container waits for its end, and nothing of what it does not do meanwhile is late. So the failure
/// must be found where the status still shows the container, and nothing shows its end.
#[test]
fn a_startup_probe_can_have_failed_though_its_container_is_shown_to_run() {
    let mut asked = Asked::of(VERSION, &main_with(&["startup"]));
    let node = asked.running(1);
    asked.target = Status::clone(&node.pod.status);
    assert!(startup_can_fail(&asked, &node));
    // Or it is seen by the next life only.
    let next = &mut asked.target.containers[0];
    (next.restart_count, next.started) = (1, true);
    assert!(startup_can_fail(&asked, &node));
}

/// A main whose startup probe has passed, and a late status that says that it has not (WS-4).
fn passed_unseen(minor: u32) -> (Asked, Node) {
    let mut asked = Asked::of(KubeletVersion { minor, patch: 0 }, &main_with(&["startup"]));
    let mut node = asked.running(1);
    model::startup_result(&mut node.pod, 0, Probed::Success);
    model::late_status(&mut node.pod, &[0], |pod| {
        model::sync_status(&asked.behaviour, &asked.spec, pod)
    });
    asked.target = Status::clone(&node.pod.status);
    (asked, node)
}

/// PB-5: up to 1.31 a probe that has passed is asked again until the status shows it, and then its container is stopped
/// though it had passed.
#[test]
fn a_startup_probe_can_fail_after_it_has_passed() {
    for (minor, is_asked_again) in [(28, true), (31, true), (32, false), (37, false)] {
        let (asked, node) = passed_unseen(minor);
        assert_eq!(startup_can_fail(&asked, &node), is_asked_again, "1.{minor}");
    }
}

/// PB-5: what it leads to can be seen in the next life only; what has ended, or is known to have started, is not asked.
#[test]
fn a_startup_probe_that_has_passed_can_fail_while_its_container_runs_and_is_not_said_to_have_started() {
    let can_fail = |change: fn(&mut Asked, &mut PodState)| {
        let (mut asked, mut node) = passed_unseen(31);
        change(&mut asked, &mut node.pod);
        startup_can_fail(&asked, &node)
    };
    assert!(can_fail(|asked, _| {
        let next = &mut asked.target.containers[0];
        (next.restart_count, next.started) = (1, true);
    }));
    assert!(!can_fail(
        |_, pod| Rc::make_mut(&mut pod.status).containers[0].started = true
    ));
    assert!(!can_fail(|_, pod| pod.exit(0, exit(0))));
}

/// PB-2, PB-5: the success comes first, so the last of its three failures is the fourth answer, 6 s after the first.
#[test]
fn a_startup_probe_that_has_passed_fails_no_sooner_than_its_threshold() {
    const START: UnixMs = CREATED_MS - CREATED_MS % 1_000 + 2_000;
    const ROUNDING_MS: i64 = 50;
    let (mut asked, node) = passed_unseen(31);
    let life = InstanceFacts {
        start: Some(Interval { lo: START, hi: START }),
        ..InstanceFacts::NOTHING
    };
    asked.facts = Facts::told(vec![vec![life]]);
    asked.received = START + 6_000 - ROUNDING_MS;
    assert!(startup_can_fail(&asked, &node));
    asked.received -= 1;
    assert!(!startup_can_fail(&asked, &node));
}

/// A sidecar with a startup probe beside a main with a readiness probe.
fn sidecar_and_main(policy: &str) -> String {
    let probe =
        "{handler: httpGet, outcome: {kind: passes}, periodSeconds: 1, failureThreshold: 1, successThreshold: 1}";
    format!(
        "restartPolicy: {policy}\ngraceSeconds: 2\ninit:\n  - kind: sidecar\n    container:\n      attempts: [{{onTerm: \
         {{action: exit, code: 0}}}}]\n      startup: {probe}\nmain:\n  - attempts: [{{onTerm: {{action: exit, code: \
         0}}}}]\n    readiness: {probe}\nobserveMsMax: 20000\n"
    )
}

/// The workers that can be lost, by container, when these containers of [`sidecar_and_main`] have ended.
fn can_be_lost(version: &str, policy: &str, ended: &[usize], before: fn(&mut PodState)) -> Vec<[bool; 2]> {
    let asked = Asked::of(version.parse().expect("a version"), &sidecar_and_main(policy));
    let mut node = asked.running(2);
    ended.iter().for_each(|&index| node.pod.exit(index, exit(1)));
    asked.publish(&mut node);
    before(&mut node.pod);
    let lost =
        |next: Node| [0, 1].map(|index| next.pod.containers[index].workers != node.pod.containers[index].workers);
    let found = found(&asked, &node, |moves, node, out| moves.lost_workers(node, out));
    found.into_iter().map(lost).collect()
}

/// PB-6, #132826: only in Never pods, and not since 1.34.2.
#[test]
fn a_sidecars_worker_ends_only_in_never_pods_of_the_versions_that_lose_it() {
    let lost = |version, policy, ended: &[usize]| can_be_lost(version, policy, ended, |_| {});
    assert_eq!(lost("1.34.1", "Never", &[0]), [[true, false]]);
    assert!(lost("1.34.1", "Never", &[]).is_empty());
    assert!(lost("1.34.2", "Never", &[0]).is_empty());
    assert!(lost("1.34.1", "OnFailure", &[0]).is_empty());
    assert!(lost("1.34.1", "Always", &[0]).is_empty());
}

/// PB-6: a main that runs keeps its workers, and so the sidecar's are not made again.
#[test]
fn a_mains_workers_end_with_the_mains() {
    let lost = |ended: &[usize]| {
        can_be_lost("1.34.1", "Never", ended, |pod| {
            model::worker_lost(pod, 0, Worker::Startup)
        })
    };
    assert_eq!(lost(&[0, 1]), [[false, true]]);
    assert!(lost(&[0]).is_empty());
}
