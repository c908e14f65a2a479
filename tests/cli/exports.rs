//! `export`: what it makes of known deviations, of a divergence's folder, and of inputs that are none.

use std::fs;

use super::campaigns::{faulty_run, folder};
use super::*;

fn exported(what: &str, form: &str) -> String {
    let output = podcheck(&["export", what, "--to", form]);
    assert_eq!(code(&output), 0, "{what}: {}", err(&output));
    out(&output)
}

/// A deviation of the end, one of the time until it, one of the way there, and one that no release is rid of.
const EXPORTED: [(&str, &str); 4] = [
    ("rs-3", "expected/regressions/rs-3.yaml"),
    ("125880", "deviation/125880"),
    ("125404", "expected/regressions/125404.yaml"),
    ("wr-5", "generators/corpus/deviation/wr-5.yaml"),
];

#[test]
fn known_deviations_are_exported() {
    for (name, what) in EXPORTED {
        snapshot(&format!("export-{name}.sh"), exported(what, "manifest"));
        snapshot(&format!("export-{name}.chainsaw"), exported(what, "chainsaw"));
        snapshot(&format!("export-{name}.issue"), exported(what, "issue"));
    }
}

#[test]
fn every_named_scenario_has_a_script_that_the_shell_can_read_and_a_test_of_the_right_shape() {
    for named in podcheck_generators::CORPUS {
        let script = exported(named.name, "manifest");
        let checked = with_shell(&script);
        assert!(checked.status.success(), "{}: {}", named.name, err(&checked));
        let test: Value = serde_yaml::from_str(&exported(named.name, "chainsaw")).expect("YAML");
        has_chainsaws_shape(named.name, &test);
    }
}

fn with_shell(script: &str) -> Output {
    Command::new("sh").args(["-n", "-c", script]).output().expect("sh")
}

/// What chainsaw's own schema asks of a Test, as far as it is used here.
fn has_chainsaws_shape(name: &str, test: &Value) {
    assert_eq!(keys(test), ["apiVersion", "kind", "metadata", "spec"], "{name}");
    assert_eq!(
        (&test["apiVersion"], &test["kind"]),
        (&"chainsaw.kyverno.io/v1alpha1".into(), &"Test".into())
    );
    assert_eq!(
        (keys(&test["metadata"]), keys(&test["spec"])),
        (vec!["name"], vec!["description", "steps"])
    );
    let steps = test["spec"]["steps"].as_array().expect("steps");
    let mut judges = false;
    for step in steps {
        assert_eq!(keys(step), ["catch", "name", "try"], "{name}");
        for operation in step["try"].as_array().expect("operations") {
            let (kind, body) = operation
                .as_object()
                .expect("an operation")
                .iter()
                .next()
                .expect("one kind");
            match kind.as_str() {
                "create" => assert_eq!(body["resource"]["kind"], "Pod"),
                "assert" => {
                    assert_eq!(keys(body), ["resource", "timeout"], "{name}");
                    assert!(
                        ["Succeeded", "Failed"]
                            .contains(&body["resource"]["status"]["phase"].as_str().expect("a phase"))
                    );
                    judges = true;
                }
                "script" => {
                    assert_eq!(keys(body), ["content", "timeout"], "{name}");
                    let content = body["content"].as_str().expect("a script");
                    let checked = with_shell(content);
                    assert!(checked.status.success(), "{name}: {}", err(&checked));
                    judges |= content.contains("wait --for=delete") || content.contains("podcheck check");
                }
                kind => panic!("{name}: {kind}"),
            }
        }
    }
    assert!(judges, "{name}: a test that cannot fail");
}

#[test]
fn a_divergences_folder_is_exported_whole() {
    let folder = folder("export-folder");
    assert_eq!(code(&faulty_run(&folder)), 1);
    let divergences = format!("{folder}/divergences");
    let entries = fs::read_dir(&divergences)
        .expect("divergences")
        .map(|entry| entry.expect("an entry").path());
    let shrunk = entries
        .filter(|path| path.join("minimal.yaml").is_file())
        .min()
        .expect("one was made smaller");
    let target = format!("{folder}/sent");
    let output = podcheck(&["export", shrunk.to_str().expect("a plain path"), "--output", &target]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let names: Vec<&str> = ["pod.yaml", "run.sh", "chainsaw-test.yaml", "issue.md"].into();
    for name in &names {
        assert!(out(&output).contains(&format!("{target}/{name}\n")), "{}", out(&output));
    }
    let issue = fs::read_to_string(format!("{target}/issue.md")).expect("an issue");
    assert!(
        issue.contains("Not for upstream: a simulated node with the planted fault `sidecar-not-restarted`"),
        "{issue}"
    );
    assert!(issue.contains("| v1.37.0 | "), "{issue}");
    let script = fs::read_to_string(format!("{target}/run.sh")).expect("a script");
    assert!(script.contains("kubectl create -f \"$(dirname \"$0\")/pod.yaml\""));

    let run = podcheck(&["export", &folder]);
    assert_eq!(code(&run), 2);
    assert!(
        err(&run).contains("is the folder of a run; name one of its divergences: "),
        "{}",
        err(&run)
    );
}

#[test]
fn a_real_kubelets_recording_makes_an_issue_that_can_be_sent() {
    let folder = folder("export-real");
    fs::create_dir_all(&folder).expect("a folder");
    let recording = recording("expected/recordings/findings/to-3.v1.37.0.jsonl");
    let lines = String::from_utf8_lossy(&recording);
    let mut lines = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let scenario = lines.find_map(|line| {
        let annotations = &line["event"]["object"]["metadata"]["annotations"];
        annotations["podcheck.dev/scenario"].as_str().map(str::to_owned)
    });
    fs::write(format!("{folder}/scenario.yaml"), scenario.expect("a scenario")).expect("a file");
    fs::write(format!("{folder}/recording.jsonl"), &recording).expect("a file");
    let class = "rule: G-sidecar-stop-order\npart: sidecar\nstage: ending\nknownDeviation: podcheck/TO-3\n";
    fs::write(format!("{folder}/class.yaml"), class).expect("a file");
    let issue = exported(&folder, "issue");
    assert!(!issue.contains("\n> Not ") && !issue.contains("imulated"), "{issue}");
    assert!(issue.contains("A kubelet v1.37.0: "), "{issue}");
    snapshot("export-real.issue", issue.replace(&folder, "FOLDER"));
}

#[test]
fn what_cannot_be_exported_says_why_and_what_can() {
    let refused = |arguments: &[&str], why: &str| {
        let output = podcheck(&[&["export"], arguments].concat());
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(err(&output).contains(why), "{arguments:?}: {}", err(&output));
    };
    refused(&["missing.yaml"], "missing.yaml is neither a file nor a case id");
    refused(
        &["src"],
        "src is not a divergence's folder: there is no minimal.yaml and no scenario.yaml in it; podcheck run --output",
    );
    refused(
        &["deviation/rs-3", "--to", "helm"],
        "possible values: manifest, chainsaw, issue",
    );
    refused(
        &["seed/native-sidecar", "--to", "issue"],
        "nothing is known to be wrong with seed/native-sidecar",
    );
    let broken = temporary("broken.yaml", b"class: {rule: 1}\nscenario: {}\n");
    refused(&[broken.to_str().expect("a plain path")], "broken.yaml: ");
    let manifest = temporary(
        "plain.yaml",
        b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: busybox, command: [sleep, '1']}]}\n",
    );
    refused(
        &[manifest.to_str().expect("a plain path")],
        "plain.yaml is a plain manifest already; kubectl create -f",
    );
    let file = temporary("in-the-way", b"");
    let unwritable = podcheck(&[
        "export",
        "deviation/rs-3",
        "--output",
        file.to_str().expect("a plain path"),
    ]);
    assert_eq!(code(&unwritable), 3);
    assert!(
        err(&unwritable).contains("choose another --output"),
        "{}",
        err(&unwritable)
    );
}

/// Stands in for kubectl: notes what it is asked for, and has a pod that runs until it is deleted.
const KUBECTL: &str = r#"#!/bin/sh
cd "$(dirname "$0")"
case "$*" in
*--watch*) exit 0 ;;
create*) cat >/dev/null; echo "create" >>log ;;
*go-template*) echo "s0 0 running"; echo "m0 1 terminated" ;;
*jsonpath*) if [ -e deleted ]; then echo Succeeded; else echo Running; fi ;;
delete*) touch deleted; echo "$*" >>log ;;
wait* | patch*) echo "$*" >>log ;;
esac
"#;

#[test]
fn the_script_does_to_the_pod_what_the_scenario_says() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = folder("export-script");
    fs::create_dir_all(&folder).expect("a folder");
    let kubectl = format!("{folder}/kubectl");
    fs::write(&kubectl, KUBECTL).expect("a file");
    fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o700)).expect("a file of ours");
    let scenario = "restartPolicy: Never
graceSeconds: 9
init:
  - {kind: sidecar, container: {attempts: [{onTerm: {action: exit, code: 0}}]}}
main:
  - attempts: [{onTerm: {action: exit, code: 0}}]
deletion:
  at: {kind: running, container: s0, attempt: 0, afterMs: 100}
  graceSeconds: 5
  again: {afterMs: 200, graceSeconds: 2}
  finalizer: true
observeMsMax: 20000
";
    let file = format!("{folder}/two-deletes.yaml");
    fs::write(&file, scenario).expect("a file");
    let script = exported(&file, "manifest");
    let path = format!("{folder}:{}", std::env::var("PATH").expect("a path"));
    let output = Command::new("sh")
        .args(["-c", &script])
        .env("PATH", path)
        .current_dir(&folder)
        .output();
    let output = output.expect("sh");
    assert!(output.status.success(), "{}", err(&output));
    let log = fs::read_to_string(format!("{folder}/log")).expect("a log");
    let pod = "podcheck-two-deletes";
    let finalizer = r#"--type=json -p [{"op": "remove", "path": "/metadata/finalizers"}]"#;
    assert_eq!(
        log,
        format!(
            "create\ndelete pod {pod} --wait=false --grace-period=5\ndelete pod {pod} --wait=false --grace-period=2\n\
             patch pod {pod} {finalizer}\nwait --for=delete pod/{pod} --timeout=69s\n"
        )
    );
}
