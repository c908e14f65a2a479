//! `report`, and colours in what is printed.

use super::*;

const FINDING: &str = "expected/recordings/findings/to-3.v1.37.0.jsonl";

fn target(name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    path.to_str().expect("a plain path").to_owned()
}

fn page(path: &str) -> String {
    std::fs::read_to_string(path).expect("a report")
}

#[test]
fn a_run_writes_its_report_and_it_can_be_made_again() {
    for (name, strict) in [("reported", false), ("reported-strict", true)] {
        let folder = target(name);
        let _ = std::fs::remove_dir_all(&folder);
        let mut arguments = vec!["run", "--target", "simulated", "--cases", "25", "--seed", "7f3a9c"];
        arguments.extend([
            "--node",
            "1.29.2",
            "--node",
            "1.37",
            "--confirm",
            "2",
            "--output",
            &folder,
        ]);
        arguments.extend(if strict {
            ["--strict"].as_slice()
        } else {
            &["--fault", "sidecar-not-restarted"]
        });
        let output = podcheck(&arguments);
        assert_eq!(code(&output), 1, "{}", err(&output));
        assert!(out(&output).contains(&format!("{folder}/report.html")));
        let first = page(&format!("{folder}/report.html"));
        assert!(first.contains("href=\"divergences/") && first.contains("minimal.yaml"));

        let output = podcheck(&["report", &folder]);
        assert_eq!((code(&output), err(&output).as_str()), (0, ""));
        assert_eq!(page(&format!("{folder}/report.html")), first);
    }
}

#[test]
fn any_recording_has_a_report() {
    let file = target("finding.html");
    let output = podcheck(&["report", FINDING, "--output", &file]);
    assert_eq!(
        (code(&output), out(&output)),
        (0, format!("1 pod, 0 diverge: {file}\n"))
    );
    assert!(page(&file).contains("podcheck/TO-3"));
    let output = podcheck(&["report", FINDING, "--strict", "--output", &file, "--format", "json"]);
    assert_eq!((code(&output), &objects(&output)[0]["diverges"]), (0, &1.into()));
    assert!(page(&file).contains("The pod diverges"));
    let output = podcheck(&["report", OLD, "--output", &file]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(page(&file).contains("say it with --kubernetes"));
}

#[test]
fn what_cannot_be_reported_is_said() {
    let file = target("nothing.html");
    for what in ["no-such-file", "-", "src"] {
        let output = podcheck(&["report", what, "--output", &file]);
        assert_eq!(code(&output), 2, "{what}: {}", err(&output));
    }
    let bookmark = br#"{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"1"}}}"#;
    let empty = temporary("bookmark-only.jsonl", bookmark);
    let output = podcheck(&["report", empty.to_str().expect("a plain path"), "--output", &file]);
    assert_eq!(code(&output), 4, "{}", err(&output));
    let output = podcheck(&["report", FINDING, "--output", "/no/such/folder/report.html"]);
    assert_eq!(code(&output), 3, "{}", err(&output));
}

#[test]
fn colours_are_for_terminals() {
    let explain = |format: &str, variable: &str| {
        let mut command = command(&["explain", FINDING, "--format", format]);
        command.env_remove("NO_COLOR").env(variable, "1");
        out(&command.output().expect("the program runs"))
    };
    let plain = explain("text", "UNRELATED");
    assert!(plain.contains("  sidecar s1  ") && !plain.contains('\u{1b}'), "{plain}");
    assert!(explain("text", "CLICOLOR_FORCE").contains('\u{1b}'));
    assert_eq!(explain("text", "NO_COLOR"), plain);
    assert!(!explain("json", "CLICOLOR_FORCE").contains('\u{1b}'));
}
