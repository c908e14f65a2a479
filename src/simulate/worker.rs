//! The pod worker: one piece of work at a time, each on a snapshot newer than the end of the one before.

use std::collections::VecDeque;
use std::rc::Rc;

use super::act::Action;
use super::node::{Event, Node};
use super::status::{Moment, Published};
use crate::model::{self, BackoffRetry, Container, Kind, Mode, Sandbox, Status};
use crate::trace::{PodView, UnixMs};

/// Of the syncs that come right after a startup probe's success, so many stored what they had computed before it.
const LATE_STATUS_PERCENT: u64 = 2;
/// Right after: within a relist. A worker that a kill keeps busy computes its next status long after the success.
const LATE_STATUS_MS: UnixMs = 1_000;

/// What the worker does next, decided by what was known when it took its update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Sync,
    Terminating,
    Terminated,
}

/// KEP-5067: first minor version whose kubelet publishes the generation it has acted on.
pub(super) const OBSERVED_GENERATION_SINCE: u32 = 34;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    /// Waits for a snapshot that is new enough.
    Waiting(Work),
    Busy(Work),
}

/// State of the pod worker that is not the model's.
#[derive(Clone, Debug)]
pub struct PodWorker {
    stage: Stage,
    /// An update waits; newer ones replace it.
    pending: bool,
    last_sync_end: Option<UnixMs>,
    terminating: bool,
    /// The kill has returned: terminal phases may be published.
    pub terminated: bool,
    pub finished: bool,
    /// What the API object that came with the current update showed, and the one with the pending update.
    api: Rc<PodView>,
    pending_api: Rc<PodView>,
    /// Generation of the object that came with the current update, and with the pending one.
    generation: i64,
    pending_generation: i64,
    /// The same for its deletion timestamp.
    deleted: bool,
    pending_deleted: bool,
    /// The least grace of the deletes seen so far.
    pub deletion_grace_s: Option<u32>,
    queue_generation: u32,
    pub actions: VecDeque<Action>,
    /// Something was done in this sync.
    pub acted: bool,
    /// A start was refused or failed; when the earliest back-off of this sync runs out.
    pub refused_until: Option<UnixMs>,
    /// The last start decision of each container (BO-4).
    pub decided_at: Vec<Option<UnixMs>>,
    /// When each container's startup probe passed last.
    pub passed_at: Vec<Option<UnixMs>>,
    /// The sandbox was there when the newest snapshot was taken.
    has_ip: bool,
}

impl PodWorker {
    /// A worker that has not seen its pod.
    pub fn new(containers: usize, api: &Rc<PodView>) -> Self {
        Self {
            stage: Stage::Idle,
            pending: false,
            last_sync_end: None,
            terminating: false,
            terminated: false,
            finished: false,
            api: api.clone(),
            pending_api: api.clone(),
            generation: 1,
            pending_generation: 1,
            deleted: false,
            pending_deleted: false,
            deletion_grace_s: None,
            queue_generation: 0,
            actions: VecDeque::new(),
            acted: false,
            refused_until: None,
            decided_at: vec![None; containers],
            passed_at: vec![None; containers],
            has_ip: false,
        }
    }
}

impl Node<'_> {
    /// An update of the pod arrives: from a relist, a probe, the queue or the API.
    pub fn wake(&mut self) {
        if self.worker.finished || !self.api.known_to_kubelet {
            return;
        }
        self.worker.pending = true;
        self.worker.pending_api = self.api.view.clone();
        self.worker.pending_generation = self.api.generation_seen;
        self.worker.pending_deleted = self.worker.deletion_grace_s.is_some();
        if self.worker.stage == Stage::Idle {
            self.activate();
        }
    }

    /// The kubelet learns of a delete.
    pub fn deletion_seen(&mut self, grace_s: u32) {
        let before = self.worker.deletion_grace_s.unwrap_or(u32::MAX);
        self.worker.deletion_grace_s = Some(before.min(grace_s));
        self.worker.terminating = true;
        self.wake();
        self.interrupt_mount();
    }

    fn activate(&mut self) {
        let worker = &mut self.worker;
        worker.pending = false;
        worker.api = worker.pending_api.clone();
        worker.generation = worker.pending_generation;
        worker.deleted = worker.pending_deleted;
        worker.stage = Stage::Waiting(match (worker.terminated, worker.terminating) {
            (true, _) => Work::Terminated,
            (false, true) => Work::Terminating,
            (false, false) => Work::Sync,
        });
        self.try_begin();
    }

    /// Begins the waiting work if the newest snapshot is new enough.
    pub fn try_begin(&mut self) {
        let Stage::Waiting(work) = self.worker.stage else {
            return;
        };
        if let Some(end) = self.worker.last_sync_end
            && self.cache_at.is_none_or(|at| at <= end)
        {
            return;
        }
        self.worker.stage = Stage::Busy(work);
        self.worker.acted = false;
        self.worker.refused_until = None;
        match work {
            Work::Sync => self.sync(),
            Work::Terminating => self.terminating(),
            Work::Terminated => self.terminated(),
        }
        let took_ms = self.latency(1, 10);
        self.after(took_ms, Event::Resume);
    }

    /// Puts the newest relist's snapshot (or a fresh read at `at`) into the model's state.
    pub fn take_snapshot(&mut self, at: UnixMs) {
        for index in 0..self.pod.containers.len() {
            let Some(newest) = &self.pod.containers[index].newest else {
                continue;
            };
            let n = newest.n;
            if newest.exit.is_none()
                && let Some((_, exit)) = self.runtime.exit_by(index, n, at)
            {
                let exit = exit.clone();
                self.pod.exit(index, exit);
            }
            let before = n
                .checked_sub(1)
                .and_then(|n| self.runtime.instances[index].get(n as usize));
            let removed = before.is_some_and(|process| process.removed_ms.is_some_and(|removed_ms| removed_ms <= at));
            if removed && self.pod.containers[index].previous.is_some() {
                self.pod.container(index).previous = None;
            }
        }
        self.worker.has_ip |= self.pod.sandbox != Sandbox::None;
    }

    /// A status was computed: the status manager gets it.
    pub fn status_computed(&mut self, force: bool) {
        let vanishes =
            self.behaviour.pod_ip_vanishes_at_end && self.pod.mode == Mode::Terminated && !self.worker.terminated;
        let pod_ip = self.worker.has_ip && !vanishes;
        let spec = &self.work.spec;
        let moment = Moment {
            now: self.now,
            runtime: &self.runtime,
            generation: (self.behaviour.version.minor >= OBSERVED_GENERATION_SINCE).then_some(self.worker.generation),
        };
        let status = Published::computed(spec, &self.pod, &moment, &self.cached, pod_ip);
        self.set_status(status, force);
    }

    fn sync(&mut self) {
        let at = self.cache_at.unwrap_or(self.now);
        self.take_snapshot(at);
        let is_new = self.pod.sandbox == Sandbox::None;
        let late = self.passed_meanwhile();
        let acts = model::late_status(&mut self.pod, &late, |pod| {
            model::sync_status(self.behaviour, &self.work.spec, pod)
        });
        self.status_computed(false);
        if !late.is_empty() {
            // The result has asked for a sync of its own.
            self.wake();
        }
        if !acts {
            self.worker.terminating = true;
            return;
        }
        self.add_probers();
        self.trigger_readiness();
        if is_new {
            self.worker.actions.push_back(Action::MountVolumes);
            self.worker.actions.push_back(Action::MakeSandbox);
        }
        self.plan_actions();
    }

    /// WS-4: the containers whose startup probes passed between the computing of this sync's status and its storing.
    fn passed_meanwhile(&mut self) -> Vec<usize> {
        let since = self.now - LATE_STATUS_MS * self.load;
        let passed = |(index, container): (usize, &Container)| {
            let newest = container.newest.as_ref().filter(|it| it.passed_just_now);
            let passed_at = newest.and(self.worker.passed_at[index]);
            passed_at.is_some_and(|at| at >= since).then_some(index)
        };
        let passed: Vec<usize> = self.pod.containers.iter().enumerate().filter_map(passed).collect();
        if passed.is_empty() || !self.dice.chance_aside(LATE_STATUS_PERCENT) {
            return Vec::new();
        }
        passed
    }

    fn terminating(&mut self) {
        let at = self.cache_at.unwrap_or(self.now);
        self.take_snapshot(at);
        if self.worker.deleted {
            model::delete_seen(self.behaviour, &self.work.spec, &mut self.pod);
        } else {
            model::terminating_status(self.behaviour, &self.work.spec, &mut self.pod);
        }
        self.status_computed(false);
        self.trigger_readiness();
        self.stop_main_probers();
        self.worker.actions.push_back(Action::StopForGood);
    }

    fn terminated(&mut self) {
        self.take_snapshot(self.now);
        self.pod.deleted |= self.worker.deleted;
        model::terminated_status(self.behaviour, &self.work.spec, &mut self.pod);
        self.status_computed(false);
        self.worker.actions.push_back(Action::Unmount);
    }

    /// The last write, which comes even if nothing has changed.
    pub fn finish(&mut self) {
        // 3.3: asked of the object that came with the update, which can lag behind.
        let initialized = model::has_initialized(&self.work.spec, &Status::of_view(&self.worker.api));
        model::finish(&self.work.spec, &mut self.pod, initialized);
        self.worker.finished = true;
        self.status_computed(true);
    }

    /// The current work is done: what comes next, and when.
    pub fn end_work(&mut self) {
        let Stage::Busy(work) = self.worker.stage else { return };
        self.worker.last_sync_end = Some(self.now);
        self.worker.stage = Stage::Idle;
        let transition = match work {
            Work::Sync => self.worker.terminating && self.pod.mode == Mode::Ending,
            Work::Terminating => {
                self.worker.terminated = true;
                true
            }
            Work::Terminated => {
                self.worker.pending = false;
                return;
            }
        };
        if transition && !self.worker.pending {
            self.worker.pending = true;
            self.worker.pending_api = self.worker.api.clone();
            self.worker.pending_generation = self.worker.generation;
            self.worker.pending_deleted = self.worker.deleted;
        }
        if work == Work::Sync
            && self.behaviour.relist_on_demand
            && self.worker.acted
            && self.worker.refused_until.is_none()
        {
            let delay_ms = self.latency(1, 15);
            self.after(delay_ms, Event::Relist { periodic: false });
        }
        self.queue();
        if self.worker.pending {
            self.activate();
        }
    }

    /// The work queue's only slot for this pod: retry after an error or a back-off, else the idle resync.
    fn queue(&mut self) {
        const RESYNC_MS: UnixMs = 60_000;
        const ERROR_MS: UnixMs = 10_000;
        let base_ms = match (self.worker.refused_until, self.behaviour.backoff_retry) {
            (None, _) => RESYNC_MS,
            (Some(_), BackoffRetry::ErrorTick) => ERROR_MS,
            (Some(until), BackoffRetry::AtExpiry) => (until - self.now).clamp(0, RESYNC_MS),
        };
        const TICK_MS: UnixMs = 999;
        self.worker.queue_generation += 1;
        let generation = self.worker.queue_generation;
        if self.dice.is_taped() {
            // Most slots are overwritten before they can be due: only then is there something to choose.
            let slack_ms = (base_ms / 2 + TICK_MS) as u32;
            return self.after(base_ms, Event::Queue { generation, slack_ms });
        }
        let jittered_ms = base_ms + self.dice.between(0, base_ms / 2);
        // Due work is picked up on a tick of one second.
        let tick_ms = self.dice.between(0, TICK_MS);
        let slack_ms = 0;
        self.after(jittered_ms + tick_ms, Event::Queue { generation, slack_ms });
    }

    /// The queue's slot is due, unless a later sync has overwritten it.
    pub fn queue_due(&mut self, generation: u32, slack_ms: u32) {
        if generation != self.worker.queue_generation {
            return;
        }
        let later_ms = if slack_ms > 0 {
            self.dice.phase(0, UnixMs::from(slack_ms))
        } else {
            0
        };
        if later_ms > 0 {
            self.after(
                later_ms,
                Event::Queue {
                    generation,
                    slack_ms: 0,
                },
            );
        } else {
            self.wake();
        }
    }

    /// Kind of a container.
    pub fn kind(&self, index: usize) -> Kind {
        self.work.spec.containers[index].kind
    }
}
