//! Explanations of stored recordings of real kubelets, as snapshots: how they read is part of the product.

mod support;

use podcheck::campaign::judge_as;
use podcheck::check::{Bounds, Facts, Verdict};
use podcheck::explain::{explain, standing};
use podcheck::guarantees::Case;
use podcheck::rules::{Decided, RULES};
use podcheck::trace::Trace;

/// The text that `podcheck explain` prints of a pod.
fn text(file: &str, trace: &Trace) -> String {
    let version = support::version(file, trace);
    let bounds = Bounds::default();
    match judge_as(trace, Some(version), &bounds, false).verdict {
        Verdict::KnownDeviation(found) | Verdict::Diverges(found) => {
            explain(trace, &found, Some(version), &bounds).to_string()
        }
        Verdict::Conforms | Verdict::Inconclusive(_) => {
            let facts = Facts::of(trace);
            standing(&Case::new(trace, &facts, &bounds), Some(version)).to_string()
        }
    }
}

fn snapshot(name: &str, text: &str) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/expected/explain");
    insta::with_settings!({ snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn findings_are_explained() {
    for (file, trace) in support::stored_traces() {
        if let Some((_, name)) = file.split_once("findings/") {
            snapshot(name.trim_end_matches(".jsonl"), &text(&file, &trace));
        }
    }
}

/// What a pod waits for, at every stage of the first stored lives of each kubelet.
#[test]
fn a_pod_under_way_says_what_it_waits_for() {
    let wanted = [
        "live/v1.29.2-03",
        "live/v1.34.0-09",
        "live/v1.37.0-06",
        "findings/to-3.v1.37.0",
        "foreign/image-pull.v1.37.0",
        "foreign/config-missing.v1.34.0",
        "foreign/no-such-command.v1.29.2",
    ];
    for (file, trace) in support::stored_traces() {
        let Some(name) = wanted.iter().find(|name| file.contains(*name)) else {
            continue;
        };
        let (version, bounds) = (support::version(&file, &trace), Bounds::default());
        let mut told = String::new();
        for count in 1..=trace.steps.len() {
            let mut cut = trace.clone();
            cut.steps.truncate(count);
            cut.journal = None;
            let facts = Facts::of(&cut);
            let text = standing(&Case::new(&cut, &facts, &bounds), Some(version)).to_string();
            let lines: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
            told.push_str(&format!(
                "after event {}\n{}\n",
                cut.steps[count - 1].event_index,
                lines.join("\n")
            ));
        }
        snapshot(&format!("standing-{}", name.replace('/', "-")), &told);
    }
}

#[test]
fn every_rule_has_decided_something_on_a_real_kubelet() {
    let mut decided = Decided::default();
    for (file, trace) in support::stored_traces() {
        let (facts, bounds) = (Facts::of(&trace), Bounds::default());
        decided.add(&Case::new(&trace, &facts, &bounds), support::version(&file, &trace));
    }
    let never: Vec<&str> = RULES
        .iter()
        .filter(|rule| decided.of(rule).next().is_none())
        .map(|rule| rule.id)
        .collect();
    assert_eq!(never, [""; 0], "no stored recording shows them");
}
