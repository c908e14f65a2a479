//! Where a pod stands at the end of what was seen of it, and what each container waits for.

use std::fmt;

use serde::Serialize;

use super::failed_start;
use super::story::state;
use crate::guarantees::Case;
use crate::model::KubeletVersion;
use crate::rules;
use crate::trace::{ContainerView, Kind, Phase, Reason, RestartPolicy, State};

/// One sentence with the rule that it follows from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The container; absent: the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// What it is and why.
    pub text: String,
    /// Id of the rule.
    pub rule: &'static str,
}

/// Where the pod stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The pod first, then its containers in spec order.
    pub lines: Vec<Line>,
}

/// The newest status of a pod, explained.
pub fn standing(case: &Case, version: Option<KubeletVersion>) -> Standing {
    let Some(last) = case.trace.steps.last() else {
        return Standing { lines: Vec::new() };
    };
    let pod = Pod {
        case,
        version,
        views: &last.view.containers,
        is_ended: last.view.phase.is_terminal(),
        grace_s: last.deletion.map(|mark| mark.grace_s),
    };
    let mut lines = vec![pod.whole()];
    lines.extend((0..pod.views.len()).map(|index| {
        let (text, rule) = pod.container(index);
        Line {
            container: Some(case.name(index).to_owned()),
            text,
            rule,
        }
    }));
    Standing { lines }
}

struct Pod<'a> {
    case: &'a Case<'a>,
    version: Option<KubeletVersion>,
    views: &'a [Option<ContainerView>],
    is_ended: bool,
    grace_s: Option<u32>,
}

impl Pod<'_> {
    fn state(&self, index: usize) -> Option<&State> {
        self.views[index].as_ref().map(|view| &view.state)
    }

    fn runs(&self, index: usize) -> bool {
        self.state(index) == Some(&State::Running)
    }

    /// Why what follows in the init list cannot begin, or nothing: this element is done.
    fn gate(&self, index: usize) -> Option<String> {
        let (name, spec) = (self.case.name(index), &self.case.trace.spec.containers[index]);
        let Some(view) = &self.views[index] else {
            return Some(format!("{name} has no status yet"));
        };
        match (spec.kind, &view.state) {
            (Kind::Init, State::Terminated(exit)) if exit.code == 0 => None,
            (Kind::Init, State::Terminated(exit)) => Some(format!("{name} has exited with {}", exit.code)),
            (Kind::Init, State::Running) => Some(format!(
                "{name} still runs, and an init container has to exit with 0 first"
            )),
            (Kind::Sidecar, State::Running) if view.started => None,
            (Kind::Sidecar, State::Running) if spec.startup.is_some() => {
                Some(format!("{name} runs, but its startup probe has not passed yet"))
            }
            (Kind::Sidecar, State::Running) => {
                Some(format!("{name} runs, but the kubelet has not seen it running yet"))
            }
            (Kind::Sidecar, State::Terminated(exit)) => {
                Some(format!("{name} has exited with {} and must run", exit.code))
            }
            (_, State::Waiting(Reason::CrashLoopBackOff)) => Some(format!("{name} is in back-off")),
            (_, State::Waiting(_)) => Some(format!("{name} has not started")),
            (Kind::Main, _) => None,
        }
    }

    /// Has any main container begun?
    fn has_begun(&self) -> bool {
        self.case.of_kind(Kind::Main).any(|index| self.case.ever_ran(index))
    }

    /// The first element of the init list that holds up those after it.
    fn blocker_before(&self, index: usize) -> Option<String> {
        let elements = (0..index).filter(|&other| self.case.kind(other) != Kind::Main);
        elements.filter_map(|other| self.gate(other)).next()
    }

    fn main_is_done(&self, index: usize) -> bool {
        matches!(self.state(index), Some(State::Terminated(exit)) if self.case.is_final(Kind::Main, exit.code))
    }

    fn whole(&self) -> Line {
        let phase = self
            .case
            .trace
            .steps
            .last()
            .map_or_else(String::new, |step| format!("{:?}", step.view.phase));
        let (text, rule) = if self.is_ended {
            let why = match self.case.trace.steps.last().map(|step| step.view.phase) {
                Some(Phase::Succeeded) => "no main container has failed".to_owned(),
                _ => self.failure(),
            };
            (format!("has ended: {phase}, because {why}"), "4.1")
        } else if let Some(grace_s) = self.grace_s {
            (
                format!("is {phase} and being deleted with a grace of {grace_s} s; nothing is started any more"),
                "TP-B",
            )
        } else if self.case.of_kind(Kind::Main).all(|index| self.main_is_done(index)) {
            self.work_done(&phase)
        } else if let Some(why) = self.blocker_before(self.views.len()).filter(|_| !self.has_begun()) {
            (format!("is {phase}: its init list is not done, because {why}"), "ST-2")
        } else if !self.has_begun() {
            (
                format!("is {phase}: its init list is done, and no main container has begun"),
                "ST-6",
            )
        } else {
            let going = self.case.of_kind(Kind::Main).find(|&index| !self.main_is_done(index));
            let why = going.map_or(String::new(), |index| {
                format!(" because {} is not done for good", self.case.name(index))
            });
            (format!("is {phase}{why}"), "4.1")
        };
        Line {
            container: None,
            text,
            rule,
        }
    }

    /// Why a pod is Failed.
    fn failure(&self) -> String {
        let failed = |kind: Kind| {
            let mut found = self.case.of_kind(kind);
            found.find_map(|index| match self.state(index) {
                Some(State::Terminated(exit)) if exit.code != 0 => Some((self.case.name(index), exit)),
                _ => None,
            })
        };
        match failed(Kind::Main).or_else(|| failed(Kind::Init)) {
            Some((name, exit)) => format!("{name} has exited with {} ({})", exit.code, exit.reason),
            None => "it was stopped before its main containers were done".to_owned(),
        }
    }

    fn work_done(&self, phase: &str) -> (String, &'static str) {
        let last = (0..self.views.len()).rfind(|&index| self.case.kind(index) != Kind::Main);
        let held = last.filter(|&index| self.case.kind(index) == Kind::Sidecar && self.gate(index).is_some());
        let blocks = self
            .version
            .is_none_or(|version| rules::rule("RS-3").is_some_and(|rule| rule.applies_to(version)));
        match held.filter(|_| blocks) {
            Some(index) => (
                format!(
                    "is {phase} although all main containers are done: kubelets 1.29 to 1.36 do not end a pod while its last \
                     sidecar, {}, is not up",
                    self.case.name(index)
                ),
                "RS-3",
            ),
            None => (
                format!("is {phase} and about to end: all main containers are done"),
                "TP-A",
            ),
        }
    }

    fn container(&self, index: usize) -> (String, &'static str) {
        let kind = self.case.kind(index);
        let Some(view) = &self.views[index] else {
            return (
                "has no status yet: the kubelet has not reported on the pod".to_owned(),
                "ST-20",
            );
        };
        let what = state(&view.state);
        if let State::Waiting(reason) = &view.state
            && let Some(why) = failed_start::why(reason.as_str())
        {
            return (format!("{what}: {why}"), "ST-8");
        }
        match &view.state {
            State::Running
                if !self.is_ended && (self.grace_s.is_some() || self.work_is_over()) && kind != Kind::Init =>
            {
                self.being_stopped(index)
            }
            State::Running if !view.started => (
                format!("{what}, and not started: its startup probe has not passed yet"),
                "PB-5",
            ),
            State::Running if !view.ready && kind != Kind::Init => (
                format!("{what}, and not ready: its readiness probe has not passed"),
                "4.4",
            ),
            State::Running => (what, "2.5"),
            State::Waiting(Reason::CrashLoopBackOff) => self.in_backoff(index, view),
            State::Waiting(_) if view.last.is_none() => match self.blocker_before(index) {
                Some(why) => (
                    format!(
                        "{} started, because {why}",
                        if self.is_ended { "was never" } else { "has not" }
                    ),
                    if kind == Kind::Main { "ST-6" } else { "ST-2" },
                ),
                None => (format!("{what}: it is about to be created"), "ST-6"),
            },
            State::Waiting(_) => (what, "WR-6"),
            State::Terminated(exit) => self.terminated(index, exit.code, &what),
        }
    }

    fn work_is_over(&self) -> bool {
        self.case.of_kind(Kind::Main).all(|index| self.main_is_done(index))
    }

    fn being_stopped(&self, index: usize) -> (String, &'static str) {
        if self.case.kind(index) == Kind::Main {
            return (
                "runs; it has been told to stop, and is killed when the grace is over".to_owned(),
                "TO-4",
            );
        }
        let mains = self.case.of_kind(Kind::Main).filter(|&main| self.runs(main));
        let next = self
            .case
            .of_kind(Kind::Sidecar)
            .find(|&later| later > index)
            .filter(|&later| self.runs(later));
        let before: Vec<&str> = mains.chain(next).map(|index| self.case.name(index)).collect();
        if before.is_empty() {
            ("runs; it is its turn to be told to stop".to_owned(), "TO-3")
        } else {
            (
                format!(
                    "runs, and is told to stop when {} ended, or the grace is over",
                    have(&before)
                ),
                "TO-3",
            )
        }
    }

    fn in_backoff(&self, index: usize, view: &ContainerView) -> (String, &'static str) {
        let n = view.restart_count;
        // The first restart is immediate, so the wait after life n (from 0) is 10 s doubled n - 1 times.
        let wait_s = if n == 0 { 0 } else { (10_u64 << (n - 1).min(5)).min(300) };
        let ended = self.case.facts.get(index, n).and_then(|facts| facts.finish);
        let created = self.case.trace.steps.first().and_then(|step| step.at_ms);
        let at = ended.zip(created).map_or(String::new(), |(ended, created)| {
            format!(
                ", so not before {:.0} s of the pod's life",
                (ended.lo - created) as f64 / 1_000.0 + wait_s as f64
            )
        });
        let code = view
            .last
            .as_ref()
            .map_or(String::new(), |exit| format!(" with {}", exit.code));
        let life = n + 1;
        (
            format!("is in back-off: life {life} ended{code}, and the next one waits {wait_s} s after that{at}"),
            "BO-3",
        )
    }

    fn terminated(&self, index: usize, code: i32, what: &str) -> (String, &'static str) {
        let kind = self.case.kind(index);
        if self.is_ended || self.grace_s.is_some() {
            return (format!("{what}; the pod is at its end"), "TO-9");
        }
        if kind == Kind::Sidecar {
            return (
                format!("{what}; it is started again, for as long as the main containers need it"),
                "BO-2",
            );
        }
        if self.case.is_final(kind, code) {
            let policy = match self.case.trace.spec.restart_policy {
                RestartPolicy::Never => "under Never nothing is restarted",
                _ => "what exits with 0 is done",
            };
            return (format!("{what}, for good: {policy}"), "2.5");
        }
        (format!("{what}; it is started again after its back-off"), "BO-3")
    }
}

fn have(names: &[&str]) -> String {
    match names {
        [one] => format!("{one} has"),
        [most @ .., last] => format!("{} and {last} have", most.join(", ")),
        [] => String::new(),
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            let who = line.container.as_deref().unwrap_or("the pod");
            writeln!(f, "  {who} {}  [{}]", line.text, line.rule)?;
        }
        let mut ids: Vec<&str> = self.lines.iter().map(|line| line.rule).collect();
        ids.sort_unstable();
        ids.dedup();
        writeln!(f)?;
        for rule in ids.into_iter().filter_map(rules::rule) {
            writeln!(f, "  [{}] {}\n        {}", rule.id, rule.sentence, rule.link)?;
        }
        Ok(())
    }
}
