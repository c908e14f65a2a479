//! A test for chainsaw (<https://kyverno.github.io/chainsaw/>) that a healthy kubelet passes.

use serde::Serialize;
use serde_json::{Value, json};

use super::kubectl::{about, drive, sentence};
use super::outcome::{End, end};
use super::plain;
use super::{Subject, modelled};
use crate::trace::Phase;

/// What a cluster takes longer than a model.
const MARGIN_S: i64 = 30;
/// For starting and polling, in the whole script.
const SCRIPT_S: u32 = 90;

/// `chainsaw-test.yaml`; fails only if the pod cannot be made into YAML.
pub fn chainsaw(subject: &Subject) -> Result<String, serde_yaml::Error> {
    let Subject { name, scenario, .. } = subject;
    let kept_by = subject.kept_by();
    let healthy = kept_by.or_else(|| modelled().next());
    let healthy = healthy.and_then(|version| end(scenario, version, None));
    let buggy = subject
        .shown_by()
        .and_then(|version| end(scenario, version, subject.planted()));
    // Without a kubelet that keeps it the end is that of one that does not, and tells nothing.
    let difference = healthy
        .as_ref()
        .zip(buggy.as_ref())
        .filter(|(healthy, buggy)| healthy.differs_from(buggy));
    let is_told_by_the_end = subject.class.is_none() || (kept_by.is_some() && difference.is_some());
    let way = if is_told_by_the_end { Way::End } else { Way::of(subject) };

    let pod: Value = serde_yaml::from_str(&plain::pod(name, scenario))?;
    let mut steps = vec![step("create the pod", vec![json!({"create": {"resource": pod}})])];
    let limit_s = limit_s(healthy.as_ref(), difference.map(|(_, buggy)| buggy));
    match (&healthy, way) {
        (Some(ends @ End::Terminal { .. }), Way::End) => {
            steps.push(step(
                "it ends by itself, in time and as it should",
                vec![assertion(name, ends, limit_s)],
            ));
        }
        (ends, way) => {
            let mut operations = vec![script(subject, way, limit_s)];
            operations.extend(
                ends.iter()
                    .filter(|end| matches!(end, End::Terminal { .. }))
                    .map(|end| assertion(name, end, limit_s)),
            );
            steps.push(step(&what_is_done(subject), operations));
        }
    }
    let mut description = about(subject).join("\n");
    description += match way {
        Way::End => "",
        Way::PodIp => "\nThe end alone does not tell: every status on the way there is looked at.",
        Way::Podcheck => {
            "\nThe end alone does not tell: podcheck, which has to be installed, judges every status on the way there."
        }
    };
    if kept_by.is_none() {
        description += "\nNo released kubelet is known to keep this, so the test fails until one does.";
    }
    let test = Test {
        api_version: "chainsaw.kyverno.io/v1alpha1",
        kind: "Test",
        metadata: json!({"name": name}),
        spec: json!({"description": description, "steps": steps}),
    };
    serde_yaml::to_string(&test)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    api_version: &'static str,
    kind: &'static str,
    metadata: Value,
    spec: Value,
}

/// Where the broken promise shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// In how or when the pod ends.
    End,
    /// In `status.podIP` on the way there.
    PodIp,
    /// In what only the whole stream shows.
    Podcheck,
}

impl Way {
    fn of(subject: &Subject) -> Self {
        match &subject.class {
            Some(class) if class.rule == "G-ip-stays" => Self::PodIp,
            _ => Self::Podcheck,
        }
    }
}

/// How long a healthy pod may take: midway to what a kubelet with the fault takes, if that is late and not never.
fn limit_s(healthy: Option<&End>, buggy: Option<&End>) -> i64 {
    let healthy_ms = healthy.map_or(0, End::after_ms);
    let late = buggy
        .filter(|_| matches!(healthy, Some(End::Gone { .. })))
        .map(End::after_ms);
    late.map_or(healthy_ms / 1_000 + MARGIN_S, |late| (healthy_ms + late) / 2_000)
}

fn step(name: &str, operations: Vec<Value>) -> Value {
    json!({
        "name": name,
        "try": operations,
        "catch": [
            {"describe": {"apiVersion": "v1", "kind": "Pod"}},
            {"events": {}},
        ],
    })
}

fn what_is_done(subject: &Subject) -> String {
    subject.scenario.deletion.as_ref().map_or_else(
        || "it comes to its end".to_owned(),
        |deletion| sentence(&deletion.at).trim_end_matches('.').to_owned(),
    )
}

fn assertion(name: &str, end: &End, limit_s: i64) -> Value {
    let End::Terminal { phase, exit_codes, .. } = end else {
        return Value::Null;
    };
    let phase = match phase {
        Phase::Succeeded => "Succeeded",
        _ => "Failed",
    };
    let mut status = json!({"phase": phase});
    if !exit_codes.is_empty() {
        let containers = exit_codes
            .iter()
            .map(|(name, code)| json!({"name": name, "state": {"terminated": {"exitCode": code}}}));
        status["containerStatuses"] = containers.collect();
    }
    let resource = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "status": status});
    json!({"assert": {"timeout": format!("{limit_s}s"), "resource": resource}})
}

/// Drives the pod, and looks at its stream where the end does not tell.
fn script(subject: &Subject, way: Way, limit_s: i64) -> Value {
    let kubectl = "kubectl -n \"$NAMESPACE\"";
    let mut text = format!("set -eu\npod={}\n", subject.name);
    let watch = |output: &str| {
        format!(
            "seen=$(mktemp)\n{kubectl} get pod \"$pod\" --watch {output} >\"$seen\" &\nwatch=$!\n\
             trap 'kill $watch 2>/dev/null || :' EXIT\n"
        )
    };
    match way {
        Way::End => {}
        Way::PodIp => text += &watch("-o jsonpath='{.status.podIP}{\"\\n\"}'"),
        Way::Podcheck => {
            text += &watch("--output-watch-events -o json");
            text += &format!(
                "until node=$({kubectl} get pod \"$pod\" -o jsonpath='{{.spec.nodeName}}') && [ -n \"$node\" ]; do sleep 0.2; done\n\
                 version=$(kubectl get node \"$node\" -o jsonpath='{{.status.nodeInfo.kubeletVersion}}')\n"
            );
        }
    }
    let driven = drive(&subject.scenario, kubectl);
    // The time that the kubelet takes is what is tested.
    let bounded = driven.lines().map(|line| match line.split_once(" --timeout=") {
        Some((start, _)) if way == Way::End => format!("{start} --timeout={limit_s}s\n"),
        _ => format!("{line}\n"),
    });
    text.extend(bounded);
    match way {
        Way::End => {}
        Way::PodIp => {
            text += "\n# Once it has an address the pod keeps it.\n\
                     awk '$0 != \"\" { seen = 1 } seen && $0 == \"\" { lost = 1 } END { exit lost || !seen }' \"$seen\"\n";
        }
        Way::Podcheck => text += "\npodcheck check \"$seen\" --strict --kubernetes \"$version\"\n",
    }
    let deletion = subject.scenario.deletion.as_ref();
    let grace_s = deletion
        .and_then(|it| it.grace_seconds)
        .unwrap_or(0)
        .max(subject.scenario.grace_seconds);
    let timeout_s = subject.scenario.observe_ms_max / 1_000 + grace_s + SCRIPT_S;
    json!({"script": {"timeout": format!("{timeout_s}s"), "content": text}})
}
