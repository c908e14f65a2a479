//! The pod without anything that only this program needs: no journal, no annotations, as few lines of shell as can be.

use k8s_openapi::api::core::v1 as api;
use podcheck_generators::{Attempt, Container, OnTerm, Probe, ProbeHandler, ProbeOutcome, Scenario};

use crate::manifest::script::{PROBE_DIR, ProbeKind, port, seconds};
use crate::manifest::{Placement, pod as journalled, to_yaml};

/// Where containers count their lives, if what they do depends on them.
const COUNT_DIR: &str = "/lives";

/// The pod's YAML.
pub fn pod(name: &str, scenario: &Scenario) -> String {
    let placement = Placement {
        name: name.to_owned(),
        namespace: None,
        node: None,
    };
    let mut pod = journalled("", scenario, &placement);
    pod.metadata.annotations = None;
    pod.metadata.labels = None;
    let names = scenario.names();
    let counts: Vec<bool> = scenario.containers().map(counts_lives).collect();
    if let Some(spec) = &mut pod.spec {
        spec.automount_service_account_token = None;
        spec.enable_service_links = None;
        let containers = spec.init_containers.iter_mut().flatten().chain(&mut spec.containers);
        for (index, (container, script)) in containers.zip(scenario.containers()).enumerate() {
            container.image_pull_policy = None;
            let probes = [
                &mut container.startup_probe,
                &mut container.readiness_probe,
                &mut container.liveness_probe,
            ];
            probes.into_iter().flatten().for_each(without_defaults);
            container.command = Some(vec![
                "sh".to_owned(),
                "-c".to_owned(),
                shell(&names[index], script, index),
            ]);
            if counts[index] {
                let mounts = container.volume_mounts.iter_mut().flatten();
                mounts.for_each(|mount| (mount.name, mount.mount_path) = ("lives".to_owned(), COUNT_DIR.to_owned()));
            } else {
                container.volume_mounts = None;
            }
        }
        if counts.contains(&true) {
            spec.volumes
                .iter_mut()
                .flatten()
                .for_each(|volume| "lives".clone_into(&mut volume.name));
        } else {
            spec.volumes = None;
        }
    }
    to_yaml(&pod).expect("a pod has only string keys")
}

fn without_defaults(probe: &mut api::Probe) {
    probe.initial_delay_seconds = probe.initial_delay_seconds.filter(|&seconds| seconds != 0);
    probe.success_threshold = probe.success_threshold.filter(|&times| times != 1);
    probe.timeout_seconds = probe.timeout_seconds.filter(|&seconds| seconds != 1);
}

/// Does what it does depend on how often it was started?
fn counts_lives(container: &Container) -> bool {
    let by_life = |probe: &&Probe| {
        matches!(
            probe.outcome,
            ProbeOutcome::FirstLifeOnly | ProbeOutcome::LaterLivesOnly
        )
    };
    container.attempts.len() > 1 || probes(container).any(|(_, probe)| by_life(&probe))
}

fn probes(container: &Container) -> impl Iterator<Item = (ProbeKind, &Probe)> {
    let kinds = [
        (ProbeKind::Startup, &container.startup),
        (ProbeKind::Readiness, &container.readiness),
        (ProbeKind::Liveness, &container.liveness),
    ];
    kinds
        .into_iter()
        .filter_map(|(kind, probe)| Some((kind, probe.as_ref()?)))
}

/// The program of a container.
fn shell(name: &str, container: &Container, index: usize) -> String {
    let mut lines = Vec::new();
    if counts_lives(container) {
        let file = format!("{COUNT_DIR}/{name}");
        lines.push(format!(
            "n=$(cat {file} 2>/dev/null || echo 0)  # lives before this one"
        ));
        lines.push(format!("echo $((n + 1)) >{file}"));
    }
    lines.extend(answers(container, index));
    match &container.attempts[..] {
        [only] => lines.extend(life(only)),
        several => {
            lines.push("case $n in".to_owned());
            for (attempt, script) in several.iter().enumerate() {
                let is_last = attempt + 1 == several.len();
                let pattern = if is_last { "*".to_owned() } else { attempt.to_string() };
                lines.push(format!("{pattern}) {} ;;", life(script).join("; ")));
            }
            lines.push("esac".to_owned());
        }
    }
    if let [only] = &lines[..] {
        return only.clone();
    }
    lines.join("\n") + "\n"
}

/// One life.
fn life(attempt: &Attempt) -> Vec<String> {
    let trap = match attempt.on_term {
        OnTerm::Ignore => "trap '' TERM".to_owned(),
        OnTerm::Exit { code, after_ms: 0 } => format!("trap 'exit {code}' TERM"),
        OnTerm::Exit { code, after_ms } => format!("trap 'sleep {}; exit {code}' TERM", seconds(after_ms)),
    };
    let exit = format!("exit {}", attempt.exit_code);
    // In the background, or the shell would hear of a TERM only after it.
    match attempt.lives_ms {
        Some(0) => vec![exit],
        Some(ms) => vec![trap, format!("sleep {} & wait $!", seconds(ms)), exit],
        None => vec![trap, "sleep 1d & wait $!".to_owned()],
    }
}

/// What makes its probes pass and fail.
fn answers(container: &Container, index: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut serves = None;
    for (kind, probe) in probes(container) {
        let file = format!("{PROBE_DIR}/{}", kind.file());
        let port = port(index, kind, probe.handler);
        let (pass, fail) = match probe.handler {
            ProbeHandler::HttpGet | ProbeHandler::Exec => (format!("touch {file}"), format!("rm {file}")),
            ProbeHandler::TcpSocket => (format!("httpd -f -p {port} & tcp=$!"), "kill $tcp".to_owned()),
        };
        if probe.handler == ProbeHandler::HttpGet {
            serves = Some(port);
        }
        match probe.outcome {
            ProbeOutcome::NeverPasses | ProbeOutcome::FailsAfter { ms: 0 } => {}
            ProbeOutcome::Passes | ProbeOutcome::PassesAfter { ms: 0 } => lines.push(pass),
            ProbeOutcome::PassesAfter { ms } => lines.push(format!("{{ sleep {}; {pass}; }} &", seconds(ms))),
            ProbeOutcome::FailsAfter { ms } => {
                lines.extend([pass, format!("{{ sleep {}; {fail}; }} &", seconds(ms))]);
            }
            ProbeOutcome::FirstLifeOnly => lines.push(format!("if [ $n = 0 ]; then {pass}; fi")),
            ProbeOutcome::LaterLivesOnly => lines.push(format!("if [ $n != 0 ]; then {pass}; fi")),
        }
    }
    // Last, so that no request meets a file that is not there yet.
    lines.extend(serves.map(|port| format!("httpd -p {port} -h {PROBE_DIR}")));
    lines
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use podcheck_generators::{CORPUS, Profile, cases};

    use super::*;

    /// Runs a container's lives with the local shell and gives their exit codes; a TERM is sent after `term_ms`.
    fn exits(container: &Container, test: &str, lives: usize, term_ms: Option<u64>) -> Vec<Option<i32>> {
        let folder = std::env::temp_dir().join(format!("podcheck-plain-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        // What a container takes with it stays behind here.
        let text = shell("m0", container, 0).replace(COUNT_DIR, &folder.display().to_string());
        let text = text.replace("sleep 1d", "sleep 2");
        let one = |_| {
            let mut child = Command::new("sh")
                .args(["-c", &text])
                .stdout(Stdio::null())
                .spawn()
                .expect("sh");
            if let Some(ms) = term_ms {
                std::thread::sleep(Duration::from_millis(ms));
                let pid = child.id().to_string();
                Command::new("kill").args(["-TERM", &pid]).status().expect("kill");
            }
            child.wait().expect("it ends").code()
        };
        let codes = (0..lives).map(one).collect();
        std::fs::remove_dir_all(folder).expect("it is there");
        codes
    }

    #[test]
    fn lives_end_as_scripted() {
        let container = Container::new([Attempt::exits(0, 3), Attempt::exits(200, 0), Attempt::exits(0, 7)]);
        assert_eq!(
            exits(&container, "lives", 4, None),
            [Some(3), Some(0), Some(7), Some(7)]
        );
    }

    #[test]
    fn a_term_is_answered_as_scripted() {
        let on_term = |on_term| {
            Container::new([Attempt {
                on_term,
                ..Attempt::FOREVER
            }])
        };
        let at_once = on_term(OnTerm::Exit { code: 4, after_ms: 0 });
        assert_eq!(exits(&at_once, "at-once", 1, Some(300)), [Some(4)]);
        let begin = Instant::now();
        let later = on_term(OnTerm::Exit { code: 5, after_ms: 500 });
        assert_eq!(exits(&later, "later", 1, Some(300)), [Some(5)]);
        assert!(begin.elapsed() >= Duration::from_millis(750));
        let mut ignores = on_term(OnTerm::Ignore);
        ignores.attempts[0].lives_ms = Some(900);
        assert_eq!(exits(&ignores, "ignores", 1, Some(300)), [Some(0)]);
    }

    #[test]
    fn every_pod_has_a_plain_form_that_the_shell_can_read() {
        let random = Profile::ALL.into_iter().flat_map(|profile| cases(profile, 7).take(20));
        let named = CORPUS.iter().map(|named| named.scenario());
        for scenario in random.map(|(_, scenario)| scenario).chain(named) {
            let yaml = pod("plain", &scenario);
            assert!(
                !yaml.contains("journal") && !yaml.contains("podcheck.dev/scenario"),
                "{yaml}"
            );
            for (index, (name, container)) in scenario.names().iter().zip(scenario.containers()).enumerate() {
                let text = shell(name, container, index);
                let checked = Command::new("sh").args(["-n", "-c", &text]).status().expect("sh");
                assert!(checked.success(), "{text}");
                assert!(counts_lives(container) || !text.contains("$n"), "{text}");
            }
        }
    }
}
