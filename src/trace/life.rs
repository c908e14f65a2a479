//! One pod's trace while it grows, event by event.

use std::collections::BTreeSet;

use podcheck_generators::Scenario;

use super::journal::{Message, NodeClock, journal};
use super::{DeletionMark, EventType, Gap, PodSpec, Step, Trace, UnixMs, pod};
use crate::recording::{PodEvent, object};

/// A pod's trace while it grows.
pub(super) struct Life {
    pub trace: Trace,
    messages: BTreeSet<Message>,
    has_journal: bool,
    /// Of all containers, as the pod was first seen.
    images: Vec<Option<Box<str>>>,
}

impl Life {
    /// The life that an object's first event begins, and why its scenario was left out, if it was.
    pub fn begin(pod: &object::Pod) -> (Self, Option<String>) {
        let metadata = &pod.metadata;
        let yaml = metadata.annotations.scenario.as_deref();
        let mut spec = pod::spec(pod);
        let (scenario, error) = match yaml.map(|yaml| scenario_of(yaml, &spec)).transpose() {
            Ok(scenario) => (scenario, None),
            Err(error) => (None, Some(error)),
        };
        let status = &pod.status;
        let joined = !status.container_statuses.is_empty() || !status.init_container_statuses.is_empty();
        if joined && pod::was_changed(pod) {
            spec.not_covered
                .push("a specification that was changed before the pod was first seen".to_owned());
        }
        let trace = Trace {
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            uid: metadata.uid.clone(),
            node: None,
            kubelet: None,
            server: None,
            spec,
            scenario,
            steps: Vec::new(),
            journal: None,
            gaps: joined.then_some(Gap::JoinedInTheMiddle).into_iter().collect(),
            watched_until_ms: None,
        };
        (
            Self {
                trace,
                messages: BTreeSet::new(),
                has_journal: yaml.is_some(),
                images: pod::images(pod).cloned().collect(),
            },
            error,
        )
    }

    /// Marks that something may be missing.
    pub fn add_gap(&mut self, gap: Gap) {
        if !self.trace.gaps.contains(&gap) {
            self.trace.gaps.push(gap);
        }
    }

    /// Takes the next event.
    pub fn see(&mut self, event: PodEvent) {
        let trace = &mut self.trace;
        let PodEvent {
            index,
            at_ms,
            event,
            pod: object,
            ..
        } = event;
        if trace.node.is_none() {
            trace.node = object.spec.node_name.clone();
        }
        let changed = !pod::images(&object).eq(&self.images);
        let changed = changed.then(|| "a container image that is changed".to_owned());
        for name in pod::late_not_covered(&object).chain(changed) {
            if !trace.spec.not_covered.contains(&name) {
                trace.spec.not_covered.push(name);
            }
        }
        let view = pod::view(&object.status, &trace.spec);
        let mut seen = Vec::with_capacity(trace.spec.containers.len());
        for (index, container) in trace.spec.containers.iter().enumerate() {
            let status = pod::find(&object.status, container);
            seen.push(status.map(pod::seen).unwrap_or_default());
            let states = status
                .into_iter()
                .flat_map(|status| [&status.state, &status.last_state]);
            self.messages
                .extend(states.filter_map(|state| message(index, state.terminated.as_ref()?)));
        }
        let pod_seen = pod::pod_seen(&object, trace.node.as_deref());
        let metadata = object.metadata;
        let deletion = metadata.deletion_timestamp.map(|time| DeletionMark {
            timestamp_ms: time.0,
            grace_s: metadata
                .deletion_grace_period_seconds
                .and_then(|grace| u32::try_from(grace).ok())
                .unwrap_or(0),
        });
        let first = if trace.steps.is_empty() {
            EventType::Added
        } else {
            EventType::Modified
        };
        trace.steps.push(Step {
            event_index: index,
            resource_version: metadata.resource_version,
            event: event.unwrap_or(first),
            at_ms,
            deletion,
            finalizers: !metadata.finalizers.is_empty(),
            view,
            seen,
            pod_seen,
        });
    }

    /// The complete trace.
    pub fn finish(self, kubelet: Option<String>, clock: &NodeClock, watched_until_ms: Option<UnixMs>) -> Trace {
        let Self {
            mut trace,
            messages,
            has_journal,
            images: _,
        } = self;
        let names: Vec<&str> = trace
            .spec
            .containers
            .iter()
            .map(|container| container.name.as_str())
            .collect();
        let journal = journal(&messages, &names, clock);
        trace.journal = journal.or(has_journal.then(Vec::new));
        (trace.kubelet, trace.watched_until_ms) = (kubelet, watched_until_ms);
        trace
    }
}

/// The scenario that a pod carries, if it is this pod's own.
fn scenario_of(yaml: &str, spec: &PodSpec) -> Result<Scenario, String> {
    let scenario: Scenario = serde_yaml::from_str(yaml).map_err(|error| error.to_string())?;
    let names = spec.containers.iter().map(|container| container.name.as_str());
    if !names.eq(scenario.names().iter().map(String::as_str)) {
        return Err("the scenario is that of a pod with other containers".to_owned());
    }
    if scenario.containers().any(|container| container.attempts.is_empty()) {
        return Err("the scenario has a container without attempts".to_owned());
    }
    Ok(scenario)
}

fn message(container: usize, terminated: &object::Terminated) -> Option<Message> {
    let text = terminated.message.clone().filter(|text| !text.is_empty())?;
    let started_ms = terminated.started_at.map(|time| time.0);
    Some(Message {
        container,
        started_ms,
        finished_ms: terminated.finished_at.map(|time| time.0),
        text,
    })
}
