//! Who and where a pod is.

use super::support::{EPOCH_MS, Pod, pod};
use crate::trace::Phase::{Failed, Pending, Running, Succeeded};
use crate::trace::RestartPolicy::{Always, OnFailure};
use crate::trace::{ConditionKind, PodResources, Qos};

fn up() -> Pod {
    pod(Always, 3, &["m0"])
        .step(0.5, Pending, "", "m0:W")
        .life("m0", 1.0, None)
        .step(2.0, Running, "", "m0:R0sr")
}

/// Keeps `id` as it is and breaks it when the newest status is changed.
#[track_caller]
fn changed(id: &str, change: impl Fn(&mut crate::trace::PodSeen)) {
    up().keeps(id);
    let mut pod = up();
    change(&mut pod.newest().pod_seen);
    pod.breaks(&[id]);
}

#[test]
fn a_pod_is_acknowledged_once_and_before_its_containers_start() {
    changed("G-start-time-stays", |seen| seen.start_time = None);
    changed("G-start-time-stays", |seen| seen.start_time = Some(EPOCH_MS - 1_000));
    let mut late = up();
    for step in &mut late.trace.steps {
        step.pod_seen.start_time = Some(EPOCH_MS + 2_000);
    }
    up().keeps("G-acknowledged-first");
    late.breaks(&["G-acknowledged-first", "G-condition-after-start"]);
}

#[test]
fn a_pod_stays_on_its_node() {
    changed("G-host-is-told", |seen| {
        seen.host_ip = None;
        seen.first_host_ip = None;
    });
    changed("G-host-ips-are-told", |seen| seen.first_host_ip = None);
    changed("G-host-stays", |seen| seen.elsewhere = true);
    changed("G-host-stays", |seen| {
        seen.host_ip = Some([172, 18, 0, 3].into());
        seen.first_host_ip = seen.host_ip;
    });
    changed("G-host-ips-agree", |seen| {
        seen.first_host_ip = Some([172, 18, 0, 3].into())
    });
    up().keeps("G-host-ips-agree");
}

#[test]
fn a_pod_has_one_address_and_has_it_before_anything_runs() {
    let two = || up().step(3.0, Running, "", "m0:R0sr");
    two().keeps("G-one-ip");
    let mut moved = two();
    moved.newest().pod_seen.pod_ip = Some([10, 0, 0, 2].into());
    moved.newest().pod_seen.first_pod_ip = Some([10, 0, 0, 2].into());
    moved.breaks(&["G-one-ip"]);
    changed("G-pod-ips-agree", |seen| seen.first_pod_ip = Some([10, 0, 0, 2].into()));
    up().keeps("G-network-first");
    let without = pod(Always, 3, &["m0"]).life("m0", 1.0, None);
    without
        .step(2.0, Running, "noip", "m0:R0sr")
        .breaks(&["G-network-first"]);
}

#[test]
fn the_class_of_service_stays() {
    changed("G-qos-stays", |seen| seen.qos = None);
    changed("G-qos-stays", |seen| {
        (seen.qos, seen.qos_due) = (Some(Qos::Burstable), None);
    });
}

#[test]
fn the_class_of_service_fits_the_resources() {
    let id = "G-qos-fits-resources";
    let of = |told, due| {
        let mut pod = up();
        for step in &mut pod.trace.steps {
            (step.pod_seen.qos, step.pod_seen.qos_due) = (Some(told), due);
        }
        pod
    };
    for class in [Qos::Guaranteed, Qos::Burstable, Qos::BestEffort] {
        of(class, Some(class)).keeps(id);
        of(class, None).breaks(&[]);
        of(Qos::Unknown, Some(class)).breaks(&[id]);
    }
    of(Qos::Guaranteed, Some(Qos::Burstable)).breaks(&[id]);
    of(Qos::BestEffort, Some(Qos::Guaranteed)).breaks(&[id]);
}

#[test]
fn a_pod_that_asks_for_nothing_has_no_resources_as_a_whole() {
    let id = "G-pod-resources-are-set";
    let of = |told, due| {
        let mut pod = up();
        let seen = &mut pod.newest().pod_seen;
        (seen.resources, seen.qos_due) = (told, due);
        pod
    };
    let nothing = Some(Qos::BestEffort);
    of(None, nothing).keeps(id);
    of(Some(PodResources::Amounts), nothing).breaks(&[id]);
    of(Some(PodResources::NoLimit), nothing).breaks(&[id]);
    of(Some(PodResources::Amounts), None).breaks(&[]);
}

#[test]
fn nothing_is_observed_before_it_is_there() {
    changed("G-observed-generation", |seen| seen.observed_generation = Some(2));
    let deleted = || up().deleted(3.0, 3).step(3.5, Running, "", "m0:R0sr");
    deleted().keeps("G-observed-generation");
    let mut back = deleted().step(4.0, Running, "", "m0:R0sr");
    back.newest().pod_seen.observed_generation = Some(1);
    back.breaks(&["G-observed-generation"]);
    changed("G-condition-generation", |seen| {
        seen.conditions[0].observed_generation = Some(2)
    });
}

#[test]
fn only_the_pod_s_containers_have_a_status() {
    changed("G-one-status-each", |seen| seen.status_entries += 1);
}

#[test]
fn an_object_without_the_kubelet_s_status_owes_nothing() {
    pod(Always, 3, &["m0"]).step(0.0, Pending, "", "").breaks(&[]);
}

#[test]
fn a_pod_s_start_is_its_first_report_and_its_address_its_own() {
    let first = || {
        pod(Always, 3, &["m0"])
            .step(0.0, Pending, "", "")
            .step(0.5, Pending, "", "m0:W")
            .life("m0", 1.0, None)
            .step(2.0, Running, "", "m0:R0sr")
    };
    first().keeps("G-start-time-stays");
    let mut early = first();
    for step in &mut early.trace.steps {
        step.pod_seen.start_time = Some(EPOCH_MS - 600_000);
    }
    early.breaks(&["G-start-time-stays"]);
    changed("G-one-ip", |seen| {
        seen.pod_ip = seen.host_ip;
        seen.first_pod_ip = seen.host_ip;
    });
    let mut with_the_node_s_network = up();
    let seen = &mut with_the_node_s_network.newest().pod_seen;
    (seen.pod_ip, seen.first_pod_ip, seen.on_host_network) = (seen.host_ip, seen.host_ip, true);
    with_the_node_s_network.breaks(&[]);
}

#[test]
fn a_status_tells_its_generation() {
    changed("G-generation-is-told", |seen| seen.observed_generation = None);
    let mut zero = up();
    zero.newest().pod_seen.observed_generation = Some(0);
    zero.breaks(&["G-observed-generation", "G-generation-is-told"]);
    changed("G-generation-is-told", |seen| {
        seen.conditions[ConditionKind::Ready as usize].observed_generation = None;
    });
}

#[test]
fn who_ends_for_its_delete_has_observed_it() {
    let id = "G-delete-is-observed";
    let ended = |policy, code: u8, observed| {
        let mut pod = pod(policy, 3, &["m0"])
            .step(0.5, Pending, "", "m0:W")
            .life("m0", 1.0, Some((5.2, code)))
            .step(2.0, Running, "", "m0:R0sr")
            .deleted(5.0, 3)
            .step(5.0, Running, "", "m0:R0sr")
            .step(
                6.0,
                if code == 0 { Succeeded } else { Failed },
                "ip",
                &format!("m0:T0={code}"),
            );
        for step in &mut pod.trace.steps[2..] {
            step.pod_seen.observed_generation = Some(observed);
        }
        pod
    };
    ended(Always, 0, 2).keeps(id);
    ended(Always, 0, 1).breaks(&[id]);
    ended(OnFailure, 1, 1).breaks(&[id]);
    // Its work was over anyway.
    ended(OnFailure, 0, 1).breaks(&[]);
}
