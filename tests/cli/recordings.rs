//! `check` and `table` on good and bad recordings.

use super::*;

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
    assert!(err(&output).contains("judged as kubelet v1.28.0, as --kubernetes says"));
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
fn a_byte_order_mark_is_no_part_of_a_recording() {
    let marked = [&b"\xef\xbb\xbf"[..], &recording(OLD)].concat();
    let args = ["check", "-", "--kubernetes", "1.29.2"];
    let (plain, marked) = (with_input(&args, &recording(OLD)), with_input(&args, &marked));
    assert_eq!((code(&marked), out(&marked)), (0, out(&plain)));
}

/// A verdict on one status would be hollow.
#[test]
fn one_status_alone_is_not_judged() {
    let whole = String::from_utf8(recording(OLD)).expect("text");
    let runs = |line: &&str| line.contains("\"startedAt\"");
    let event = whole.lines().find(runs).expect("a pod that runs");
    let output = with_input(&["check", "-", "--kubernetes", "1.29.2"], event.as_bytes());
    assert!(
        out(&output).contains("only one status of the pod was seen"),
        "{}",
        out(&output)
    );
    assert_eq!(code(&output), 4);
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
