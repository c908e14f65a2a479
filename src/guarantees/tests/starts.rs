//! Starts and restarts.

use super::support::{Pod, pod, probe};
use crate::trace::Phase::{Failed, Pending, Running, Succeeded};
use crate::trace::ProbeSpec;
use crate::trace::RestartPolicy::{Always, Never, OnFailure};

fn sidecar_pod() -> Pod {
    pod(Always, 3, &["s0", "m0"])
        .step(0.0, Pending, "", "s0:W m0:W")
        .life("s0", 1.0, None)
}

#[test]
fn init_containers_run_one_after_the_other() {
    let started = |second_s: f64| {
        pod(Always, 3, &["i0", "i1", "m0"])
            .step(0.0, Pending, "", "i0:W i1:W m0:W")
            .life("i0", 1.0, Some((3.0, 0)))
            .life("i1", second_s, None)
            .step(6.0, Pending, "ip sandbox", "i0:T0r=0 i1:R0s m0:W")
    };
    started(4.0).keeps("G-init-in-order");
    started(2.0).breaks(&["G-init-in-order"]);
    let beside = pod(Always, 3, &["i0", "m0"])
        .life("i0", 1.0, None)
        .life("m0", 2.0, None)
        .step(3.0, Pending, "ip sandbox", "i0:R0s m0:R0sr");
    beside.breaks(&["G-init-in-order", "G-initialized-means-done", "G-ready-after-init"]);
}

#[test]
fn a_sidecar_starts_before_what_follows_it() {
    let first = sidecar_pod()
        .life("m0", 2.0, None)
        .step(3.0, Running, "ip sandbox ready init", "s0:R0sr m0:R0sr");
    first.keeps("G-sidecar-first");
    let probed = || {
        let mut pod = sidecar_pod();
        pod.container("s0").startup = probe();
        pod
    };
    let pending = probed()
        .life("m0", 2.0, None)
        .step(3.0, Running, "ip sandbox init", "s0:R0 m0:R0sr");
    pending.breaks(&["G-sidecar-first"]);
    let second = pod(Always, 3, &["s0", "m0"])
        .life("m0", 1.0, None)
        .life("s0", 4.0, None)
        .step(5.0, Running, "ip sandbox ready init", "s0:R0sr m0:R0sr");
    second.breaks(&["G-sidecar-first"]);
}

#[test]
fn a_sidecar_that_has_started_opens_the_way() {
    let open = sidecar_pod().step(3.0, Pending, "ip sandbox init", "s0:R0sr m0:W");
    open.clone().until(8.0).keeps("G-sidecar-opens");
    open.clone().life("m0", 30.0, None).until(40.0).keeps("G-sidecar-opens");
    // Not made here, so its image may have to be pulled.
    open.clone().until(60.0).keeps("G-sidecar-opens");
    open.until(700.0).breaks(&["G-sidecar-opens"]);
    let mut shut = sidecar_pod();
    shut.container("s0").startup = probe();
    let shut = shut.step(3.0, Pending, "ip sandbox", "s0:R0 m0:W").until(700.0);
    shut.breaks(&[]);
}

#[test]
fn an_init_container_that_succeeded_opens_the_way() {
    let open = pod(Always, 3, &["i0", "m0"]).life("i0", 1.0, Some((2.0, 0))).step(
        3.0,
        Pending,
        "ip sandbox init",
        "i0:T0r=0 m0:W",
    );
    open.clone().until(8.0).keeps("G-init-opens");
    open.until(700.0).breaks(&["G-init-opens"]);
}

#[test]
fn under_never_a_failed_init_container_ends_the_pod() {
    let failed = pod(Never, 3, &["i0", "m0"])
        .step(0.0, Pending, "", "i0:W m0:W")
        .life("i0", 1.0, Some((2.0, 3)))
        .step(3.0, Pending, "ip sandbox", "i0:T0=3 m0:W");
    failed
        .clone()
        .step(6.0, Failed, "ip", "i0:T0=3 m0:W")
        .keeps("G-init-failure-ends-never-pod");
    failed.clone().until(60.0).breaks(&["G-init-failure-ends-never-pod"]);
    let went_on = failed
        .life("m0", 4.0, None)
        .step(5.0, Pending, "ip sandbox", "i0:T0=3 m0:R0sr");
    went_on.breaks(&[
        "G-init-in-order",
        "G-init-failure-ends-never-pod",
        "G-initialized-means-done",
        "G-ready-after-init",
    ]);
}

#[test]
fn never_means_never() {
    let once = pod(Never, 3, &["m0"]).life("m0", 1.0, Some((2.0, 3)));
    once.clone()
        .step(4.0, Failed, "ip", "m0:T0=3")
        .keeps("G-never-means-never");
    once.life("m0", 3.0, None)
        .step(4.0, Running, "ip ready init", "m0:R1sr/3")
        .breaks(&["G-never-means-never"]);
}

#[test]
fn under_on_failure_success_is_final_and_failure_is_not() {
    let done = pod(OnFailure, 3, &["m0", "m1"])
        .life("m1", 1.0, None)
        .life("m0", 1.0, Some((2.0, 0)));
    let running = |pod: Pod| pod.step(3.0, Running, "ip init sandbox", "m0:T0=0 m1:R0sr").until(60.0);
    running(done.clone()).keeps("G-success-is-not-restarted");
    let again = done
        .life("m0", 3.0, None)
        .step(4.0, Running, "ip init sandbox", "m0:R1sr/0 m1:R0sr");
    again.breaks(&["G-success-is-not-restarted"]);
    let failed =
        pod(OnFailure, 3, &["m0"])
            .life("m0", 1.0, Some((2.0, 3)))
            .step(3.0, Running, "ip init sandbox", "m0:T0=3");
    failed.clone().until(8.0).keeps("G-on-failure-restarts");
    failed.until(20.0).breaks(&["G-on-failure-restarts"]);
}

#[test]
fn always_restarts_and_init_containers_are_retried() {
    let ended =
        pod(Always, 3, &["m0"])
            .life("m0", 1.0, Some((2.0, 0)))
            .step(3.0, Running, "ip init sandbox", "m0:T0=0");
    ended.clone().until(8.0).keeps("G-always-restarts");
    ended.until(20.0).breaks(&["G-always-restarts"]);
    let failed =
        pod(Always, 3, &["i0", "m0"])
            .life("i0", 1.0, Some((2.0, 3)))
            .step(3.0, Pending, "ip sandbox", "i0:T0=3 m0:W");
    failed.clone().until(8.0).keeps("G-init-retried");
    failed.until(20.0).breaks(&["G-init-retried"]);
}

#[test]
fn a_sidecar_is_restarted_while_the_mains_need_it() {
    let ended = sidecar_pod().killed("s0", 5.0).life("m0", 2.0, None).step(
        6.0,
        Running,
        "ip init sandbox",
        "s0:T0=137 m0:R0sr",
    );
    ended.clone().until(10.0).keeps("G-sidecar-restarted");
    ended.clone().until(30.0).breaks(&["G-sidecar-restarted"]);
    // Deleted in time: nothing is owed any more.
    ended
        .deleted(7.0, 3)
        .step(7.5, Running, "ip init sandbox", "s0:T0=137 m0:R0sr")
        .keeps("G-sidecar-restarted");
}

#[test]
fn the_back_off_doubles_from_ten_seconds() {
    let crashes = |third_s: f64, fourth_s: f64| {
        pod(Always, 3, &["m0"])
            .life("m0", 1.0, Some((2.0, 3)))
            .life("m0", 3.0, Some((4.0, 3)))
            .life("m0", third_s, Some((third_s + 1.0, 3)))
            .life("m0", fourth_s, None)
            .step(90.0, Running, "ip init sandbox ready", "m0:R3sr/3")
    };
    crashes(15.0, 37.0).keeps("G-back-off");
    crashes(12.0, 37.0).breaks(&["G-back-off"]);
    crashes(15.0, 30.0).breaks(&["G-back-off"]);
}

#[test]
fn a_failed_liveness_probe_restarts_the_container() {
    let yaml = "restartPolicy: Always\ngraceSeconds: 3\nmain:\n  - attempts:\n      - {onTerm: {action: exit, code: 0}}\n    \
                liveness: {handler: httpGet, outcome: {kind: failsAfter, ms: 4000}, periodSeconds: 1, failureThreshold: 1, \
                successThreshold: 1}\nobserveMsMax: 60000\n";
    let mut scripted = pod(Always, 3, &["m0"]).scripted(yaml);
    scripted.container("m0").liveness = probe();
    let runs = scripted
        .life("m0", 1.0, None)
        .step(2.0, Running, "ip init sandbox ready", "m0:R0sr");
    runs.clone().until(20.0).keeps("G-liveness-restarts");
    runs.until(60.0).breaks(&["G-liveness-restarts"]);
}

#[test]
fn liveness_is_not_owed_to_a_life_that_only_inherited_started() {
    let yaml = "restartPolicy: Always\ngraceSeconds: 3\nmain:\n  - attempts:\n      - {onTerm: {action: exit, code: 0}}\n    \
                startup: {handler: httpGet, outcome: {kind: firstLifeOnly}, periodSeconds: 1, failureThreshold: 120, \
                successThreshold: 1}\n    liveness: {handler: httpGet, outcome: {kind: failsAfter, ms: 3000}, periodSeconds: 1, \
                failureThreshold: 1, successThreshold: 1}\nobserveMsMax: 60000\n";
    let mut scripted = pod(Always, 3, &["m0"]).scripted(yaml);
    scripted.container("m0").liveness = probe();
    scripted.container("m0").startup = probe().map(|probe| ProbeSpec {
        failure_threshold: 120,
        ..probe
    });
    // PB-7: its second life is said to have started at first, which is one broken promise and not two.
    let inherits = scripted
        .life("m0", 1.0, None)
        .step(2.0, Running, "ip init sandbox ready", "m0:R0sr")
        .killed("m0", 6.0)
        .life("m0", 6.5, None)
        .step(7.0, Running, "ip init sandbox", "m0:R1s/137");
    inherits.until(60.0).breaks(&["G-startup-gates-started"]);
}

#[test]
fn a_startup_probe_that_never_passes_gates_and_restarts() {
    let yaml = "restartPolicy: Always\ngraceSeconds: 3\nmain:\n  - attempts:\n      - {onTerm: {action: exit, code: 0}}\n    \
                startup: {handler: httpGet, outcome: {kind: firstLifeOnly}, periodSeconds: 1, failureThreshold: 1, \
                successThreshold: 1}\nobserveMsMax: 60000\n";
    let mut scripted = pod(Always, 3, &["m0"]).scripted(yaml);
    scripted.container("m0").startup = probe();
    let first = scripted
        .life("m0", 1.0, None)
        .step(2.0, Running, "ip init sandbox ready", "m0:R0sr");
    first.clone().keeps("G-startup-gates-started");
    let second = first.killed("m0", 5.0).life("m0", 6.0, None);
    let pending = second.clone().step(7.0, Running, "ip init sandbox", "m0:R1/137");
    pending.clone().until(15.0).keeps("G-startup-gates-started");
    pending.until(60.0).breaks(&["G-startup-failure-restarts"]);
    second
        .step(7.0, Running, "ip init sandbox ready", "m0:R1sr/137")
        .breaks(&["G-startup-gates-started"]);
}

#[test]
fn readiness_gates_traffic() {
    let yaml = "restartPolicy: Always\ngraceSeconds: 3\nmain:\n  - attempts:\n      - {onTerm: {action: exit, code: 0}}\n    \
                readiness: {handler: httpGet, outcome: {kind: neverPasses}, periodSeconds: 1, failureThreshold: 1, \
                successThreshold: 1}\nobserveMsMax: 60000\n";
    let mut scripted = pod(Always, 3, &["m0"]).scripted(yaml);
    scripted.container("m0").readiness = probe();
    let runs = scripted.life("m0", 1.0, None);
    runs.clone()
        .step(2.0, Running, "ip init sandbox", "m0:R0s")
        .keeps("G-readiness-gates-ready");
    runs.step(2.0, Running, "ip init sandbox ready", "m0:R0sr")
        .breaks(&["G-readiness-gates-ready"]);
}

#[test]
fn a_pod_that_completes_breaks_nothing() {
    let done = pod(OnFailure, 3, &["i0", "s1", "m0"])
        .step(0.0, Pending, "", "i0:W s1:W m0:W")
        .life("i0", 1.0, Some((2.0, 0)))
        .life("s1", 3.0, None)
        .step(4.0, Pending, "ip sandbox init", "i0:T0r=0 s1:R0sr m0:W")
        .life("m0", 4.5, Some((8.0, 0)))
        .step(5.0, Running, "ip sandbox init ready", "i0:T0r=0 s1:R0sr m0:R0sr")
        .term("s1", 9.0)
        .killed("s1", 12.0)
        .step(13.0, Succeeded, "ip init", "i0:T0r=0 s1:T0=137 m0:T0=0");
    done.keeps("G-sidecar-never-blocks-the-end");
}
