use super::*;

const SCENARIO: &str = "
restartPolicy: OnFailure
graceSeconds: 10
init:
- kind: init
  container:
    attempts:
    - {livesMs: 500, exitCode: 1, onTerm: {action: exit, code: 143}}
    - {livesMs: 1500, onTerm: {action: exit, code: 143}}
- kind: sidecar
  container:
    attempts: [{onTerm: {action: exit, code: 3, afterMs: 2000}}]
    startup:
      {handler: httpGet, outcome: {kind: passesAfter, ms: 2500}, periodSeconds: 1, failureThreshold: 10, successThreshold: 1, graceSeconds: 4}
    readiness:
      {handler: tcpSocket, outcome: {kind: failsAfter, ms: 4000}, periodSeconds: 1, failureThreshold: 1, successThreshold: 1}
main:
- attempts: [{livesMs: 3000, exitCode: 2, onTerm: {action: ignore}}]
  liveness:
    {handler: exec, outcome: {kind: firstLifeOnly}, periodSeconds: 2, failureThreshold: 2, successThreshold: 1}
deletion:
  at: {kind: running, container: m0, attempt: 1, afterMs: 100}
  finalizer: true
observeMsMax: 60000
";

fn example() -> api::Pod {
    let scenario = Scenario::from_yaml(SCENARIO).expect("valid");
    let node = Some("podcheck-worker".to_owned());
    pod(
        "demo",
        &scenario,
        &Placement {
            name: pod_name("demo", Some("worker")),
            namespace: None,
            node,
        },
    )
}

#[test]
fn manifest_snapshot() {
    insta::with_settings!({snapshot_path => "../../../expected/manifest", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("demo.yaml", to_yaml(&example()).expect("yaml"));
    });
}

#[test]
fn the_scenario_comes_back_from_the_annotation() {
    let pod = example();
    let text = &pod.metadata.annotations.as_ref().expect("annotations")[SCENARIO_ANNOTATION];
    assert_eq!(
        Scenario::from_yaml(text).expect("valid"),
        Scenario::from_yaml(SCENARIO).expect("valid")
    );
}

#[test]
fn names_are_valid_and_ids_survive_yaml_1_1() {
    assert_eq!(pod_name("Seed_1/002", None), "podcheck-seed-1-002");
    assert_eq!(pod_name(&"x".repeat(99), None).len(), 63);
    let scenario = Scenario::from_yaml(SCENARIO).expect("valid");
    for case in ["on", "1_000", "12:30", "0012", "y"] {
        let pod = pod(
            case,
            &scenario,
            &Placement {
                name: "p".to_owned(),
                ..Placement::default()
            },
        );
        let yaml = to_yaml(&pod).expect("yaml");
        assert!(yaml.contains(&format!("podcheck.dev/case: case-{case}\n")), "{yaml}");
    }
}

/// A name that was cut at its end met itself for ever.
#[test]
fn long_names_keep_what_tells_them_apart() {
    let case = "kubernetes-125880-g-sidecar-never-blocks-the-end.3";
    let names = ["control-plane", "worker", "worker-1", "worker-2"].map(|suffix| pod_name(case, Some(suffix)));
    assert!(names.iter().all(|name| name.len() <= 63), "{names:?}");
    assert_eq!(
        names.iter().collect::<std::collections::BTreeSet<_>>().len(),
        names.len()
    );
    assert_eq!(
        pod_name("sidecars/7f3a9c/12", Some("worker")),
        "podcheck-sidecars-7f3a9c-12-worker"
    );
}
