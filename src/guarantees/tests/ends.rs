//! Shutdown, grace and the end.

use super::support::{Pod, pod};
use crate::trace::JournalKind;
use crate::trace::Phase::{Failed, Pending, Running, Succeeded};
use crate::trace::RestartPolicy::{Always, Never, OnFailure};

/// Two sidecars and a main that run, deleted in second 10 with this grace.
fn deleted(grace_s: u32) -> Pod {
    pod(Always, grace_s, &["s0", "s1", "m0"])
        .life("s0", 1.0, None)
        .life("s1", 2.0, None)
        .life("m0", 3.0, None)
        .step(5.0, Running, "ip init sandbox ready", "s0:R0sr s1:R0sr m0:R0sr")
        .deleted(10.0, grace_s)
        .step(10.1, Running, "ip init sandbox ready", "s0:R0sr s1:R0sr m0:R0sr")
}

fn gone(pod: Pod, at_s: f64) -> Pod {
    pod.all_killed(at_s - 1.0)
        .step(at_s - 0.5, Failed, "ip init", "s0:T0=137 s1:T0=137 m0:T0=137")
        .step(at_s, Failed, "ip init gone", "s0:T0=137 s1:T0=137 m0:T0=137")
}

#[test]
fn sidecars_outlive_the_mains_and_stop_in_reverse_order() {
    let ordered = deleted(20)
        .term("m0", 11.0)
        .killed("m0", 13.0)
        .term("s1", 13.1)
        .killed("s1", 15.0)
        .term("s0", 15.1)
        .killed("s0", 16.0);
    gone(ordered.clone(), 18.0).keeps("G-sidecar-outlives-mains");
    gone(ordered, 18.0).keeps("G-sidecar-stop-order");
    let early = deleted(20)
        .term("m0", 11.0)
        .term("s1", 11.5)
        .killed("m0", 15.0)
        .killed("s1", 15.5)
        .term("s0", 16.5)
        .killed("s0", 17.0);
    gone(early, 18.0).breaks(&["G-sidecar-outlives-mains"]);
    let together = deleted(20)
        .term("m0", 11.0)
        .killed("m0", 12.0)
        .term("s0", 13.0)
        .term("s1", 13.0)
        .killed("s0", 13.5)
        .killed("s1", 17.0);
    gone(together, 19.0).breaks(&["G-sidecar-stop-order"]);
}

#[test]
fn when_the_grace_is_used_up_everybody_is_told() {
    let exhausted = deleted(4)
        .term("m0", 10.5)
        .term("s0", 14.6)
        .term("s1", 14.6)
        .killed("m0", 14.7)
        .killed("s1", 16.7)
        .killed("s0", 16.7);
    gone(exhausted, 18.0).keeps("G-sidecar-stop-order");
}

#[test]
fn a_delete_is_told_at_once() {
    let told = |at_s: f64| gone(deleted(30).term("m0", at_s).killed("m0", at_s + 0.5), at_s + 4.0);
    told(12.0).keeps("G-told-at-once");
    told(20.0).breaks(&["G-told-at-once"]);
}

#[test]
fn a_sidecar_is_told_when_its_turn_comes() {
    let waits = |at_s: f64| {
        let mains = deleted(30)
            .term("m0", 11.0)
            .killed("m0", 20.0)
            .term("s1", 20.5)
            .killed("s1", 21.5);
        gone(mains.term("s0", at_s).killed("s0", at_s + 0.5), at_s + 3.0)
    };
    waits(22.0).keeps("G-told-at-once");
    waits(38.0).breaks(&["G-told-at-once"]);
}

#[test]
fn the_grace_is_given() {
    let yaml = "restartPolicy: Always\ngraceSeconds: 10\nmain:\n  - attempts:\n      - {onTerm: {action: ignore}}\n\
                observeMsMax: 60000\n";
    let killed = |at_s: f64| {
        pod(Always, 10, &["m0"])
            .scripted(yaml)
            .life("m0", 1.0, None)
            .step(3.0, Running, "ip init sandbox ready", "m0:R0sr")
            .deleted(10.0, 10)
            .step(10.1, Running, "ip init sandbox ready", "m0:R0sr")
            .term("m0", 11.0)
            .killed("m0", at_s)
            .step(at_s + 1.0, Failed, "ip init", "m0:T0=137")
            .step(at_s + 2.0, Failed, "ip init gone", "m0:T0=137")
    };
    killed(21.0).keeps("G-grace-is-given");
    killed(14.0).breaks(&["G-grace-is-given"]);
    // Without a TERM it is the same.
    let unasked = |at_s| {
        let mut pod = killed(at_s);
        let journal = pod.trace.journal.as_mut().expect("a journal");
        journal.retain(|line| line.kind != JournalKind::Term);
        pod
    };
    unasked(21.0).keeps("G-grace-is-given");
    unasked(14.0).breaks(&["G-grace-is-given"]);
}

#[test]
fn a_deleted_pod_is_gone_in_time_and_ends_first() {
    let yaml = "restartPolicy: Always\ngraceSeconds: 3\nmain:\n  - attempts:\n      - {onTerm: {action: ignore}}\n\
                observeMsMax: 60000\n";
    let deleted = pod(Always, 3, &["m0"])
        .scripted(yaml)
        .life("m0", 1.0, None)
        .step(3.0, Running, "ip init sandbox ready", "m0:R0sr")
        .deleted(10.0, 3)
        .step(10.1, Running, "ip init sandbox ready", "m0:R0sr");
    let pod = deleted.clone().killed("m0", 14.0);
    let gone = |at_s: f64| {
        pod.clone()
            .step(15.0, Failed, "ip init", "m0:T0=137")
            .step(at_s, Failed, "ip init gone", "m0:T0=137")
    };
    gone(17.0).keeps("G-gone-in-time");
    gone(17.0).keeps("G-deleted-ends-first");
    gone(60.0).breaks(&["G-gone-in-time"]);
    pod.clone().until(60.0).breaks(&["G-gone-in-time"]);
    // Until somebody forces it, it had not gone by itself; what comes early says nothing.
    let forced = |at_s: f64| {
        let forced = deleted.clone().deleted(at_s, 0);
        forced.step(at_s, Running, "ip init sandbox ready", "m0:R0sr")
    };
    forced(60.0).breaks(&["G-gone-in-time"]);
    forced(14.0).breaks(&[]);
    pod.step(15.0, Running, "ip init gone", "m0:T0=137")
        .breaks(&["G-deleted-ends-first"]);
}

#[test]
fn nothing_starts_in_a_shutdown() {
    let shutdown = deleted(20).term("m0", 11.0).killed("m0", 12.0);
    gone(shutdown.clone(), 18.0).keeps("G-no-start-in-shutdown");
    gone(shutdown.life("m0", 14.0, None).killed("m0", 16.0), 18.0).breaks(&["G-no-start-in-shutdown"]);
}

#[test]
fn a_deletion_is_not_put_off() {
    let running = "ip init sandbox ready";
    let first = pod(Always, 9, &["m0"])
        .life("m0", 1.0, None)
        .deleted(5.0, 9)
        .step(5.1, Running, running, "m0:R0sr");
    first
        .clone()
        .deleted(5.0, 2)
        .step(6.0, Running, running, "m0:R0sr")
        .keeps("G-deletion-is-not-put-off");
    first
        .deleted(15.0, 3)
        .step(15.1, Running, running, "m0:R0sr")
        .breaks(&["G-deletion-is-not-put-off"]);
}

#[test]
fn a_grace_of_zero_leaves_no_time_for_a_term() {
    let ended = |pod: Pod| {
        pod.killed("s0", 8.0)
            .step(9.0, Succeeded, "ip init", "s0:T0=137 m0:T0=0")
    };
    let pod = pod(OnFailure, 0, &["s0", "m0"])
        .life("s0", 1.0, None)
        .life("m0", 2.0, Some((5.0, 0)))
        .step(3.0, Running, "ip init sandbox ready", "s0:R0sr m0:R0sr");
    ended(pod.clone()).keeps("G-zero-grace-kills");
    ended(pod.term("s0", 6.0)).is_named("G-zero-grace-kills", "podcheck/TO-0");
}

#[test]
fn a_pod_that_had_ended_when_it_was_first_seen_kept_nobody_waiting() {
    let done = pod(OnFailure, 3, &["s0", "m0"])
        .life("s0", 1.0, Some((6.0, 0)))
        .life("m0", 2.0, Some((5.0, 0)))
        .deleted(100.0, 3);
    let seen = done.step(100.1, Succeeded, "ip init", "s0:T0=0 m0:T0=0");
    assert!(!seen.broken().contains(&"G-sidecar-never-blocks-the-end"));
}

#[test]
fn sidecars_never_keep_a_pod_from_finishing() {
    let done = pod(OnFailure, 3, &["s0", "m0"])
        .life("s0", 1.0, None)
        .life("m0", 2.0, Some((5.0, 0)))
        .step(6.0, Running, "ip init sandbox", "s0:R0sr m0:T0=0");
    done.clone().until(15.0).keeps("G-sidecar-never-blocks-the-end");
    done.clone().until(60.0).breaks(&["G-sidecar-never-blocks-the-end"]);
    // The sidecar that came up in the second of the end is told first, and has the whole grace.
    let late = pod(OnFailure, 8, &["s0", "s1", "m0"])
        .life("s0", 1.0, None)
        .life("s1", 2.0, Some((8.4, 1)))
        .life("s1", 9.2, None)
        .life("m0", 3.0, Some((9.1, 0)))
        .step(5.0, Running, "ip init sandbox ready", "s0:R0sr s1:R0sr m0:R0sr")
        .step(9.5, Running, "ip init sandbox", "s0:R0sr s1:R1sr/1 m0:T0=0")
        .term("s1", 9.3)
        .killed("s1", 17.3)
        .term("s0", 17.3)
        .killed("s0", 17.4);
    late.step(20.0, Succeeded, "ip init", "s0:T0=137 s1:T1=137/1 m0:T0=0")
        .keeps("G-sidecar-never-blocks-the-end");
    // Told only by a delete, long after the work was done.
    let told = done.deleted(19.0, 3).term("s0", 20.0).killed("s0", 20.5);
    let ended = told.step(22.0, Succeeded, "ip init", "s0:T0=137 m0:T0=0");
    ended.breaks(&["G-sidecar-never-blocks-the-end"]);
}

#[test]
fn the_phase_tells_what_became_of_the_work() {
    let ended = |code: u8| {
        pod(Never, 3, &["s0", "m0"])
            .life("s0", 1.0, Some((3.5, 1)))
            .life("m0", 2.0, Some((3.0, code)))
    };
    ended(0)
        .step(5.0, Succeeded, "ip init", "s0:T0=1 m0:T0=0")
        .keeps("G-failed-is-failure");
    ended(0)
        .step(5.0, Failed, "ip init", "s0:T0=1 m0:T0=0")
        .breaks(&["G-failed-is-failure"]);
    ended(3)
        .step(5.0, Failed, "ip init", "s0:T0=1 m0:T0=3")
        .keeps("G-succeeded-is-success");
    ended(3)
        .step(5.0, Succeeded, "ip init", "s0:T0=1 m0:T0=3")
        .breaks(&["G-succeeded-is-success"]);
    let runs = pod(Never, 3, &["s0", "m0"])
        .life("s0", 1.0, None)
        .life("m0", 2.0, Some((3.0, 0)));
    runs.step(5.0, Succeeded, "ip init", "s0:R0sr m0:T0=0")
        .breaks(&["G-terminal-nothing-runs"]);
}

#[test]
fn the_phase_goes_forward_and_ends_once() {
    let running = pod(Always, 3, &["m0"])
        .life("m0", 1.0, None)
        .step(2.0, Running, "ip init sandbox ready", "m0:R0sr");
    running
        .clone()
        .step(3.0, Running, "ip init sandbox ready", "m0:R0sr")
        .keeps("G-phase-goes-forward");
    let back = running
        .killed("m0", 3.0)
        .step(4.0, crate::trace::Phase::Pending, "ip init sandbox", "m0:B0/137");
    back.breaks(&["G-phase-goes-forward"]);
    let failed = pod(Never, 3, &["m0"])
        .life("m0", 1.0, Some((2.0, 3)))
        .step(4.0, Failed, "ip init", "m0:T0=3");
    failed
        .clone()
        .step(5.0, Failed, "ip init", "m0:T0=3")
        .keeps("G-terminal-stays");
    failed
        .step(5.0, Succeeded, "ip init", "m0:T0=3")
        .breaks(&["G-terminal-stays"]);
}

#[test]
fn a_sidecar_outlives_the_init_containers_that_it_serves() {
    let told = |at_s: f64| {
        let pod = pod(Always, 20, &["s0", "i1", "m0"])
            .life("s0", 1.0, None)
            .life("i1", 2.0, None)
            .step(3.0, Pending, "ip sandbox", "s0:R0sr i1:R0 m0:W")
            .deleted(5.0, 20)
            .term("i1", 5.5)
            .killed("i1", 9.0);
        pod.term("s0", at_s)
            .killed("s0", at_s + 0.5)
            .step(12.0, Failed, "ip", "s0:T0=137 i1:T0=137 m0:U0")
            .step(13.0, Failed, "ip gone", "s0:T0=137 i1:T0=137 m0:U0")
    };
    assert!(!told(10.0).broken().contains(&"G-sidecar-outlives-inits"));
    assert!(told(5.5).broken().contains(&"G-sidecar-outlives-inits"));
    told(5.5).is_named("G-sidecar-outlives-inits", "podcheck/TO-INIT");
}
