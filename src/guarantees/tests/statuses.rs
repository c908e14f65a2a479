//! What statuses tell.

use super::support::{EPOCH_MS, Pod, pod, probe};
use crate::trace::Phase::{Failed, Pending, Running, Succeeded};
use crate::trace::RestartPolicy::{Always, Never, OnFailure};

const UP: &str = "ip init sandbox ready";

fn running() -> Pod {
    pod(Always, 3, &["m0"])
        .life("m0", 1.0, None)
        .step(2.0, Running, UP, "m0:R0sr")
}

#[test]
fn the_ip_stays() {
    running().step(3.0, Running, UP, "m0:R0sr").keeps("G-ip-stays");
    running()
        .step(3.0, Running, "noip", "m0:R0sr")
        .breaks(&["G-ip-stays", "G-network-first"]);
}

#[test]
fn the_restart_count_grows() {
    let restarted = running()
        .killed("m0", 3.0)
        .step(3.5, Running, "ip sandbox", "m0:T0=137")
        .life("m0", 4.0, None)
        .step(5.0, Running, UP, "m0:R1sr/137");
    restarted
        .clone()
        .step(6.0, Running, UP, "m0:R1sr/137")
        .keeps("G-restart-count-grows");
    restarted.step(6.0, Running, UP, "m0:R0sr").breaks(&[
        "G-restart-count-grows",
        "G-restart-counts",
        "G-dead-stays-dead",
    ]);
}

#[test]
fn an_exit_code_that_never_happened_is_noticed() {
    let waiting = pod(OnFailure, 3, &["s0", "m0"])
        .life("s0", 1.0, Some((3.0, 3)))
        .life("m0", 2.0, Some((8.0, 0)))
        .step(5.0, Running, "ip init sandbox", "s0:B0/3 m0:R0sr");
    waiting
        .clone()
        .step(12.0, Succeeded, "ip init", "s0:T0=3 m0:T0=0")
        .keeps("G-exit-is-what-happened");
    waiting
        .step(12.0, Succeeded, "ip init", "s0:U0/3 m0:T0=0")
        .breaks(&["G-exit-is-what-happened"]);
}

#[test]
fn started_is_for_good_and_comes_before_ready() {
    running().step(3.0, Running, UP, "m0:R0sr").keeps("G-started-once");
    running().step(3.0, Running, "ip init sandbox", "m0:R0").breaks(&[
        "G-started-once",
        "G-started-without-probe",
        "G-ready-without-probe",
    ]);
    let mut probed = pod(Always, 3, &["m0"]);
    probed.container("m0").startup = probe();
    let probed = probed.life("m0", 1.0, None);
    probed
        .clone()
        .step(2.0, Running, "ip init sandbox", "m0:R0")
        .keeps("G-started-before-ready");
    probed
        .step(2.0, Running, "ip init sandbox", "m0:R0r")
        .breaks(&["G-started-before-ready"]);
}

#[test]
fn ready_means_that_all_are_ready() {
    let mut two = pod(Always, 3, &["s0", "m0"]);
    two.container("s0").readiness = probe();
    let two = two.life("s0", 1.0, None).life("m0", 2.0, None);
    two.clone()
        .step(3.0, Running, UP, "s0:R0sr m0:R0sr")
        .keeps("G-ready-means-all-ready");
    two.step(3.0, Running, UP, "s0:R0s m0:R0sr")
        .breaks(&["G-ready-means-all-ready"]);
}

#[test]
fn initialized_means_that_the_init_containers_are_done() {
    let init = pod(Always, 3, &["i0", "m0"]).life("i0", 1.0, Some((3.0, 0)));
    init.clone()
        .step(4.0, Pending, "ip init sandbox", "i0:T0r=0 m0:W")
        .keeps("G-initialized-means-done");
    init.step(2.0, Pending, "ip init sandbox", "i0:R0s m0:W")
        .breaks(&["G-initialized-means-done"]);
}

#[test]
fn every_container_has_a_status() {
    let two = pod(Always, 3, &["m0", "m1"]).life("m0", 1.0, None);
    two.clone()
        .step(2.0, Pending, "ip init sandbox", "m0:R0sr m1:W")
        .keeps("G-every-container-has-a-status");
    two.step(2.0, Pending, "ip init sandbox", "m0:R0sr")
        .breaks(&["G-every-container-has-a-status"]);
}

#[test]
fn an_exit_code_is_the_process_s_own() {
    let yaml = "restartPolicy: Never\ngraceSeconds: 3\nmain:\n  - attempts:\n      - {livesMs: 1000, exitCode: 3, onTerm: \
                {action: exit, code: 0}}\nobserveMsMax: 60000\n";
    let scripted = pod(Never, 3, &["m0"])
        .scripted(yaml)
        .life("m0", 1.0, None)
        .killed("m0", 3.0);
    scripted
        .clone()
        .step(4.0, Failed, "ip init", "m0:T0=3")
        .keeps("G-exit-is-the-process's");
    scripted
        .clone()
        .step(4.0, Failed, "ip init", "m0:T0=137")
        .keeps("G-exit-is-the-process's");
    scripted
        .step(4.0, Failed, "ip init", "m0:T0=2")
        .breaks(&["G-exit-is-the-process's"]);
}

#[test]
fn terminated_tells_of_a_life() {
    let deleted = pod(Always, 3, &["m0"]).step(1.0, Pending, "", "m0:W").deleted(2.0, 3);
    deleted.step(4.0, Failed, "", "m0:U0").breaks(&["G-terminated-has-run"]);
    let ended = pod(Never, 3, &["m0"]).life("m0", 2.0, Some((3.0, 0)));
    ended
        .clone()
        .step(4.0, Succeeded, "ip init", "m0:T0=0")
        .keeps("G-terminated-tells-times");
    let mut turned = ended.step(4.0, Succeeded, "ip init", "m0:T0=0");
    let seen = &mut turned.trace.steps[0].seen[0];
    std::mem::swap(&mut seen.started_at, &mut seen.finished_at);
    turned.breaks(&["G-terminated-tells-times"]);
    let again = || {
        running()
            .killed("m0", 3.0)
            .step(3.5, Running, "ip sandbox", "m0:T0=137")
            .life("m0", 4.0, None)
            .step(5.0, Running, UP, "m0:R1sr/137")
    };
    again().keeps("G-terminated-tells-times");
    for (started, finished) in [(None, Some(EPOCH_MS + 3_000)), (Some(EPOCH_MS + 1_000), Some(0))] {
        let mut silent = again();
        let seen = &mut silent.newest().seen[0];
        (seen.last_started_at, seen.last_finished_at) = (started, finished);
        assert!(silent.broken().contains(&"G-terminated-tells-times"));
    }
}

#[test]
fn a_restarted_container_tells_how_its_life_before_ended() {
    let restarted = running()
        .killed("m0", 3.0)
        .step(3.5, Running, "ip sandbox", "m0:T0=137")
        .life("m0", 4.0, None);
    restarted
        .clone()
        .step(5.0, Running, UP, "m0:R1sr/137")
        .keeps("G-last-state");
    restarted.step(5.0, Running, UP, "m0:R1sr").breaks(&["G-last-state"]);
    // RS-9: a probe's kill and the next start in one sync, so no status has told the end.
    let killed_and_started = running().killed("m0", 3.0).life("m0", 4.0, None);
    let forgetful = killed_and_started.step(5.0, Running, UP, "m0:R1sr");
    forgetful.is_named("G-last-state", "podcheck/RS-9");
}

#[test]
fn a_restarted_container_tells_of_the_life_before_and_not_of_an_older_one() {
    let killed_again = running()
        .killed("m0", 3.0)
        .step(3.5, Running, "ip init sandbox", "m0:T0=137")
        .life("m0", 4.0, None)
        .step(5.0, Running, UP, "m0:R1sr/137")
        .killed("m0", 6.0);
    let told = |pod: Pod, last_n: u32| {
        let mut pod = pod.life("m0", 17.0, None).step(18.0, Running, UP, "m0:R2sr/137");
        pod.newest().seen[0].last_container_id = Some(format!("test://0-{last_n}").into());
        pod
    };
    let told_the_end = killed_again
        .clone()
        .step(6.5, Running, "ip init sandbox", "m0:T1=137/137");
    told(told_the_end, 1).keeps("G-last-state");
    told(killed_again, 0).is_named("G-last-state", "podcheck/RS-9");
}
