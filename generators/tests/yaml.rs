//! Scenarios as YAML: what they look like, that they come back, and what is said about bad ones.

use podcheck_generators::{Profile, Scenario, cases};

const RS_3: &str = "\
restartPolicy: OnFailure
graceSeconds: 3
init:
  - kind: sidecar
    container:
      attempts:
        - {onTerm: {action: exit, code: 0}}
  - kind: sidecar
    container:
      attempts:
        - {livesMs: 2500, exitCode: 1, onTerm: {action: exit, code: 0, afterMs: 300}}
        - {onTerm: {action: ignore}}
      startup: {handler: httpGet, outcome: {kind: passesAfter, ms: 900}, periodSeconds: 1, failureThreshold: 9, successThreshold: 1}
main:
  - attempts:
      - {livesMs: 6000, onTerm: {action: exit, code: 0}}
deletion: {at: {kind: running, container: s1, attempt: 1, afterMs: 200}, again: {afterMs: 500, graceSeconds: 1}}
observeMsMax: 36000
";

#[test]
fn yaml_has_a_line_for_each_attempt_and_probe() {
    let scenario = Scenario::from_yaml(RS_3).expect("valid");
    assert_eq!(scenario.to_yaml(), RS_3);
}

#[test]
fn every_scenario_survives_a_round_trip() {
    for profile in Profile::ALL {
        for (id, scenario) in cases(profile, 7).take(200) {
            let text = scenario.to_yaml();
            assert_eq!(
                Scenario::from_yaml(&text).expect("written by to_yaml"),
                scenario,
                "{id}\n{text}"
            );
        }
    }
}

/// The message for the scenario above after one replacement.
fn refusal(from: &str, to: &str) -> String {
    assert!(RS_3.contains(from), "{from}");
    match Scenario::from_yaml(&RS_3.replacen(from, to, 1)) {
        Ok(_) => panic!("{to} was accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn invalid_scenarios_are_refused_with_the_place() {
    let cases = [
        ("graceSeconds: 3", "graceSeconds: 0", "graceSeconds: must be at least 1"),
        (
            "observeMsMax: 36000",
            "observeMsMax: 4000000",
            "observeMsMax: must be at most 600000",
        ),
        (
            "periodSeconds: 1",
            "periodSeconds: 0",
            "init[1] (s1).startup.periodSeconds: must be at least 1",
        ),
        (
            "failureThreshold: 9",
            "failureThreshold: 0",
            "init[1] (s1).startup.failureThreshold: must be at least 1",
        ),
        (
            "successThreshold: 1",
            "successThreshold: 2",
            "init[1] (s1).startup.successThreshold: must be 1 for startup and liveness probes",
        ),
        (
            "successThreshold: 1",
            "successThreshold: 1, graceSeconds: 0",
            "init[1] (s1).startup.graceSeconds: must be at least 1",
        ),
        (
            "startup: {",
            "readiness: {graceSeconds: 2, ",
            "init[1] (s1).readiness.graceSeconds: readiness probes cannot have a grace period of their own",
        ),
        (
            "livesMs: 6000",
            "livesMs: 999999999",
            "main[0] (m0).attempts[0].livesMs: must be at most 600000",
        ),
        (
            "container: s1",
            "container: s2",
            "deletion.at.container: the pod has no such container",
        ),
        (
            "afterMs: 500, graceSeconds: 1",
            "afterMs: 500, graceSeconds: 3",
            "deletion.again.graceSeconds: must be shorter than the first delete's 3 s",
        ),
        (
            "      - {livesMs: 6000, onTerm: {action: exit, code: 0}}\n",
            "      []\n",
            "main[0] (m0).attempts: must have at least one entry",
        ),
        (
            "main:\n  - attempts:\n      - {livesMs: 6000, onTerm: {action: exit, code: 0}}\n",
            "main: []\n",
            "main: must have at least one entry",
        ),
        (
            "init:\n",
            &format!(
                "init:\n{}",
                "  - {kind: init, container: {attempts: [{onTerm: {action: ignore}}]}}\n".repeat(4)
            ),
            "init: must have at most 5 entries",
        ),
    ];
    for (from, to, message) in cases {
        assert_eq!(refusal(from, to), format!("not a valid scenario: {message}"));
    }
    let on_init = refusal(
        "  - kind: sidecar\n    container:\n      attempts:\n        - {livesMs",
        "  - kind: init\n    container:\n      attempts:\n        - {livesMs",
    );
    assert_eq!(
        on_init,
        "not a valid scenario: init[1] (i1).startup: init containers cannot have probes, only sidecars and mains can"
    );
}

#[test]
fn texts_of_another_form_are_refused_with_field_or_line() {
    let unknown = refusal("graceSeconds", "grace");
    assert!(
        unknown.contains("unknown field `grace`") && unknown.contains("line 2"),
        "{unknown}"
    );
    let missing = refusal("observeMsMax: 36000\n", "");
    assert!(missing.contains("missing field `observeMsMax`"), "{missing}");
    let wrong = refusal("livesMs: 2500", "livesMs: soon");
    assert!(
        wrong.contains("init[1].container.attempts[0].livesMs") && wrong.contains("line 11"),
        "{wrong}"
    );
    for text in ["", "[]", "{", "- a\n b", "\0", "restartPolicy: Sometimes"] {
        assert!(Scenario::from_yaml(text).is_err(), "{text:?}");
    }
}
