//! The kubectl commands that do to a pod what its scenario says.

use std::fmt::Write as _;

use podcheck_generators::{Deletion, Moment, Scenario};

use super::Subject;
use crate::manifest::script::seconds;

/// Where the script has the pod from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manifest<'a> {
    /// A file beside the script.
    File(&'a str),
    /// In the script itself.
    Inline(&'a str),
}

/// A terminal pod is looked at for this long: what must not change has time to.
const REST_S: u32 = 3;
/// Beyond the grace, for a delete to come to its end.
const TEARDOWN_S: u32 = 60;

/// A script that creates the pod, shows and records every status, and drives it to its end.
pub fn script(subject: &Subject, manifest: Manifest<'_>) -> String {
    let Subject { name, scenario, .. } = subject;
    let mut text = "#!/bin/sh\n".to_owned();
    for line in about(subject) {
        let _ = writeln!(text, "# {line}");
    }
    let _ = write!(
        text,
        "# Needs kubectl and a cluster to experiment on; the pod runs in the current namespace.\nset -eu\npod={name}\n\n"
    );
    match manifest {
        Manifest::File(file) => {
            let _ = writeln!(text, "kubectl create -f \"$(dirname \"$0\")/{file}\"");
        }
        Manifest::Inline(pod) => {
            let _ = write!(text, "kubectl create -f - <<'POD'\n{pod}POD\n");
        }
    }
    text += "
# Every status, as a table here and whole in a file.
kubectl get pod \"$pod\" --watch &
table=$!
kubectl get pod \"$pod\" --watch --output-watch-events -o json >\"$pod.watch.json\" &
whole=$!
trap 'kill $table $whole 2>/dev/null || :' EXIT

";
    text += &drive(scenario, "kubectl");
    let judged = subject
        .shown_by()
        .map_or_else(|| "VERSION".to_owned(), |version| version.to_string());
    let _ = write!(
        text,
        "
echo
kubectl get pod \"$pod\" --ignore-not-found -o wide
echo \"every status is in $pod.watch.json; podcheck judges it:\"
echo \"  podcheck check $pod.watch.json --strict --kubernetes {judged}  # the version of the pod's kubelet\"
echo \"to clean up: kubectl delete pod $pod --ignore-not-found\"
"
    );
    text
}

/// What the pod shows and what had to be, as lines.
pub fn about(subject: &Subject) -> Vec<String> {
    let mut lines = Vec::new();
    match (&subject.class, subject.deviation()) {
        (_, Some(deviation)) => {
            lines.push(format!("{}: {}", deviation.name, deviation.title));
            lines.push(format!("{} (kubelets {})", deviation.link, deviation.versions));
        }
        (Some(class), None) => lines.push(format!("{}: shows {class}", subject.name)),
        (None, None) => lines.push(format!("{}: a pod of podcheck", subject.name)),
    }
    if let Some(required) = subject.required() {
        lines.push(format!("what has to hold: {required}"));
    }
    for (version, rate) in &subject.versions {
        lines.push(format!("seen on {version}: {rate}"));
    }
    lines
}

/// From its creation to its end; expects the pod's name in `$pod`.
pub fn drive(scenario: &Scenario, kubectl: &str) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "# Is the pod Succeeded or Failed?\n\
         ended() {{\n  case $({kubectl} get pod \"$pod\" --ignore-not-found -o jsonpath='{{.status.phase}}') in\n  \
         Succeeded | Failed) ;;\n  *) return 1 ;;\n  esac\n}}\n"
    );
    match &scenario.deletion {
        Some(deletion) => text += &delete(scenario, deletion, kubectl),
        None => {
            let time_s = scenario.observe_ms_max.div_ceil(1_000).max(1);
            let _ = write!(
                text,
                "\n# It ends by itself, or is deleted after {time_s} s.\n\
                 time={time_s}\n\
                 while [ $time -gt 0 ] && ! ended; do sleep 1; time=$((time - 1)); done\n\
                 if ended; then\n  sleep {REST_S}\nelse\n  {kubectl} delete pod \"$pod\" --wait=false\n  {}\nfi\n",
                gone(scenario.grace_seconds, kubectl)
            );
        }
    }
    text
}

fn delete(scenario: &Scenario, deletion: &Deletion, kubectl: &str) -> String {
    let mut text = wait_for(&deletion.at, kubectl);
    let grace = |seconds: Option<u32>| match seconds {
        None => String::new(),
        Some(0) => " --grace-period=0 --force".to_owned(),
        Some(seconds) => format!(" --grace-period={seconds}"),
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{kubectl} delete pod \"$pod\" --wait=false{}",
        grace(deletion.grace_seconds)
    );
    if let Some(again) = deletion.again {
        let (after, grace) = (seconds(again.after_ms), grace(Some(again.grace_seconds)));
        let _ = writeln!(
            text,
            "\n# Once more, with another grace.\nsleep {after}\n{kubectl} delete pod \"$pod\" --wait=false{grace}"
        );
    }
    if deletion.finalizer {
        let _ = write!(
            text,
            "\n# Its finalizer holds the object until the kubelet has done with the pod.\n\
             until ended; do sleep 0.2; done\nsleep {REST_S}\n\
             {kubectl} patch pod \"$pod\" --type=json -p '[{{\"op\": \"remove\", \"path\": \"/metadata/finalizers\"}}]'\n"
        );
    }
    let grace_s = deletion
        .grace_seconds
        .unwrap_or(scenario.grace_seconds)
        .max(scenario.grace_seconds);
    text + &gone(grace_s, kubectl) + "\n"
}

fn gone(grace_s: u32, kubectl: &str) -> String {
    format!(
        "{kubectl} wait --for=delete pod/\"$pod\" --timeout={}s",
        grace_s + TEARDOWN_S
    )
}

/// Waits for a moment of the pod's life.
fn wait_for(moment: &Moment, kubectl: &str) -> String {
    let (what, after_ms) = match moment {
        Moment::Created { after_ms } => (None, *after_ms),
        Moment::Running {
            container,
            attempt,
            after_ms,
        } => (Some((container, attempt, "running")), *after_ms),
        Moment::Terminated {
            container,
            attempt,
            after_ms,
        } => (Some((container, attempt, "terminated")), *after_ms),
    };
    let mut text = String::new();
    if let Some((container, attempt, state)) = what {
        let passed = if state == "terminated" { "$2 > n || " } else { "" };
        let at_least = if state == "terminated" { "==" } else { ">=" };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n# Lines like \"s1 2 running\": a container, its restarts, its state.\n\
             states() {{\n  {kubectl} get pod \"$pod\" -o go-template='\n\
             {{{{range .status.initContainerStatuses}}}}{{{{.name}}}} {{{{.restartCount}}}}{{{{range $state, $_ := .state}}}} {{{{$state}}}}\
             {{{{end}}}}{{{{\"\\n\"}}}}{{{{end}}}}\n\
             {{{{range .status.containerStatuses}}}}{{{{.name}}}} {{{{.restartCount}}}}{{{{range $state, $_ := .state}}}} {{{{$state}}}}\
             {{{{end}}}}{{{{\"\\n\"}}}}{{{{end}}}}'\n}}\n\n\
             # {}\n\
             until states | awk -v n={attempt} '$1 == \"{container}\" && ({passed}$2 {at_least} n && $3 == \"{state}\") \
             {{ found = 1 }} END {{ exit !found }}'; do\n  sleep 0.2\ndone\n",
            sentence(moment)
        );
    } else {
        let _ = writeln!(text, "\n# {}", sentence(moment));
    }
    if after_ms > 0 {
        let _ = writeln!(text, "sleep {}", seconds(after_ms));
    }
    text
}

/// When a pod is deleted, in words.
pub fn sentence(moment: &Moment) -> String {
    let life = |attempt: &u32| match attempt {
        0 => String::new(),
        attempt => format!(" (restart {attempt})"),
    };
    match moment {
        Moment::Created { after_ms } => format!("{} s after it was created the pod is deleted.", seconds(*after_ms)),
        Moment::Running {
            container,
            attempt,
            after_ms,
        } => format!(
            "{} s after {container}{} is seen running the pod is deleted.",
            seconds(*after_ms),
            life(attempt)
        ),
        Moment::Terminated {
            container,
            attempt,
            after_ms,
        } => format!(
            "{} s after {container}{} is seen terminated the pod is deleted.",
            seconds(*after_ms),
            life(attempt)
        ),
    }
}
