//! The container runtime and the processes in it: what is really true, whether the kubelet has seen it or not.

use std::sync::Arc;

use podcheck_generators::{Attempt, OnTerm};

use super::dice::Dice;
use crate::trace::{Exit, JournalEntry, JournalKind, Reason, UnixMs};

/// How long after its start a process can still be the runtime's own init, where a fault says so.
const INSTANT_MS: UnixMs = 100;
/// So long after the end of a process its shim can fail to answer; a kill that came before it fails no sooner.
const LEAVING_MS: UnixMs = 100;

/// One run of a container.
#[derive(Clone, Debug)]
pub struct Process {
    id: Arc<str>,
    /// The runtime's start time.
    pub started_ms: UnixMs,
    /// When its script runs: from here lives and probe outcomes count, and a TERM is heard.
    pub script_ms: UnixMs,
    /// When and how it ends, as far as that is settled; a TERM or KILL can still make it earlier.
    pub end: Option<(UnixMs, Exit)>,
    /// When the runtime forgot it.
    pub removed_ms: Option<UnixMs>,
    script: Attempt,
    term_ms: Option<UnixMs>,
    /// When it writes its own exit line and copies the journal to its termination message.
    exit_line: Option<(UnixMs, u8)>,
}

impl Process {
    fn start(id: Arc<str>, script: Attempt, started_ms: UnixMs, load: UnixMs, dice: &mut Dice) -> Self {
        let script_ms = started_ms + dice.between(5, 60) * load;
        let mut process = Self {
            id,
            started_ms,
            script_ms,
            end: None,
            removed_ms: None,
            script,
            term_ms: None,
            exit_line: None,
        };
        if let Some(lives_ms) = script.lives_ms {
            process.exit_by_itself(script_ms + UnixMs::from(lives_ms), script.exit_code, load, dice);
        }
        process
    }

    fn exit_by_itself(&mut self, at_ms: UnixMs, code: u8, load: UnixMs, dice: &mut Dice) {
        self.exit_line = Some((at_ms, code));
        self.end = Some((at_ms + dice.between(3, 30) * load, exit_of(code)));
    }

    /// Is it running at this time?
    pub fn runs_at(&self, at_ms: UnixMs) -> bool {
        self.started_ms <= at_ms && self.end.as_ref().is_none_or(|(end_ms, _)| *end_ms > at_ms)
    }

    /// The runtime stops it: TERM now, KILL after the grace. Returns when it is gone.
    pub fn stop(&mut self, at_ms: UnixMs, grace_ms: UnixMs, load: UnixMs, dice: &mut Dice) -> UnixMs {
        let term_ms = at_ms + dice.between(2, 20) * load;
        if let Some((end_ms, _)) = &self.end
            && self.exit_line.map_or(*end_ms, |(line_ms, _)| line_ms) <= term_ms
        {
            return *end_ms;
        }
        // Process 1 does not hear a signal that it has no handler for.
        if term_ms >= self.script_ms {
            self.term_ms = Some(term_ms);
            if let OnTerm::Exit { code, after_ms } = self.script.on_term {
                self.exit_by_itself(term_ms + UnixMs::from(after_ms), code, load, dice);
            }
        }
        let kill_ms = term_ms + grace_ms;
        if self.end.is_none() || self.exit_line.is_some_and(|(line_ms, _)| line_ms > kill_ms) {
            self.exit_line = None;
            self.end = Some((kill_ms + dice.between(3, 30) * load, exit_of(137)));
        }
        self.end.as_ref().map_or(kill_ms, |(end_ms, _)| *end_ms)
    }

    /// It ends before its script has begun (a fault's doing).
    fn interrupt_start(&mut self, at_ms: UnixMs) {
        const INIT_CODE: u8 = 2;
        if at_ms < self.script_ms + INSTANT_MS {
            self.script_ms = at_ms + INSTANT_MS;
            self.exit_line = None;
            self.end = Some((at_ms + 1, exit_of(INIT_CODE)));
        }
    }

    /// Nobody stops it any more, but it goes on (a fault's doing).
    pub fn escape(&mut self) {
        self.end = None;
        self.exit_line = None;
    }
}

fn exit_of(code: u8) -> Exit {
    Exit {
        code: i32::from(code),
        reason: if code == 0 { Reason::Completed } else { Reason::Error },
    }
}

/// 64 hexadecimal digits: of the pod's UID, the container's place and its life's number.
fn id(uid: u64, index: usize, n: u32) -> Arc<str> {
    const RUNTIME: &str = "containerd://";
    let mut id = String::with_capacity(RUNTIME.len() + 64);
    id.push_str(RUNTIME);
    let mut push = |number: u64, digits: u32| {
        let digit = |place: u32| number.checked_shr(4 * place).unwrap_or(0) as u32 & 0xf;
        id.extend((0..digits).rev().filter_map(|place| char::from_digit(digit(place), 16)));
    };
    push(uid, 16);
    push(index as u64, 8);
    push(u64::from(n), 40);
    id.into()
}

/// All instances of all containers, oldest first.
#[derive(Clone, Debug)]
pub struct Runtime {
    pub instances: Vec<Vec<Process>>,
    /// Of the pod.
    uid: u64,
    load: UnixMs,
}

impl Runtime {
    /// Nothing runs yet.
    pub fn new(uid: u64, containers: usize, load: UnixMs) -> Self {
        Self {
            instances: vec![Vec::new(); containers],
            uid,
            load,
        }
    }

    /// Starts the next instance of a container.
    pub fn start(&mut self, index: usize, script: Attempt, at_ms: UnixMs, dice: &mut Dice) {
        let id = id(self.uid, index, self.instances[index].len() as u32);
        let process = Process::start(id, script, at_ms, self.load, dice);
        self.instances[index].push(process);
    }

    /// Stops the newest instance of a container; returns when it is gone.
    pub fn stop(&mut self, index: usize, at_ms: UnixMs, grace_ms: UnixMs, dice: &mut Dice) -> UnixMs {
        let load = self.load;
        self.instances[index]
            .last_mut()
            .map_or(at_ms, |process| process.stop(at_ms, grace_ms, load, dice))
    }

    /// Has the newest instance of a container just left by itself, so that the runtime has lost it already?
    pub fn has_just_ended_by_itself(&self, index: usize, at_ms: UnixMs) -> bool {
        let newest = self.instances[index].last().filter(|process| process.term_ms.is_none());
        let end_ms = newest.and_then(|process| Some(process.end.as_ref()?.0));
        end_ms.is_some_and(|end_ms| (0..=LEAVING_MS * self.load).contains(&(at_ms - end_ms)))
    }

    /// The newest instance of a container ends if it has only just begun.
    pub fn interrupt_start(&mut self, index: usize, at_ms: UnixMs) {
        if let Some(process) = self.instances[index].last_mut() {
            process.interrupt_start(at_ms);
        }
    }

    /// The exit of an instance, if it had happened by `at_ms`.
    pub fn exit_by(&self, index: usize, n: u32, at_ms: UnixMs) -> Option<&(UnixMs, Exit)> {
        self.instances[index]
            .get(n as usize)?
            .end
            .as_ref()
            .filter(|(end_ms, _)| *end_ms <= at_ms)
    }

    /// Numbers of instances started and ended by `at_ms`: what a relist compares.
    pub fn counts(&self, index: usize, at_ms: UnixMs) -> (usize, usize) {
        let started = self.instances[index]
            .iter()
            .filter(|process| process.started_ms <= at_ms)
            .count();
        let running = self.instances[index]
            .iter()
            .filter(|process| process.runs_at(at_ms))
            .count();
        (started, started - running)
    }

    /// RS-9: all but the newest dead instance of a container are removed, a moment from now.
    pub fn prune(&mut self, index: usize, at_ms: UnixMs, dice: &mut Dice) {
        let has_ended = |process: &&mut Process| process.end.as_ref().is_some_and(|(end_ms, _)| *end_ms <= at_ms);
        let dead = self.instances[index].iter_mut().filter(has_ended);
        let mut dead: Vec<&mut Process> = dead.collect();
        dead.pop();
        if dead.is_empty() && dice.is_taped() {
            return;
        }
        let removed_ms = at_ms + dice.between(10, 200) * self.load;
        for process in dead {
            process.removed_ms = Some(process.removed_ms.map_or(removed_ms, |before| before.min(removed_ms)));
        }
    }

    /// Lines of the journal that were written by the time `until_ms`, in order.
    pub fn journal(&self, until_ms: UnixMs) -> Vec<JournalEntry> {
        let mut entries: Vec<JournalEntry> = Vec::new();
        for (container, instances) in self.instances.iter().enumerate() {
            for (attempt, process) in instances.iter().enumerate() {
                let started = process
                    .end
                    .as_ref()
                    .is_none_or(|(end_ms, _)| *end_ms > process.script_ms);
                let lines = [
                    started.then_some((process.script_ms, JournalKind::Start)),
                    process.term_ms.map(|at| (at, JournalKind::Term)),
                    process.exit_line.map(|(at, code)| (at, JournalKind::Exit(code))),
                ];
                let lines = lines.into_iter().flatten().filter(|(at, _)| *at <= until_ms);
                entries.extend(lines.map(|(at, kind)| JournalEntry {
                    // The uptime has two decimals.
                    at_ms: at.div_euclid(10) * 10,
                    container,
                    attempt: attempt as u32,
                    kind,
                }));
            }
        }
        entries.sort_by_key(|entry| (entry.at_ms, entry.kind));
        entries
    }

    /// When an instance left its termination message with the journal in it.
    pub fn message_ms(&self, index: usize, n: u32) -> Option<UnixMs> {
        self.instances[index]
            .get(n as usize)?
            .exit_line
            .map(|(line_ms, _)| line_ms)
    }

    /// The identity of an instance.
    pub fn id(&self, index: usize, n: u32) -> Arc<str> {
        let process = self.instances[index].get(n as usize);
        process.map_or_else(|| id(self.uid, index, n), |process| process.id.clone())
    }
}
