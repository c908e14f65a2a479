//! What the phase says while there is work.

use super::support::{Pod, pod};
use crate::trace::Phase::{self, Failed, Pending, Running, Succeeded};
use crate::trace::RestartPolicy::{Always, Never, OnFailure};

fn init(phase: Phase) -> Pod {
    pod(Always, 3, &["i0", "m0"])
        .life("i0", 1.0, None)
        .step(2.0, phase, "", "i0:R0s m0:W")
}

#[test]
fn a_pod_that_is_initializing_is_pending() {
    init(Pending).keeps("G-pending-while-initializing");
    init(Running).breaks(&["G-pending-while-initializing", "G-running-means-created"]);
    init(Pending).keeps("G-phase-is-known");
    init(Phase::Unknown).breaks(&["G-phase-is-known"]);
}

#[test]
fn a_pod_runs_when_all_is_created_and_up() {
    let one = |phase| {
        pod(Always, 3, &["m0", "m1"])
            .life("m0", 1.0, None)
            .step(2.0, phase, "", "m0:R0sr m1:W")
    };
    one(Pending).keeps("G-running-means-created");
    one(Running).breaks(&["G-running-means-created"]);
    let both = |phase| {
        pod(Always, 3, &["m0", "m1"])
            .life("m0", 1.0, None)
            .life("m1", 1.0, None)
            .step(2.0, phase, "", "m0:R0sr m1:R0sr")
    };
    both(Running).keeps("G-running-when-up");
    both(Pending).breaks(&["G-running-when-up"]);
}

#[test]
fn a_pod_ends_when_nothing_is_restarted_any_more() {
    let ended = |policy, code: u8, phase| {
        let status = format!("m0:T0={code}");
        pod(policy, 3, &["m0"])
            .life("m0", 1.0, Some((2.0, code)))
            .step(4.0, phase, "ip", &status)
    };
    ended(Never, 3, Failed).keeps("G-ends-when-over");
    ended(OnFailure, 0, Succeeded).keeps("G-ends-when-over");
    ended(OnFailure, 3, Failed).breaks(&["G-ends-when-over"]);
    ended(Always, 0, Succeeded).breaks(&["G-ends-when-over"]);
    let init_failed =
        pod(Never, 3, &["i0", "m0"])
            .life("i0", 1.0, Some((2.0, 3)))
            .step(4.0, Failed, "ip", "i0:T0=3 m0:W");
    init_failed.keeps("G-ends-when-over");
}
