//! What the worker does to the runtime, one action after the other, each taking its time.

use super::faults::Fault;
use super::node::{Event, Node};
use crate::model::{self, Kind, Probed, Sandbox};
use crate::trace::UnixMs;

/// An action of the worker, or the moment in which one has been completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Wait for the pod's volumes: the only thing that a delete interrupts.
    MountVolumes,
    VolumesMounted,
    MakeSandbox,
    SandboxMade,
    /// Stop one container because of a probe.
    Kill {
        index: usize,
    },
    Killed {
        index: usize,
    },
    /// Start one container; `dead` is the instance that its back-off is measured from.
    Start {
        index: usize,
        dead: Option<u32>,
    },
    Started {
        index: usize,
        met_dead: bool,
    },
    /// Stop everything inside a sync.
    KillPod,
    PodKilled,
    /// Stop everything in the terminating step.
    StopForGood,
    StoppedForGood,
    /// The terminating step returns.
    Return,
    /// Wait for the volumes, then write the last status.
    Unmount,
    Finish,
}

impl Node<'_> {
    /// Goes on with the current work.
    pub fn resume(&mut self) {
        while let Some(action) = self.worker.actions.pop_front() {
            if let Some(wait_ms) = self.perform(action) {
                self.after(wait_ms, Event::Resume);
                return;
            }
        }
        self.end_work();
    }

    /// The plan of the sync that has just published its status.
    pub fn plan_actions(&mut self) {
        let plan = self.tampered_plan();
        if plan.kill_pod {
            self.worker.actions.push_back(Action::KillPod);
            return;
        }
        // RS-5: a container killed in this sync is asked about the instance that was dead before.
        let dead = |index: usize| {
            let container = &self.pod.containers[index];
            let newest = container.newest.as_ref()?;
            if newest.exit.is_some() {
                Some(newest.n)
            } else {
                newest.n.checked_sub(1).filter(|_| container.previous.is_some())
            }
        };
        let starts: Vec<Action> = plan
            .starts
            .iter()
            .map(|&index| Action::Start {
                index,
                dead: dead(index),
            })
            .collect();
        let mut kills = plan.kills;
        while !kills.is_empty() {
            let chosen = self.dice.index(kills.len());
            self.worker.actions.push_back(Action::Kill {
                index: kills.remove(chosen),
            });
        }
        self.worker.actions.extend(starts);
    }

    /// Begins an action; returns how long the worker is busy with it.
    fn perform(&mut self, action: Action) -> Option<UnixMs> {
        let (wait_ms, then) = match action {
            Action::MountVolumes => (self.latency(1, 300), Action::VolumesMounted),
            Action::VolumesMounted => return None,
            Action::MakeSandbox => {
                self.worker.acted = true;
                (self.latency(60, 500), Action::SandboxMade)
            }
            Action::SandboxMade => {
                if self.pod.announcement_due {
                    model::sandbox_announced(&mut self.pod);
                    self.status_touched();
                }
                return None;
            }
            Action::Kill { index } => {
                self.worker.acted = true;
                // A kill that meets the container's own end can fail, and then the sync does nothing more.
                if self.runtime.has_just_ended_by_itself(index, self.now) && self.dice.chance_aside(50) {
                    self.worker.actions.clear();
                    return None;
                }
                let grace_ms = self.probe_grace_ms(index);
                let end_ms = self.runtime.stop(index, self.now, grace_ms, &mut self.dice);
                let noticed_ms = self.latency(5, 50);
                ((end_ms - self.now).max(0) + noticed_ms, Action::Killed { index })
            }
            Action::Killed { index } => {
                let n = self.pod.containers[index].newest.as_ref().map_or(0, |newest| newest.n);
                if let Some((_, exit)) = self.runtime.exit_by(index, n, self.now) {
                    let exit = exit.clone();
                    self.pod.exit(index, exit);
                }
                return None;
            }
            Action::Start { index, dead } => return self.start(index, dead),
            Action::Started { index, met_dead } => {
                self.pod.start(index, met_dead);
                return None;
            }
            Action::KillPod => {
                self.worker.acted = true;
                (self.stop_all(self.work.spec.grace_s), Action::PodKilled)
            }
            Action::PodKilled => {
                if self.pod.sandbox == Sandbox::Ready {
                    self.pod.sandbox = Sandbox::Stopped;
                }
                self.pod.announcement_due = false;
                return None;
            }
            Action::StopForGood => {
                let heeded = self.pod.deleted && self.fault != Some(Fault::DeleteGraceIgnored);
                let given_s = self.worker.deletion_grace_s.filter(|_| heeded);
                (
                    self.stop_all(given_s.unwrap_or(self.work.spec.grace_s)),
                    Action::StoppedForGood,
                )
            }
            Action::StoppedForGood => {
                self.take_snapshot(self.now);
                self.assume_stopped();
                self.stop_probers();
                model::kill_done(&mut self.pod);
                model::terminated_status(self.behaviour, &self.work.spec, &mut self.pod);
                self.status_computed(false);
                // WS-1: until the step has returned the worker does not count as terminated, and a writer that is fast
                // enough publishes this status with the old phase.
                if !self.dice.chance_aside(4) {
                    return None;
                }
                (self.dice.aside(10, 300) * self.load, Action::Return)
            }
            Action::Return => return None,
            Action::Unmount => (self.latency(30, 1_200), Action::Finish),
            Action::Finish => {
                self.finish();
                return None;
            }
        };
        self.worker.actions.push_front(then);
        Some(wait_ms)
    }

    fn start(&mut self, index: usize, dead: Option<u32>) -> Option<UnixMs> {
        self.worker.acted = true;
        if let Some(n) = dead {
            // BO-4: an entry whose last decision is ten minutes old is gone.
            const FORGET_MS: UnixMs = 600_000;
            if self.worker.decided_at[index].is_some_and(|at| self.now - at > FORGET_MS) {
                self.pod.container(index).backoff_level = 0;
            }
            let wait_ms = self.backoff_wait_ms(index);
            let finished_ms = self
                .runtime
                .exit_by(index, n, self.now)
                .map_or(self.now, |(end_ms, _)| *end_ms);
            if self.now - finished_ms < wait_ms {
                let until = finished_ms.saturating_add(wait_ms);
                self.worker.refused_until = Some(self.worker.refused_until.map_or(until, |before| before.min(until)));
                self.pod.refuse(index);
                if self.kind(index) == Kind::Init {
                    self.worker.actions.clear();
                }
                return None;
            }
            self.worker.decided_at[index] = Some(self.now);
        }
        let is_handed_over = dead.is_none() && index > 0 && self.fault == Some(Fault::HandOverLate);
        let took_ms = self.latency(20, 300) + if is_handed_over { 40_000 } else { 0 };
        let n = self.runtime.instances[index].len() as u32;
        let script = *self.work.containers[index].attempt(n);
        self.runtime
            .start(index, script, self.now + took_ms * 3 / 4, &mut self.dice);
        self.worker.actions.push_front(Action::Started {
            index,
            met_dead: dead.is_some(),
        });
        Some(took_ms)
    }

    /// A delete cancels the wait for volumes, and the sync with it; nothing has been made by then.
    pub fn interrupt_mount(&mut self) {
        if self.worker.actions.front() == Some(&Action::VolumesMounted) {
            self.worker.actions.clear();
            self.pod.sandbox = Sandbox::None;
            self.pod.announcement_due = false;
        }
    }

    /// TO-7: a probe's kill has the probe's own grace, or the pod's.
    fn probe_grace_ms(&self, index: usize) -> UnixMs {
        const STOP_TIMEOUT_S_MIN: u32 = 2;
        let container = &self.work.spec.containers[index];
        let startup_failed = self.pod.containers[index]
            .newest
            .as_ref()
            .is_some_and(|newest| newest.startup == Probed::Failure);
        let probe = if startup_failed {
            &container.startup
        } else {
            &container.liveness
        };
        let grace_s = probe
            .as_ref()
            .and_then(|probe| probe.grace_s)
            .filter(|_| self.fault != Some(Fault::ProbeGraceIgnored))
            .unwrap_or(self.work.spec.grace_s);
        UnixMs::from(self.tampered_grace_s(grace_s.max(STOP_TIMEOUT_S_MIN))) * 1_000
    }
}
