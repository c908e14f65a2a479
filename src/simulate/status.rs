//! The status manager's cache: the model's status with the texts, identities and times that go with it.

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;

use super::runtime::Runtime;
use crate::model::{ConditionReason, PodState, Sandbox, Status};
use crate::trace::{
    Condition, ConditionKind, ConditionSeen, Kind, Phase, PodSeen, PodSpec, PodView, Qos, Reason, Seen, State, UnixMs,
};

/// The node's address.
const HOST_IP: IpAddr = IpAddr::V4(Ipv4Addr::new(172, 18, 0, 2));
/// The pod's address.
const POD_IP: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

/// When and of what a status is computed.
pub struct Moment<'a> {
    pub now: UnixMs,
    pub runtime: &'a Runtime,
    /// Generation of the object that the worker looks at; absent: the version does not publish it.
    pub generation: Option<i64>,
}

/// Everything that is published.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    pub status: Rc<Status>,
    /// Messages of the conditions, indexed like [`ConditionKind::ALL`].
    messages: [Arc<str>; 5],
    pub seen: Vec<Seen>,
    pub pod_ip: bool,
    /// Without what the API server writes.
    pub pod_seen: PodSeen,
}

impl Published {
    /// Before the kubelet's first status.
    pub fn unseen() -> Self {
        Self {
            status: Rc::new(Status::unseen()),
            messages: Default::default(),
            seen: Vec::new(),
            pod_ip: false,
            pod_seen: PodSeen::default(),
        }
    }

    /// A status that was computed from a snapshot.
    pub fn computed(spec: &PodSpec, pod: &PodState, moment: &Moment<'_>, before: &Self, pod_ip: bool) -> Self {
        let seen = (0..spec.containers.len())
            .map(|index| seen(pod, moment, before, index))
            .collect();
        let mut published = Self {
            status: pod.status.clone(),
            messages: before.messages.clone(),
            seen,
            pod_ip,
            pod_seen: PodSeen {
                start_time: before.pod_seen.start_time.or(Some(second(moment.now))),
                host_ip: Some(HOST_IP),
                first_host_ip: Some(HOST_IP),
                pod_ip: pod_ip.then_some(POD_IP),
                first_pod_ip: pod_ip.then_some(POD_IP),
                qos: Some(Qos::BestEffort),
                observed_generation: moment.generation,
                status_entries: spec.containers.len() as u32,
                ..before.pod_seen.clone()
            },
        };
        published.set_transitions(before, moment.now);
        published.set_message(ConditionKind::PodReadyToStartContainers, || sandbox_message(pod));
        published.set_message(ConditionKind::Initialized, || incomplete(spec, &pod.status));
        published.set_ready_messages(spec);
        published
    }

    /// The cached status after a probe's result or the sandbox's announcement was written into it.
    pub fn touched(spec: &PodSpec, pod: &PodState, before: &Self, now: UnixMs) -> Self {
        let mut published = Self {
            status: pod.status.clone(),
            ..before.clone()
        };
        published.set_transitions(before, now);
        published.set_message(ConditionKind::PodReadyToStartContainers, || sandbox_message(pod));
        published.set_ready_messages(spec);
        published
    }

    /// A condition whose status has changed has changed now; of one that is new it is not known to have been there before.
    fn set_transitions(&mut self, before: &Self, now: UnixMs) {
        let observed_generation = self.pod_seen.observed_generation;
        for kind in ConditionKind::ALL {
            let Some(condition) = self.status.condition(kind) else {
                continue;
            };
            let was = before.status.condition(kind);
            let at = before.pod_seen.conditions[kind as usize].transition;
            let stays = was.is_none_or(|was| was.is_true == condition.is_true);
            self.pod_seen.conditions[kind as usize] = ConditionSeen {
                transition: at.filter(|_| stays).or(Some(second(now))),
                observed_generation,
                ..ConditionSeen::default()
            };
        }
    }

    fn set_ready_messages(&mut self, spec: &PodSpec) {
        let status = self.status.clone();
        self.set_message(ConditionKind::ContainersReady, || unready(spec, &status));
        // Both are computed from the same.
        self.messages[ConditionKind::Ready as usize] = self.messages[ConditionKind::ContainersReady as usize].clone();
    }

    fn set_message(&mut self, kind: ConditionKind, text: impl FnOnce() -> String) {
        let has_text = self.status.condition(kind).is_some_and(|condition| {
            matches!(
                condition.reason,
                ConditionReason::ContainersNotInitialized
                    | ConditionReason::ContainersNotReady
                    | ConditionReason::PodSandboxNotReady
            )
        });
        let message = &mut self.messages[kind as usize];
        let text = if has_text { text() } else { String::new() };
        if **message != *text {
            *message = shared(&text);
        }
    }

    /// Is nothing different but the generation?
    pub fn shows_the_same(&self, other: &Self) -> bool {
        let shown = |it: &Self| (it.status.clone(), it.pod_ip);
        shown(self) == shown(other) && self.messages == other.messages && self.seen == other.seen
    }

    /// Does the API show all of it?
    pub fn is_shown_by(&self, view: &PodView) -> bool {
        let is_condition = |kind: ConditionKind| {
            let shown = view.conditions[kind as usize].as_ref();
            let message = &self.messages[kind as usize];
            match (self.status.condition(kind), shown) {
                (None, None) => true,
                (Some(own), Some(shown)) => {
                    own.is_true == shown.is_true && own.reason.as_str() == &*shown.reason && *message == shown.message
                }
                _ => false,
            }
        };
        self.status.phase == view.phase
            && view.reason == Reason::None
            && self.pod_ip == view.pod_ip
            && ConditionKind::ALL.into_iter().all(is_condition)
            && self
                .status
                .containers
                .iter()
                .map(Some)
                .eq(view.containers.iter().map(Option::as_ref))
    }

    /// What the API shows of it, with this phase, after `before`.
    pub fn view(&self, phase: Phase, before: &PodView) -> PodView {
        let reason = |kind: ConditionKind, text: &str| {
            let known = before.conditions[kind as usize].as_ref().map(|it| &it.reason);
            known
                .filter(|known| ***known == *text)
                .cloned()
                .unwrap_or_else(|| shared(text))
        };
        PodView {
            phase,
            reason: Reason::None,
            conditions: ConditionKind::ALL.map(|kind| {
                self.status.condition(kind).map(|condition| Condition {
                    is_true: condition.is_true,
                    reason: reason(kind, condition.reason.as_str()),
                    message: self.messages[kind as usize].clone(),
                })
            }),
            containers: self.status.containers.iter().cloned().map(Some).collect(),
            pod_ip: self.pod_ip,
        }
    }
}

/// A text to be shared; the empty one is there already.
fn shared(text: &str) -> Arc<str> {
    if text.is_empty() { Arc::default() } else { text.into() }
}

fn sandbox_message(pod: &PodState) -> String {
    let text = if pod.sandbox == Sandbox::Stopped {
        "pod sandbox is not ready"
    } else {
        "no pod sandbox exists"
    };
    text.to_string()
}

fn incomplete(spec: &PodSpec, status: &Status) -> String {
    let names = spec
        .containers
        .iter()
        .zip(&status.containers)
        .filter(|(container, view)| match container.kind {
            Kind::Init => !view.ready,
            Kind::Sidecar => !view.started,
            Kind::Main => false,
        });
    let names = names.map(|(container, _)| container.name.as_str());
    listed("containers with incomplete status", names)
}

fn unready(spec: &PodSpec, status: &Status) -> String {
    let names = spec
        .containers
        .iter()
        .zip(&status.containers)
        .filter(|(container, view)| container.kind != Kind::Init && !view.ready)
        .map(|(container, _)| container.name.as_str());
    listed("containers with unready status", names)
}

fn listed<'n>(what: &str, names: impl Iterator<Item = &'n str>) -> String {
    let mut text = String::with_capacity(64);
    text.push_str(what);
    text.push_str(": [");
    for (place, name) in names.enumerate() {
        if place > 0 {
            text.push(' ');
        }
        text.push_str(name);
    }
    text.push(']');
    text
}

/// Identities and times of one container's status.
fn seen(pod: &PodState, moment: &Moment<'_>, before: &Published, index: usize) -> Seen {
    let runtime = moment.runtime;
    let Some(newest) = &pod.containers[index].newest else {
        return Seen::default();
    };
    let (view, n) = (&pod.status.containers[index], newest.n);
    let mut seen = Seen {
        container_id: Some(runtime.id(index, n)),
        ..Seen::default()
    };
    let (started_at, finished_at) = times(runtime, index, n);
    match &view.state {
        // WR-5: the invented exit has no times.
        State::Terminated(exit) if exit.reason == Reason::ContainerStatusUnknown => {}
        State::Terminated(_) => {
            (seen.started_at, seen.finished_at) = (started_at, finished_at);
            seen.ended_container_id = seen.container_id.clone();
        }
        State::Running => seen.started_at = started_at,
        State::Waiting(_) => {}
    }
    if view.last.is_none() {
        return seen;
    }
    // Whose exit lastState is: its own while it waits (WR-6), the one before, or what the cache remembers (RS-9).
    let last = match (&view.state, &pod.containers[index].previous) {
        (State::Waiting(_), _) if newest.exit.is_some() => Some(n),
        (_, Some(_)) => n.checked_sub(1),
        _ => None,
    };
    let cached = before.seen.get(index).cloned().unwrap_or_default();
    let cached_view = before.status.containers.get(index);
    (seen.last_container_id, seen.last_started_at, seen.last_finished_at) = match last {
        Some(last) => {
            let (started_at, finished_at) = times(runtime, index, last);
            (Some(runtime.id(index, last)), started_at, finished_at)
        }
        None if cached_view
            .is_some_and(|view| matches!(view.state, State::Terminated(_)) && view.restart_count != n) =>
        {
            (cached.container_id, cached.started_at, cached.finished_at)
        }
        None => (
            cached.last_container_id,
            cached.last_started_at,
            cached.last_finished_at,
        ),
    };
    seen
}

/// Whole seconds, as the API has them.
fn second(at: UnixMs) -> UnixMs {
    at.div_euclid(1_000) * 1_000
}

/// Start and end of an instance, cut to whole seconds.
fn times(runtime: &Runtime, index: usize, n: u32) -> (Option<UnixMs>, Option<UnixMs>) {
    let process = runtime.instances[index].get(n as usize);
    (
        process.map(|process| second(process.started_ms)),
        process
            .and_then(|process| process.end.as_ref())
            .map(|(end_ms, _)| second(*end_ms)),
    )
}
