//! Breaches that are told from others by little: each was once taken for an unknown one.

use super::support::{Pod, pod, probe};
use crate::trace::Phase::{Failed, Running, Succeeded};
use crate::trace::RestartPolicy::Never;

/// A sidecar, and a main container that ends with 0 then.
fn work_that_ends_at(end_s: f64, grace_s: u32) -> Pod {
    pod(Never, grace_s, &["s0", "m0"])
        .life("s0", 1.0, None)
        .life("m0", 2.0, Some((end_s, 0)))
        .step(5.0, Running, "ip init sandbox ready", "s0:R0sr m0:R0sr")
}

/// The sidecar is killed, and the deleted pod ends.
fn gone_after_kill(pod: Pod, at_s: f64) -> Pod {
    pod.killed("s0", at_s)
        .step(at_s + 0.6, Succeeded, "ip init", "s0:T0=137 m0:T0=0")
        .step(at_s + 1.4, Succeeded, "ip init gone", "s0:T0=137 m0:T0=0")
}

#[test]
fn a_delete_in_the_second_of_the_shutdown_may_have_set_the_grace() {
    let pod = work_that_ends_at(12.4, 4)
        .deleted(12.5, 8)
        .term("s0", 12.55)
        .step(12.6, Running, "ip init sandbox ready", "s0:R0sr m0:R0sr")
        .deleted(13.2, 1)
        .step(13.3, Running, "ip init sandbox ready", "s0:R0sr m0:R0sr");
    gone_after_kill(pod, 20.6).is_named("G-shorter-grace-counts", "kubernetes#83916");
}

#[test]
fn a_pod_can_be_ending_by_itself_before_the_kubelet_knows_of_the_delete() {
    let pod = work_that_ends_at(12.9, 8)
        .deleted(12.5, 2)
        .step(12.6, Running, "ip init sandbox ready", "s0:R0sr m0:R0sr")
        .deleted(13.2, 1)
        .step(13.3, Running, "ip init sandbox ready", "s0:R0sr m0:R0sr")
        .term("s0", 13.5);
    gone_after_kill(pod, 21.6).is_named("G-shorter-grace-counts", "kubernetes#83916");
}

#[test]
fn a_probe_can_kill_before_the_kubelet_knows_of_the_last_end() {
    let mut pod = pod(Never, 8, &["s0", "m0"]);
    pod.container("s0").liveness = probe();
    let pod = pod
        .life("s0", 1.0, None)
        .life("m0", 2.0, Some((12.3, 0)))
        .step(5.0, Running, "ip init sandbox ready", "s0:R0sr m0:R0sr")
        .term("s0", 13.1)
        .killed("s0", 21.1)
        .life("s0", 21.4, None)
        .step(21.8, Running, "ip init sandbox", "s0:R1s/137 m0:T0=0")
        .killed("s0", 30.0)
        .step(31.0, Failed, "ip init", "s0:T1=137/137 m0:T0=0");
    pod.is_named("G-no-sidecar-after-the-work", "podcheck/RS-10");
}

#[test]
fn the_term_of_one_that_is_killed_may_be_told_by_nobody() {
    let mut pod = pod(Never, 8, &["s0", "m0"]);
    pod.container("s0").liveness = probe();
    let killed_at = |end_s: f64| {
        pod.clone()
            .life("s0", 1.0, None)
            .life("m0", 2.0, Some((12.3, 0)))
            .step(5.0, Running, "ip init sandbox ready", "s0:R0sr m0:R0sr")
            .killed("s0", end_s)
            .life("s0", end_s + 0.3, None)
            .step(end_s + 0.7, Running, "ip init sandbox", "s0:R1s/137 m0:T0=0")
            .killed("s0", end_s + 9.0)
            .step(end_s + 10.0, Failed, "ip init", "s0:T1=137/137 m0:T0=0")
    };
    killed_at(21.1).is_named("G-no-sidecar-after-the-work", "podcheck/RS-10");
}

/// One sync stops both, which takes it beyond the end of the work.
#[test]
fn a_probe_can_kill_after_another_kill_that_went_across_the_last_end() {
    let mut pod = pod(Never, 8, &["s0", "s1", "m0"]);
    pod.container("s0").liveness = probe();
    pod.container("s1").liveness = probe();
    let killed_at = |told_s: f64| {
        pod.clone()
            .life("s0", 1.0, None)
            .life("s1", 2.0, None)
            .life("m0", 3.0, Some((12.3, 0)))
            .step(5.0, Running, "ip init sandbox ready", "s0:R0sr s1:R0sr m0:R0sr")
            .term("s1", 12.1)
            .killed("s1", 20.1)
            .term("s0", told_s)
            .killed("s0", told_s + 8.0)
            .life("s0", told_s + 8.3, None)
            .step(told_s + 8.7, Running, "ip init sandbox", "s0:R1s/137 s1:T0=137 m0:T0=0")
            .killed("s0", told_s + 17.0)
            .step(told_s + 18.0, Failed, "ip init", "s0:T1=137/137 s1:T0=137 m0:T0=0")
    };
    let id = "G-no-sidecar-after-the-work";
    killed_at(20.2).is_named(id, "podcheck/RS-10");
    killed_at(40.0).is_unknown(id);
}

#[test]
fn a_delete_waits_for_a_natural_end_that_is_under_way() {
    let yaml = "restartPolicy: Never\ngraceSeconds: 40\ninit:\n  - kind: sidecar\n    container:\n      attempts: [{onTerm: \
                {action: ignore}}]\nmain:\n  - attempts: [{livesMs: 10000, onTerm: {action: exit, code: 0}}]\nobserveMsMax: \
                60000\n";
    let pod = work_that_ends_at(12.0, 40)
        .scripted(yaml)
        .term("s0", 12.5)
        .deleted(14.0, 2)
        .step(14.1, Running, "ip init sandbox", "s0:R0sr m0:T0=0");
    gone_after_kill(pod, 52.6).is_named("G-gone-in-time", "kubernetes#113606");
}
