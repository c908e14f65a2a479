//! `generate` and `predict`.

use super::*;

#[test]
fn the_same_seed_gives_the_same_scenarios() {
    let arguments = ["generate", "--profile", "sidecars", "--cases", "2", "--seed", "7f3a9c"];
    snapshot("generate", transcript(&arguments));
    let list = out(&podcheck(&["generate", "--list"]));
    let profiles = podcheck_generators::Profile::ALL.map(|profile| profile.name());
    let names = podcheck_generators::CORPUS
        .iter()
        .map(|named| named.name)
        .chain(profiles);
    assert!(names.into_iter().all(|name| list.contains(name)), "{list}");
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
