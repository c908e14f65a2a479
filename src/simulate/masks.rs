//! Published identities and times that are not the true ones.

use std::net::IpAddr;
use std::sync::Arc;

use super::faults::Fault;
use crate::model::State;
use crate::trace::{BackOffSaid, ConditionKind, PodResources, PodSeen, PodView, Qos, Reason, Seen, Step, UnixMs};

/// Changes what goes with the containers' statuses in `view`.
pub fn containers(fault: Fault, now: UnixMs, steps: &[Step], view: &PodView, seen: &mut [Seen]) {
    let second = now.div_euclid(1_000) * 1_000;
    for (index, seen) in seen.iter_mut().enumerate() {
        let state = view.containers[index].as_ref().map(|view| &view.state);
        match fault {
            Fault::StartedAfterItsEnd => {
                if let (Some(started), Some(finished)) = (&mut seen.started_at, seen.finished_at)
                    && *started == finished
                {
                    *started += 1_000;
                }
            }
            Fault::RunningSinceLost if state == Some(&State::Running) => seen.started_at = None,
            Fault::StartMoves if state == Some(&State::Running) => seen.started_at = Some(second),
            Fault::FinishMoves => seen.finished_at = seen.finished_at.map(|_| second),
            Fault::LastFinishLate => seen.last_finished_at = seen.last_finished_at.map(|_| second + 60_000),
            Fault::LastStateRepeats if matches!(state, Some(State::Terminated(_))) => {
                seen.last_container_id = seen.container_id.clone();
                (seen.last_started_at, seen.last_finished_at) = (seen.started_at, seen.finished_at);
            }
            Fault::ContainerIdBare => {
                let bare = |id: Arc<str>| id.trim_start_matches("containerd://").into();
                seen.container_id = seen.container_id.take().map(bare);
            }
            Fault::EndOfAnother => {
                let another = |id: Arc<str>| format!("{id}0").into();
                seen.ended_container_id = seen.ended_container_id.take().map(another);
            }
            Fault::OneIdForAll => {
                let one = |_| "containerd://0".into();
                seen.container_id = seen.container_id.take().map(one);
                seen.ended_container_id = seen.ended_container_id.take().map(one);
                seen.last_container_id = seen.last_container_id.take().map(one);
            }
            Fault::TwoStates => seen.has_two_states = matches!(state, Some(State::Terminated(_))),
            Fault::BackOffOverstated if state == Some(&State::Waiting(Reason::CrashLoopBackOff)) => {
                seen.back_off = Some(BackOffSaid {
                    delay_ms: Some(600_000),
                    is_own: true,
                });
            }
            Fault::ContainerIdStuck => {
                let first = steps.iter().find_map(|step| step.seen.get(index)?.container_id.clone());
                seen.container_id = first.or(seen.container_id.take());
            }
            _ => {}
        }
    }
}

/// Changes what goes with the pod's status.
pub fn pod(fault: Fault, now: UnixMs, writes: usize, seen: &mut PodSeen) {
    let other = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => IpAddr::V4((u32::from(ip) + 1).into()),
        IpAddr::V6(_) => ip,
    };
    let now_and_then = writes.is_multiple_of(2);
    match fault {
        Fault::StartTimeMoves => seen.start_time = Some(now.div_euclid(1_000) * 1_000),
        Fault::StartTimeMissing => seen.start_time = None,
        Fault::HostIpMissing => seen.host_ip = None,
        Fault::HostIpMoves if now_and_then => {
            seen.host_ip = seen.host_ip.map(other);
            seen.first_host_ip = seen.host_ip;
        }
        Fault::HostIpsMissing => seen.first_host_ip = None,
        Fault::HostIpsDisagree => seen.first_host_ip = seen.host_ip.map(other),
        Fault::PodIpsDisagree => seen.first_pod_ip = seen.pod_ip.map(other),
        Fault::PodIpChanges if now_and_then => {
            seen.pod_ip = seen.pod_ip.map(other);
            seen.first_pod_ip = seen.pod_ip;
        }
        Fault::QosLost if now_and_then => seen.qos = None,
        Fault::QosWrong => seen.qos = Some(Qos::Burstable),
        Fault::ResourcesOfNobody => seen.resources = Some(PodResources::Amounts),
        Fault::NoLimitTold => seen.resources = Some(PodResources::NoLimit),
        Fault::ConditionTwice => seen.conditions[ConditionKind::Ready as usize].is_repeated = true,
        Fault::ReadyUndefined => seen.conditions[ConditionKind::Ready as usize].is_undefined = true,
        Fault::GenerationAhead => seen.observed_generation = seen.observed_generation.map(|it| it + 1),
        Fault::ConditionGenerationAhead => {
            for condition in &mut seen.conditions {
                condition.observed_generation = condition.observed_generation.map(|it| it + 1);
            }
        }
        Fault::GenerationLost => seen.observed_generation = None,
        Fault::GenerationStuck => seen.observed_generation = seen.observed_generation.map(|_| 1),
        Fault::TransitionTimeStuck => {
            let start_time = seen.start_time;
            for condition in &mut seen.conditions {
                condition.transition = condition.transition.and(start_time);
            }
        }
        Fault::TransitionTimeFalls if now_and_then => {
            for condition in &mut seen.conditions {
                condition.transition = condition.transition.map(|at| at - 5_000);
            }
        }
        Fault::SandboxAnnouncedLate => {
            let condition = &mut seen.conditions[ConditionKind::PodReadyToStartContainers as usize];
            condition.transition = condition.transition.map(|at| at + 5_000);
        }
        Fault::StatusesReversed => seen.out_of_order = true,
        Fault::StrangersStatus => seen.status_entries += 1,
        _ => {}
    }
}
