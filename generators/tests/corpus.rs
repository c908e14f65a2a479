//! The named scenarios are valid, survive a round trip, and every file is listed.

use std::collections::BTreeSet;
use std::path::Path;

use podcheck_generators::{CORPUS, Scenario, named};

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
