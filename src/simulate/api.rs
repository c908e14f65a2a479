//! The API object, the watch that shows it, and the client that deletes it.

use std::rc::Rc;
use std::sync::Arc;

use podcheck_generators::Moment;

use super::faults::Fault;
use super::node::{Event, Node};
use crate::trace::{
    Condition, ConditionKind, DeletionMark, EventType, Phase, PodSeen, PodView, Qos, Reason, Seen, State, Step, UnixMs,
};

/// The pod's object and what a watch has shown of it.
#[derive(Clone, Debug)]
pub struct Api {
    pub view: Rc<PodView>,
    seen: Vec<Seen>,
    pod_seen: PodSeen,
    generation: i64,
    /// The newest generation that the kubelet's watch has shown.
    pub generation_seen: i64,
    deletion: Option<DeletionMark>,
    finalizers: bool,
    bound: bool,
    gone: bool,
    /// The kubelet's watch has shown it.
    pub known_to_kubelet: bool,
    version: u64,
    pub steps: Vec<Step>,
}

/// What the client has done so far.
#[derive(Clone, Debug, Default)]
pub struct Client {
    delete_sent: bool,
    cleaning: bool,
}

impl Api {
    /// An object without a status.
    pub fn new(containers: usize) -> Self {
        Self {
            view: Rc::new(PodView {
                phase: Phase::Pending,
                reason: Reason::None,
                conditions: [const { None }; 5],
                containers: vec![None; containers],
                pod_ip: false,
            }),
            seen: vec![Seen::default(); containers],
            pod_seen: PodSeen {
                qos: Some(Qos::BestEffort),
                ..PodSeen::default()
            },
            generation: 1,
            generation_seen: 1,
            deletion: None,
            finalizers: false,
            bound: false,
            gone: false,
            known_to_kubelet: false,
            version: 1_000,
            steps: Vec::new(),
        }
    }

    /// Has the object been removed?
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// Has somebody deleted the pod?
    pub fn is_deleted(&self) -> bool {
        self.deletion.is_some()
    }

    /// When the watch delivered its newest event.
    pub fn last_at(&self) -> UnixMs {
        self.steps.last().and_then(|step| step.at_ms).unwrap_or_default()
    }
}

impl Node<'_> {
    /// The client creates the pod, bound to this node already or not.
    pub fn created(&mut self) {
        self.api.finalizers = self.work.deletion.as_ref().is_some_and(|deletion| deletion.finalizer);
        self.api.bound = self.dice.chance(50);
        self.emit(EventType::Added);
        let delay_ms = if self.api.bound {
            self.latency(1, 15)
        } else {
            self.latency(2, 40)
        };
        self.after(
            delay_ms,
            if self.api.bound {
                Event::KubeletSees
            } else {
                Event::Bind
            },
        );
        self.after(UnixMs::from(self.work.observe_ms_max), Event::Budget);
        if let Some(deletion) = &self.work.deletion
            && let Moment::Created { after_ms } = deletion.at
        {
            self.client.delete_sent = true;
            let grace_s = deletion.grace_seconds;
            self.after(UnixMs::from(after_ms), Event::Delete { grace_s });
        }
    }

    /// The scheduler has chosen this node.
    pub fn bind(&mut self) {
        self.api.bound = true;
        let scheduled = Condition {
            is_true: true,
            reason: Arc::default(),
            message: Arc::default(),
        };
        let kind = ConditionKind::PodScheduled as usize;
        Rc::make_mut(&mut self.api.view).conditions[kind] = Some(scheduled);
        // The kubelet takes it over with its time.
        let transition = Some(self.now.div_euclid(1_000) * 1_000);
        self.api.pod_seen.conditions[kind].transition = transition;
        Rc::make_mut(&mut self.cached).pod_seen.conditions[kind].transition = transition;
        self.emit(EventType::Modified);
        let delay_ms = self.latency(1, 15);
        self.after(delay_ms, Event::KubeletSees);
    }

    /// The kubelet's watch shows the object as it is now.
    pub fn kubelet_sees(&mut self) {
        self.api.known_to_kubelet = true;
        self.api.generation_seen = self.api.generation;
        match self.api.deletion {
            Some(mark) if self.takes_delete() => {
                self.deletion_seen(mark.grace_s);
                if self.fault == Some(Fault::RemovedWhileRunning) {
                    self.remove();
                }
            }
            _ => self.wake(),
        }
    }

    /// The kubelet's status patch arrives; one that changes nothing is no event.
    pub fn publish(&mut self, view: PodView, seen: Vec<Seen>, pod_seen: PodSeen) {
        if view == *self.api.view && seen == self.api.seen {
            return;
        }
        (self.api.view, self.api.seen, self.api.pod_seen) = (Rc::new(view), seen, pod_seen);
        self.emit(EventType::Modified);
    }

    /// After the last status the kubelet removes the object of a deleted pod.
    pub fn kubelet_deletes(&mut self) {
        if self.api.deletion.is_some() && self.api.view.phase.is_terminal() {
            self.remove();
        }
    }

    /// The client's delete.
    pub fn delete(&mut self, grace_s: Option<u32>) {
        // The API server removes at once what has ended or was never bound.
        if self.api.view.phase.is_terminal() || !self.api.bound {
            return self.remove();
        }
        let grace_s = grace_s.unwrap_or(self.work.spec.grace_s);
        let grace_s = match self.api.deletion {
            Some(mark) if self.fault == Some(Fault::DeletionGraceGrows) => mark.grace_s + 20,
            _ => grace_s,
        };
        let grace_ms = UnixMs::from(grace_s) * 1_000;
        let now_ms = self.now.div_euclid(1_000) * 1_000;
        let timestamp_ms = match self.api.deletion {
            Some(mark) if mark.grace_s <= grace_s && self.fault != Some(Fault::DeletionGraceGrows) => return,
            // A shorter grace counts from the first delete, and never ends in the past (kubernetes#87039).
            Some(mark) => now_ms.max(mark.timestamp_ms - UnixMs::from(mark.grace_s) * 1_000 + grace_ms),
            None => now_ms + grace_ms,
        };
        let is_first = self.api.deletion.is_none();
        self.api.generation += i64::from(is_first);
        self.api.deletion = Some(DeletionMark { timestamp_ms, grace_s });
        self.emit(EventType::Modified);
        let delay_ms = self.latency(1, 15);
        self.after(delay_ms, Event::KubeletSees);
        if let Some(again) = self.work.deletion.as_ref().and_then(|deletion| deletion.again)
            && is_first
        {
            self.after(
                UnixMs::from(again.after_ms),
                Event::Delete {
                    grace_s: Some(again.grace_seconds),
                },
            );
        }
    }

    /// The object goes, or waits for its finalizer.
    fn remove(&mut self) {
        if self.api.gone {
            return;
        }
        if self.api.finalizers {
            let timestamp_ms = self
                .api
                .deletion
                .map_or(self.now.div_euclid(1_000) * 1_000, |mark| mark.timestamp_ms);
            let mark = Some(DeletionMark {
                timestamp_ms,
                grace_s: 0,
            });
            if self.api.deletion != mark {
                self.api.deletion = mark;
                self.emit(EventType::Modified);
                let delay_ms = self.latency(50, 1_500);
                self.after(delay_ms, Event::RemoveFinalizer);
            }
            return;
        }
        self.emit(EventType::Deleted);
        self.api.gone = true;
    }

    /// The client takes its finalizer off.
    pub fn remove_finalizer(&mut self) {
        self.api.finalizers = false;
        self.remove();
    }

    /// The pod has not ended within the time that the client gives it.
    pub fn budget_over(&mut self) {
        if !self.api.view.phase.is_terminal() && self.api.deletion.is_none() {
            self.delete(None);
        }
    }

    /// The client removes a pod that has ended by itself.
    pub fn clean_up(&mut self) {
        if self.api.deletion.is_none() {
            self.remove();
        }
    }

    fn emit(&mut self, event: EventType) {
        let delay_ms = if self.dice.chance_aside(4) {
            self.dice.aside(20, 300) * self.load
        } else {
            self.latency(1, 12)
        };
        self.api.version += 1 + self.dice.aside(0, 3) as u64;
        let api = &mut self.api;
        let at_ms = (self.now + delay_ms).max(api.steps.last().and_then(|step| step.at_ms).unwrap_or(UnixMs::MIN));
        api.steps.push(Step {
            event_index: api.steps.len(),
            resource_version: api.version.to_string(),
            event,
            at_ms: Some(at_ms),
            deletion: api.deletion,
            finalizers: api.finalizers,
            view: PodView::clone(&api.view),
            seen: api.seen.clone(),
            pod_seen: PodSeen {
                unbound: !api.bound,
                generation: Some(api.generation),
                // No container asks for resources.
                qos_due: Some(Qos::BestEffort),
                ..api.pod_seen.clone()
            },
        });
        self.react();
    }

    /// The client looks at the newest event: is it the moment to delete, or has the pod ended?
    fn react(&mut self) {
        if self.api.view.phase.is_terminal() && !std::mem::replace(&mut self.client.cleaning, true) {
            let delay_ms = self.dice.aside(2_500, 5_000) * self.load;
            self.after(delay_ms, Event::CleanUp);
        }
        let Some(deletion) = self.work.deletion.as_ref().filter(|_| !self.client.delete_sent) else {
            return;
        };
        let (reached, after_ms) = match &deletion.at {
            Moment::Created { .. } => return,
            Moment::Running {
                container,
                attempt,
                after_ms,
            } => (self.shows(container, *attempt, false), after_ms),
            Moment::Terminated {
                container,
                attempt,
                after_ms,
            } => (self.shows(container, *attempt, true), after_ms),
        };
        if reached {
            self.client.delete_sent = true;
            let grace_s = deletion.grace_seconds;
            self.after(UnixMs::from(*after_ms), Event::Delete { grace_s });
        }
    }

    /// Does the object show this container running (or with an end) on this attempt or a later one?
    fn shows(&self, name: &str, attempt: u32, ended: bool) -> bool {
        let Some(index) = self
            .work
            .spec
            .containers
            .iter()
            .position(|container| container.name == name)
        else {
            return false;
        };
        let Some(view) = &self.api.view.containers[index] else {
            return false;
        };
        let n = view.restart_count;
        match (&view.state, ended) {
            (State::Running, false) => n >= attempt,
            (State::Terminated(_), true) => n >= attempt,
            (State::Waiting(_), true) => view.last.is_some() && n >= attempt,
            (State::Running, true) => view.last.is_some() && n > attempt,
            _ => false,
        }
    }
}
