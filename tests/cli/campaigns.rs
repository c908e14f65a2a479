//! `run` and `replay` on simulated nodes.

use super::*;

/// A new folder for a run's output.
pub fn folder(name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    path.to_str().expect("a plain path").to_owned()
}

/// A simulated node whose sidecars are not restarted.
pub const FAULTY_NODE: [&str; 6] = [
    "--target",
    "simulated",
    "--fault",
    "sidecar-not-restarted",
    "--node",
    "v1.37.0",
];

/// Twenty pods on it, kept in this folder.
pub fn faulty_run(folder: &str) -> Output {
    let run = [
        "run",
        "--cases",
        "20",
        "--profile",
        "sidecars",
        "--seed",
        "7f3a9c",
        "--output",
        folder,
    ];
    podcheck(&[&run[..], &FAULTY_NODE].concat())
}

/// A pod that shows a known deviation.
pub const KNOWN: [&str; 6] = [
    "replay",
    "deviation/125404",
    "--target",
    "simulated",
    "--node",
    "1.29.2",
];

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
    let output = faulty_run(&folder);
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
    let kept = Path::new(&folder).join(found["folder"].as_str().expect("a folder"));
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
    let several = podcheck(
        &[
            &["replay", scenario, "--times", "5", "--format", "json"],
            &FAULTY_NODE[..],
        ]
        .concat(),
    );
    assert_eq!(objects(&several)[0]["kubelets"]["v1.37.0"]["judged"], 5);
    assert_eq!(code(&podcheck(&["predict", scenario])), 0);
}

#[test]
fn strict_makes_known_deviations_fail() {
    let lenient = podcheck(&KNOWN);
    assert!(
        out(&lenient).contains("known deviation kubernetes#125404: 1"),
        "{}",
        out(&lenient)
    );
    assert!(
        out(&lenient).contains("v1.29.2: known deviation 1 of 1"),
        "{}",
        out(&lenient)
    );
    let strict = podcheck(&[&KNOWN[..], &["--strict"]].concat());
    assert_eq!((code(&lenient), code(&strict)), (0, 1));
}
