//! The text of an issue for kubernetes/kubernetes, under the headings of its form for bugs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::kubectl::sentence;
use super::{Evidence, Subject, plain};
use crate::campaign::predict;
use crate::check::Bounds;
use crate::explain::{Proof, permitted, proof};
use crate::model::KubeletVersion;
use crate::printer::Printer;
use crate::recording::NodeFacts;
use crate::report::{observed, side_by_side};
use crate::simulate::Workload;

/// Where it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Version of the API server.
    pub server: Option<String>,
    /// The nodes of the cluster.
    pub nodes: BTreeMap<String, NodeFacts>,
    /// The target of the run, as its summary says it.
    pub target: Option<String>,
    /// What this program calls the scenario, for running it again.
    pub replay: String,
}

/// What GitHub writes where nothing was said.
const NO_RESPONSE: &str = "_No response_";

/// Title and text, in Markdown.
pub fn issue(subject: &Subject, evidence: &Evidence, facts: &Facts) -> String {
    let version = evidence.kubernetes.parse::<KubeletVersion>().ok();
    let bounds = Bounds::with_delay(evidence.delay_ms);
    let permitted = permitted(&evidence.trace, version, &bounds);
    let proof = proof(&evidence.trace, &evidence.divergence, &permitted);
    let mut text = format!("# {}\n", title(subject, evidence));
    for warning in warnings(subject, evidence) {
        text += &format!("\n> {warning}\n");
    }
    let sections = [
        ("What happened?", happened(subject, evidence, &proof)),
        ("What did you expect to happen?", expected(&proof)),
        (
            "How can we reproduce it (as minimally and precisely as possible)?",
            reproduce(subject),
        ),
        (
            "Anything else we need to know?",
            anything_else(subject, evidence, facts, &permitted.to_string()),
        ),
        ("Kubernetes version", versions(evidence, facts)),
        ("Cloud provider", provider(facts)),
        ("OS version", NO_RESPONSE.to_owned()),
        (
            "Install tools",
            if is_kind(facts) {
                "kind".to_owned()
            } else {
                NO_RESPONSE.to_owned()
            },
        ),
        (
            "Container runtime (CRI) and version (if applicable)",
            runtime(evidence, facts),
        ),
        (
            "Related plugins (CNI, CSI, ...) and versions (if applicable)",
            NO_RESPONSE.to_owned(),
        ),
    ];
    for (heading, body) in sections {
        text += &format!("\n### {heading}\n\n{}\n", body.trim_end());
    }
    text
}

fn title(subject: &Subject, evidence: &Evidence) -> String {
    subject.deviation().map_or_else(
        || format!("kubelet {}: {}", evidence.kubernetes, evidence.divergence.summary),
        |deviation| deviation.title.to_owned(),
    )
}

/// What keeps the text from being sent as it is.
fn warnings(subject: &Subject, evidence: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(fault) = &subject.fault {
        found.push(format!(
            "Not for upstream: a simulated node with the planted fault `{fault}` did this, no real kubelet."
        ));
    } else if evidence.is_simulated && subject.versions.values().all(|rate| rate.shown == 0) {
        found.push(
            "Not confirmed yet: times and tables are those of a simulated node. `podcheck replay` runs it on a cluster; export \
             the folder of the divergence that this makes."
                .to_owned(),
        );
    } else if evidence.is_simulated {
        found.push(
            "The counts are from real kubelets; times and tables below are those of a simulated node of the same version."
                .to_owned(),
        );
    }
    if let Some(deviation) = subject.deviation().filter(|it| it.name.starts_with("kubernetes#")) {
        found.push(format!(
            "Known upstream as {} ({}): look there first.",
            deviation.name, deviation.link
        ));
    }
    found
}

fn happened(subject: &Subject, evidence: &Evidence, proof: &Proof) -> String {
    let on = if evidence.is_simulated {
        "A simulated kubelet"
    } else {
        "A kubelet"
    };
    let mut text = format!(
        "{on} {}: {}.\n",
        evidence.kubernetes,
        proof.summary.trim_end_matches('.')
    );
    text += "\nThe pod's life, in seconds since it was created (`>>` marks the moment in question):\n\n```\n";
    if proof.earlier > 0 {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "            … {} before", proof.earlier);
    }
    for (is_marked, moment) in &proof.observed {
        let mark = if *is_marked { ">>" } else { "  " };
        let at = moment
            .at_ms
            .map_or_else(String::new, |ms| format!("{:.2}", ms as f64 / 1_000.0));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{mark} {at:>7}  {}", moment.what);
    }
    text += "```\n";
    text + &tables(subject, evidence)
}

/// What `kubectl get pod -w` printed, beside what a kubelet that keeps the promise makes it print.
fn tables(subject: &Subject, evidence: &Evidence) -> String {
    let version = evidence.kubernetes.parse::<KubeletVersion>().ok();
    let server = evidence.trace.server.as_deref().and_then(|text| text.parse().ok());
    let minor = server
        .or(version)
        .map_or(u32::MAX, |version: KubeletVersion| version.minor);
    let marked = Some(evidence.divergence.event_index);
    let rows = observed(Printer::for_server(minor), &evidence.trace, marked);
    let scenario = evidence.trace.scenario.as_ref();
    let kept_by = subject.kept_by();
    let predicted = scenario
        .zip(kept_by)
        .map(|(scenario, kept_by)| predict(&Workload::of(scenario), kept_by, minor));
    let head = kept_by.filter(|_| predicted.is_some()).map_or_else(
        || "`kubectl get pod -w`:".to_owned(),
        |kept_by| {
            format!("`kubectl get pod -w`, observed and as with a kubelet {kept_by} (`|`, `<`, `>`: they differ):")
        },
    );
    format!(
        "\n{head}\n\n```\n{}```\n",
        side_by_side(&rows, predicted.as_deref(), marked)
    )
}

fn expected(proof: &Proof) -> String {
    let Some(source) = &proof.required else {
        return "A status that some order of the kubelet's own steps leads to; none does.\n".to_owned();
    };
    let mut text = format!("{}\n", source.sentence);
    if let Some(quote) = &source.quote {
        text += &format!("\n> {quote}\n");
    }
    text + &format!("\n{}\n", source.link)
}

fn reproduce(subject: &Subject) -> String {
    let Subject { name, scenario, .. } = subject;
    let mut steps = vec![format!(
        "`kubectl create -f pod.yaml`, then `kubectl get pod {name} -w`."
    )];
    match &scenario.deletion {
        None => {
            let time_s = scenario.observe_ms_max.div_ceil(1_000).max(1);
            steps.push(format!(
                "Wait for its end; if it has not ended after {time_s} s: `kubectl delete pod {name} --wait=false`."
            ));
        }
        Some(deletion) => {
            let grace = |seconds: u32| format!(" --grace-period={seconds}");
            let first = deletion.grace_seconds.map_or_else(String::new, grace);
            steps.push(format!(
                "{} `kubectl delete pod {name} --wait=false{first}`",
                sentence(&deletion.at).replace(" the pod is deleted.", ":")
            ));
            if let Some(again) = deletion.again {
                let after_s = f64::from(again.after_ms) / 1_000.0;
                let grace = grace(again.grace_seconds);
                steps.push(format!(
                    "{after_s} s later: `kubectl delete pod {name} --wait=false{grace}`"
                ));
            }
            if deletion.finalizer {
                steps.push("Remove the finalizer when the pod is Succeeded or Failed.".to_owned());
            }
        }
    }
    let mut text = String::new();
    for (index, step) in steps.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}. {step}", index + 1);
    }
    text + &format!("\n`pod.yaml`:\n\n```yaml\n{}```\n", plain::pod(name, scenario))
}

fn anything_else(subject: &Subject, evidence: &Evidence, facts: &Facts, permitted: &str) -> String {
    let mut text = String::new();
    if !subject.versions.is_empty() {
        text += "How often this pod showed it, by version of the kubelet:\n\n| kubelet | shown |\n|---|---|\n";
        for (version, rate) in &subject.versions {
            text += &format!("| {version} | {rate} |\n");
        }
        text += "\n";
    }
    if let Some(deviation) = subject.deviation() {
        let whose = if deviation.in_api_server {
            "API servers"
        } else {
            "Kubelets"
        };
        text += &format!(
            "{whose} that have it, by their source: {} ({}).\n\n",
            deviation.versions, deviation.link
        );
    }
    // Of a known one the versions are known, and a simulated life is its own model's.
    if subject.deviation().is_none() && !evidence.is_simulated {
        text += &format!(
            "{permitted} (They are written from the kubelet's source and say how it works, not what is promised.)\n\n"
        );
    }
    text += &format!(
        "Found with podcheck, which runs random pods and shrinks what it finds; `{}` runs this one again.\n",
        facts.replay
    );
    text + "\n/sig node\n"
}

fn versions(evidence: &Evidence, facts: &Facts) -> String {
    let mut lines = Vec::new();
    let server = facts.server.as_ref().or(evidence.trace.server.as_ref());
    lines.extend(server.map(|server| format!("API server {server}")));
    lines.push(format!("kubelet    {}", evidence.kubernetes));
    format!("```\n{}\n```\n", lines.join("\n"))
}

fn is_kind(facts: &Facts) -> bool {
    facts
        .target
        .as_ref()
        .is_some_and(|target| target.starts_with("cluster kind-"))
}

fn provider(facts: &Facts) -> String {
    if is_kind(facts) {
        "None: a Kind cluster on one machine.".to_owned()
    } else {
        NO_RESPONSE.to_owned()
    }
}

fn runtime(evidence: &Evidence, facts: &Facts) -> String {
    let node = evidence.trace.node.as_ref().and_then(|node| facts.nodes.get(node));
    node.and_then(|node| node.container_runtime.clone())
        .unwrap_or_else(|| NO_RESPONSE.to_owned())
}
