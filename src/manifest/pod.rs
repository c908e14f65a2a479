//! The pod object of a scenario.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as api;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use podcheck_generators::{Container, InitKind, Probe, ProbeHandler, RestartPolicy, Scenario};

use super::script::{self, PROBE_DIR, ProbeKind, SHARED_DIR};

/// The image of every container; any busybox with `sh` and `httpd` would do.
pub const IMAGE: &str = "busybox:1.36";
/// Label of everything this program creates, with the value [`MANAGED_BY`].
pub const MANAGED_BY_LABEL: &str = "app.kubernetes.io/managed-by";
/// Value of [`MANAGED_BY_LABEL`].
pub const MANAGED_BY: &str = "podcheck";
/// Annotation with the scenario as compact JSON, which is also YAML.
pub const SCENARIO_ANNOTATION: &str = "podcheck.dev/scenario";
/// Annotation with the case id.
pub const CASE_ANNOTATION: &str = "podcheck.dev/case";
/// The finalizer of `deletion.finalizer`; the runner removes it.
pub const FINALIZER: &str = "podcheck.dev/hold";

/// Where a pod goes and what it is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// `metadata.name`; [`pod_name`] makes a valid one.
    pub name: String,
    /// Absent: the namespace of whoever applies it.
    pub namespace: Option<String>,
    /// Absent: the scheduler chooses.
    pub node: Option<String>,
}

/// A valid object name from a case id and an optional suffix: lower case, digits and dashes, at most 63 characters.
pub fn pod_name(case: &str, suffix: Option<&str>) -> String {
    /// A node's name and a number need less; what tells pods apart stands at the end.
    const SUFFIX_LEN_MAX: usize = 40;
    const NAME_LEN_MAX: usize = 63;
    let clean = |text: &str| -> String {
        let letter = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        };
        text.chars().map(letter).collect()
    };
    let suffix = suffix.map_or_else(String::new, |suffix| clean(&format!("-{suffix}")));
    let suffix = &suffix[suffix.len().saturating_sub(SUFFIX_LEN_MAX)..];
    let mut name = clean(&format!("podcheck-{case}"));
    name.truncate(NAME_LEN_MAX - suffix.len());
    format!("{}{suffix}", name.trim_end_matches('-'))
        .trim_end_matches('-')
        .to_owned()
}

/// The pod that plays this scenario.
pub fn pod(case: &str, scenario: &Scenario, placement: &Placement) -> api::Pod {
    let names = scenario.names();
    let count = names.len();
    let mut containers: Vec<api::Container> = names
        .iter()
        .zip(scenario.containers())
        .enumerate()
        .map(|(index, (name, container))| container_of(name, container, index, count))
        .collect();
    let main = containers.split_off(scenario.init.len());
    for (container, element) in containers.iter_mut().zip(&scenario.init) {
        container.restart_policy = (element.kind == InitKind::Sidecar).then(|| "Always".to_owned());
    }
    let has_finalizer = scenario.deletion.as_ref().is_some_and(|deletion| deletion.finalizer);
    api::Pod {
        metadata: ObjectMeta {
            name: Some(placement.name.clone()),
            namespace: placement.namespace.clone(),
            labels: Some(BTreeMap::from([(MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned())])),
            annotations: Some(BTreeMap::from([
                (SCENARIO_ANNOTATION.to_owned(), to_json(scenario)),
                (CASE_ANNOTATION.to_owned(), case.to_owned()),
            ])),
            finalizers: has_finalizer.then(|| vec![FINALIZER.to_owned()]),
            ..ObjectMeta::default()
        },
        spec: Some(api::PodSpec {
            restart_policy: Some(restart_policy(scenario.restart_policy).to_owned()),
            termination_grace_period_seconds: Some(scenario.grace_seconds.into()),
            node_name: placement.node.clone(),
            // Nothing that the pod does not need: each mount and variable is work at every container start.
            automount_service_account_token: Some(false),
            enable_service_links: Some(false),
            init_containers: (!containers.is_empty()).then_some(containers),
            containers: main,
            volumes: Some(vec![api::Volume {
                name: "podcheck".to_owned(),
                empty_dir: Some(api::EmptyDirVolumeSource::default()),
                ..api::Volume::default()
            }]),
            ..api::PodSpec::default()
        }),
        status: None,
    }
}

/// YAML for `kubectl apply -f`; free text in it is quoted where a reader of YAML 1.1 would take it for something else.
pub fn to_yaml(pod: &api::Pod) -> Result<String, serde_yaml::Error> {
    let mut value = serde_yaml::to_value(pod)?;
    // An id like `on`, `1_000` or `12:30` is the only string that 1.1 could misread; a letter in front settles it.
    let case = value
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("annotations"))
        .and_then(|annotations| annotations.get_mut(CASE_ANNOTATION));
    if let Some(serde_yaml::Value::String(case)) = case
        && is_risky_in_yaml_1_1(case)
    {
        case.insert_str(0, "case-");
    }
    serde_yaml::to_string(&value)
}

fn is_risky_in_yaml_1_1(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    let is_word = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&word.as_str());
    is_word || text.starts_with(|c: char| c.is_ascii_digit() || "+-.~".contains(c))
}

fn restart_policy(policy: RestartPolicy) -> &'static str {
    match policy {
        RestartPolicy::Always => "Always",
        RestartPolicy::OnFailure => "OnFailure",
        RestartPolicy::Never => "Never",
    }
}

fn to_json(scenario: &Scenario) -> String {
    serde_json::to_string(scenario).expect("a scenario has only string keys")
}

fn container_of(name: &str, container: &Container, index: usize, count: usize) -> api::Container {
    let probe = |kind, probe: &Option<Probe>| probe.as_ref().map(|probe| probe_of(kind, probe, index));
    api::Container {
        name: name.to_owned(),
        image: Some(IMAGE.to_owned()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: Some(vec![
            "sh".to_owned(),
            "-c".to_owned(),
            script::script(name, container, index, count),
        ]),
        startup_probe: probe(ProbeKind::Startup, &container.startup),
        readiness_probe: probe(ProbeKind::Readiness, &container.readiness),
        liveness_probe: probe(ProbeKind::Liveness, &container.liveness),
        volume_mounts: Some(vec![api::VolumeMount {
            name: "podcheck".to_owned(),
            mount_path: SHARED_DIR.to_owned(),
            ..api::VolumeMount::default()
        }]),
        ..api::Container::default()
    }
}

fn probe_of(kind: ProbeKind, probe: &Probe, index: usize) -> api::Probe {
    let number = |value: u32| i32::try_from(value).ok();
    let port = IntOrString::Int(script::port(index, kind, probe.handler));
    let mut result = api::Probe {
        initial_delay_seconds: number(probe.initial_delay_seconds),
        period_seconds: number(probe.period_seconds),
        failure_threshold: number(probe.failure_threshold),
        success_threshold: number(probe.success_threshold),
        termination_grace_period_seconds: probe.grace_seconds.map(i64::from),
        timeout_seconds: Some(1),
        ..api::Probe::default()
    };
    match probe.handler {
        ProbeHandler::HttpGet => {
            let path = Some(format!("/{}", kind.file()));
            result.http_get = Some(api::HTTPGetAction {
                path,
                port,
                ..api::HTTPGetAction::default()
            });
        }
        ProbeHandler::TcpSocket => {
            result.tcp_socket = Some(api::TCPSocketAction {
                port,
                ..api::TCPSocketAction::default()
            });
        }
        ProbeHandler::Exec => {
            let command = ["test", "-f", &format!("{PROBE_DIR}/{}", kind.file())]
                .map(str::to_owned)
                .to_vec();
            result.exec = Some(api::ExecAction { command: Some(command) });
            // The runtime's own exec takes part of it, and much more under load.
            result.timeout_seconds = Some(5);
        }
    }
    result
}

#[cfg(test)]
mod tests;
