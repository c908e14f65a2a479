//! A plain manifest to a scenario: what its containers do is read off their commands, or assumed and said.

mod shell;

use k8s_openapi::api::core::v1 as api;
use podcheck_generators::{
    Attempt, Container, InitElement, InitKind, OnTerm, Probe, ProbeHandler, ProbeOutcome, RestartPolicy, Scenario,
};
use serde::Deserialize;
use serde_yaml::Value;

use super::Failure;

/// How long a plain pod is looked at.
const OBSERVE_MS: u32 = 120_000;

/// A manifest and what was made of it.
pub struct Plain {
    /// `metadata.name`.
    pub name: String,
    /// What it does.
    pub scenario: Scenario,
    /// What the manifest does not say, in words.
    pub assumptions: Vec<String>,
}

/// Is this document a Kubernetes object?
pub fn is_manifest(document: &Value) -> bool {
    document.get("kind").is_some_and(Value::is_string) && document.get("restartPolicy").is_none()
}

/// Reads a Pod, or the pod template of a Job or another workload.
pub fn read(document: &Value) -> Result<Plain, Failure> {
    let kind = document.get("kind").and_then(Value::as_str).unwrap_or_default();
    let template = match kind {
        "Pod" => Some(document),
        "CronJob" => document
            .get("spec")
            .and_then(|spec| spec.get("jobTemplate")?.get("spec")?.get("template")),
        _ => document.get("spec").and_then(|spec| spec.get("template")),
    };
    let Some(spec) = template.and_then(|template| template.get("spec")) else {
        return Err(wrong(format!(
            "a {kind} has no pod in it; give a Pod, a Job or another workload"
        )));
    };
    refuse_unknown(spec)?;
    let spec = api::PodSpec::deserialize(spec).map_err(|error| wrong(format!("not a pod: {error}")))?;
    let name = document
        .get("metadata")
        .and_then(|metadata| metadata.get("name"))
        .and_then(Value::as_str);
    let mut assumptions = Vec::new();
    let scenario = scenario(&spec, &mut assumptions);
    scenario
        .validate()
        .map_err(|error| wrong(format!("the model does not cover this pod: {error}")))?;
    Ok(Plain {
        name: name.unwrap_or("pod").to_owned(),
        scenario,
        assumptions,
    })
}

fn wrong(text: String) -> Failure {
    Failure::Usage(text)
}

/// What an API server would refuse, in its words: fields that people believe to exist.
fn refuse_unknown(spec: &Value) -> Result<(), Failure> {
    if spec.get("sidecarContainers").is_some() {
        return Err(wrong(
            "unknown field \"spec.sidecarContainers\"; a sidecar is an init container with restartPolicy: Always"
                .into(),
        ));
    }
    let init = spec.get("initContainers").and_then(Value::as_sequence);
    let policies = init
        .into_iter()
        .flatten()
        .filter_map(|container| container.get("restartPolicy"));
    match policies.filter_map(Value::as_str).find(|policy| *policy != "Always") {
        Some(policy) => Err(wrong(format!(
            "initContainers.restartPolicy: {policy:?} is not covered; the sidecar design allows only \"Always\""
        ))),
        None => Ok(()),
    }
}

fn scenario(spec: &api::PodSpec, assumptions: &mut Vec<String>) -> Scenario {
    let init = spec.init_containers.iter().flatten().map(|container| {
        let is_sidecar = container.restart_policy.as_deref() == Some("Always");
        let kind = if is_sidecar { InitKind::Sidecar } else { InitKind::Init };
        InitElement {
            kind,
            container: container_of(container, kind == InitKind::Init, assumptions),
        }
    });
    let init = init.collect();
    Scenario {
        restart_policy: match spec.restart_policy.as_deref() {
            Some("Never") => RestartPolicy::Never,
            Some("OnFailure") => RestartPolicy::OnFailure,
            _ => RestartPolicy::Always,
        },
        grace_seconds: spec
            .termination_grace_period_seconds
            .map_or(30, |grace| u32::try_from(grace).unwrap_or(1)),
        init,
        main: spec
            .containers
            .iter()
            .map(|container| container_of(container, false, assumptions))
            .collect(),
        deletion: None,
        observe_ms_max: OBSERVE_MS,
    }
}

fn container_of(container: &api::Container, ends: bool, assumptions: &mut Vec<String>) -> Container {
    let words = container
        .command
        .iter()
        .chain(&container.args)
        .flatten()
        .cloned()
        .collect::<Vec<_>>();
    let attempt = shell::read(&words).unwrap_or_else(|| {
        let (attempt, what) = if ends {
            (
                Attempt {
                    on_term: OnTerm::AT_ONCE,
                    ..Attempt::exits(1_000, 0)
                },
                "succeeds after 1 s",
            )
        } else {
            (Attempt::FOREVER, "runs until it gets a TERM")
        };
        assumptions.push(format!(
            "{}: its command tells too little; assumed that it {what}",
            container.name
        ));
        attempt
    });
    let mut probe = |probe: &Option<api::Probe>, kind: &str| {
        let probe = probe.as_ref()?;
        assumptions.push(format!(
            "{}: assumed that its {kind} probe always passes",
            container.name
        ));
        Some(probe_of(probe, kind))
    };
    Container {
        attempts: vec![attempt],
        startup: probe(&container.startup_probe, "startup"),
        readiness: probe(&container.readiness_probe, "readiness"),
        liveness: probe(&container.liveness_probe, "liveness"),
    }
}

/// The API's defaults stand where the manifest says nothing.
fn probe_of(probe: &api::Probe, kind: &str) -> Probe {
    let number = |value: Option<i32>, default: u32| {
        value
            .filter(|value| *value > 0)
            .and_then(|value| u32::try_from(value).ok())
            .unwrap_or(default)
    };
    Probe {
        handler: match probe {
            api::Probe { exec: Some(_), .. } => ProbeHandler::Exec,
            api::Probe {
                tcp_socket: Some(_), ..
            } => ProbeHandler::TcpSocket,
            _ => ProbeHandler::HttpGet,
        },
        outcome: ProbeOutcome::Passes,
        initial_delay_seconds: number(probe.initial_delay_seconds, 0),
        period_seconds: number(probe.period_seconds, 10),
        failure_threshold: number(probe.failure_threshold, 3),
        success_threshold: number(probe.success_threshold, 1),
        grace_seconds: probe
            .termination_grace_period_seconds
            .filter(|_| kind != "readiness")
            .and_then(|grace| u32::try_from(grace).ok()),
    }
}
