//! The named scenarios are valid, survive a round trip, and every file is listed.

use std::collections::BTreeSet;
use std::path::Path;

use podcheck_generators::{CORPUS, Scenario, named, outlook};

#[test]
fn every_named_scenario_is_valid_and_survives_a_round_trip() {
    for entry in CORPUS {
        let scenario = entry.scenario();
        assert_eq!(
            Scenario::from_yaml(&scenario.to_yaml()).expect("written by to_yaml"),
            scenario,
            "{}",
            entry.name
        );
        assert_eq!(named(entry.name), Some(scenario));
    }
    assert_eq!(named("seed/none"), None);
}

#[test]
fn every_corpus_file_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut files = BTreeSet::new();
    for folder in ["seed", "deviation"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("the corpus is there") {
            let name = entry.expect("readable").file_name().into_string().expect("plain name");
            files.insert(format!(
                "{folder}/{}",
                name.strip_suffix(".yaml").expect("only YAML files")
            ));
        }
    }
    assert_eq!(files, CORPUS.iter().map(|entry| entry.name.to_owned()).collect());
}

#[test]
fn the_outlook_knows_which_pods_end_by_themselves() {
    let ends: Vec<&str> = CORPUS
        .iter()
        .filter(|entry| outlook(&entry.scenario(), 1).end_ms.is_some())
        .map(|entry| entry.name)
        .collect();
    let expected = [
        "seed/init-fails-never",
        "deviation/125404",
        "deviation/132826",
        "deviation/rs-3",
        "deviation/wr-5",
        "deviation/pb-10",
        "deviation/123323",
        "deviation/to-3-natural",
        "deviation/pb-6",
        "deviation/rs-10",
        "deviation/134660",
        "deviation/rs-11",
        "deviation/to-0",
        "deviation/ph-1",
        "deviation/109537",
    ];
    assert_eq!(ends, expected);
}

#[test]
fn the_outlook_bears_the_largest_numbers() {
    let probe = "{handler: exec, outcome: {kind: neverPasses}, initialDelaySeconds: 600, periodSeconds: 600, failureThreshold: 600, successThreshold: 1}";
    let container = format!(
        "{{attempts: [{{livesMs: 600000, exitCode: 1, onTerm: {{action: ignore}}}}], startup: {probe}, liveness: {probe}}}"
    );
    let element = format!("  - {{kind: sidecar, container: {container}}}\n").repeat(5);
    let mains = format!("  - {container}\n").repeat(3);
    let yaml =
        format!("restartPolicy: Always\ngraceSeconds: 600\ninit:\n{element}main:\n{mains}observeMsMax: 600000\n");
    outlook(&Scenario::from_yaml(&yaml).expect("valid"), 3);
}
