//! Runs the program with the local busybox; without one there is nothing to run and the tests say so.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::*;

struct Life {
    dir: PathBuf,
    text: String,
}

impl Life {
    fn new(test: &str, container: &Container) -> Option<Self> {
        if Command::new("busybox")
            .arg("true")
            .stdout(Stdio::null())
            .status()
            .is_err()
        {
            eprintln!("no busybox on this machine; apt-get install busybox-static runs this test");
            return None;
        }
        let dir = std::env::temp_dir().join(format!("podcheck-script-{test}-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("tmp")).expect("temporary directory");
        let text = text_for(&dir, container);
        Some(Self { dir, text })
    }

    fn start(&self) -> Child {
        Command::new("busybox")
            .args(["sh", "-c", &self.text])
            .stdout(Stdio::null())
            .spawn()
            .expect("busybox sh")
    }

    /// Journal lines without the uptime.
    fn journal(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.dir.join("journal")).unwrap_or_default();
        text.lines()
            .map(|line| line.rsplit_once(' ').expect("four words").0.to_owned())
            .collect()
    }

    fn wait_for_line(&self, line: &str) {
        let begin = Instant::now();
        while !self.journal().iter().any(|seen| seen == line) {
            assert!(
                begin.elapsed() < Duration::from_secs(20),
                "no line {line} in {:?}",
                self.journal()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn message(&self) -> String {
        std::fs::read_to_string(self.dir.join("message")).unwrap_or_default()
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn text_for(dir: &Path, container: &Container) -> String {
    let at = |name: &str| dir.join(name).display().to_string();
    // Directories of the test may lie below the probe directory: replaced through a mark.
    let mark = "@probes@";
    script("c0", container, 0, 1)
        .replace(PROBE_DIR, mark)
        .replace(SHARED_DIR, &at(""))
        .replace(MESSAGE_FILE, &at("message"))
        .replace(mark, &at("tmp"))
        // Without a PID namespace the sleep of a life for ever outlives its shell.
        .replace("life=100000", "life=30")
}

fn lives(lives_ms: Option<u32>, exit_code: u8, on_term: OnTerm) -> Attempt {
    Attempt {
        lives_ms,
        exit_code,
        on_term,
    }
}

fn exits(code: u8, after_ms: u32) -> OnTerm {
    OnTerm::Exit { code, after_ms }
}

fn container(attempts: &[Attempt]) -> Container {
    Container {
        attempts: attempts.to_vec(),
        startup: None,
        readiness: None,
        liveness: None,
    }
}

fn term(child: &Child) {
    let status = Command::new("busybox")
        .args(["kill", "-TERM", &child.id().to_string()])
        .status()
        .expect("kill");
    assert!(status.success());
}

#[test]
fn attempts_are_counted_and_the_last_repeats() {
    let attempts = [lives(Some(0), 7, exits(0, 0)), lives(Some(30), 0, exits(0, 0))];
    let Some(life) = Life::new("attempts", &container(&attempts)) else {
        return;
    };
    let codes: Vec<_> = (0..3).map(|_| life.start().wait().expect("exit").code()).collect();
    assert_eq!(codes, [Some(7), Some(0), Some(0)]);
    assert_eq!(
        life.journal(),
        [
            "c0 0 start",
            "c0 0 exit:7",
            "c0 1 start",
            "c0 1 exit:0",
            "c0 2 start",
            "c0 2 exit:0"
        ]
    );
    assert_eq!(life.message().lines().count(), 6);
}

#[test]
fn term_is_answered_at_once() {
    let Some(life) = Life::new("term", &container(&[lives(None, 0, exits(9, 0))])) else {
        return;
    };
    let mut child = life.start();
    life.wait_for_line("c0 0 start");
    let begin = Instant::now();
    term(&child);
    assert_eq!(child.wait().expect("exit").code(), Some(9));
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert_eq!(life.journal(), ["c0 0 start", "c0 0 term", "c0 0 exit:9"]);
}

#[test]
fn a_slow_answer_to_term_outlives_the_natural_end_and_a_second_term() {
    let Some(life) = Life::new("slow", &container(&[lives(Some(300), 1, exits(5, 900))])) else {
        return;
    };
    let mut child = life.start();
    life.wait_for_line("c0 0 start");
    let begin = Instant::now();
    term(&child);
    life.wait_for_line("c0 0 term");
    std::thread::sleep(Duration::from_millis(100));
    term(&child);
    assert_eq!(child.wait().expect("exit").code(), Some(5));
    // What `wait` returns after a trap says nothing about the nap: only its process does.
    assert!(begin.elapsed() >= Duration::from_millis(900));
    assert_eq!(life.journal(), ["c0 0 start", "c0 0 term", "c0 0 term", "c0 0 exit:5"]);
}

#[test]
fn an_ignored_term_is_journalled_and_life_goes_on() {
    let Some(life) = Life::new("ignore", &container(&[lives(Some(700), 4, OnTerm::Ignore)])) else {
        return;
    };
    let mut child = life.start();
    life.wait_for_line("c0 0 start");
    term(&child);
    life.wait_for_line("c0 0 term");
    term(&child);
    assert_eq!(child.wait().expect("exit").code(), Some(4));
    assert_eq!(life.journal(), ["c0 0 start", "c0 0 term", "c0 0 term", "c0 0 exit:4"]);
}

#[test]
fn a_term_in_the_first_instant_is_not_lost() {
    // The trap stands before the shell has done anything that can be seen, so the attempt file is the earliest moment.
    let Some(life) = Life::new("early", &container(&[lives(None, 0, exits(6, 0))])) else {
        return;
    };
    let mut child = life.start();
    while !life.dir.join("c0.attempts").exists() {
        std::thread::yield_now();
    }
    term(&child);
    assert_eq!(child.wait().expect("exit").code(), Some(6));
    assert_eq!(life.journal(), ["c0 0 start", "c0 0 term", "c0 0 exit:6"]);
}

#[test]
fn a_long_journal_keeps_its_end_from_the_start_of_a_line() {
    let Some(life) = Life::new("long", &container(&[lives(Some(0), 0, exits(0, 0))])) else {
        return;
    };
    let old: String = (0..400).map(|n| format!("s1 {n} start 100.00\n")).collect();
    std::fs::write(life.dir.join("journal"), old).expect("journal");
    assert!(life.start().wait().expect("exit").success());
    let message = life.message();
    assert!(
        message.len() <= MESSAGE_BYTES_MAX && message.len() > MESSAGE_BYTES_MAX - 40,
        "{}",
        message.len()
    );
    assert!(message.starts_with("s1 "));
    assert!(
        message
            .trim_end()
            .lines()
            .next_back()
            .expect("a line")
            .starts_with("c0 0 exit:0 ")
    );
}

#[test]
fn probe_files_follow_the_outcome() {
    let probe = |outcome| Probe {
        handler: ProbeHandler::Exec,
        outcome,
        initial_delay_seconds: 0,
        period_seconds: 1,
        failure_threshold: 1,
        success_threshold: 1,
        grace_seconds: None,
    };
    let mut container = container(&[lives(None, 0, exits(0, 0))]);
    container.startup = Some(probe(ProbeOutcome::Passes));
    container.readiness = Some(probe(ProbeOutcome::PassesAfter { ms: 400 }));
    container.liveness = Some(probe(ProbeOutcome::FailsAfter { ms: 400 }));
    let Some(life) = Life::new("probes", &container) else {
        return;
    };
    let mut child = life.start();
    let files = || ["startup", "ready", "live"].map(|name| life.dir.join("tmp").join(name).exists());
    let wait_for = |wanted: [bool; 3]| {
        let begin = Instant::now();
        while files() != wanted {
            assert!(
                begin.elapsed() < Duration::from_secs(20),
                "{:?} is not {wanted:?}",
                files()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    };
    wait_for([true, false, true]);
    wait_for([true, true, false]);
    term(&child);
    assert!(child.wait().expect("exit").success());
}

#[test]
fn seconds_are_short() {
    assert_eq!([0, 5, 2500, 10_000].map(seconds), ["0", "0.005", "2.5", "10"]);
}
