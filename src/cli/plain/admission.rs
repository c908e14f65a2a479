//! What an API server makes of a manifest before any kubelet sees it: fields and values refused, fields dropped.

use k8s_openapi::api::core::v1::PodSpec;
use serde::Deserialize;
use serde_json::Value;

use super::Failure;

/// Since this minor version a container may have any restart policy of its own (gate ContainerRestartRules).
const OWN_POLICIES_SINCE: u32 = 35;

/// Since this minor version the API has these fields, but drops them: the gate is off.
const OWN_POLICIES_DROPPED_SINCE: u32 = 34;

/// Refuses the first field that no API has, as strict validation does.
pub fn refuse_unknown(spec: &Value, path: &str) -> Result<(), Failure> {
    let known = PodSpec::deserialize(spec)
        .and_then(serde_json::to_value)
        .map_err(|error| Failure::Usage(format!("not a pod: {error}")))?;
    let Some(field) = unknown(spec, &known, path) else {
        return Ok(());
    };
    let hint = if field.ends_with(".sidecarContainers") {
        "; a sidecar is an init container with restartPolicy: Always"
    } else {
        ""
    };
    Err(Failure::Usage(format!("unknown field \"{field}\"{hint}")))
}

/// The path of a field that reading as the API's type has lost.
fn unknown(given: &Value, known: &Value, path: &str) -> Option<String> {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => given.iter().find_map(|(key, value)| match known.get(key) {
            Some(known) => unknown(value, known, &format!("{path}.{key}")),
            None => (!value.is_null()).then(|| format!("{path}.{key}")),
        }),
        (Value::Array(given), Value::Array(known)) => (0..)
            .zip(given.iter().zip(known))
            .find_map(|(index, (given, known)): (usize, _)| unknown(given, known, &format!("{path}[{index}]"))),
        _ => None,
    }
}

/// Refuses restart policies of containers that an API server 1.`minor` refuses, removes those that it drops, and says so.
pub fn restart_policies(spec: &mut Value, path: &str, minor: u32) -> Result<Vec<String>, Failure> {
    let mut dropped = Vec::new();
    for list in ["initContainers", "containers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for (index, container) in containers.into_iter().flatten().enumerate() {
            let Some(policy) = container.get("restartPolicy").and_then(Value::as_str) else {
                continue;
            };
            let field = format!("{path}.{list}[{index}].restartPolicy");
            let is_sidecar = list == "initContainers" && policy == "Always";
            let refused = match minor {
                _ if is_sidecar => None,
                OWN_POLICIES_SINCE.. if matches!(policy, "Always" | "Never" | "OnFailure") => None,
                OWN_POLICIES_SINCE.. => Some(unsupported(policy, "\"Always\", \"Never\", \"OnFailure\"")),
                OWN_POLICIES_DROPPED_SINCE => {
                    dropped.push(format!("{field}: an API server 1.{minor} drops this field"));
                    container.as_object_mut().map(|fields| fields.remove("restartPolicy"));
                    None
                }
                _ if list == "initContainers" => Some(unsupported(policy, "\"Always\"")),
                _ => Some("Forbidden: may not be set for non-init containers".to_owned()),
            };
            if let Some(why) = refused {
                return Err(Failure::Usage(format!(
                    "an API server 1.{minor} refuses it: {field}: {why}"
                )));
            }
        }
    }
    Ok(dropped)
}

fn unsupported(value: &str, supported: &str) -> String {
    format!("Unsupported value: \"{value}\": supported values: {supported}")
}
