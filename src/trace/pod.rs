//! One received object to the specification and the view that the model knows.

use podcheck_generators::RestartPolicy;

use super::{
    BackOffSaid, Condition, ConditionKind, ConditionSeen, ContainerSpec, ContainerView, Exit, Kind, Phase, PodSeen,
    PodSpec, PodView, ProbeSpec, Reason, Seen, State, qos,
};
use crate::recording::object;

/// The specification as the model needs it.
pub fn spec(pod: &object::Pod) -> PodSpec {
    let spec = &pod.spec;
    let init = spec.init_containers.iter().map(|container| {
        let kind = if is_always(container) {
            Kind::Sidecar
        } else {
            Kind::Init
        };
        container_spec(container, kind)
    });
    let containers = init.chain(
        spec.containers
            .iter()
            .map(|container| container_spec(container, Kind::Main)),
    );
    PodSpec {
        restart_policy: match spec.restart_policy.as_deref() {
            Some("Never") => RestartPolicy::Never,
            Some("OnFailure") => RestartPolicy::OnFailure,
            _ => RestartPolicy::Always,
        },
        // The API accepts a negative grace in old objects and treats it as 1.
        grace_s: spec
            .termination_grace_period_seconds
            .map_or(30, |grace| if grace < 0 { 1 } else { number(grace) }),
        containers: containers.collect(),
        not_covered: not_covered(pod),
    }
}

fn is_always(container: &object::Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

fn container_spec(container: &object::Container, kind: Kind) -> ContainerSpec {
    ContainerSpec {
        name: container.name.clone(),
        kind,
        startup: container.startup_probe.as_ref().map(probe_spec),
        readiness: container.readiness_probe.as_ref().map(probe_spec),
        liveness: container.liveness_probe.as_ref().map(probe_spec),
    }
}

/// The API replaces absent numbers and zeros by its defaults.
fn probe_spec(probe: &object::Probe) -> ProbeSpec {
    let or = |value: Option<i64>, default| value.filter(|value| *value != 0).map_or(default, number);
    ProbeSpec {
        initial_delay_s: or(probe.initial_delay_seconds, 0),
        period_s: or(probe.period_seconds, 10),
        timeout_s: or(probe.timeout_seconds, 1),
        failure_threshold: or(probe.failure_threshold, 3),
        success_threshold: or(probe.success_threshold, 1),
        grace_s: probe.termination_grace_period_seconds.map(number),
    }
}

fn number(value: i64) -> u32 {
    u32::try_from(value.max(0)).unwrap_or(u32::MAX)
}

/// Fields that change the lifecycle in ways the model does not know.
fn not_covered(pod: &object::Pod) -> Vec<String> {
    let spec = &pod.spec;
    let mut names = Vec::new();
    let mut name = |text: &str, present: bool| {
        if present && !names.iter().any(|known| known == text) {
            names.push(text.to_owned());
        }
    };
    for (container, is_init) in with_init(&spec.init_containers, &spec.containers) {
        let lifecycle = container.lifecycle.as_ref();
        name(
            "lifecycle.postStart",
            lifecycle.is_some_and(|hooks| hooks.post_start.is_some()),
        );
        name(
            "lifecycle.preStop",
            lifecycle.is_some_and(|hooks| hooks.pre_stop.is_some()),
        );
        name(
            "lifecycle.stopSignal",
            lifecycle.is_some_and(|hooks| hooks.stop_signal.is_some()),
        );
        name("restartPolicyRules", !container.restart_policy_rules.is_empty());
        let own_policy = container.restart_policy.is_some();
        name("containers.restartPolicy", !is_init && own_policy);
        name(
            "initContainers.restartPolicy other than Always",
            is_init && own_policy && !is_always(container),
        );
    }
    name("shareProcessNamespace", spec.share_process_namespace == Some(true));
    name("os.name", spec.os.as_ref().is_some_and(|os| &*os.name != "linux"));
    name("readinessGates", !spec.readiness_gates.is_empty());
    name("static pod", pod.metadata.annotations.mirror.is_some());
    names.extend(late_not_covered(pod));
    names
}

pub(super) fn with_init<'a>(
    init: &'a [object::Container],
    main: &'a [object::Container],
) -> impl Iterator<Item = (&'a object::Container, bool)> {
    init.iter()
        .map(|container| (container, true))
        .chain(main.iter().map(|container| (container, false)))
}

/// Has the specification been changed since the pod was made? What was restarted for it has another back-off and other
/// probes than the containers that are seen. A delete counts once, too: the API server then raises the generation.
pub(super) fn was_changed(pod: &object::Pod) -> bool {
    let deleted = i64::from(pod.metadata.deletion_timestamp.is_some());
    pod.metadata
        .generation
        .is_some_and(|generation| generation > 1 + deleted)
}

/// The image of each container.
pub(super) fn images(pod: &object::Pod) -> impl Iterator<Item = &Option<Box<str>>> {
    with_init(&pod.spec.init_containers, &pod.spec.containers).map(|(container, _)| &container.image)
}

/// What may come up later in a pod's life.
pub(super) fn late_not_covered(pod: &object::Pod) -> impl Iterator<Item = String> {
    let has = |kind: &str| pod.status.conditions.iter().any(|condition| &*condition.kind == kind);
    let resize = pod.status.resize.is_some() || has("PodResizePending") || has("PodResizeInProgress");
    let names = [
        ("activeDeadlineSeconds", pod.spec.active_deadline_seconds.is_some()),
        ("ephemeralContainers", !pod.spec.ephemeral_containers.is_empty()),
        ("resources resize", resize),
        ("eviction or preemption (DisruptionTarget)", has("DisruptionTarget")),
    ];
    let names = names
        .into_iter()
        .filter(|(_, present)| *present)
        .map(|(name, _)| name.to_owned());
    // The kubelet itself ended the pod: Evicted, DeadlineExceeded, Preempting, OutOfcpu, NodeAffinity, …
    let ended = pod.status.reason.as_deref().filter(|reason| !reason.is_empty());
    let ended = ended.map(|reason| format!("a pod that the kubelet ends by itself ({reason})"));
    names.chain(ended).chain(failed_start(pod)).chain(foreign_exit(pod))
}

/// A container that cannot be started, in a pod that was not made here: one that was has all that it needs.
fn failed_start(pod: &object::Pod) -> Option<String> {
    if pod.metadata.annotations.scenario.is_some() {
        return None;
    }
    let mut reasons = statuses(&pod.status).flat_map(|status| {
        let waiting = status.state.waiting.as_ref().and_then(|it| it.reason.as_deref());
        let ends = ends(status).filter_map(|it| it.reason.as_deref());
        // That one waits by the rule of another container.
        let is_failure = |reason: &str| {
            matches!(Reason::parse(Some(reason)), Reason::Other(_)) && reason != "RestartingAllContainers"
        };
        let waiting = waiting.filter(|reason| is_failure(reason));
        let never_ran = ends.filter(|reason| ["StartError", "ContainerCannotRun"].contains(reason));
        waiting.into_iter().chain(never_ran)
    });
    reasons
        .next()
        .map(|reason| format!("a container that cannot be started ({reason})"))
}

/// An exit code that no Linux process has, in a pod that was not made here: what ran was no such process (but one of
/// Windows, say, or WebAssembly in the runtime's own), and which codes it can have nobody knows.
fn foreign_exit(pod: &object::Pod) -> Option<String> {
    if pod.metadata.annotations.scenario.is_some() {
        return None;
    }
    let mut codes = statuses(&pod.status).flat_map(ends).map(|it| it.exit_code);
    codes
        .find(|code| u8::try_from(*code).is_err())
        .map(|code| format!("an exit code that no Linux process has ({code})"))
}

fn statuses(status: &object::Status) -> impl Iterator<Item = &object::ContainerStatus> {
    status.init_container_statuses.iter().chain(&status.container_statuses)
}

/// The ends of this life and of the one before.
fn ends(status: &object::ContainerStatus) -> impl Iterator<Item = &object::Terminated> {
    let ends = [&status.state.terminated, &status.last_state.terminated];
    ends.into_iter().flatten()
}

/// The published status.
pub(super) fn view(status: &object::Status, spec: &PodSpec) -> PodView {
    PodView {
        phase: match status.phase.as_deref() {
            None | Some("" | "Pending") => Phase::Pending,
            Some("Running") => Phase::Running,
            Some("Succeeded") => Phase::Succeeded,
            Some("Failed") => Phase::Failed,
            Some(_) => Phase::Unknown,
        },
        reason: Reason::parse(status.reason.as_deref()),
        conditions: ConditionKind::ALL.map(|kind| {
            let condition = status
                .conditions
                .iter()
                .find(|condition| &*condition.kind == kind.as_str())?;
            Some(Condition {
                is_true: &*condition.status == "True",
                reason: condition.reason.clone().unwrap_or_default(),
                message: condition.message.clone().unwrap_or_default(),
            })
        }),
        containers: spec
            .containers
            .iter()
            .map(|container| Some(container_view(find(status, container)?)))
            .collect(),
        pod_ip: status.pod_ip.is_some_and(|ip| !ip.is_empty),
    }
}

/// The status entry of a container; names are unique within a pod.
pub(super) fn find<'a>(status: &'a object::Status, container: &ContainerSpec) -> Option<&'a object::ContainerStatus> {
    let list = if container.kind == Kind::Main {
        &status.container_statuses
    } else {
        &status.init_container_statuses
    };
    list.iter().find(|entry| *entry.name == *container.name)
}

fn container_view(status: &object::ContainerStatus) -> ContainerView {
    ContainerView {
        state: match &status.state {
            object::State {
                terminated: Some(terminated),
                ..
            } => State::Terminated(exit(terminated)),
            object::State { running: Some(_), .. } => State::Running,
            object::State { waiting, .. } => State::Waiting(Reason::parse(
                waiting.as_ref().and_then(|waiting| waiting.reason.as_deref()),
            )),
        },
        last: status.last_state.terminated.as_ref().map(exit),
        restart_count: status.restart_count,
        ready: status.ready,
        started: status.started.unwrap_or(false),
    }
}

fn exit(terminated: &object::Terminated) -> Exit {
    Exit {
        code: terminated.exit_code,
        reason: Reason::parse(terminated.reason.as_deref()),
    }
}

/// Identities and times of a status entry.
pub(super) fn seen(status: &object::ContainerStatus) -> Seen {
    let (running, terminated) = (status.state.running.as_ref(), status.state.terminated.as_ref());
    let last = status.last_state.terminated.as_ref();
    let started_at = running
        .and_then(|it| it.started_at)
        .or(terminated.and_then(|it| it.started_at));
    Seen {
        container_id: status.container_id.clone().filter(|id| !id.is_empty()),
        started_at: started_at.map(|time| time.0),
        finished_at: terminated.and_then(|it| it.finished_at).map(|time| time.0),
        ended_container_id: terminated
            .and_then(|it| it.container_id.clone())
            .filter(|id| !id.is_empty()),
        last_container_id: last.and_then(|it| it.container_id.clone()).filter(|id| !id.is_empty()),
        last_started_at: last.and_then(|it| it.started_at).map(|time| time.0),
        last_finished_at: last.and_then(|it| it.finished_at).map(|time| time.0),
        has_two_states: members(&status.state) > 1,
        last_is_no_end: members(&status.last_state) > usize::from(last.is_some()),
        back_off: back_off(status),
    }
}

fn members(state: &object::State) -> usize {
    usize::from(state.waiting.is_some())
        + usize::from(state.running.is_some())
        + usize::from(state.terminated.is_some())
}

/// `back-off 10s restarting failed container=NAME pod=POD_NAMESPACE(UID)`; none where the message was stripped.
///
/// Whose pod it is goes unread: names are taken out of recordings before they are handed on.
fn back_off(status: &object::ContainerStatus) -> Option<BackOffSaid> {
    let waiting = status.state.waiting.as_ref();
    let waiting = waiting.filter(|it| Reason::parse(it.reason.as_deref()) == Reason::CrashLoopBackOff)?;
    let message = waiting.message.as_deref().filter(|message| !message.is_empty())?;
    let said = message
        .strip_prefix("back-off ")
        .and_then(|it| it.split_once(" restarting failed container="));
    let name = said.and_then(|(_, whose)| whose.split(' ').next());
    Some(BackOffSaid {
        delay_ms: said.and_then(|(delay, _)| go_duration_ms(delay)),
        is_own: name == Some(&*status.name),
    })
}

/// A duration as Go prints it: `10s`, `1m20s`, `5m0s`, `1.5s`.
fn go_duration_ms(text: &str) -> Option<i64> {
    let (minutes, seconds) = text
        .strip_suffix('s')?
        .split_once('m')
        .unwrap_or(("0", text.strip_suffix('s')?));
    let (minutes, seconds): (f64, f64) = (minutes.parse().ok()?, seconds.parse().ok()?);
    Some(((minutes * 60.0 + seconds) * 1_000.0) as i64)
}

/// The pod's own identity and times; `node` is where it was first seen to be bound.
pub(super) fn pod_seen(pod: &object::Pod, node: Option<&str>) -> PodSeen {
    let status = &pod.status;
    let listed = |list: &[object::Listed]| list.first().and_then(|entry| entry.ip?.ip);
    PodSeen {
        elsewhere: pod.spec.node_name.as_deref().is_some_and(|bound| Some(bound) != node),
        unbound: pod.spec.node_name.is_none(),
        start_time: status.start_time.map(|time| time.0),
        host_ip: status.host_ip.and_then(|address| address.ip),
        first_host_ip: listed(&status.host_ips),
        pod_ip: status.pod_ip.and_then(|address| address.ip),
        first_pod_ip: listed(&status.pod_ips),
        qos: status.qos_class,
        qos_due: qos::due(pod),
        resources: status.resources.as_ref().and_then(qos::told),
        generation: pod.metadata.generation,
        observed_generation: status.observed_generation,
        conditions: ConditionKind::ALL.map(|kind| {
            let mut found = status.conditions.iter().filter(|it| &*it.kind == kind.as_str());
            found
                .next()
                .map_or_else(ConditionSeen::default, |condition| ConditionSeen {
                    transition: condition.last_transition_time.map(|time| time.0),
                    observed_generation: condition.observed_generation,
                    is_repeated: found.next().is_some(),
                    is_undefined: !["True", "False", "Unknown"].contains(&&*condition.status),
                })
        }),
        out_of_order: is_out_of_order(pod),
        on_host_network: pod.spec.host_network == Some(true),
        status_entries: (status.init_container_statuses.len() + status.container_statuses.len()) as u32,
    }
}

fn is_out_of_order(pod: &object::Pod) -> bool {
    let status = &pod.status;
    // One that is missing or too much is another matter.
    let place = |name: &str| pod.spec.init_containers.iter().position(|it| it.name == name);
    let init = status.init_container_statuses.iter().filter_map(|it| place(&it.name));
    let mains = status.container_statuses.iter().map(|it| &*it.name);
    !init.is_sorted() || !mains.is_sorted()
}
