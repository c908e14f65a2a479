//! A trace back to watch events: simulated pods get a recording like live ones.

use std::io::{self, Write};

use k8s_openapi::api::core::v1 as api;
use serde_json::{Map, Value, json};

use crate::manifest::{self, Placement};
use crate::recording::RecordingWriter;
use crate::trace::{
    ConditionKind, ContainerView, EventType, Exit, JournalKind, Kind, Phase, PodResources, Reason, Seen, State, Step,
    Trace, UnixMs,
};

/// Writes all events of a simulated pod; times without one count from the epoch.
pub fn rerecord<W: Write>(writer: &mut RecordingWriter<W>, case: &str, trace: &Trace) -> io::Result<()> {
    let Some(scenario) = &trace.scenario else { return Ok(()) };
    let placement = Placement {
        name: trace.name.clone(),
        namespace: Some(trace.namespace.clone()),
        node: trace.node.clone(),
    };
    let pod = manifest::pod(case, scenario, &placement);
    for step in &trace.steps {
        let event_type = match step.event {
            EventType::Added => "ADDED",
            EventType::Modified => "MODIFIED",
            EventType::Deleted => "DELETED",
        };
        let event = json!({"type": event_type, "object": object(&pod, trace, step)?});
        writer.event(step.at_ms.unwrap_or_default(), &event)?;
    }
    Ok(())
}

fn object(pod: &api::Pod, trace: &Trace, step: &Step) -> io::Result<Value> {
    let mut object = serde_json::to_value(pod)?;
    let metadata = &mut object["metadata"];
    metadata["uid"] = trace.uid.as_str().into();
    metadata["resourceVersion"] = step.resource_version.as_str().into();
    metadata["generation"] = step.pod_seen.generation.into();
    if !step.finalizers {
        metadata.as_object_mut().map(|metadata| metadata.remove("finalizers"));
    }
    if let Some(mark) = step.deletion {
        metadata["deletionTimestamp"] = time(mark.timestamp_ms);
        metadata["deletionGracePeriodSeconds"] = mark.grace_s.into();
    }
    // Empty ones, too, are written out by the API server.
    for list in ["initContainers", "containers"] {
        let containers = object["spec"].get_mut(list).and_then(Value::as_array_mut);
        let containers = containers.into_iter().flatten();
        containers.for_each(|container| container["resources"] = json!({}));
    }
    object["status"] = status(trace, step);
    Ok(object)
}

fn status(trace: &Trace, step: &Step) -> Value {
    let mut status = Map::new();
    let phase = match step.view.phase {
        Phase::Pending => "Pending",
        Phase::Running => "Running",
        Phase::Succeeded => "Succeeded",
        Phase::Failed => "Failed",
        Phase::Unknown => "Unknown",
    };
    status.insert("phase".into(), phase.into());
    if step.view.reason != Reason::None {
        status.insert("reason".into(), step.view.reason.as_str().into());
    }
    let conditions = ConditionKind::ALL
        .iter()
        .zip(&step.view.conditions)
        .filter_map(|(kind, condition)| {
            let condition = condition.as_ref()?;
            let seen = step.pod_seen.conditions[*kind as usize];
            Some(json!({
                "type": kind.as_str(),
                "status": if condition.is_true { "True" } else { "False" },
                "reason": condition.reason,
                "message": condition.message,
                "lastTransitionTime": seen.transition.map(time),
                "observedGeneration": seen.observed_generation,
            }))
        });
    status.insert("conditions".into(), conditions.collect());
    let pod = &step.pod_seen;
    for (field, ip, list, first) in [
        ("hostIP", pod.host_ip, "hostIPs", pod.first_host_ip),
        (
            "podIP",
            pod.pod_ip.filter(|_| step.view.pod_ip),
            "podIPs",
            pod.first_pod_ip,
        ),
    ] {
        status.extend(ip.map(|ip| (field.to_owned(), json!(ip))));
        status.extend(first.map(|first| (list.to_owned(), json!([{"ip": first}]))));
    }
    status.extend(pod.start_time.map(|at| ("startTime".to_owned(), time(at))));
    status.extend(pod.qos.map(|qos| ("qosClass".to_owned(), json!(qos))));
    let amount = |told| match told {
        PodResources::NoLimit => json!({"limits": {"memory": "9007199254740988Ki"}}),
        PodResources::Amounts => json!({"limits": {"memory": "64Mi"}}),
    };
    status.extend(pod.resources.map(|told| ("resources".to_owned(), amount(told))));
    status.extend(
        pod.observed_generation
            .map(|it| ("observedGeneration".to_owned(), it.into())),
    );
    for (list, is_main) in [("initContainerStatuses", false), ("containerStatuses", true)] {
        let entries = trace
            .spec
            .containers
            .iter()
            .enumerate()
            .filter(|(_, spec)| (spec.kind == Kind::Main) == is_main);
        let entries: Vec<Value> = entries
            .filter_map(|(index, spec)| {
                let view = step.view.containers.get(index)?.as_ref()?;
                let seen = step.seen.get(index).cloned().unwrap_or_default();
                Some(container(trace, index, &spec.name, view, &seen))
            })
            .collect();
        if !entries.is_empty() {
            status.insert(list.into(), entries.into());
        }
    }
    status.into()
}

fn container(trace: &Trace, index: usize, name: &str, view: &ContainerView, seen: &Seen) -> Value {
    let state = match &view.state {
        State::Waiting(reason) => json!({"waiting": {"reason": reason.as_str()}}),
        State::Running => json!({"running": {"startedAt": seen.started_at.map(time)}}),
        State::Terminated(exit) => {
            let life = [seen.started_at, seen.finished_at];
            json!({"terminated": terminated(trace, index, exit, life, seen.container_id.as_deref())})
        }
    };
    let last = view.last.as_ref().map_or_else(Map::new, |exit| {
        let life = [seen.last_started_at, seen.last_finished_at];
        let terminated = terminated(trace, index, exit, life, seen.last_container_id.as_deref());
        Map::from_iter([("terminated".to_owned(), terminated)])
    });
    json!({
        "name": name,
        "state": state,
        "lastState": last,
        "ready": view.ready,
        "started": view.started,
        "restartCount": view.restart_count,
        "containerID": seen.container_id,
    })
}

fn terminated(trace: &Trace, index: usize, exit: &Exit, life: [Option<UnixMs>; 2], id: Option<&str>) -> Value {
    let [started_ms, finished_ms] = life;
    json!({
        "exitCode": exit.code,
        "reason": exit.reason.as_str(),
        "startedAt": started_ms.map(time),
        "finishedAt": finished_ms.map(time),
        "containerID": id,
        "message": finished_ms.and_then(|finished_ms| message(trace, index, finished_ms)),
    })
}

/// The journal as a process that ended in this second left it: everything up to its own exit.
fn message(trace: &Trace, index: usize, finished_ms: UnixMs) -> Option<String> {
    let journal = trace.journal.as_ref()?;
    let is_own_exit = |kind, container, at_ms: UnixMs| {
        container == index && matches!(kind, JournalKind::Exit(_)) && (at_ms - finished_ms).abs() <= 1_500
    };
    let last = journal
        .iter()
        .rposition(|entry| is_own_exit(entry.kind, entry.container, entry.at_ms))?;
    let lines = journal[..=last].iter().filter_map(|entry| {
        let name = &trace.spec.containers.get(entry.container)?.name;
        let event = match entry.kind {
            JournalKind::Start => "start".to_owned(),
            JournalKind::Term => "term".to_owned(),
            JournalKind::Exit(code) => format!("exit:{code}"),
        };
        let (seconds, hundredths) = (entry.at_ms / 1000, entry.at_ms % 1000 / 10);
        Some(format!("{name} {} {event} {seconds}.{hundredths:02}\n", entry.attempt))
    });
    Some(lines.collect())
}

/// Whole seconds, as the API has them.
fn time(at_ms: UnixMs) -> Value {
    let second = jiff::Timestamp::from_second(at_ms.div_euclid(1000)).unwrap_or_default();
    second.to_string().into()
}
