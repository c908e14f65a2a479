//! Published statuses in which one field is not what the kubelet knows.

use super::faults::Fault;
use crate::model::{Exit, Kind, Phase, PodSpec, Reason, State};
use crate::trace::{ConditionKind, ContainerView, PodView};

/// Changes the status that follows `before`, the `writes`th one.
pub fn status(fault: Fault, spec: &PodSpec, writes: usize, before: &PodView, view: &mut PodView) {
    let had_ended = |kind: Kind| {
        let mut pairs = spec.containers.iter().zip(&view.containers);
        pairs.any(|(container, view)| {
            let ended = view
                .as_ref()
                .is_some_and(|view| matches!(view.state, State::Terminated(_)));
            container.kind == kind && ended
        })
    };
    match fault {
        Fault::BackoffHidden => each(view, |view| {
            if let (State::Waiting(Reason::CrashLoopBackOff), Some(last)) = (&view.state, &view.last) {
                view.state = State::Terminated(last.clone());
            }
        }),
        Fault::RestartCountFalls if writes.is_multiple_of(3) => {
            each(view, |view| view.restart_count = view.restart_count.saturating_sub(1));
        }
        Fault::ContainersReadyStaysTrue if !view.phase.is_terminal() => {
            let was = before.conditions[ConditionKind::ContainersReady as usize].clone();
            if let Some(was) = was.filter(|was| was.is_true) {
                view.conditions[ConditionKind::ContainersReady as usize] = Some(was);
            }
        }
        Fault::InitializedWithdrawn if had_ended(Kind::Main) => withdraw(view, ConditionKind::Initialized),
        Fault::ScheduledWithdrawn if view.phase.is_terminal() => withdraw(view, ConditionKind::PodScheduled),
        Fault::SidecarExitFailsPod if view.phase == Phase::Succeeded => {
            let mut pairs = spec.containers.iter().zip(&view.containers);
            let failed = pairs.any(|(container, view)| {
                let state = view.as_ref().map(|view| &view.state);
                container.kind == Kind::Sidecar && matches!(state, Some(State::Terminated(exit)) if exit.code != 0)
            });
            if failed {
                view.phase = Phase::Failed;
            }
        }
        Fault::KilledShows143 => exits(view, |exit, _| {
            if exit.code == 137 && exit.reason == Reason::Error {
                exit.code = 143;
            }
        }),
        Fault::CompletedIsError => exits(view, |exit, _| {
            if exit.code == 0 {
                exit.reason = Reason::Error;
            }
        }),
        Fault::ExitCodeOfLifeBefore => exits(view, |exit, last| {
            if let Some(last) = last {
                *exit = last.clone();
            }
        }),
        Fault::PodIpMissing => view.pod_ip = false,
        _ => {}
    }
}

fn withdraw(view: &mut PodView, kind: ConditionKind) {
    if let Some(condition) = &mut view.conditions[kind as usize] {
        condition.is_true = false;
    }
}

fn each(view: &mut PodView, change: impl Fn(&mut ContainerView)) {
    view.containers.iter_mut().flatten().for_each(change);
}

/// Ends, with those of the lives before.
fn exits(view: &mut PodView, change: impl Fn(&mut Exit, Option<&Exit>)) {
    each(view, |view| {
        if let State::Terminated(exit) = &mut view.state {
            change(exit, view.last.as_ref());
        }
    });
}
