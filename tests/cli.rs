//! The program as people and scripts meet it: exit codes, JSON, messages about bad input, and its text.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn podcheck(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the program runs")
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podcheck"));
    // Relative paths keep the snapshots the same on every machine.
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    // Width of help texts; no cluster, whatever the machine has.
    command
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .env("KUBECONFIG", "/nonexistent");
    command
}

fn with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    // The program may stop reading early.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("the program ends")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("no signal")
}

fn objects(output: &Output) -> Vec<Value> {
    out(output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect()
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

const OLD: &str = "expected/recordings/v1.29.2.jsonl";
const NEW: &str = "expected/recordings/v1.34.0.jsonl";

fn recording(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("a stored recording")
}

fn temporary(name: &str, content: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).expect("a writable target directory");
    path
}

/// What a run printed and how it ended, as one text.
fn transcript(arguments: &[&str]) -> String {
    let output = podcheck(arguments);
    let mut text = format!("$ podcheck {}\n{}", arguments.join(" "), out(&output));
    for line in err(&output).lines() {
        text += &format!("stderr: {line}\n");
    }
    text + &format!("exit code {}\n", code(&output))
}

fn snapshot(name: &str, text: String) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("expected/cli"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn help_of_every_command_has_examples() {
    for command in ["run", "check", "table", "predict", "generate", "replay", "cluster"] {
        let output = podcheck(&[command, "--help"]);
        assert_eq!(code(&output), 0, "{command}");
        assert!(out(&output).contains("Examples:\n"), "{command}");
        assert!(out(&output).contains(&format!("podcheck {command}")), "{command}");
    }
    snapshot("help", transcript(&["--help"]));
    snapshot("help-run", transcript(&["run", "--help"]));
}

#[test]
fn a_healthy_recording_conforms() {
    snapshot("check", transcript(&["check", OLD, "--kubernetes", "1.29.2"]));
    snapshot("check-two", transcript(&["check", OLD, NEW, "--kubernetes", "v1.29.2"]));
}

#[test]
fn json_verdicts_have_the_agreed_keys() {
    // Judged as a version whose sidecars end otherwise.
    let output = podcheck(&["check", OLD, NEW, "--kubernetes", "1.28", "--format", "json"]);
    let lines = objects(&output);
    assert_eq!(lines.len(), 8);
    for line in &lines {
        let verdict = line["verdict"].as_str().expect("a word");
        let expected = ["kubernetes", "pod", "reason", "uid", "verdict"];
        match verdict {
            "conforms" | "inconclusive" => assert_eq!(keys(line), expected),
            "diverges" | "known-deviation" => {
                assert_eq!(
                    keys(line),
                    ["divergence", "kubernetes", "pod", "reason", "uid", "verdict"]
                );
                let divergence = keys(&line["divergence"]);
                assert_eq!(
                    divergence,
                    ["event_index", "known_deviation", "resource_version", "rule", "summary"]
                );
            }
            other => panic!("unknown verdict {other}"),
        }
        assert_eq!(line["kubernetes"], "v1.28.0");
    }
    assert!(lines.iter().any(|line| line["verdict"] == "diverges"));
    assert_eq!(code(&output), 1);
}

#[test]
fn standard_input_is_a_recording_too() {
    let output = with_input(&["check", "-", "--kubernetes", "1.29.2"], &recording(OLD));
    assert_eq!((code(&output), out(&output).lines().count()), (0, 5));
    let output = with_input(
        &["table", "-", "--kubernetes", "1.34", "--format", "json"],
        &recording(OLD),
    );
    let tables = objects(&output);
    assert_eq!((code(&output), tables.len()), (0, 4));
    assert_eq!(keys(&tables[0]), ["pod", "rows"]);
    assert_eq!(keys(&tables[0]["rows"][0]), ["ready", "restarts", "status"]);
}

#[test]
fn tables_are_those_of_kubectl() {
    snapshot(
        "table",
        transcript(&["table", OLD, "--kubernetes", "1.34", "--changes"]),
    );
    let all = podcheck(&["table", OLD, "--kubernetes", "1.34", "--format", "json"]);
    let rows: usize = objects(&all)
        .iter()
        .map(|table| table["rows"].as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(rows, 34, "a row an event");
    let newest = podcheck(&["table", OLD]);
    assert!(err(&newest).contains("as an API server v1.37.0"), "{}", err(&newest));
}

#[test]
fn too_little_is_said_to_be_too_little() {
    let output = podcheck(&["check", OLD]);
    assert_eq!(code(&output), 4);
    assert!(out(&output).contains("say it with --kubernetes"));
    let bookmark = br#"{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"1"}}}"#;
    for command in ["check", "table"] {
        let output = with_input(&[command, "-"], bookmark);
        assert_eq!(code(&output), 4, "{command}");
        assert!(err(&output).contains("there is no pod"), "{command}");
    }
}

#[test]
fn bad_files_are_named_with_place_and_way_out() {
    let missing = podcheck(&["check", "no-such-file.json"]);
    assert_eq!(code(&missing), 2);
    assert!(err(&missing).contains("no-such-file.json") && err(&missing).contains("check the path"));
    let truncated_only = temporary("truncated-only.json", &recording(OLD)[..300]);
    let many_zeros = temporary("zeros.bin", &[0; 100_000]);
    let list = temporary("list.json", b"[1, 2, 3]");
    let empty = temporary("empty.json", b"");
    let other = temporary("other.json", br#"{"name": "not a recording"}"#);
    for path in [&truncated_only, &many_zeros, &list, &empty, &other] {
        let name = path.to_str().expect("a plain path");
        for command in ["check", "table"] {
            let output = podcheck(&[command, name, "--kubernetes", "1.34"]);
            assert_eq!(code(&output), 2, "{command} {name}: {}", err(&output));
            let text = err(&output);
            assert!(text.contains(name) && text.contains("podcheck run --output"), "{text}");
            assert!(!text.contains("panicked"), "{text}");
        }
    }
    assert_eq!(code(&podcheck(&["check", "src"])), 2, "a directory");
    // What can be read is judged all the same.
    let both = podcheck(&["check", "no-such-file.json", OLD, "--kubernetes", "1.29.2"]);
    assert_eq!(code(&both), 2);
    assert!(out(&both).contains("\n4 pods: "), "{}", out(&both));
}

#[test]
fn a_cut_recording_is_judged_up_to_the_cut() {
    let bytes = recording(OLD);
    let cut = temporary("cut.json", &bytes[..bytes.len() - 2_000]);
    let output = podcheck(&["check", cut.to_str().expect("a plain path"), "--kubernetes", "1.29.2"]);
    assert!(matches!(code(&output), 0 | 4), "{}", out(&output));
    assert!(
        err(&output).contains("truncated: the value that begins on line 34"),
        "{}",
        err(&output)
    );
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    lines.reverse();
    let reversed = temporary("reversed.json", &lines.concat());
    let output = podcheck(&[
        "check",
        reversed.to_str().expect("a plain path"),
        "--kubernetes",
        "1.29.2",
    ]);
    assert_ne!(
        code(&output),
        1,
        "a reordered recording proves nothing: {}",
        out(&output)
    );
    assert!(err(&output).contains("out of order"), "{}", err(&output));
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in [
        &["frobnicate"][..],
        &["check"],
        &["check", OLD, "--frobnicate"],
        &["check", OLD, "--kubernetes", "latest"],
        &["check", OLD, "--kubernetes", "1.20"],
        &["check", OLD, "--format", "xml"],
        &["generate", "--profile", "nothing"],
        &["generate", "--seed", "xyz"],
        &["generate", "--corpus", "nothing"],
        &["generate", "--list", "--seed", "1"],
        &["predict", "no-such-file.yaml"],
        &["predict", "Cargo.toml"],
        &["replay", "no-such-case"],
        &["replay", "sidecars/xyz/1"],
        &["run", "--max-time", "soon"],
        &["run", "--target", "moon"],
        &["cluster"],
        &["cluster", "up", "--kubelet", "v1.20.0"],
        &["cluster", "up", "--kubelet", "v1.28.0+nothing"],
    ] {
        let output = podcheck(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", err(&output));
        let explained = err(&output).starts_with("error: ") || arguments == ["cluster"];
        assert!(explained, "{arguments:?}: {}", err(&output));
    }
}

#[test]
fn the_same_seed_gives_the_same_scenarios() {
    let arguments = ["generate", "--profile", "sidecars", "--cases", "2", "--seed", "7f3a9c"];
    snapshot("generate", transcript(&arguments));
    snapshot("generate-list", transcript(&["generate", "--list"]));
    let lines = objects(&podcheck(&[&arguments[..], &["--format", "json"]].concat()));
    assert_eq!(lines[1]["case"], "sidecars/7f3a9c/1");
    let manifest = podcheck(&["generate", "--corpus", "deviation/rs-3", "--manifest"]);
    assert!(out(&manifest).contains("kind: Pod\n"));
    let random = [podcheck(&["generate"]), podcheck(&["generate"])];
    assert_ne!(
        out(&random[0]),
        out(&random[1]),
        "without a seed every call draws another case"
    );
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let mut child = command(&["generate", "--cases", "20000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(err(&output), "");
}

/// A new folder for a run's output.
fn folder(name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    path.to_str().expect("a plain path").to_owned()
}

const HEALTHY: [&str; 8] = [
    "run",
    "--target",
    "simulated",
    "--cases",
    "30",
    "--seed",
    "7f3a9c",
    "--node",
];

#[test]
fn a_simulated_campaign_conforms_and_can_be_judged_again() {
    let folder = folder("healthy");
    let output = podcheck(&[&HEALTHY[..], &["1.34", "--output", &folder, "--format", "json"]].concat());
    assert_eq!(code(&output), 0, "{}", out(&output));
    assert!(err(&output).starts_with("seed 7f3a9c\n"), "{}", err(&output));
    let summary = objects(&output).remove(0);
    let tally = &summary["kubelets"]["v1.34.0"];
    assert_eq!((&tally["judged"], &tally["diverges"]), (&30.into(), &0.into()));
    let kept: Value =
        serde_json::from_slice(&std::fs::read(format!("{folder}/summary.json")).expect("a summary")).expect("JSON");
    assert_eq!(kept, summary);

    let again = podcheck(&["check", &format!("{folder}/recording.jsonl"), "--format", "json"]);
    let lines = objects(&again);
    let count = |word: &str| lines.iter().filter(|line| line["verdict"] == word).count();
    assert_eq!((code(&again), err(&again).as_str(), lines.len()), (0, "", 30));
    assert_eq!(tally["conforms"], count("conforms"));
    assert_eq!(tally["known_deviation"], count("known-deviation"));
    assert_eq!(
        code(&podcheck(&[&HEALTHY[..], &["1.34", "--output", &folder]].concat())),
        2,
        "nothing is overwritten"
    );
}

#[test]
fn the_seed_is_the_first_thing_said() {
    let output = podcheck(&[&HEALTHY[..], &["1.37"]].concat());
    assert!(
        out(&output).starts_with("seed 7f3a9c\ntarget: simulated nodes v1.37.0"),
        "{}",
        out(&output)
    );
    let without = podcheck(&["run", "--cases", "1", "--format", "json"]);
    assert!(err(&without).starts_with("seed "), "{}", err(&without));
    assert!(err(&without).contains("target: simulated nodes") && err(&without).contains("podcheck cluster up"));
}

#[test]
fn a_divergence_is_told_kept_and_replayed() {
    let folder = folder("faulty");
    let fault = [
        "--target",
        "simulated",
        "--fault",
        "sidecar-not-restarted",
        "--node",
        "v1.37.0",
    ];
    let arguments = [
        "run",
        "--cases",
        "20",
        "--profile",
        "sidecars",
        "--seed",
        "7f3a9c",
        "--output",
        &folder,
    ];
    let output = podcheck(&[&arguments[..], &fault].concat());
    assert_eq!(code(&output), 1, "{}", out(&output));
    let text = out(&output);
    let first = text.split("\n\nreplay: ").next().expect("a divergence");
    snapshot("divergence", first.to_owned());
    let replay = text
        .lines()
        .find_map(|line| line.strip_prefix("replay: podcheck "))
        .expect("a replay command");
    let words: Vec<&str> = replay.split(' ').collect();
    assert_eq!(code(&podcheck(&words)), 1, "{replay}");

    let summary: Value =
        serde_json::from_slice(&std::fs::read(format!("{folder}/summary.json")).expect("a summary")).expect("JSON");
    let found = &summary["divergences"][0];
    let kept = Path::new(found["folder"].as_str().expect("a folder"));
    for name in [
        "scenario.yaml",
        "pod.yaml",
        "recording.jsonl",
        "observed.txt",
        "predicted.txt",
        "explanation.txt",
    ] {
        assert!(kept.join(name).is_file(), "{name}");
    }
    let recording = kept.join("recording.jsonl");
    let lines = objects(&podcheck(&[
        "check",
        recording.to_str().expect("a plain path"),
        "--format",
        "json",
    ]));
    assert_eq!(
        (lines.len(), &lines[0]["verdict"], &lines[0]["uid"]),
        (1, &"diverges".into(), &found["uid"])
    );
    let scenario = kept.join("scenario.yaml");
    let scenario = scenario.to_str().expect("a plain path");
    let several = podcheck(&[&["replay", scenario, "--times", "5", "--format", "json"], &fault[..]].concat());
    assert_eq!(objects(&several)[0]["kubelets"]["v1.37.0"]["judged"], 5);
    assert_eq!(code(&podcheck(&["predict", scenario])), 0);
}

#[test]
fn strict_makes_known_deviations_fail() {
    let arguments = [
        "replay",
        "deviation/125404",
        "--target",
        "simulated",
        "--node",
        "1.29.2",
    ];
    let lenient = podcheck(&arguments);
    assert!(
        out(&lenient).contains("known deviation kubernetes#125404: 1"),
        "{}",
        out(&lenient)
    );
    let strict = podcheck(&[&arguments[..], &["--strict"]].concat());
    assert_eq!((code(&lenient), code(&strict)), (0, 1));
}

#[test]
fn predictions_are_tables() {
    snapshot(
        "predict",
        transcript(&[
            "predict",
            "--corpus",
            "seed/three-init-two-main",
            "--kubernetes",
            "1.28",
        ]),
    );
    let output = podcheck(&["predict", "--corpus", "seed/native-sidecar", "--format", "json"]);
    let tables = objects(&output);
    assert_eq!(
        (keys(&tables[0]), keys(&tables[0]["rows"][0])),
        (vec!["pod", "rows"], vec!["ready", "restarts", "status"])
    );
    let generated = podcheck(&["generate", "--cases", "3", "--seed", "1"]);
    let predicted = with_input(&["predict", "-", "--format", "json"], &generated.stdout);
    assert_eq!(objects(&predicted).len(), 3, "{}", err(&predicted));
}

#[test]
fn plain_manifests_are_predicted_from_their_commands() {
    let job = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: myapp}\nspec: {template: {spec: {restartPolicy: OnFailure, \
        containers: [{name: main, image: busybox, command: [sh, -c], args: ['for i in $(seq 1 5); do sleep 3; done']}, \
        {name: side, image: nginx}]}}}\n";
    let output = with_input(
        &["predict", "-", "--kubernetes", "1.34", "--format", "json"],
        job.as_bytes(),
    );
    let table = objects(&output).remove(0);
    let rows: Vec<String> = table["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| format!("{} {}", row["ready"], row["status"]).replace('"', ""))
        .collect();
    assert_eq!(
        rows,
        ["0/2 Pending", "0/2 ContainerCreating", "2/2 Running", "1/2 NotReady"]
    );
    assert!(
        err(&output).contains("side: its command tells too little; assumed"),
        "{}",
        err(&output)
    );

    let wrong = "kind: Pod\nspec: {sidecarContainers: [], containers: [{name: a}]}\n";
    let output = with_input(&["predict", "-"], wrong.as_bytes());
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("unknown field \"spec.sidecarContainers\""),
        "{}",
        err(&output)
    );
    let hook = "kind: Pod\nspec: {containers: [{name: a, lifecycle: {preStop: {exec: {command: [a]}}}}]}\n";
    let output = with_input(&["predict", "-"], hook.as_bytes());
    assert_eq!(code(&output), 4);
    assert!(
        err(&output).contains("does not cover lifecycle.preStop"),
        "{}",
        err(&output)
    );
}

#[test]
fn a_cluster_that_is_not_there_is_exit_code_3() {
    for arguments in [
        &["run", "--target", "cluster"][..],
        &["replay", "seed/native-sidecar", "--target", "cluster"],
    ] {
        let output = podcheck(arguments);
        assert_eq!(code(&output), 3, "{}", err(&output));
        assert!(err(&output).contains("podcheck cluster up"), "{}", err(&output));
    }
}
