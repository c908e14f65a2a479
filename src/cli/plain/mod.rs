//! A plain manifest to something that can be simulated: what its containers do is read off their commands, or assumed
//! and said.

mod admission;
mod shell;

use k8s_openapi::api::core::v1 as api;
use podcheck_generators::{Attempt, Container, OnTerm, Probe, ProbeHandler, ProbeOutcome};
use serde::Deserialize;
use serde_yaml::Value;

use super::Failure;
use crate::recording::object;
use crate::simulate::Workload;
use crate::trace::{self, PodSpec};

/// How long a plain pod is looked at.
pub const OBSERVE_MS: u32 = 120_000;

/// A manifest and what was made of it.
pub struct Plain {
    /// `metadata.name`.
    pub name: String,
    /// What it does.
    pub work: Workload,
    /// What the manifest does not say, in words.
    pub assumptions: Vec<String>,
}

/// Is this document a Kubernetes object?
pub fn is_manifest(document: &Value) -> bool {
    document.get("kind").is_some_and(Value::is_string)
}

/// Reads a Pod, or the pod template of a Job or another workload, as an API server 1.`server_minor` takes it.
pub fn read(document: &Value, server_minor: u32) -> Result<Plain, Failure> {
    let kind = document.get("kind").and_then(Value::as_str).unwrap_or_default();
    let (template, path) = match kind {
        "Pod" => (Some(document), "spec"),
        "CronJob" => (
            document
                .get("spec")
                .and_then(|spec| spec.get("jobTemplate")?.get("spec")?.get("template")),
            "spec.jobTemplate.spec.template.spec",
        ),
        _ => (
            document.get("spec").and_then(|spec| spec.get("template")),
            "spec.template.spec",
        ),
    };
    let Some(template) = template.filter(|template| template.get("spec").is_some()) else {
        return Err(Failure::Usage(format!(
            "a {kind} has no pod in it; give a Pod, a Job or another workload"
        )));
    };
    let wrong = |error: &dyn std::fmt::Display| Failure::Usage(format!("not a pod: {error}"));
    let mut template = serde_json::to_value(template).map_err(|error| wrong(&error))?;
    admission::refuse_unknown(&template["spec"], path)?;
    let mut assumptions = admission::restart_policies(&mut template["spec"], path, server_minor)?;
    let spec = api::PodSpec::deserialize(&template["spec"]).map_err(|error| wrong(&error))?;
    let pod: object::Pod = serde_json::from_value(template).map_err(|error| wrong(&error))?;
    let known = trace::spec_of_pod(&pod);
    if spec.containers.is_empty() {
        return Err(wrong(&"it has no containers"));
    }
    if !known.not_covered.is_empty() {
        let names = known.not_covered.join(", ");
        return Err(Failure::NotCovered(format!(
            "the model does not cover {names}: nothing can be predicted"
        )));
    }
    let name = document
        .get("metadata")
        .and_then(|metadata| metadata.get("name"))
        .and_then(Value::as_str);
    let work = workload(known, &spec, &mut assumptions);
    Ok(Plain {
        name: name.unwrap_or("pod").to_owned(),
        work,
        assumptions,
    })
}

fn workload(known: PodSpec, spec: &api::PodSpec, assumptions: &mut Vec<String>) -> Workload {
    let init = spec.init_containers.iter().flatten();
    let init = init.map(|container| (container, container.restart_policy.is_none()));
    let mains = spec.containers.iter().map(|container| (container, false));
    let containers = init
        .chain(mains)
        .map(|(container, ends)| container_of(container, ends, assumptions))
        .collect();
    Workload {
        spec: known,
        containers,
        deletion: None,
        observe_ms_max: OBSERVE_MS,
        scenario: None,
    }
}

fn container_of(container: &api::Container, ends: bool, assumptions: &mut Vec<String>) -> Container {
    let words: Vec<String> = container
        .command
        .iter()
        .chain(&container.args)
        .flatten()
        .cloned()
        .collect();
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
        Some(probe_of(probe))
    };
    Container {
        attempts: vec![attempt],
        startup: probe(&container.startup_probe, "startup"),
        readiness: probe(&container.readiness_probe, "readiness"),
        liveness: probe(&container.liveness_probe, "liveness"),
    }
}

/// The API's defaults stand where the manifest says nothing.
fn probe_of(probe: &api::Probe) -> Probe {
    let number = |value: Option<i32>, default: u32| {
        value
            .and_then(|value| u32::try_from(value).ok())
            .filter(|value| *value > 0)
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
            .and_then(|grace| u32::try_from(grace).ok()),
    }
}
