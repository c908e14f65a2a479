//! What planted faults do to plans, times and published statuses. Without a fault everything passes unchanged.

use std::sync::Arc;

use super::faults::Fault;
use super::forge;
use super::masks;
use super::node::Node;
use crate::model::{self, Kind, Phase, Plan, Probed, Reason, RestartPolicy, State, Worker};
use crate::trace::{Condition, ConditionKind, PodSeen, PodView, Seen, UnixMs};

impl Node<'_> {
    /// The model's plan, or what the fault makes of it.
    pub fn tampered_plan(&mut self) -> Plan {
        let spec = &self.work.spec;
        let Some(fault) = self.fault else {
            return model::plan(self.behaviour, spec, &self.pod);
        };
        let mut seen = self.pod.clone();
        if fault == Fault::StartupGateSkipped {
            for container in seen.containers_mut() {
                if let Some(newest) = container
                    .newest
                    .as_mut()
                    .filter(|newest| newest.startup != Probed::Failure)
                {
                    newest.startup = Probed::Success;
                }
            }
        }
        let mut plan = model::plan(self.behaviour, spec, &seen);
        let pod = &self.pod;
        let kind = |index: usize| spec.containers[index].kind;
        let is_new = |index: usize| pod.containers[index].newest.is_none();
        let code = |index: usize| pod.containers[index].exit().map(|exit| exit.code);
        let first_main = spec
            .containers
            .iter()
            .position(|c| c.kind == Kind::Main)
            .unwrap_or_default();
        let mut add = Vec::new();
        match fault {
            Fault::MainBeforeInit if first_main >= 2 && !is_new(0) && is_new(first_main) => add.push(first_main),
            Fault::InitsOverlap => {
                add.extend((1..first_main).find(|&index| is_new(index) && pod.containers[index - 1].is_running()))
            }
            Fault::FailedInitIgnored if first_main >= 2 && code(0).is_some_and(|code| code != 0) && is_new(1) => {
                add.push(1);
            }
            Fault::MainsOneByOne if pod.containers[first_main].newest.is_none() => {
                plan.starts.retain(|&index| index <= first_main);
            }
            Fault::SidecarNotRestarted => plan
                .starts
                .retain(|&index| kind(index) != Kind::Sidecar || is_new(index)),
            Fault::MainNotRestarted => plan.starts.retain(|&index| kind(index) != Kind::Main || is_new(index)),
            Fault::InitNotRetried => plan.starts.retain(|&index| kind(index) != Kind::Init || is_new(index)),
            Fault::SidecarRestartsByPodPolicy => plan.starts.retain(|&index| {
                kind(index) != Kind::Sidecar
                    || code(index).is_none_or(|code| match spec.restart_policy {
                        RestartPolicy::Always => true,
                        RestartPolicy::OnFailure => code != 0,
                        RestartPolicy::Never => false,
                    })
            }),
            Fault::NeverMainRestarted if spec.restart_policy == RestartPolicy::Never => {
                add.extend((first_main..spec.containers.len()).filter(|&index| code(index).is_some_and(|c| c != 0)));
            }
            Fault::CompletedMainRestarted if spec.restart_policy == RestartPolicy::OnFailure => {
                add.extend((first_main..spec.containers.len()).filter(|&index| code(index) == Some(0)));
            }
            Fault::CompletedInitRunAgain if kind(0) == Kind::Init && code(0) == Some(0) => {
                add.extend(code(first_main).is_some().then_some(0));
            }
            Fault::CrashStopsOtherMains if !plan.kill_pod => {
                let mains = || first_main..spec.containers.len();
                if mains().any(|index| code(index).is_some_and(|code| code != 0)) {
                    let others =
                        mains().filter(|&index| pod.containers[index].is_running() && !plan.kills.contains(&index));
                    let others: Vec<usize> = others.collect();
                    plan.kills.extend(others);
                }
            }
            Fault::SidecarCrashStopsInit => {
                let crashed = (0..first_main).any(|index| kind(index) == Kind::Sidecar && code(index).is_some());
                let running = |index: &usize| kind(*index) == Kind::Init && pod.containers[*index].is_running();
                plan.kills
                    .extend((0..first_main).filter(running).filter(|_| crashed && !plan.kill_pod));
            }
            Fault::SidecarNotRestartedDuringInit => plan
                .starts
                .retain(|&index| kind(index) != Kind::Sidecar || is_new(index) || !is_new(first_main)),
            Fault::LivenessIgnored => {
                let failed = |index: usize| pod.containers[index].newest.as_ref().is_some_and(|i| i.liveness_failed);
                plan.starts
                    .retain(|&index| !(plan.kills.contains(&index) && failed(index)));
                plan.kills.retain(|&index| !failed(index));
            }
            Fault::StartupFailureIgnored => {
                let failed = |index: usize| {
                    pod.containers[index]
                        .newest
                        .as_ref()
                        .is_some_and(|i| i.startup == Probed::Failure)
                };
                plan.starts
                    .retain(|&index| !(plan.kills.contains(&index) && failed(index)));
                plan.kills.retain(|&index| !failed(index));
            }
            Fault::ReadinessKills => {
                let unready = pod
                    .status
                    .containers
                    .iter()
                    .position(|view| view.state == State::Running && view.started && !view.ready);
                let unready = unready.filter(|&index| kind(index) != Kind::Init && !plan.kill_pod);
                plan.kills.extend(unready.filter(|index| !plan.kills.contains(index)));
                add.extend(unready);
            }
            Fault::CompletionBlockedBySidecar => {
                let runs = |index: usize| kind(index) == Kind::Sidecar && pod.containers[index].is_running();
                plan.kill_pod &= !(0..first_main).any(runs);
            }
            _ => {}
        }
        if !plan.kill_pod || matches!(fault, Fault::NeverMainRestarted | Fault::CompletedMainRestarted) {
            plan.kill_pod &= add.is_empty();
            plan.starts.extend(add);
            plan.starts.sort_unstable();
            plan.starts.dedup();
        }
        plan
    }

    /// The back-off that a restart has to respect.
    pub fn backoff_wait_ms(&self, index: usize) -> UnixMs {
        let wait_ms = UnixMs::from(self.pod.containers[index].backoff_wait_s()) * 1_000;
        match self.fault {
            Some(Fault::BackoffHalved) => wait_ms / 2,
            Some(Fault::BackoffNeverGrows) => wait_ms.min(10_000),
            Some(Fault::NoBackoff) => 0,
            Some(Fault::BackoffTooLong) if wait_ms > 0 => wait_ms + 45_000,
            Some(Fault::BackoffGrowsTooFast) if wait_ms > 10_000 => 4 * wait_ms,
            Some(Fault::FirstRestartLate) if wait_ms == 0 => 45_000,
            Some(Fault::BackoffForEver) if wait_ms > 0 => UnixMs::MAX / 8,
            _ => wait_ms,
        }
    }

    /// The grace that the runtime is given.
    pub fn tampered_grace_s(&self, grace_s: u32) -> u32 {
        match self.fault {
            Some(Fault::KillAtOnce) => 0,
            Some(Fault::KillEarly) => grace_s / 2,
            Some(Fault::KillLate) => grace_s + 40,
            _ => grace_s,
        }
    }

    /// How many failures in a row are a result.
    pub fn tampered_failure_threshold(&self, worker: Worker, threshold: u32) -> u32 {
        if self.fault == Some(Fault::ThresholdIgnored) && worker != Worker::Readiness {
            1
        } else {
            threshold
        }
    }

    /// Does the kubelet take note of a delete?
    pub fn takes_delete(&self) -> bool {
        self.fault != Some(Fault::DeleteIgnored)
    }

    /// A container that a fault has left running counts as killed, as far as this kubelet thinks.
    pub fn assume_stopped(&mut self) {
        for container in self.pod.containers_mut() {
            if let Some(newest) = container.newest.as_mut().filter(|newest| newest.exit.is_none()) {
                newest.exit = Some(model::Exit {
                    code: 137,
                    reason: Reason::Error,
                });
            }
        }
    }

    /// May this terminal phase be published?
    pub fn phase_is_hidden(&self) -> bool {
        !self.worker.terminated && self.fault != Some(Fault::TerminalPhaseTooEarly)
    }

    /// The identities and times that go with a status.
    pub fn tampered_seen(&self, view: &PodView, mut seen: Vec<Seen>) -> Vec<Seen> {
        if let Some(fault) = self.fault {
            masks::containers(fault, self.now, &self.api.steps, view, &mut seen);
        }
        seen
    }

    /// The pod's own identity and times that go with a status.
    pub fn tampered_pod_seen(&self, mut pod_seen: PodSeen) -> PodSeen {
        if let Some(fault) = self.fault {
            masks::pod(fault, self.now, self.api.steps.len(), &mut pod_seen);
        }
        pod_seen
    }

    /// What is published in place of `view`; `None`: nothing.
    pub fn tampered_view(&mut self, mut view: PodView) -> Option<PodView> {
        let Some(fault) = self.fault else { return Some(view) };
        let before = PodView::clone(&self.api.view);
        let writes = self.api.steps.len();
        let spec = &self.work.spec;
        forge::status(fault, spec, writes, &before, &mut view);
        let policy = spec.restart_policy;
        let has_init = spec.containers.iter().any(|container| container.kind != Kind::Main);
        let is_true = |kind: ConditionKind| view.conditions[kind as usize].as_ref().is_some_and(|c| c.is_true);
        let truth = || {
            Some(Condition {
                is_true: true,
                reason: Arc::default(),
                message: Arc::default(),
            })
        };
        let mut pairs: Vec<_> = spec.containers.iter().zip(view.containers.iter_mut()).collect();
        match fault {
            Fault::FailedIsSucceeded if view.phase == Phase::Failed => view.phase = Phase::Succeeded,
            Fault::SucceededIsFailed if view.phase == Phase::Succeeded => view.phase = Phase::Failed,
            Fault::TerminalPhaseWithdrawn if before.phase.is_terminal() => view.phase = Phase::Running,
            Fault::RunningDuringInit => {
                let init_runs = pairs.iter().any(|(container, view)| {
                    container.kind == Kind::Init && view.as_ref().is_some_and(|view| view.state == State::Running)
                });
                if init_runs {
                    view.phase = Phase::Running;
                }
            }
            Fault::PendingForEver if view.phase == Phase::Running => view.phase = Phase::Pending,
            Fault::ReadyStaysTrue if !view.phase.is_terminal() => {
                let ready = |view: &PodView| view.conditions[ConditionKind::Ready as usize].clone();
                if ready(&before).is_some_and(|condition| condition.is_true) {
                    view.conditions[ConditionKind::Ready as usize] = truth();
                }
            }
            Fault::ReadyWithoutSidecars if !view.phase.is_terminal() => {
                let mains_ready = pairs.iter().all(|(container, view)| {
                    container.kind != Kind::Main || view.as_ref().is_some_and(|view| view.ready)
                });
                if mains_ready {
                    view.conditions[ConditionKind::Ready as usize] = truth();
                }
            }
            Fault::InitializedTooEarly if has_init && !is_true(ConditionKind::Initialized) => {
                view.conditions[ConditionKind::Initialized as usize] = truth();
            }
            Fault::ReadinessIgnored => {
                for (container, view) in &mut pairs {
                    if let (true, Some(view)) = (container.readiness.is_some(), view) {
                        view.ready = view.started;
                    }
                }
            }
            Fault::RestartCountStuck => each(&mut pairs, |_, view| view.restart_count = 0),
            Fault::RestartCountDoubled => each(&mut pairs, |_, view| view.restart_count *= 2),
            Fault::LastStateLost => each(&mut pairs, |_, view| view.last = None),
            Fault::LastStateCollected => {
                for (before, (_, view)) in before.containers.iter().zip(&mut pairs) {
                    let Some((before, view)) = before.as_ref().zip(view.as_mut()) else {
                        continue;
                    };
                    if before.state == State::Running && !matches!(view.state, State::Waiting(_)) {
                        view.last = before.last.clone();
                    }
                }
            }
            Fault::StartedFlaps if writes.is_multiple_of(2) => each(&mut pairs, |_, view| view.started = false),
            Fault::ExitCodeLost => each(&mut pairs, |_, view| {
                if let State::Terminated(exit) = &mut view.state {
                    *exit = model::Exit {
                        code: 0,
                        reason: Reason::Completed,
                    };
                }
            }),
            Fault::KilledShowsZero => each(&mut pairs, |_, view| match &mut view.state {
                State::Terminated(exit) if exit.code == 137 => {
                    *exit = model::Exit {
                        code: 0,
                        reason: Reason::Completed,
                    };
                }
                _ => {}
            }),
            Fault::DeathHidden if policy == RestartPolicy::Never => each(&mut pairs, |kind, view| {
                if kind == Kind::Main && matches!(view.state, State::Terminated(_)) {
                    view.state = State::Running;
                    (view.started, view.ready) = (true, true);
                }
            }),
            Fault::StatusFrozen => {
                let main_runs = spec.containers.iter().zip(&before.containers).any(|(container, view)| {
                    container.kind == Kind::Main && view.as_ref().is_some_and(|view| view.state == State::Running)
                });
                return (!main_runs).then_some(view);
            }
            Fault::StartHidden if !self.api.is_deleted() => {
                let runs = |view: &Option<model::ContainerView>| {
                    view.as_ref().is_some_and(|view| view.state == State::Running)
                };
                let mut views = pairs.iter().zip(&before.containers);
                let begins = views.any(|((_, view), before)| runs(view) && !runs(before));
                return (!begins).then_some(view);
            }
            Fault::EndHidden if !self.api.is_deleted() => {
                let ended = pairs.iter().zip(&before.containers).any(|((_, view), before)| {
                    let ran = before.as_ref().filter(|it| it.state == State::Running);
                    let now = view.as_ref();
                    ran.zip(now)
                        .is_some_and(|(ran, now)| now.state != State::Running || now.restart_count != ran.restart_count)
                });
                return (!ended).then_some(view);
            }
            Fault::RestartedSidecarRefused if policy != RestartPolicy::Always => {
                let revived = pairs.iter().zip(&before.containers).any(|((container, view), before)| {
                    let had_ended = before
                        .as_ref()
                        .is_some_and(|it| matches!(it.state, State::Terminated(_)));
                    let has_ended = view.as_ref().is_some_and(|it| matches!(it.state, State::Terminated(_)));
                    container.kind == Kind::Sidecar && had_ended && !has_ended
                });
                return (!revived).then_some(view);
            }
            Fault::PodIpCollected if before.phase.is_terminal() && self.api.is_deleted() => view.pod_ip = false,
            Fault::StatusReplayed if writes.is_multiple_of(4) => {
                return Some(self.api.steps.get(writes / 2).map_or(view, |step| step.view.clone()));
            }
            Fault::WrongWaitingReason => each(&mut pairs, |_, view| {
                if view.state == State::Waiting(Reason::PodInitializing) {
                    view.state = State::Waiting(Reason::ContainerCreating);
                }
            }),
            Fault::WrongBackoffReason => each(&mut pairs, |_, view| {
                if view.state == State::Waiting(Reason::CrashLoopBackOff) {
                    view.state = State::Waiting(Reason::parse(Some("ImagePullBackOff")));
                }
            }),
            _ => {}
        }
        Some(view)
    }
}

fn each(
    pairs: &mut [(&model::ContainerSpec, &mut Option<model::ContainerView>)],
    change: impl Fn(Kind, &mut model::ContainerView),
) {
    for (container, view) in pairs {
        if let Some(view) = view {
            change(container.kind, view);
        }
    }
}
