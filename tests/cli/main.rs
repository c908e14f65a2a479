//! The program as people and scripts meet it: exit codes, JSON, messages about bad input, and its text.

mod campaigns;
mod exports;
mod outputs;
mod recordings;
mod reports;
mod scenarios;
mod usage;

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
        .env("KUBECONFIG", "/nonexistent")
        .env_remove("ARTIFACTS");
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
