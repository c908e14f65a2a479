//! What the kubelet of a Kind node wrote in its journal about some pods.
//!
//! It judges nothing and fails nothing: what cannot be had is a text that says why.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::trace::UnixMs;

/// A node's journal that takes longer is cut where it is.
const PATIENCE: Duration = Duration::from_secs(30);
/// Of one pod.
const LINES_MAX: usize = 2_000;
/// Of one pod.
const BYTES_MAX: usize = 256 << 10;
/// A kubelet at a high verbosity writes whole objects.
const LINE_BYTES_MAX: usize = 4 << 10;
/// The kubelet speaks of a pod a little before and after the API does.
const MARGIN_MS: UnixMs = 30_000;

/// A pod, and when it lived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub node: String,
    pub pod: String,
    /// `metadata.uid`.
    pub uid: String,
    pub from_ms: UnixMs,
    pub until_ms: UnixMs,
}

/// The excerpt for each pod, by uid; each node's journal is read once. A context that is not Kind's has no node to ask.
pub fn kubelet_logs(context: &str, subjects: &[Subject]) -> BTreeMap<String, String> {
    let mut by_node: BTreeMap<&str, Vec<&Subject>> = BTreeMap::new();
    for subject in subjects {
        by_node.entry(&subject.node).or_default().push(subject);
    }
    let ask = |node: &str, subjects: &[&Subject]| {
        if context.starts_with("kind-") {
            ask("docker", node, subjects)
        } else {
            Err(format!(
                "context {context} is not a Kind cluster, whose nodes docker reaches"
            ))
        }
    };
    // All nodes at once, so that one that does not answer holds up nothing else.
    thread::scope(|scope| {
        let asked = by_node.iter().map(|(node, subjects)| {
            let (node, subjects) = (*node, subjects.as_slice());
            (subjects, scope.spawn(move || ask(node, subjects)))
        });
        let asked: Vec<_> = asked.collect();
        let answered = asked.into_iter().flat_map(|(subjects, thread)| {
            let outcome = thread
                .join()
                .unwrap_or_else(|_| Err("the journal cannot be read".to_owned()));
            texts(subjects, outcome)
        });
        answered.collect()
    })
}

fn texts(subjects: &[&Subject], outcome: Result<Excerpts, String>) -> Vec<(String, String)> {
    let (excerpts, why) = outcome.unwrap_or_else(|why| (vec![Excerpt::default(); subjects.len()], Some(why)));
    let text = |(subject, excerpt): (&&Subject, Excerpt)| (subject.uid.clone(), excerpt.text(subject, why.as_deref()));
    subjects.iter().zip(excerpts).map(text).collect()
}

/// The arguments of docker that print the journal of this time.
fn arguments(node: &str, from_ms: UnixMs, until_ms: UnixMs) -> Vec<String> {
    let seconds = |ms: UnixMs| format!("@{}", ms.div_euclid(1_000));
    let words = [
        "exec",
        node,
        "journalctl",
        "-u",
        "kubelet",
        "--no-pager",
        "-o",
        "cat",
        "--since",
    ];
    let mut words = words.map(str::to_owned).to_vec();
    words.extend([
        seconds(from_ms - MARGIN_MS),
        "--until".to_owned(),
        seconds(until_ms + MARGIN_MS),
    ]);
    words
}

type Excerpts = (Vec<Excerpt>, Option<String>);

/// Reads one node's journal; an error is why there is nothing, a reason beside the excerpts why there may be more.
fn ask(docker: &str, node: &str, subjects: &[&Subject]) -> Result<Excerpts, String> {
    let from_ms = subjects.iter().map(|subject| subject.from_ms).min().unwrap_or_default();
    let until_ms = subjects
        .iter()
        .map(|subject| subject.until_ms)
        .max()
        .unwrap_or_default();
    let mut child = Command::new(docker)
        .args(arguments(node, from_ms, until_ms))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot run docker: {error}"))?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err("docker has no output".to_owned());
    };
    let (sender, receiver) = mpsc::channel();
    let names: Vec<(String, String)> = subjects.iter().map(|it| (it.pod.clone(), it.uid.clone())).collect();
    thread::spawn(move || {
        // Nobody waits any more when this fails.
        let _ = sender.send(excerpts(BufReader::new(stdout), &names));
    });
    let errors = thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.take(LINE_BYTES_MAX as u64).read_to_string(&mut text);
        text
    });
    let late = format!("the journal took longer than {} s", PATIENCE.as_secs());
    let read = match receiver.recv_timeout(PATIENCE) {
        Ok(excerpts) => Ok((excerpts, None)),
        Err(RecvTimeoutError::Disconnected) => Err("the journal cannot be read".to_owned()),
        Err(RecvTimeoutError::Timeout) => {
            // What was read up to here comes with the end of the output.
            let _ = child.kill();
            receiver
                .recv_timeout(Duration::from_secs(1))
                .map(|excerpts| (excerpts, Some(late.clone())))
                .map_err(|_| late)
        }
    };
    let failed = end(&mut child);
    let (excerpts, why) = read?;
    let said = || {
        errors
            .join()
            .ok()
            .and_then(|text| text.lines().next().map(str::to_owned))
    };
    let why = why.or_else(|| failed.then(|| said().unwrap_or_else(|| "docker failed and said nothing".to_owned())));
    Ok((excerpts, why))
}

/// Did it fail? Its output is at its end, so it does not live much longer.
fn end(child: &mut Child) -> bool {
    child.wait().map_or(true, |status| !status.success())
}

/// What is kept of one pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Excerpt {
    lines: Vec<String>,
    bytes: usize,
    left_out: usize,
}

impl Excerpt {
    fn add(&mut self, line: &str) {
        if self.lines.len() >= LINES_MAX || self.bytes >= BYTES_MAX {
            self.left_out += 1;
            return;
        }
        let mut end = line.len().min(LINE_BYTES_MAX);
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        let cut = if end < line.len() { " …" } else { "" };
        self.bytes += end;
        self.lines.push(format!("{}{cut}", &line[..end]));
    }

    fn text(&self, subject: &Subject, why: Option<&str>) -> String {
        let Subject { node, pod, uid, .. } = subject;
        let mut text = format!("# kubelet journal of {node}, the lines that name pod {pod} or {uid}\n");
        if self.lines.is_empty() && why.is_none() {
            text += "# no line names it; the journal may have been cut by its own limits\n";
        }
        for line in &self.lines {
            text += line;
            text += "\n";
        }
        if self.left_out > 0 {
            text += &format!("# {} more lines are left out\n", self.left_out);
        }
        if let Some(why) = why {
            text += &format!("# lines are missing: {why}\n# on the node: journalctl -u kubelet | grep {uid}\n");
        }
        text
    }
}

/// The lines that name each pod; bytes that are not text are replaced.
fn excerpts(mut journal: impl BufRead, pods: &[(String, String)]) -> Vec<Excerpt> {
    let mut found = vec![Excerpt::default(); pods.len()];
    let mut line = Vec::new();
    while journal.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
        let text = String::from_utf8_lossy(&line);
        for ((pod, uid), excerpt) in pods.iter().zip(&mut found) {
            if text.contains(uid.as_str()) || names(&text, pod) {
                excerpt.add(text.trim_end());
            }
        }
        line.clear();
    }
    found
}

/// Does the line name this pod, and not one whose name only begins like it?
fn names(line: &str, pod: &str) -> bool {
    let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '-';
    !pod.is_empty()
        && line
            .match_indices(pod)
            .any(|(at, _)| !line[at + pod.len()..].starts_with(goes_on))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(node: &str) -> Subject {
        Subject {
            node: node.to_owned(),
            pod: "podcheck-mixed-1-2".to_owned(),
            uid: "9b1c".to_owned(),
            from_ms: 1_700_000_000_000,
            until_ms: 1_700_000_010_500,
        }
    }

    #[test]
    fn each_pod_gets_the_lines_that_name_it() {
        let journal = b"I1 syncing pod=\"ns/podcheck-mixed-1-2\"\nI2 pod=\"ns/podcheck-mixed-1-25\"\nI3 podUID=\"9b1c\" \xff\nE4 other\n";
        let pods = [("podcheck-mixed-1-2".to_owned(), "9b1c".to_owned())];
        let found = excerpts(&journal[..], &pods).remove(0);
        assert_eq!(
            found.lines,
            [
                "I1 syncing pod=\"ns/podcheck-mixed-1-2\"",
                "I3 podUID=\"9b1c\" \u{fffd}"
            ]
        );
    }

    #[test]
    fn an_excerpt_is_bounded_and_says_what_it_leaves_out() {
        let mut excerpt = Excerpt::default();
        (0..LINES_MAX + 5).for_each(|_| excerpt.add("9b1c"));
        let text = excerpt.text(&subject("worker"), None);
        assert!(text.ends_with("# 5 more lines are left out\n"));
        let mut excerpt = Excerpt::default();
        (0..200).for_each(|_| excerpt.add(&"ä".repeat(LINE_BYTES_MAX)));
        assert!(excerpt.bytes <= BYTES_MAX + LINE_BYTES_MAX && excerpt.left_out > 0);
    }

    #[test]
    fn what_cannot_be_had_is_said() {
        let subjects = [subject("worker")];
        let text = &kubelet_logs("production", &subjects)["9b1c"];
        assert!(text.contains("context production is not a Kind cluster"), "{text}");
        assert!(text.contains("journalctl -u kubelet | grep 9b1c"), "{text}");
        let nothing = Excerpt::default().text(&subjects[0], None);
        assert!(nothing.contains("no line names it"));
    }

    #[test]
    fn a_node_that_answers_in_part_gives_what_it_gave_and_the_reason() {
        use std::os::unix::fs::PermissionsExt as _;

        let docker = std::env::temp_dir().join(format!("podcheck-docker-{}", std::process::id()));
        let script = "#!/bin/sh\necho 'I1 podUID=9b1c on' $2\necho 'no such container' >&2\nexit 1\n";
        std::fs::write(&docker, script).expect("a writable folder");
        std::fs::set_permissions(&docker, std::fs::Permissions::from_mode(0o700)).expect("a file of ours");
        let subject = subject("worker");
        let asked = |docker: &str| texts(&[&subject], ask(docker, "worker", &[&subject])).remove(0).1;
        let text = asked(docker.to_str().expect("a plain path"));
        assert!(
            text.contains("I1 podUID=9b1c on worker\n# lines are missing: no such container\n"),
            "{text}"
        );
        std::fs::remove_file(&docker).expect("it is there");
        let text = asked(docker.to_str().expect("a plain path"));
        assert!(text.contains("# lines are missing: cannot run docker: "), "{text}");
    }

    #[test]
    fn the_journal_is_asked_for_the_pods_time() {
        let words = arguments("worker", 1_700_000_000_000, 1_700_000_010_500).join(" ");
        assert_eq!(
            words,
            "exec worker journalctl -u kubelet --no-pager -o cat --since @1699999970 --until @1700000040"
        );
    }
}
