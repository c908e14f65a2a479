//! What a campaign leaves for other programs: `junit.xml`, `summary.json`.

use std::collections::BTreeSet;
use std::fs;

use podcheck::campaign::{Summary, Tally};
use podcheck::report::{Concluded, junit};
use quick_junit::{NonSuccessKind, Report, TestCaseStatus};

use super::campaigns::{KNOWN, folder};
use super::*;

fn campaign(name: &str, more: &[&str]) -> (String, Output) {
    let folder = folder(name);
    let common = [
        "run",
        "--target",
        "simulated",
        "--cases",
        "60",
        "--confirm",
        "2",
        "--output",
        &folder,
    ];
    let output = podcheck(&[&common[..], more].concat());
    (folder, output)
}

fn read(path: &str) -> Report {
    Report::deserialize_from_str(&fs::read_to_string(path).expect("a report")).expect("JUnit")
}

/// `suite: class.name`, for every test.
fn names(report: &Report) -> BTreeSet<String> {
    let suites = report.test_suites.iter();
    let names = suites.flat_map(|suite| {
        let class = |case: &quick_junit::TestCase| case.classname.clone().expect("a class");
        suite.test_cases.iter().map(move |case| {
            format!(
                "{}: {}.{}",
                suite.name.as_str(),
                class(case).as_str(),
                case.name.as_str()
            )
        })
    });
    names.collect()
}

/// A line for each test that did not just pass.
fn told(report: &Report) -> String {
    let mut text = String::new();
    for suite in &report.test_suites {
        text += &format!("{}: {} tests\n", suite.name.as_str(), suite.test_cases.len());
        for case in &suite.test_cases {
            let (word, message) = match &case.status {
                TestCaseStatus::Success { .. } => continue,
                TestCaseStatus::Skipped { message, .. } => ("skipped", message),
                TestCaseStatus::NonSuccess {
                    kind: NonSuccessKind::Failure,
                    message,
                    ..
                } => ("failure", message),
                TestCaseStatus::NonSuccess { message, .. } => ("error", message),
            };
            let message = message.as_ref().map_or("", |message| message.as_str());
            text += &format!("  {word:<8} {}: {message}\n", case.name.as_str());
        }
    }
    text
}

const FAULT: [&str; 6] = [
    "--fault",
    "sidecar-not-restarted",
    "--node",
    "1.37",
    "--profile",
    "sidecars",
];

#[test]
fn a_failure_has_its_explanation_and_the_command_that_repeats_it() {
    let (folder, output) = campaign("junit-fault", &[&FAULT[..], &["--seed", "7f3a9c"]].concat());
    assert_eq!(code(&output), 1);
    let report = read(&format!("{folder}/junit.xml"));
    snapshot("junit", told(&report));
    let failed = |case: &&quick_junit::TestCase| case.name.as_str() == "G-sidecar-restarted@v1.37.0";
    let case = report.test_suites[1]
        .test_cases
        .iter()
        .find(failed)
        .expect("a test of this promise");
    let TestCaseStatus::NonSuccess { description, .. } = &case.status else {
        panic!("{:?}", case.status);
    };
    let text = description.as_ref().expect("a text").as_str();
    for part in [
        "class G-sidecar-restarted, sidecar, ",
        "Required (G-sidecar-restarted)",
        "observed",
        "replay: podcheck replay ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn names_stay_the_same_whatever_the_seed() {
    let (one, _) = campaign("junit-seed-one", &[&FAULT[..], &["--seed", "7f3a9c"]].concat());
    let (other, _) = campaign(
        "junit-seed-other",
        &["--seed", "beef5", "--node", "1.37", "--profile", "sidecars"],
    );
    let (one, other) = (read(&format!("{one}/junit.xml")), read(&format!("{other}/junit.xml")));
    assert_eq!(names(&one), names(&other));
    assert_eq!(names(&one).len(), one.tests, "each name is there once");
    assert!(names(&one).iter().all(|name| !name.contains("7f3a9c")));
    let folder = folder("junit-replay");
    let arguments = [
        "replay",
        "sidecars/7f3a9c/1",
        "--target",
        "simulated",
        "--node",
        "1.37",
        "--output",
        &folder,
    ];
    assert_eq!(code(&podcheck(&arguments)), 0);
    let replayed = read(&format!("{folder}/junit.xml"));
    assert!(names(&replayed).contains("v1.37.0: podcheck.pods.sidecars@v1.37.0"));
    assert!(names(&replayed).iter().all(|name| !name.contains("7f3a9c")));
}

#[test]
fn a_known_deviation_is_skipped_by_its_name_and_fails_when_strict() {
    let run = |name: &str, strict: &[&str]| {
        let folder = folder(name);
        podcheck(&[&KNOWN[..], &["--output", &folder], strict].concat());
        told(&read(&format!("{folder}/junit.xml")))
    };
    let lenient = run("junit-lenient", &[]);
    assert!(
        lenient.contains("skipped  G-ip-stays@v1.29.2: kubernetes#125404: podIP and podIPs vanish"),
        "{lenient}"
    );
    assert!(!lenient.contains("  failure "), "{lenient}");
    let strict = run("junit-strict", &["--strict"]);
    assert!(
        strict.contains("failure  G-ip-stays@v1.29.2: once in 1 pods"),
        "{strict}"
    );
}

#[test]
fn too_little_is_an_error_and_the_inconclusive_are_skipped_with_their_reason() {
    let tally = |judged, inconclusive| Tally {
        judged,
        conforms: judged - inconclusive,
        inconclusive,
        inconclusive_reasons: [("the watch was interrupted".to_owned(), inconclusive)].into(),
        ..Tally::default()
    };
    let report = |tally: Tally, stopped: Option<&str>| {
        let summary = Summary {
            cases: "mixed".to_owned(),
            kubelets: [("v1.34.0".to_owned(), tally)].into(),
            stopped: stopped.map(str::to_owned),
            ..Summary::default()
        };
        let concluded = Concluded {
            summary: &summary,
            explanations: &[],
            failed: stopped.is_some(),
        };
        told(&Report::deserialize_from_str(&junit(concluded).expect("a report")).expect("JUnit"))
    };
    let some = report(tally(4, 1), None);
    assert!(
        some.contains("skipped  conclusive@v1.34.0: 1 of 4 pods are inconclusive: the watch was interrupted (1)"),
        "{some}"
    );
    assert!(!some.contains("  error "), "{some}");
    let few = report(tally(4, 3), None);
    assert!(
        few.contains("error    enough-is-judged: 1 of 4 verdicts are conclusive"),
        "{few}"
    );
    assert!(few.contains("error    mixed@v1.34.0: "), "{few}");
    let lost = report(tally(4, 0), Some("the cluster is gone"));
    assert!(
        lost.contains("error    comes-to-its-end: the cluster is gone"),
        "{lost}"
    );
}

#[test]
fn artifacts_get_the_report_of_a_run_without_an_output() {
    let artifacts = folder("junit-artifacts");
    for name in ["junit.xml", "junit-2.xml"] {
        let arguments = [
            "run",
            "--target",
            "simulated",
            "--node",
            "1.34",
            "--cases",
            "5",
            "--seed",
            "1",
        ];
        let output = command(&arguments)
            .env("ARTIFACTS", &artifacts)
            .output()
            .expect("the program runs");
        assert_eq!(code(&output), 0, "{}", err(&output));
        assert!(Path::new(&artifacts).join(name).is_file(), "{name}");
    }
}

/// The document of `summary.json`: every key that another program may rely on.
#[test]
fn the_summary_has_what_a_program_needs() {
    let (folder, output) = campaign(
        "summary",
        &[&FAULT[..], &["--seed", "7f3a9c", "--format", "json"]].concat(),
    );
    let text = fs::read_to_string(format!("{folder}/summary.json")).expect("a summary");
    let summary: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(objects(&output)[0], summary, "the same is printed");
    assert_eq!(
        keys(&summary),
        [
            "cases",
            "classes",
            "divergences",
            "goals",
            "goals_missed",
            "guarantees",
            "kubelets",
            "pods_per_minute",
            "recording",
            "seconds",
            "seed",
            "strict",
            "target"
        ]
    );
    let tally = &summary["kubelets"]["v1.37.0"];
    assert_eq!(
        keys(tally),
        [
            "conforms",
            "delay_ms_max",
            "diverges",
            "inconclusive",
            "inconclusive_reasons",
            "judged",
            "known_deviation",
            "known_deviations",
            "nodes",
            "promises",
            "rules"
        ]
    );
    let count = |word: &str| tally[word].as_u64().expect("a number");
    let sum = ["conforms", "known_deviation", "diverges", "inconclusive"].map(count);
    assert_eq!(count("judged"), sum.iter().sum::<u64>());
    assert_eq!(
        keys(&tally["promises"]["G-sidecar-first"]),
        ["broken", "kept", "not_at_risk"]
    );
    assert_eq!(keys(&summary["classes"][0]), ["class", "kubernetes", "pods"]);

    let found = summary["divergences"].as_array().expect("a list");
    let minimal = found
        .iter()
        .find(|found| found["minimal"].is_object())
        .expect("one was made smaller");
    assert_eq!(
        keys(minimal),
        [
            "case",
            "class",
            "confirmed",
            "divergences",
            "folder",
            "kubernetes",
            "minimal",
            "node",
            "pod",
            "replay",
            "uid"
        ]
    );
    assert_eq!(keys(&minimal["class"]), ["part", "rule", "stage"]);
    assert_eq!(keys(&minimal["confirmed"]["v1.37.0"]), ["of", "shown"]);
    assert_eq!(
        keys(&minimal["minimal"]),
        [
            "confirmed",
            "containers_from",
            "containers_to",
            "file",
            "pods",
            "rounds",
            "scenario",
            "seconds"
        ]
    );
    for path in [&summary["recording"], &minimal["folder"], &minimal["minimal"]["file"]] {
        let path = Path::new(path.as_str().expect("a path"));
        assert!(
            path.is_relative() && Path::new(&folder).join(path).exists(),
            "{}",
            path.display()
        );
    }
}
