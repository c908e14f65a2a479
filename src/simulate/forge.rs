//! Published statuses in which one field is not what the kubelet knows.

use super::faults::Fault;
use crate::model::{Exit, Kind, Phase, PodSpec, Reason, RestartPolicy, State};
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
        Fault::MessageStale => {
            for (before, now) in before.conditions.iter().zip(&mut view.conditions) {
                let Some((before, now)) = before.as_ref().zip(now.as_mut()) else {
                    continue;
                };
                if (before.is_true, &before.reason) == (now.is_true, &now.reason) {
                    now.message = before.message.clone();
                }
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
        Fault::ExitCodeIsWaitStatus => exits(view, |exit, _| {
            if exit.reason != Reason::ContainerStatusUnknown {
                exit.code *= 256;
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
        Fault::StatusMissing => view.containers.iter_mut().skip(1).for_each(|view| *view = None),
        Fault::PhaseUnknown if view.phase == Phase::Running => view.phase = Phase::Unknown,
        Fault::AlwaysPodEnds if spec.restart_policy == RestartPolicy::Always => {
            let mut pairs = spec.containers.iter().zip(&view.containers);
            let over = pairs.all(|(container, view)| {
                let state = view.as_ref().map(|view| &view.state);
                container.kind != Kind::Main || matches!(state, Some(State::Terminated(_)))
            });
            if over {
                view.phase = Phase::Succeeded;
            }
        }
        Fault::ReadyUndefined => withdraw(view, ConditionKind::Ready),
        Fault::ReadyNever => {
            withdraw(view, ConditionKind::Ready);
            withdraw(view, ConditionKind::ContainersReady);
        }
        Fault::ReadyAfterTheEnd if view.phase.is_terminal() => {
            if let Some(condition) = &mut view.conditions[ConditionKind::Ready as usize] {
                condition.is_true = true;
            }
        }
        Fault::SandboxConditionFalse if view.runs() => withdraw(view, ConditionKind::PodReadyToStartContainers),
        Fault::InitializedLate if !view.runs() && spec.containers.iter().all(|it| it.kind == Kind::Main) => {
            withdraw(view, ConditionKind::Initialized);
        }
        Fault::WaitingReasonLost => each(view, |view| {
            if let State::Waiting(reason) = &mut view.state {
                *reason = Reason::None;
            }
        }),
        Fault::CreatedSaysNothing => {
            for (before, view) in before.containers.iter().zip(&mut view.containers) {
                let Some((before, view)) = before.as_ref().zip(view.as_mut()) else {
                    continue;
                };
                let waited = matches!(before.state, State::Waiting(_)) && before.last.is_none();
                if waited && view.state == State::Running {
                    view.state = State::Waiting(Reason::None);
                    (view.ready, view.started) = (false, false);
                }
            }
        }
        Fault::EndReasonLost => exits(view, |exit, _| exit.reason = Reason::None),
        Fault::LastStateInvented => each(view, |view| {
            if view.state == State::Running && view.restart_count == 0 {
                view.last = Some(Exit {
                    code: 137,
                    reason: Reason::Error,
                });
            }
        }),
        Fault::LastStateRepeats => each(view, |view| {
            if let State::Terminated(exit) = &view.state {
                view.last = Some(exit.clone());
            }
        }),
        Fault::CrashLoopOfTheNew => each(view, |view| {
            if matches!(view.state, State::Waiting(_)) && view.last.is_none() {
                view.state = State::Waiting(Reason::CrashLoopBackOff);
            }
        }),
        Fault::InitReadyLost | Fault::ReadyWithheld => {
            for (container, view) in spec.containers.iter().zip(view.containers.iter_mut().flatten()) {
                let probed = container.startup.is_some() || container.readiness.is_some();
                let is_init = container.kind == Kind::Init;
                if is_init == (fault == Fault::InitReadyLost) && !probed {
                    view.ready = false;
                }
            }
        }
        Fault::ReadyAfterDeath | Fault::StartedAfterDeath | Fault::ReadinessFailureIgnored => {
            for (before, view) in before.containers.iter().zip(&mut view.containers) {
                let Some((before, view)) = before.as_ref().zip(view.as_mut()) else {
                    continue;
                };
                let lives = view.state == State::Running;
                match fault {
                    _ if before.restart_count != view.restart_count => {}
                    Fault::ReadyAfterDeath if !lives => view.ready |= before.ready,
                    Fault::StartedAfterDeath if !lives => view.started |= before.started,
                    Fault::ReadinessFailureIgnored if lives => view.ready |= before.ready,
                    _ => {}
                }
            }
        }
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
