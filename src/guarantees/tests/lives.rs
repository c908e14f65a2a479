//! States, flags and lives of single containers.

use super::support::{Pod, pod, probe};
use crate::trace::Phase::{Failed, Pending, Running, Succeeded};
use crate::trace::RestartPolicy::{Always, Never, OnFailure};
use crate::trace::{BackOffSaid, ProbeSpec, Reason, State};

fn running() -> Pod {
    pod(Always, 3, &["m0"])
        .life("m0", 1.0, None)
        .step(2.0, Running, "", "m0:R0sr")
}

fn ended() -> Pod {
    pod(Never, 3, &["m0"])
        .life("m0", 1.0, Some((2.0, 0)))
        .step(3.0, Succeeded, "ip", "m0:T0=0")
}

fn restarted() -> Pod {
    running()
        .killed("m0", 3.0)
        .step(3.5, Running, "ip sandbox", "m0:T0=137")
        .life("m0", 4.0, None)
        .step(5.0, Running, "", "m0:R1sr/137")
}

fn state(pod: &mut Pod) -> &mut State {
    &mut pod.newest().view.containers[0].as_mut().expect("a status").state
}

#[test]
fn a_state_tells_why_and_since_when() {
    let waiting = || pod(Always, 3, &["m0"]).step(0.5, Pending, "", "m0:W");
    waiting().keeps("G-waiting-tells-why");
    let mut silent = waiting();
    *state(&mut silent) = State::Waiting(Reason::None);
    silent.breaks(&["G-waiting-tells-why"]);
    running().keeps("G-running-tells-since");
    let mut silent = running();
    silent.newest().seen[0].started_at = None;
    silent.breaks(&["G-running-tells-since"]);
    ended().keeps("G-terminated-tells-why");
    let mut silent = ended();
    if let State::Terminated(exit) = state(&mut silent) {
        exit.reason = Reason::None;
    }
    silent.breaks(&["G-terminated-tells-why"]);
    let mut wrong = ended();
    if let State::Terminated(exit) = state(&mut wrong) {
        exit.reason = Reason::Error;
    }
    ended().keeps("G-reason-fits-code");
    wrong.breaks(&["G-reason-fits-code"]);
}

#[test]
fn flags_are_up_only_while_a_container_runs() {
    ended().keeps("G-ready-means-running");
    ended().keeps("G-started-means-running");
    let dead = pod(Never, 3, &["m0"]).life("m0", 1.0, Some((2.0, 0)));
    dead.step(3.0, Succeeded, "ip", "m0:T0sr=0")
        .breaks(&["G-ready-means-running", "G-started-means-running"]);
}

#[test]
fn what_has_no_probe_is_started_and_ready_at_once() {
    let m0 = || pod(Always, 3, &["m0"]).life("m0", 1.0, None);
    running().keeps("G-started-without-probe");
    m0().step(2.0, Running, "", "m0:R0")
        .breaks(&["G-started-without-probe", "G-ready-without-probe"]);
    running().keeps("G-ready-without-probe");
    m0().step(2.0, Running, "", "m0:R0s").breaks(&["G-ready-without-probe"]);
    let mut probed = m0();
    probed.container("m0").startup = probe();
    probed.step(2.0, Running, "", "m0:R0").breaks(&[]);
}

#[test]
fn an_init_container_is_ready_when_it_has_succeeded() {
    let init = |status: &str| {
        pod(Always, 3, &["i0", "m0"])
            .life("i0", 1.0, Some((2.0, 0)))
            .step(3.0, Pending, "ip sandbox", status)
    };
    init("i0:T0r=0 m0:W").keeps("G-init-ready-means-success");
    init("i0:T0=0 m0:W").breaks(&["G-init-ready-means-success"]);
    let runs = pod(Always, 3, &["i0", "m0"]).life("i0", 1.0, None);
    runs.step(3.0, Pending, "", "i0:R0sr m0:W")
        .breaks(&["G-init-ready-means-success"]);
}

#[test]
fn only_what_has_crashed_crashes_in_a_loop() {
    let crashed = pod(OnFailure, 3, &["m0"]).life("m0", 1.0, Some((2.0, 1)));
    crashed
        .step(3.0, Running, "ip sandbox", "m0:B0/1")
        .keeps("G-crash-loop-has-crashed");
    pod(OnFailure, 3, &["m0"])
        .step(0.5, Pending, "", "m0:B0")
        .breaks(&["G-crash-loop-has-crashed"]);
    let never = pod(Never, 3, &["m0"]).life("m0", 1.0, Some((2.0, 1)));
    never
        .step(3.0, Running, "ip sandbox", "m0:B0/1")
        .breaks(&["G-crash-loop-has-crashed"]);
}

#[test]
fn a_first_life_has_no_past() {
    running().keeps("G-first-life-has-no-past");
    let past = pod(Always, 3, &["m0"]).life("m0", 1.0, None);
    past.step(2.0, Running, "", "m0:R0sr/137").breaks(&[
        "G-first-life-has-no-past",
        "G-terminated-tells-times",
        "G-end-names-its-life",
    ]);
}

#[test]
fn an_id_names_its_runtime_and_has_one_count() {
    running().keeps("G-id-names-the-runtime");
    let mut bare = running();
    bare.newest().seen[0].container_id = Some("0-0".into());
    bare.breaks(&["G-id-names-the-runtime"]);
    restarted().keeps("G-restart-counts");
    let mut stuck = restarted();
    stuck.newest().seen[0].container_id = Some("test://0-0".into());
    stuck.newest().seen[0].started_at = stuck.trace.steps[0].seen[0].started_at;
    stuck.breaks(&["G-restart-counts", "G-dead-stays-dead"]);
    let mut twice = restarted();
    twice.newest().view.containers[0]
        .as_mut()
        .expect("a status")
        .restart_count = 2;
    twice.breaks(&["G-back-off", "G-last-state", "G-restart-counts"]);
}

#[test]
fn the_times_of_a_life_are_its_process_s() {
    let ended = |started_ms: i64, finished_ms: i64| {
        let mut pod = pod(Never, 3, &["m0"])
            .life("m0", 20.0, Some((30.0, 0)))
            .step(31.0, Succeeded, "ip init", "m0:T0=0");
        let seen = &mut pod.newest().seen[0];
        seen.started_at = seen.started_at.map(|at| at + started_ms);
        seen.finished_at = seen.finished_at.map(|at| at + finished_ms);
        pod
    };
    ended(0, 0).keeps("G-start-is-the-process's");
    ended(0, 0).keeps("G-finish-is-the-process's");
    ended(-7_000, 0).breaks(&["G-start-is-the-process's"]);
    ended(7_000, 0).breaks(&["G-start-is-the-process's"]);
    ended(0, -7_000).breaks(&["G-finish-is-the-process's"]);
}

#[test]
fn the_times_of_a_life_stay_and_lives_do_not_overlap() {
    restarted().keeps("G-start-is-fixed");
    let mut moved = running().step(3.0, Running, "", "m0:R0sr");
    moved.newest().seen[0].started_at = moved.trace.steps[0].seen[0].started_at.map(|at| at + 1_000);
    moved.breaks(&["G-start-is-fixed"]);
    restarted().keeps("G-finish-is-fixed");
    let mut moved = restarted();
    moved.newest().seen[0].last_finished_at = moved.newest().seen[0].last_finished_at.map(|at| at - 1_000);
    moved.breaks(&["G-finish-is-fixed"]);
    restarted().keeps("G-lives-in-order");
    let overlap = running()
        .killed("m0", 5.0)
        .step(5.2, Running, "ip sandbox", "m0:T0=137")
        .life("m0", 4.0, None);
    overlap
        .step(6.0, Running, "", "m0:R1sr/137")
        .breaks(&["G-lives-in-order"]);
}

#[test]
fn what_has_ended_does_not_run_again() {
    restarted().keeps("G-dead-stays-dead");
    let revived = running()
        .killed("m0", 3.0)
        .step(3.5, Running, "ip sandbox", "m0:T0=137")
        .step(5.0, Running, "", "m0:R0sr");
    revived.breaks(&["G-dead-stays-dead"]);
}

#[test]
fn last_state_is_another_life_than_state() {
    let deleted = |last_n: u32| {
        let mut pod = pod(Always, 3, &["m0"])
            .life("m0", 1.0, Some((2.0, 3)))
            .life("m0", 3.0, Some((4.0, 4)))
            .step(5.0, Running, "ip init sandbox", "m0:B1/4")
            .deleted(6.0, 3)
            .step(
                7.0,
                Failed,
                "ip init",
                if last_n == 1 { "m0:T1=4/4" } else { "m0:T1=4/3" },
            );
        pod.newest().seen[0].last_container_id = Some(format!("test://0-{last_n}").into());
        pod
    };
    deleted(0).keeps("G-last-state-is-another-life");
    deleted(1).is_named("G-last-state-is-another-life", "podcheck/WR-4");
}

#[test]
fn a_life_is_ready_after_as_many_successes_as_its_probe_wants() {
    let ready = |at_s: f64| {
        let mut pod = pod(Always, 3, &["m0"]);
        pod.container("m0").readiness = probe().map(|probe| ProbeSpec {
            success_threshold: 12,
            ..probe
        });
        pod.life("m0", 1.0, Some((30.0, 1)))
            .step(2.0, Running, "ip init sandbox", "m0:R0s")
            .step(20.0, Running, "ip init sandbox", "m0:R0sr")
            .step(30.5, Running, "ip init sandbox", "m0:T0=1")
            .life("m0", 31.0, None)
            .step(at_s, Running, "ip init sandbox", "m0:R1sr/1")
    };
    ready(40.0).keeps("G-success-threshold");
    ready(31.5).breaks(&["G-success-threshold"]);
    ready(31.5).is_named("G-success-threshold", "podcheck/PB-14");
}

#[test]
fn an_end_is_of_the_container_of_its_status() {
    let id = "G-end-names-its-life";
    let restarted = || {
        pod(Always, 3, &["m0"])
            .life("m0", 1.0, Some((2.0, 1)))
            .life("m0", 3.0, Some((5.0, 1)))
            .step(6.0, Running, "", "m0:T1=1/1")
    };
    restarted().keeps(id);
    let mut other = restarted();
    other.newest().seen[0].ended_container_id = Some("test://another".into());
    other.breaks(&[id]);
    let mut none = restarted();
    none.newest().seen[0].ended_container_id = None;
    none.breaks(&[id]);
    let mut nobody = restarted();
    nobody.newest().seen[0].last_container_id = None;
    nobody.breaks(&[id]);
}

#[test]
fn a_container_has_one_state_and_an_id_of_its_own() {
    let two = || {
        pod(Always, 3, &["m0", "m1"])
            .life("m0", 1.0, None)
            .life("m1", 1.5, None)
            .step(2.0, Running, "", "m0:R0sr m1:R0sr")
    };
    two().keeps("G-id-is-its-own");
    let mut same = two();
    same.newest().seen[1].container_id = same.newest().seen[0].container_id.clone();
    same.breaks(&["G-id-is-its-own"]);
    let mut bare = two();
    bare.newest().seen[1].container_id = None;
    bare.breaks(&["G-id-names-the-runtime"]);
    two().keeps("G-one-state");
    let mut both = two();
    both.newest().seen[1].has_two_states = true;
    both.breaks(&["G-one-state"]);
    let mut odd = two();
    odd.newest().seen[1].last_is_no_end = true;
    odd.breaks(&["G-first-life-has-no-past"]);
}

#[test]
fn a_back_off_is_told_with_its_container_and_a_delay_that_can_be() {
    let id = "G-back-off-is-told";
    let told = |delay_ms, is_own| {
        let mut pod = pod(Always, 3, &["m0"])
            .life("m0", 1.0, Some((2.0, 1)))
            .life("m0", 3.0, Some((5.0, 1)))
            .step(6.0, Running, "", "m0:B1/1");
        pod.newest().seen[0].back_off = Some(BackOffSaid { delay_ms, is_own });
        pod
    };
    told(Some(10_000), true).keeps(id);
    // A node may have a lower limit.
    told(Some(1_000), true).keeps(id);
    told(Some(20_000), true).breaks(&[id]);
    told(Some(10_000), false).breaks(&[id]);
    told(None, false).breaks(&[id]);
}
