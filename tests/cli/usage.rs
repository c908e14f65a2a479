//! Help, wrong usage, and a world that is not there.

use super::*;

#[test]
fn help_of_every_command_has_examples() {
    for command in [
        "run", "check", "table", "predict", "generate", "replay", "report", "cluster",
    ] {
        let output = podcheck(&[command, "--help"]);
        assert_eq!(code(&output), 0, "{command}");
        assert!(out(&output).contains("Examples:\n"), "{command}");
        assert!(out(&output).contains(&format!("podcheck {command}")), "{command}");
    }
    snapshot("help", transcript(&["--help"]));
    snapshot("help-run", transcript(&["run", "--help"]));
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
