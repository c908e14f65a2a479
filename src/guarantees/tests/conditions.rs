//! What conditions say, and since when.

use super::support::{EPOCH_MS, Pod, pod, probe};
use crate::trace::ConditionKind::{self, Initialized, PodReadyToStartContainers, PodScheduled, Ready};
use crate::trace::Phase::{Failed, Pending, Running, Succeeded};
use crate::trace::RestartPolicy::{Always, Never};

/// An init container and a main, both up in order.
fn up() -> Pod {
    pod(Always, 3, &["i0", "m0"])
        .step(0.5, Pending, "", "i0:W m0:W")
        .life("i0", 1.0, Some((2.0, 0)))
        .step(2.5, Pending, "ip sandbox", "i0:T0r=0 m0:W")
        .life("m0", 3.0, None)
        .step(4.0, Running, "", "i0:T0r=0 m0:R0sr")
}

fn since(pod: &mut Pod, kind: ConditionKind, at_s: i64) {
    pod.newest().pod_seen.conditions[kind as usize].transition = Some(EPOCH_MS + at_s * 1_000);
}

#[test]
fn a_condition_tells_when_it_changed() {
    up().keeps("G-transition-time");
    let mut back = up().step(5.0, Running, "", "i0:T0r=0 m0:R0sr");
    since(&mut back, PodScheduled, -1);
    back.breaks(&["G-transition-time"]);
    // The status before shows that it was not yet true at second 5.
    let late = |at_s| {
        let mut probed = pod(Always, 3, &["m0", "m1"]);
        probed.container("m1").readiness = probe();
        let mut probed = probed
            .life("m0", 1.0, Some((5.0, 0)))
            .life("m1", 1.0, None)
            .step(6.0, Running, "", "m0:T0=0 m1:R0s")
            .life("m0", 6.2, None)
            .step(7.0, Running, "", "m0:R1sr/0 m1:R0sr");
        since(&mut probed, Ready, at_s);
        since(&mut probed, ConditionKind::ContainersReady, at_s);
        probed
    };
    late(7).keeps("G-transition-time");
    late(4).breaks(&["G-transition-time", "G-ready-since"]);
}

#[test]
fn a_pod_on_a_node_is_scheduled() {
    up().keeps("G-scheduled");
    let mut pod = up();
    let scheduled = &mut pod.newest().view.conditions[PodScheduled as usize];
    scheduled.as_mut().expect("a condition").is_true = false;
    pod.breaks(&["G-scheduled"]);
}

#[test]
fn the_network_is_announced_before_containers_start() {
    up().keeps("G-sandbox-while-running");
    let at = |announced_s: i64| {
        let mut pod = pod(Always, 3, &["m0"])
            .step(0.5, Pending, "", "m0:W")
            .life("m0", 2.0, None)
            .step(6.0, Running, "", "m0:R0sr");
        since(&mut pod, PodReadyToStartContainers, announced_s);
        pod
    };
    at(3).keeps("G-network-announced");
    at(5).breaks(&["G-network-announced"]);
    let denied = pod(Always, 3, &["m0"]).life("m0", 1.0, None);
    denied
        .step(2.0, Running, "nosandbox", "m0:R0sr")
        .breaks(&["G-sandbox-while-running"]);
}

#[test]
fn initialized_begins_when_the_init_containers_have_ended() {
    up().keeps("G-initialized-since");
    let mut early = up();
    since(&mut early, Initialized, 1);
    early.breaks(&["G-transition-time", "G-initialized-since"]);
    let early = pod(Always, 3, &["i0", "m0"]).life("i0", 1.0, Some((5.0, 0))).step(
        6.0,
        Pending,
        "ip sandbox init",
        "i0:T0r=0 m0:W",
    );
    early.keeps("G-initialized-since");
}

#[test]
fn initialized_is_true_once_a_main_has_been_started() {
    up().keeps("G-initialized-with-mains");
    up().step(5.0, Running, "uninit", "i0:T0r=0 m0:R0sr")
        .breaks(&["G-initialized-with-mains"]);
    let plain = pod(Always, 3, &["m0"]);
    plain
        .clone()
        .step(0.5, Pending, "", "m0:W")
        .keeps("G-initialized-without-init");
    plain
        .step(0.5, Pending, "uninit", "m0:W")
        .breaks(&["G-initialized-without-init"]);
}

#[test]
fn ready_is_true_when_and_only_when_everything_is() {
    up().keeps("G-all-ready-means-ready");
    up().step(5.0, Running, "unready", "i0:T0r=0 m0:R0sr")
        .breaks(&["G-all-ready-means-ready"]);
    up().keeps("G-ready-after-init");
    let during = pod(Always, 3, &["i0", "m0"])
        .life("i0", 1.0, Some((2.0, 3)))
        .life("m0", 2.5, None)
        .step(3.0, Running, "", "i0:T0=3 m0:R0sr");
    during.breaks(&[
        "G-init-in-order",
        "G-pending-while-initializing",
        "G-initialized-means-done",
        "G-ready-after-init",
    ]);
}

#[test]
fn ready_is_not_older_than_what_it_speaks_of() {
    up().keeps("G-ready-since");
    let mut old = up();
    since(&mut old, Ready, 2);
    old.breaks(&["G-ready-since"]);
}

#[test]
fn what_has_ended_is_not_ready() {
    let ended = pod(Never, 3, &["m0"]).life("m0", 1.0, Some((2.0, 0)));
    ended
        .clone()
        .step(3.0, Succeeded, "ip", "m0:T0=0")
        .keeps("G-ended-is-not-ready");
    ended
        .step(3.0, Succeeded, "ip ready", "m0:T0=0")
        .breaks(&["G-ready-means-all-ready", "G-ended-is-not-ready"]);
    let failed = pod(Never, 3, &["m0"]).life("m0", 1.0, Some((2.0, 1)));
    failed.step(3.0, Failed, "ip", "m0:T0=1").keeps("G-ended-is-not-ready");
}

/// Gives the newest status' conditions these messages.
fn says(pod: &mut Pod, of: &[(ConditionKind, &str, &str)]) {
    for &(kind, reason, message) in of {
        let condition = pod.newest().view.conditions[kind as usize]
            .as_mut()
            .expect("a condition");
        (condition.reason, condition.message) = (reason.into(), message.into());
    }
}

#[test]
fn a_message_names_the_containers_that_are_not_ready() {
    let id = "G-unready-are-named";
    let saying = |kind, message: &str| {
        let mut pod = pod(Always, 3, &["s0", "m0", "m1"]);
        pod.container("m0").readiness = probe();
        let mut pod = pod
            .life("s0", 1.0, Some((2.0, 1)))
            .life("m0", 1.5, None)
            .life("m1", 1.6, None)
            .step(2.5, Running, "", "s0:T0=1 m0:R0s m1:R0sr");
        says(&mut pod, &[(kind, "ContainersNotReady", message)]);
        pod
    };
    for kind in [Ready, ConditionKind::ContainersReady] {
        saying(kind, "containers with unready status: [s0 m0]").keeps(id);
        for wrong in ["s0", "m0", "m0 s0", "s0 m0 m1", "s0 m0 m0", ""] {
            saying(kind, &format!("containers with unready status: [{wrong}]")).breaks(&[id]);
        }
        saying(kind, "").breaks(&[id]);
    }
}

#[test]
fn a_message_names_the_containers_that_are_not_initialized() {
    let id = "G-incomplete-are-named";
    let saying = |started: &str, names: &str| {
        let mut pod = pod(Always, 3, &["s0", "i1", "m0"]);
        pod.container("s0").startup = probe();
        let mut pod = pod
            .life("s0", 1.0, None)
            .step(2.5, Pending, "", &format!("s0:R0{started} i1:W m0:W"));
        let message = format!("containers with incomplete status: [{names}]");
        says(&mut pod, &[(Initialized, "ContainersNotInitialized", &message)]);
        pod
    };
    saying("", "s0 i1").keeps(id);
    saying("s", "i1").keeps(id);
    // The startup result alone has been written.
    saying("s", "s0 i1").keeps(id);
    saying("", "i1").breaks(&[id]);
    // It may have been started with what its life before had (PB-7), which was taken back alone.
    let mut taken_back = saying("", "i1");
    taken_back.newest().view.containers[0]
        .as_mut()
        .expect("a status")
        .restart_count = 1;
    assert!(!taken_back.broken().contains(&id));
    saying("", "s0").breaks(&[id]);
    saying("s", "s0 i1 m0").breaks(&[id]);
}

#[test]
fn a_transition_is_told_and_not_in_the_future() {
    let id = "G-transition-time";
    let mut untold = up();
    untold.newest().pod_seen.conditions[Ready as usize].transition = None;
    untold.breaks(&[id]);
    let mut late = up();
    since(&mut late, Ready, 60);
    late.breaks(&[id]);
}

#[test]
fn a_transition_takes_a_change() {
    let id = "G-transition-time";
    let moved = |pod: &Pod, kind| {
        let mut pod = pod.clone();
        since(&mut pod, kind, 5);
        pod
    };
    let again = up().step(5.0, Running, "", "i0:T0r=0 m0:R0sr");
    again.keeps(id);
    for kind in [PodScheduled, Initialized, Ready, PodReadyToStartContainers] {
        moved(&again, kind).breaks(&[id]);
    }
    // A readiness probe may have failed and passed again.
    let mut probed = again.clone();
    probed.container("m0").readiness = probe();
    moved(&probed, Ready).keeps(id);
    // It may have been replaced.
    let replaced = up().life("m0", 4.5, None).step(5.0, Running, "", "i0:T0r=0 m0:R1sr/1");
    assert!(!moved(&replaced, Ready).broken().contains(&id));
    // A sidecar that is started again takes Initialized back for as long as nobody need see it.
    let sidecar = pod(Always, 3, &["s0", "m0"])
        .life("s0", 1.0, None)
        .life("m0", 1.5, None)
        .step(2.0, Running, "", "s0:R0sr m0:R0sr")
        .step(5.0, Running, "", "s0:R0sr m0:R0sr");
    moved(&sidecar, Initialized).keeps(id);
    // As long as one main has never run, nothing was ready; nothing was initialized before the init container was done.
    let waiting = pod(Always, 3, &["i0", "m0"])
        .step(0.5, Pending, "", "i0:W m0:W")
        .life("i0", 1.0, None)
        .step(5.0, Pending, "", "i0:R0s m0:W");
    waiting.keeps(id);
    for kind in [ConditionKind::ContainersReady, Initialized] {
        moved(&waiting, kind).breaks(&[id]);
    }
}

#[test]
fn a_condition_is_listed_once_and_is_true_or_false() {
    let (once, known) = ("G-one-condition-each", "G-condition-is-true-or-false");
    up().keeps(once);
    up().keeps(known);
    for kind in ConditionKind::ALL {
        let mut twice = up();
        twice.newest().pod_seen.conditions[kind as usize].is_repeated = true;
        twice.breaks(&[once]);
        let mut undefined = up();
        undefined.newest().pod_seen.conditions[kind as usize].is_undefined = true;
        undefined.breaks(&[known]);
    }
    let mut without = up();
    without.newest().view.conditions[Ready as usize] = None;
    without.newest().pod_seen.conditions[Ready as usize].is_repeated = true;
    assert!(!without.broken().contains(&once));
}

#[test]
fn no_condition_changes_before_the_kubelet_knows_of_the_pod() {
    let id = "G-condition-after-start";
    up().keeps(id);
    let before = |kind, ms| {
        let mut pod = up();
        for step in &mut pod.trace.steps {
            step.pod_seen.conditions[kind as usize].transition = Some(EPOCH_MS - ms);
        }
        pod
    };
    for kind in [PodReadyToStartContainers, Initialized, ConditionKind::ContainersReady] {
        assert!(before(kind, 2_000).broken().contains(&id));
        assert!(!before(kind, 1_000).broken().contains(&id), "cut to seconds");
    }
    for kind in [PodScheduled, Ready] {
        assert!(!before(kind, 60_000).broken().contains(&id), "others set it, too");
    }
}
