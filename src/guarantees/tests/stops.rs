//! Who is stopped and when, and what follows.

use super::support::{Pod, pod, probe};
use crate::trace::Phase::{Failed, Pending, Running, Succeeded};
use crate::trace::RestartPolicy::{Always, Never, OnFailure};

/// A container that is told to stop at second 5 and killed when its grace is over.
fn stopped(name: &str) -> Pod {
    pod(Always, 3, &[name, "m9"])
        .life(name, 1.0, None)
        .life("m9", 2.0, None)
        .term(name, 5.0)
        .killed(name, 8.2)
}

#[test]
fn nothing_is_stopped_without_a_reason() {
    let status = "m0:T0=137 m9:R0sr";
    stopped("m0")
        .step(9.0, Running, "ip sandbox", status)
        .until(11.0)
        .breaks(&["G-stopped-for-a-reason"]);
    stopped("m0")
        .deleted(4.5, 3)
        .step(9.0, Running, "ip sandbox", status)
        .keeps("G-stopped-for-a-reason");
    // A delete that came just before the watch ended need not have been seen.
    stopped("m0").step(9.0, Running, "ip sandbox", status).breaks(&[]);
    let mut probed = stopped("m0");
    probed.container("m0").liveness = probe();
    probed.step(9.0, Running, "ip sandbox", status).breaks(&[]);
}

#[test]
fn an_init_container_is_not_stopped() {
    let init = || {
        pod(Always, 3, &["i0", "m9"])
            .life("i0", 1.0, None)
            .term("i0", 5.0)
            .killed("i0", 8.2)
    };
    init()
        .step(9.0, Pending, "ip sandbox", "i0:T0=137 m9:W")
        .until(11.0)
        .breaks(&["G-init-runs-to-completion"]);
    init()
        .deleted(4.5, 3)
        .step(9.0, Pending, "ip sandbox", "i0:T0=137 m9:W")
        .keeps("G-init-runs-to-completion");
}

fn probed(threshold: u32, delay_s: u32) -> Pod {
    let mut pod = stopped("m0");
    let mut probe = probe().expect("a probe");
    (probe.failure_threshold, probe.initial_delay_s, probe.period_s) = (threshold, delay_s, 2);
    pod.container("m0").liveness = Some(probe);
    pod.step(9.0, Running, "ip sandbox", "m0:T0=137 m9:R0sr").until(11.0)
}

#[test]
fn a_probe_stops_only_after_all_its_failures() {
    probed(2, 0).keeps("G-failure-threshold");
    probed(6, 0).breaks(&["G-failure-threshold"]);
    probed(1, 30).breaks(&["G-failure-threshold"]);
}

#[test]
fn the_liveness_probe_waits_for_the_startup_probe() {
    let yaml = |passes_ms: u32| {
        format!(
            "restartPolicy: Always\ngraceSeconds: 3\nmain:\n  - attempts: [{{onTerm: {{action: ignore}}}}]\n    startup: \
             {{handler: tcpSocket, outcome: {{kind: passesAfter, ms: {passes_ms}}}, periodSeconds: 1, failureThreshold: \
             100, successThreshold: 1}}\n    liveness: {{handler: tcpSocket, outcome: {{kind: failsAfter, ms: 0}}, \
             periodSeconds: 1, failureThreshold: 2, successThreshold: 1}}\n  - attempts: [{{onTerm: {{action: \
             ignore}}}}]\nobserveMsMax: 60000\n"
        )
    };
    let killed = |passes_ms: u32| {
        let mut pod = stopped("m0");
        let mut startup = probe().expect("a probe");
        startup.failure_threshold = 100;
        pod.container("m0").startup = Some(startup);
        let mut liveness = probe().expect("a probe");
        liveness.failure_threshold = 2;
        pod.container("m0").liveness = Some(liveness);
        pod.scripted(&yaml(passes_ms))
            .step(9.0, Running, "ip sandbox", "m0:T0=137 m9:R0sr")
            .until(11.0)
    };
    killed(1_000).keeps("G-startup-holds-liveness");
    killed(9_000).breaks(&["G-startup-holds-liveness"]);
}

#[test]
fn a_grace_is_not_exceeded() {
    let gone = |at_s: f64| {
        pod(Always, 3, &["m0"])
            .life("m0", 1.0, None)
            .step(2.0, Running, "", "m0:R0sr")
            .deleted(3.0, 3)
            .term("m0", 4.0)
            .killed("m0", at_s)
            .step(at_s + 1.0, Failed, "ip", "m0:T0=137")
    };
    gone(7.1).keeps("G-killed-in-time");
    gone(12.0).breaks(&["G-killed-in-time"]);
}

#[test]
fn a_probe_s_own_grace_is_not_exceeded() {
    let gone = |at_s: f64| {
        let mut pod = pod(Always, 20, &["m0"]).life("m0", 1.0, None);
        let mut liveness = probe().expect("a probe");
        liveness.grace_s = Some(3);
        pod.container("m0").liveness = Some(liveness);
        pod.term("m0", 4.0)
            .killed("m0", at_s)
            .step(at_s + 1.0, Running, "ip sandbox", "m0:T0=137")
    };
    gone(7.1).keeps("G-probe-grace");
    gone(15.0).breaks(&["G-probe-grace"]);
}

#[test]
fn what_is_next_starts_soon() {
    let init = |at_s: f64| {
        pod(Always, 3, &["i0", "i1", "m0"])
            .scripted(
                "restartPolicy: Always\ngraceSeconds: 3\ninit:\n  - {kind: init, container: {attempts: [{livesMs: 1000, \
                 exitCode: 0, onTerm: {action: ignore}}]}}\n  - {kind: init, container: {attempts: [{onTerm: {action: \
                 ignore}}]}}\nmain:\n  - attempts: [{onTerm: {action: ignore}}]\nobserveMsMax: 60000\n",
            )
            .life("i0", 1.0, Some((2.0, 0)))
            .life("i1", at_s, None)
            .step(at_s + 1.0, Pending, "ip sandbox", "i0:T0r=0 i1:R0s m0:W")
    };
    init(4.0).keeps("G-init-hands-over");
    init(40.0).breaks(&["G-init-hands-over"]);
    let sidecar = |at_s: f64| {
        pod(Always, 3, &["s0", "m0"])
            .scripted(
                "restartPolicy: Always\ngraceSeconds: 3\ninit:\n  - {kind: sidecar, container: {attempts: [{onTerm: \
                 {action: ignore}}]}}\nmain:\n  - attempts: [{onTerm: {action: ignore}}]\nobserveMsMax: 60000\n",
            )
            .life("s0", 1.0, None)
            .step(2.0, Pending, "init", "s0:R0sr m0:W")
            .life("m0", at_s, None)
            .step(at_s + 1.0, Running, "", "s0:R0sr m0:R0sr")
    };
    sidecar(4.0).keeps("G-sidecar-hands-over");
    sidecar(40.0).breaks(&["G-sidecar-hands-over"]);
}

#[test]
fn restarts_come_in_time() {
    let first = |at_s: f64| {
        pod(OnFailure, 3, &["m0"])
            .life("m0", 1.0, Some((2.0, 1)))
            .life("m0", at_s, None)
            .step(at_s + 1.0, Running, "", "m0:R1sr/1")
    };
    first(4.0).keeps("G-first-restart-at-once");
    // A start keeps the worker busy, whether it follows on another or not.
    let after_a_long_life = pod(OnFailure, 3, &["m0"])
        .life("m0", 1.0, Some((6.0, 1)))
        .life("m0", 13.0, None)
        .step(14.0, Running, "", "m0:R1sr/1");
    after_a_long_life.keeps("G-first-restart-at-once");
    first(40.0).breaks(&["G-first-restart-at-once"]);
    let second = |at_s: f64| {
        pod(OnFailure, 3, &["m0"])
            .life("m0", 1.0, Some((2.0, 1)))
            .life("m0", 3.0, Some((4.0, 1)))
            .life("m0", at_s, None)
            .step(at_s + 1.0, Running, "", "m0:R2sr/1")
    };
    second(16.0).keeps("G-back-off-ends");
    second(60.0).breaks(&["G-back-off-ends"]);
    let never = pod(Never, 3, &["m0"]).life("m0", 1.0, Some((2.0, 1)));
    never.step(3.0, Failed, "ip", "m0:T0=1").keeps("G-ends-when-over");
}

/// A probed main that is up; its readiness probe passes at first and fails from second 3 of its life on.
fn readiness(startup: &str, delay_s: u32) -> Pod {
    let mut pod = pod(Always, 3, &["m0"]);
    let mut readiness = probe().expect("a probe");
    readiness.initial_delay_s = delay_s;
    pod.container("m0").readiness = Some(readiness);
    if !startup.is_empty() {
        pod.container("m0").startup = probe();
    }
    pod.scripted(&format!(
        "restartPolicy: Always\ngraceSeconds: 3\nmain:\n  - attempts: [{{onTerm: {{action: ignore}}}}]\n{startup}    \
         readiness: {{handler: tcpSocket, outcome: {{kind: failsAfter, ms: 3000}}, initialDelaySeconds: {delay_s}, \
         periodSeconds: 1, failureThreshold: 1, successThreshold: 1}}\nobserveMsMax: 60000\n"
    ))
    .life("m0", 1.0, None)
}

#[test]
fn what_fails_its_readiness_probe_is_not_ready() {
    let shown = |status: &str| {
        readiness("", 0)
            .step(3.0, Running, "", "m0:R0sr")
            .step(40.0, Running, "", status)
            .until(41.0)
    };
    shown("m0:R0s").keeps("G-unready-when-failing");
    shown("m0:R0sr").breaks(&["G-unready-when-failing"]);
}

#[test]
fn what_has_ended_is_not_shown_ready() {
    let told = |at_s: f64| {
        let mut pod = pod(OnFailure, 40, &["m0", "m1"]);
        pod.container("m1").liveness = probe();
        pod.life("m0", 1.0, Some((10.0, 0)))
            .life("m1", 1.0, Some((47.0, 137)))
            .step(3.0, Running, "", "m0:R0sr m1:R0sr")
            .step(at_s, Running, "unready", "m0:T0=0 m1:R0sr")
    };
    told(12.0).until(20.0).keeps("G-dead-is-not-ready");
    told(30.0).until(31.0).breaks(&["G-dead-is-not-ready"]);
    // The other one's kill kept the worker busy.
    let mut blocked = told(3.5).term("m1", 7.0);
    blocked.trace.steps.pop();
    let blocked = blocked.step(47.5, Running, "unready", "m0:T0=0 m1:T0=137");
    blocked.is_named("G-dead-is-not-ready", "kubernetes#121398");
}

#[test]
fn a_delay_counts_from_the_startup_probe_s_success() {
    let startup = "    startup: {handler: tcpSocket, outcome: {kind: passesAfter, ms: 8000}, periodSeconds: 1, \
                   failureThreshold: 1, successThreshold: 1}\n";
    let ready = |at_s: f64| readiness(startup, 10).step(at_s, Running, "", "m0:R0sr");
    ready(12.0).breaks(&["G-delay-after-startup"]);
    ready(12.0).is_named("G-delay-after-startup", "kubernetes#119617");
    ready(20.0).keeps("G-delay-after-startup");
}

#[test]
fn a_grace_only_shrinks() {
    let deleted = |second_s: u32| {
        pod(Always, 9, &["m0"])
            .life("m0", 1.0, None)
            .step(2.0, Running, "", "m0:R0sr")
            .deleted(3.0, 8)
            .step(3.5, Running, "", "m0:R0sr")
            .deleted(3.6, second_s)
            .step(4.0, Running, "", "m0:R0sr")
    };
    deleted(5).keeps("G-grace-only-shrinks");
    deleted(9).breaks(&["G-deletion-is-not-put-off", "G-grace-only-shrinks"]);
}

#[test]
fn a_probe_s_own_grace_holds_for_the_last_main_of_a_never_pod() {
    let gone = |at_s: f64| {
        let mut pod = pod(Never, 20, &["m0"]).life("m0", 1.0, None);
        let mut liveness = probe().expect("a probe");
        liveness.grace_s = Some(3);
        pod.container("m0").liveness = Some(liveness);
        pod.step(2.0, Running, "ip sandbox ready", "m0:R0sr")
            .term("m0", 4.0)
            .killed("m0", at_s)
            .step(at_s + 1.0, Failed, "ip", "m0:T0=137")
    };
    gone(7.1).keeps("G-probe-grace");
    gone(24.0).breaks(&["G-probe-grace"]);
    gone(24.0).is_named("G-probe-grace", "podcheck/RS-11");
}

#[test]
fn a_pod_whose_main_a_probe_has_stopped_has_not_succeeded() {
    let ended = |policy, phase, code: u8| {
        let mut pod = pod(policy, 20, &["m0"]).life("m0", 1.0, Some((7.0, code)));
        pod.container("m0").liveness = probe();
        let state = format!("m0:T0={code}");
        pod.step(2.0, Running, "ip sandbox ready", "m0:R0sr")
            .term("m0", 4.0)
            .step(8.0, phase, "ip", &state)
    };
    ended(Never, Failed, 1).keeps("G-succeeded-by-itself");
    ended(Never, Succeeded, 0).breaks(&["G-succeeded-by-itself"]);
    ended(Never, Succeeded, 0).is_named("G-succeeded-by-itself", "podcheck/PH-1");
    ended(OnFailure, Succeeded, 0).is_named("G-succeeded-by-itself", "kubernetes#109537");
}
