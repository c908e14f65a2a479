//! Small traces by hand.
//!
//! Containers are named by kind and place (`i0`, `s1`, `m0`). A status is written like `s0:R1sr/3 m0:T0=0 i1:W`: state
//! (`W`aiting, `B`ack-off, `R`unning, `T`erminated, `U`nknown), life, `s`tarted, `r`eady, `=` exit code and `/` the exit
//! code of lastState. Times are seconds of the pod's life.

use podcheck_generators::Scenario;

use crate::check::{Bounds, Facts};
use crate::deviations;
use crate::guarantees::{self, Case, Outcome};
use crate::model::KubeletVersion;
use crate::trace::{
    Condition, ConditionKind, ConditionSeen, ContainerSpec, ContainerView, DeletionMark, EventType, Exit, JournalEntry,
    JournalKind, Kind, Phase, PodSeen, PodSpec, PodView, ProbeSpec, Qos, Reason, RestartPolicy, Seen, State, Step,
    Trace, UnixMs,
};

/// Second 0 of every pod.
pub const EPOCH_MS: UnixMs = 1_700_000_000_000;

/// A trace in the making.
#[derive(Clone)]
pub struct Pod {
    pub trace: Trace,
    lives: Vec<Life>,
    deletion: Option<DeletionMark>,
}

#[derive(Clone)]
struct Life {
    container: usize,
    n: u32,
    start_ms: UnixMs,
    end_ms: Option<UnixMs>,
}

/// A pod of these containers.
pub fn pod(restart_policy: RestartPolicy, grace_s: u32, names: &[&str]) -> Pod {
    let container = |name: &&str| ContainerSpec {
        name: (*name).to_string(),
        kind: match name.as_bytes()[0] {
            b'i' => Kind::Init,
            b's' => Kind::Sidecar,
            _ => Kind::Main,
        },
        startup: None,
        readiness: None,
        liveness: None,
    };
    let trace = Trace {
        namespace: "test".into(),
        name: "pod".into(),
        uid: "1".into(),
        node: Some("node".into()),
        kubelet: None,
        server: None,
        spec: PodSpec {
            restart_policy,
            grace_s,
            containers: names.iter().map(container).collect(),
            not_covered: Vec::new(),
        },
        scenario: None,
        steps: Vec::new(),
        journal: Some(Vec::new()),
        gaps: Vec::new(),
        watched_until_ms: None,
    };
    Pod {
        trace,
        lives: Vec::new(),
        deletion: None,
    }
}

/// A probe that is asked every second.
pub fn probe() -> Option<ProbeSpec> {
    Some(ProbeSpec {
        initial_delay_s: 0,
        period_s: 1,
        timeout_s: 1,
        failure_threshold: 1,
        success_threshold: 1,
        grace_s: None,
    })
}

/// What a status calls for.
struct Called {
    runs: bool,
    initialized: bool,
    ready: bool,
}

impl Called {
    fn by(spec: &PodSpec, phase: Phase, views: &[Option<ContainerView>]) -> Self {
        let kinds = || spec.containers.iter().map(|it| it.kind).zip(views);
        let ran = |view: &ContainerView| match &view.state {
            State::Running => true,
            State::Terminated(exit) => exit.reason != Reason::ContainerStatusUnknown,
            State::Waiting(_) => false,
        };
        let ready = |(kind, view): (Kind, &Option<ContainerView>)| {
            kind == Kind::Init || view.as_ref().is_some_and(|view| view.ready)
        };
        Self {
            runs: views.iter().flatten().any(|view| view.state == State::Running),
            initialized: kinds().any(|(kind, view)| kind == Kind::Main && view.as_ref().is_some_and(ran))
                || spec.containers.iter().all(|it| it.kind == Kind::Main),
            ready: !phase.is_terminal() && kinds().all(ready),
        }
    }
}

fn ms(at_s: f64) -> UnixMs {
    EPOCH_MS + (at_s * 1_000.0) as i64
}

impl Pod {
    fn index(&self, name: &str) -> usize {
        self.trace
            .spec
            .containers
            .iter()
            .position(|it| it.name == name)
            .expect("a container's name")
    }

    /// The container's specification, to give it probes.
    pub fn container(&mut self, name: &str) -> &mut ContainerSpec {
        let index = self.index(name);
        &mut self.trace.spec.containers[index]
    }

    /// Makes it a scripted pod.
    pub fn scripted(mut self, yaml: &str) -> Self {
        self.trace.scenario = Some(Scenario::from_yaml(yaml).expect("a scenario"));
        self
    }

    fn line(&mut self, container: usize, attempt: u32, at_s: f64, kind: JournalKind) {
        let entry = JournalEntry {
            at_ms: ms(at_s),
            container,
            attempt,
            kind,
        };
        self.trace.journal.as_mut().expect("a journal").push(entry);
    }

    /// The next life of a container and, if it ended by itself, when and how; both lines are in the journal.
    pub fn life(mut self, name: &str, start_s: f64, end: Option<(f64, u8)>) -> Self {
        let container = self.index(name);
        let n = self.lives.iter().filter(|life| life.container == container).count() as u32;
        let end_ms = end.map(|(at_s, _)| ms(at_s));
        self.lives.push(Life {
            container,
            n,
            start_ms: ms(start_s),
            end_ms,
        });
        self.line(container, n, start_s, JournalKind::Start);
        if let Some((at_s, code)) = end {
            self.line(container, n, at_s, JournalKind::Exit(code));
        }
        self
    }

    /// The last life of a container is killed: no line of its own.
    pub fn killed(mut self, name: &str, at_s: f64) -> Self {
        let container = self.index(name);
        let life = self
            .lives
            .iter_mut()
            .rfind(|life| life.container == container)
            .expect("a life");
        life.end_ms = Some(ms(at_s));
        self
    }

    /// Whatever still runs is killed.
    pub fn all_killed(mut self, at_s: f64) -> Self {
        for life in &mut self.lives {
            life.end_ms = life.end_ms.or(Some(ms(at_s)));
        }
        self
    }

    /// The last life of a container gets its TERM.
    pub fn term(mut self, name: &str, at_s: f64) -> Self {
        let container = self.index(name);
        let n = self.lives.iter().filter(|life| life.container == container).count() as u32 - 1;
        self.line(container, n, at_s, JournalKind::Term);
        self
    }

    /// From the next step on the pod is deleted.
    pub fn deleted(mut self, at_s: f64, grace_s: u32) -> Self {
        let timestamp_ms = ms(at_s) / 1_000 * 1_000 + i64::from(grace_s) * 1_000;
        self.deletion = Some(DeletionMark { timestamp_ms, grace_s });
        self
    }

    /// The next event; `flags`: `ip`, `ready`, `init`, `sandbox`, `gone`. What the containers' statuses call for is
    /// there anyway, unless a flag denies it: `noip`, `unready`, `uninit`, `nosandbox`.
    pub fn step(mut self, at_s: f64, phase: Phase, flags: &str, status: &str) -> Self {
        let mut containers = vec![None; self.trace.spec.containers.len()];
        let mut seen = vec![Seen::default(); containers.len()];
        for entry in status.split_whitespace() {
            let (name, text) = entry.split_once(':').expect("name:state");
            let index = self.index(name);
            let (view, its) = self.view(index, text);
            (containers[index], seen[index]) = (Some(view), its);
        }
        let flag = |name: &str| flags.split(' ').any(|it| it == name);
        let called_for = Called::by(&self.trace.spec, phase, &containers);
        let is = |name: &str, denial: &str, called_for: bool| flag(name) || (called_for && !flag(denial));
        let pod_ip = is("ip", "noip", called_for.runs);
        let condition = |kind: ConditionKind| {
            let is_true = match kind {
                ConditionKind::PodScheduled => true,
                ConditionKind::PodReadyToStartContainers => is("sandbox", "nosandbox", called_for.runs),
                ConditionKind::Initialized => is("init", "uninit", called_for.initialized),
                ConditionKind::ContainersReady | ConditionKind::Ready => is("ready", "unready", called_for.ready),
            };
            Some(Condition {
                is_true,
                reason: "".into(),
                message: "".into(),
            })
        };
        let index = self.trace.steps.len();
        let conditions = ConditionKind::ALL.map(condition);
        let pod_seen = self.pod_seen(at_s, pod_ip, &conditions, containers.iter().flatten().count());
        self.trace.steps.push(Step {
            event_index: index,
            resource_version: (100 + index).to_string(),
            event: if flag("gone") {
                EventType::Deleted
            } else {
                EventType::Modified
            },
            at_ms: Some(ms(at_s)),
            deletion: self.deletion,
            finalizers: false,
            view: PodView {
                phase,
                reason: Reason::None,
                conditions,
                containers,
                pod_ip,
            },
            seen,
            pod_seen,
        });
        self.trace.watched_until_ms = Some(ms(at_s));
        self
    }

    /// What goes with a status; conditions change when a step shows them changed.
    fn pod_seen(&self, at_s: f64, pod_ip: bool, conditions: &[Option<Condition>; 5], entries: usize) -> PodSeen {
        let before = self.trace.steps.last();
        let transition = |kind: ConditionKind| {
            let value = |conditions: &[Option<Condition>; 5]| conditions[kind as usize].as_ref().map(|it| it.is_true);
            let before = before.filter(|before| value(&before.view.conditions) == value(conditions));
            // The sandbox is there before anything else, and statuses tell of it late.
            let sandbox = kind == ConditionKind::PodReadyToStartContainers && value(conditions) == Some(true);
            let now = if sandbox { EPOCH_MS } else { ms(at_s) / 1_000 * 1_000 };
            before.map_or(Some(now), |before| before.pod_seen.conditions[kind as usize].transition)
        };
        let generation = Some(1 + i64::from(self.deletion.is_some()));
        let (host, pod) = ([172, 18, 0, 2].into(), [10, 0, 0, 1].into());
        PodSeen {
            elsewhere: false,
            start_time: Some(EPOCH_MS),
            host_ip: Some(host),
            first_host_ip: Some(host),
            pod_ip: pod_ip.then_some(pod),
            first_pod_ip: pod_ip.then_some(pod),
            qos: Some(Qos::BestEffort),
            qos_due: Some(Qos::BestEffort),
            generation,
            observed_generation: generation,
            conditions: ConditionKind::ALL.map(|kind| ConditionSeen {
                transition: transition(kind),
                observed_generation: generation,
                ..ConditionSeen::default()
            }),
            status_entries: entries as u32,
            ..PodSeen::default()
        }
    }

    /// What goes with the last status, to change it.
    pub fn newest(&mut self) -> &mut Step {
        self.trace.steps.last_mut().expect("a step")
    }

    /// The watch goes on until then, and nothing more is seen.
    pub fn until(mut self, at_s: f64) -> Self {
        self.trace.watched_until_ms = Some(ms(at_s));
        self
    }

    fn view(&self, index: usize, text: &str) -> (ContainerView, Seen) {
        let (text, last) = text
            .split_once('/')
            .map_or((text, None), |(text, last)| (text, last.parse().ok()));
        let (text, code) = text
            .split_once('=')
            .map_or((text, None), |(text, code)| (text, code.parse().ok()));
        let n: u32 = text[1..]
            .trim_end_matches(|c: char| c.is_alphabetic())
            .parse()
            .unwrap_or(0);
        let flags = text[1..].trim_start_matches(|c: char| c.is_ascii_digit());
        let exit = |code: i32| Exit {
            code,
            reason: if code == 0 { Reason::Completed } else { Reason::Error },
        };
        let unknown = Exit {
            code: 137,
            reason: Reason::ContainerStatusUnknown,
        };
        let state = match text.as_bytes()[0] {
            b'W' => State::Waiting(Reason::PodInitializing),
            b'B' => State::Waiting(Reason::CrashLoopBackOff),
            b'R' => State::Running,
            b'T' => State::Terminated(exit(code.expect("an exit code"))),
            _ => State::Terminated(unknown),
        };
        let life = |n: u32| self.lives.iter().find(|life| life.container == index && life.n == n);
        let cut = |at: UnixMs| at / 1_000 * 1_000;
        let of_this = life(n).filter(|_| !matches!(state, State::Waiting(_)) && text.as_bytes()[0] != b'U');
        // Waiting or made up, lastState tells of this very life.
        let last_n = if of_this.is_some() { n.checked_sub(1) } else { Some(n) };
        let of_last = last_n.and_then(life).filter(|_| last.is_some());
        let id = |n: u32| format!("test://{index}-{n}").into();
        let seen = Seen {
            container_id: life(n).map(|life| id(life.n)),
            started_at: of_this.map(|life| cut(life.start_ms)),
            finished_at: of_this
                .filter(|_| state != State::Running)
                .and_then(|life| life.end_ms)
                .map(cut),
            ended_container_id: life(n)
                .filter(|_| of_this.is_some() && state != State::Running)
                .map(|life| id(life.n)),
            last_container_id: of_last.map(|life| id(life.n)),
            last_started_at: of_last.map(|life| cut(life.start_ms)),
            last_finished_at: of_last.and_then(|life| life.end_ms).map(cut),
            ..Seen::default()
        };
        let view = ContainerView {
            state,
            last: last.map(exit),
            restart_count: n,
            ready: flags.contains('r'),
            started: flags.contains('s'),
        };
        (view, seen)
    }

    /// Asserts that this guarantee is broken, and that each breach is known under this name.
    #[track_caller]
    pub fn is_named(&self, id: &str, name: &str) {
        self.is_called(id, Some(name));
    }

    /// This guarantee is broken, and nobody knows why.
    pub fn is_unknown(&self, id: &str) {
        self.is_called(id, None);
    }

    fn is_called(&self, id: &str, name: Option<&str>) {
        let facts = Facts::of(&self.trace);
        let bounds = Bounds::with_delay(0);
        let case = Case::new(&self.trace, &facts, &bounds);
        let guarantee = guarantees::all().find(|it| it.id == id).expect("a guarantee");
        let Outcome::Broken(breaches) = (guarantee.judge)(&case) else {
            panic!("{id} is not broken");
        };
        let newest = KubeletVersion { minor: 37, patch: 0 };
        for breach in breaches {
            let named = deviations::covering(newest, id, &case, &breach).map(|it| it.name);
            assert_eq!(named, name, "{}", breach.summary);
        }
    }

    fn outcomes(&self) -> Vec<(&'static str, Outcome)> {
        let facts = Facts::of(&self.trace);
        let bounds = Bounds::with_delay(0);
        let case = Case::new(&self.trace, &facts, &bounds);
        guarantees::all().map(|it| (it.id, (it.judge)(&case))).collect()
    }

    /// Ids of the guarantees that are broken.
    pub fn broken(&self) -> Vec<&'static str> {
        let broken = |(id, outcome): (&'static str, Outcome)| matches!(outcome, Outcome::Broken(_)).then_some(id);
        self.outcomes().into_iter().filter_map(broken).collect()
    }

    /// Asserts that exactly these guarantees are broken.
    #[track_caller]
    pub fn breaks(&self, ids: &[&str]) {
        assert_eq!(self.broken(), ids, "{:#?}", self.outcomes());
    }

    /// Asserts that nothing is broken although this guarantee was at risk.
    #[track_caller]
    pub fn keeps(&self, id: &str) {
        self.breaks(&[]);
        let (_, outcome) = self
            .outcomes()
            .into_iter()
            .find(|(it, _)| *it == id)
            .expect("a guarantee");
        assert_eq!(outcome, Outcome::Kept, "{id}");
    }
}
