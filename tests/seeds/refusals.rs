//! What `predict` says of manifests that an API server refuses or cuts; conformance asks a live one the same.

use super::{podcheck, support, table};

#[test]
fn refused_manifests_are_refused_with_the_words_of_the_api_server() {
    let folder = support::expected().join("seeds/refusals");
    for record in table::records(&folder.join("answers.txt")) {
        let [manifest, server, _, answer] = [0, 1, 2, 3].map(|column| record[column].1.as_str());
        let path = format!("expected/seeds/refusals/{manifest}.yaml");
        let output = podcheck(&["predict", &path, "--kubernetes", server]);
        let said = String::from_utf8_lossy(&output.stderr);
        let (code, words) = match answer {
            // It would run, as something that the model does not cover.
            "accepted" => (4, "the model does not cover"),
            "dropped" => (0, "drops this field"),
            refused => (2, refused),
        };
        assert_eq!(output.status.code(), Some(code), "{manifest} {server}: {said}");
        assert!(said.contains(words), "{manifest} {server}: {said}");
    }
}
