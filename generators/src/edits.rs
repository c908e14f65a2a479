//! Simplifying edits: the steps by which a failing scenario is made smaller.

use std::fmt;

use crate::{Attempt, Container, InitElement, InitKind, Moment, OnTerm, Probe, ProbeOutcome, RestartPolicy, Scenario};

/// One simplification; containers are addressed by their position in spec order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edit {
    /// Takes a container out of the pod.
    DropContainer(usize),
    /// No delete.
    DropDeletion,
    /// No second delete.
    DropSecondDelete,
    /// No finalizer.
    DropFinalizer,
    /// The delete uses the pod's grace period.
    DropDeletionGrace,
    /// The delete comes in its very moment.
    DeleteAtOnce,
    /// Another restart policy.
    Policy(RestartPolicy),
    /// Another grace period, in seconds.
    Grace(u32),
    /// Watched for another time, in milliseconds.
    Observe(u32),
    /// Every time goes to the nearest whole second.
    SnapAllTimes,
    /// A simplification of one container.
    Container(usize, Change),
}

impl Edit {
    /// Does it take something out of the pod, so that there is less to understand? (Others only make numbers rounder.)
    pub fn is_structural(self) -> bool {
        match self {
            Self::DropContainer(_) | Self::DropDeletion | Self::DropSecondDelete | Self::DropFinalizer => true,
            Self::Container(_, change) => matches!(
                change,
                Change::ToInit
                    | Change::OnlyAttempt(_)
                    | Change::DropAttempt(_)
                    | Change::DropProbe(_)
                    | Change::DropProbeGrace(_)
            ),
            _ => false,
        }
    }

    /// Is the pod watched for less long, so that whatever is tried after it takes less time?
    pub fn saves_time(self) -> bool {
        matches!(self, Self::Observe(_))
    }
}

/// A simplification of one container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A sidecar becomes an init container that works for a second.
    ToInit,
    /// Only this attempt is left, and repeats.
    OnlyAttempt(usize),
    /// One attempt fewer.
    DropAttempt(usize),
    /// No such probe.
    DropProbe(ProbeKind),
    /// A probe that passes at once and asks every second.
    PlainProbe(ProbeKind),
    /// A probe without a grace period of its own.
    DropProbeGrace(ProbeKind),
    /// A probe that changes its answer at the nearest whole second.
    SnapProbe(ProbeKind),
    /// An attempt that exits with another code.
    ExitCode(usize, u8),
    /// An attempt that exits 0 at once on TERM.
    ExitAtOnceOnTerm(usize),
    /// An attempt that lives for another time, in milliseconds.
    Lives(usize, u32),
}

/// One of a container's probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProbeKind {
    /// `startupProbe`.
    Startup,
    /// `readinessProbe`.
    Readiness,
    /// `livenessProbe`.
    Liveness,
}

const PROBES: [ProbeKind; 3] = [ProbeKind::Startup, ProbeKind::Readiness, ProbeKind::Liveness];

/// Every edit that makes a valid and strictly smaller scenario, boldest first.
pub fn edits(scenario: &Scenario) -> Vec<Edit> {
    let mut edits: Vec<(u64, Edit)> = candidates(scenario)
        .into_iter()
        .filter_map(|edit| apply(scenario, &[edit]).map(|smaller| (smaller.size(), edit)))
        .collect();
    edits.sort();
    edits.into_iter().map(|(_, edit)| edit).collect()
}

/// The scenario after all these edits together; nothing if that is not valid or not smaller.
pub fn apply(scenario: &Scenario, edits: &[Edit]) -> Option<Scenario> {
    let mut smaller = scenario.clone();
    let mut dropped = Vec::new();
    for edit in edits {
        match edit {
            Edit::DropContainer(position) => dropped.push(*position),
            other => change_scenario(&mut smaller, *other),
        }
    }
    // From the back, so that the positions of those still to be dropped stay.
    dropped.sort_unstable_by(|a, b| b.cmp(a));
    dropped.dedup();
    for position in dropped {
        drop_container(&mut smaller, position);
    }
    (smaller.validate().is_ok() && smaller.size() < scenario.size()).then_some(smaller)
}

fn candidates(scenario: &Scenario) -> Vec<Edit> {
    let mut edits = vec![
        Edit::DropDeletion,
        Edit::DropSecondDelete,
        Edit::DropFinalizer,
        Edit::DropDeletionGrace,
    ];
    edits.extend([Edit::DeleteAtOnce, Edit::SnapAllTimes, Edit::Grace(2)]);
    let quarter_ms = scenario.observe_ms_max / 4;
    edits.extend([1, 2, 3].map(|quarters| Edit::Observe(quarters * quarter_ms / 1_000 * 1_000)));
    edits.extend([RestartPolicy::Never, RestartPolicy::OnFailure].map(Edit::Policy));
    for (position, container) in scenario.containers().enumerate() {
        edits.push(Edit::DropContainer(position));
        edits.extend(
            changes(container)
                .into_iter()
                .map(|change| Edit::Container(position, change)),
        );
    }
    edits
}

fn changes(container: &Container) -> Vec<Change> {
    let mut changes = vec![Change::ToInit];
    for (number, attempt) in container.attempts.iter().enumerate() {
        if container.attempts.len() > 1 {
            changes.extend([Change::OnlyAttempt(number), Change::DropAttempt(number)]);
        }
        changes.extend([0, 1].map(|code| Change::ExitCode(number, code)));
        changes.push(Change::ExitAtOnceOnTerm(number));
        if let Some(lives_ms) = attempt.lives_ms {
            changes.extend([snapped(lives_ms), lives_ms / 2_000 * 1_000].map(|ms| Change::Lives(number, ms)));
        }
    }
    for kind in PROBES {
        if probe_of(&mut container.clone(), kind).is_some() {
            changes.extend([Change::DropProbe(kind), Change::PlainProbe(kind)]);
            changes.extend([Change::DropProbeGrace(kind), Change::SnapProbe(kind)]);
        }
    }
    changes
}

/// Applies anything but a dropped container; an edit whose object is gone changes nothing.
fn change_scenario(scenario: &mut Scenario, edit: Edit) {
    match edit {
        Edit::DropContainer(_) => {}
        Edit::DropDeletion => scenario.deletion = None,
        Edit::Policy(policy) => scenario.restart_policy = policy,
        Edit::Observe(ms) => scenario.observe_ms_max = ms,
        Edit::Grace(seconds) => scenario.grace_seconds = seconds,
        Edit::SnapAllTimes => snap_all_times(scenario),
        Edit::Container(position, change) => change_container(scenario, position, change),
        Edit::DropSecondDelete | Edit::DropFinalizer | Edit::DropDeletionGrace | Edit::DeleteAtOnce => {
            let Some(deletion) = &mut scenario.deletion else { return };
            match edit {
                Edit::DropSecondDelete => deletion.again = None,
                Edit::DropFinalizer => deletion.finalizer = false,
                Edit::DropDeletionGrace => deletion.grace_seconds = None,
                _ => *delay_ms(&mut deletion.at) = 0,
            }
        }
    }
}

fn change_container(scenario: &mut Scenario, position: usize, change: Change) {
    let inits = scenario.init.len();
    if change == Change::ToInit {
        rename(scenario, None, |scenario| {
            if let Some(
                element @ InitElement {
                    kind: InitKind::Sidecar,
                    ..
                },
            ) = scenario.init.get_mut(position)
            {
                *element = InitElement {
                    kind: InitKind::Init,
                    container: Container::new([Attempt::exits(1_000, 0)]),
                };
            }
        });
        return;
    }
    let container = if position < inits {
        scenario.init.get_mut(position).map(|element| &mut element.container)
    } else {
        scenario.main.get_mut(position - inits)
    };
    let Some(container) = container else { return };
    match change {
        Change::ToInit => {}
        Change::OnlyAttempt(number) => {
            container.attempts = container.attempts.get(number).copied().into_iter().collect()
        }
        Change::DropAttempt(number) => {
            if number < container.attempts.len() {
                container.attempts.remove(number);
            }
        }
        Change::DropProbe(kind) => *probe_of(container, kind) = None,
        Change::PlainProbe(kind) => change_probe(container, kind, |probe| {
            probe.outcome = ProbeOutcome::Passes;
            (
                probe.initial_delay_seconds,
                probe.period_seconds,
                probe.success_threshold,
            ) = (0, 1, 1);
        }),
        Change::DropProbeGrace(kind) => change_probe(container, kind, |probe| probe.grace_seconds = None),
        Change::SnapProbe(kind) => change_probe(container, kind, snap_probe),
        Change::ExitCode(number, code) => change_attempt(container, number, |attempt| attempt.exit_code = code),
        Change::ExitAtOnceOnTerm(number) => {
            change_attempt(container, number, |attempt| attempt.on_term = OnTerm::AT_ONCE);
        }
        Change::Lives(number, ms) => change_attempt(container, number, |attempt| attempt.lives_ms = Some(ms)),
    }
}

fn drop_container(scenario: &mut Scenario, position: usize) {
    rename(scenario, Some(position), |scenario| {
        let inits = scenario.init.len();
        if position < inits {
            scenario.init.remove(position);
        } else if position - inits < scenario.main.len() {
            scenario.main.remove(position - inits);
        }
    });
}

/// Changes the list of containers and lets the delete's moment follow its container to its new name.
fn rename(scenario: &mut Scenario, dropped: Option<usize>, change: impl FnOnce(&mut Scenario)) {
    let before = scenario.names();
    change(scenario);
    let after = scenario.names();
    let Some(deletion) = &mut scenario.deletion else { return };
    let (Moment::Running { container, .. } | Moment::Terminated { container, .. }) = &mut deletion.at else {
        return;
    };
    let Some(old) = before.iter().position(|name| name == container) else {
        return;
    };
    // The dropped container's own moment goes to its successor.
    let new = if dropped.is_some_and(|dropped| dropped < old) {
        old - 1
    } else {
        old
    };
    if let Some(name) = after.get(new).or(after.last()) {
        container.clone_from(name);
    }
}

fn snap_all_times(scenario: &mut Scenario) {
    let inits = scenario.init.iter_mut().map(|element| &mut element.container);
    for container in inits.chain(&mut scenario.main) {
        for attempt in &mut container.attempts {
            attempt.lives_ms = attempt.lives_ms.map(snapped);
            if let OnTerm::Exit { after_ms, .. } = &mut attempt.on_term {
                *after_ms = snapped(*after_ms);
            }
        }
        for kind in PROBES {
            change_probe(container, kind, snap_probe);
        }
    }
    if let Some(deletion) = &mut scenario.deletion {
        let after_ms = delay_ms(&mut deletion.at);
        *after_ms = snapped(*after_ms);
        if let Some(again) = &mut deletion.again {
            again.after_ms = snapped(again.after_ms);
        }
    }
}

fn snap_probe(probe: &mut Probe) {
    if let ProbeOutcome::PassesAfter { ms } | ProbeOutcome::FailsAfter { ms } = &mut probe.outcome {
        *ms = snapped(*ms);
    }
}

/// The nearest whole second.
fn snapped(ms: u32) -> u32 {
    (ms + 500) / 1_000 * 1_000
}

fn delay_ms(moment: &mut Moment) -> &mut u32 {
    match moment {
        Moment::Created { after_ms } | Moment::Running { after_ms, .. } | Moment::Terminated { after_ms, .. } => {
            after_ms
        }
    }
}

fn probe_of(container: &mut Container, kind: ProbeKind) -> &mut Option<Probe> {
    match kind {
        ProbeKind::Startup => &mut container.startup,
        ProbeKind::Readiness => &mut container.readiness,
        ProbeKind::Liveness => &mut container.liveness,
    }
}

fn change_probe(container: &mut Container, kind: ProbeKind, change: impl FnOnce(&mut Probe)) {
    if let Some(probe) = probe_of(container, kind) {
        change(probe);
    }
}

fn change_attempt(container: &mut Container, number: usize, change: impl FnOnce(&mut Attempt)) {
    if let Some(attempt) = container.attempts.get_mut(number) {
        change(attempt);
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DropContainer(position) => write!(f, "drop container {position}"),
            Self::DropDeletion => f.write_str("drop the delete"),
            Self::DropSecondDelete => f.write_str("drop the second delete"),
            Self::DropFinalizer => f.write_str("drop the finalizer"),
            Self::DropDeletionGrace => f.write_str("delete with the pod's grace"),
            Self::DeleteAtOnce => f.write_str("delete at once"),
            Self::Policy(policy) => write!(f, "restart policy {policy:?}"),
            Self::Grace(seconds) => write!(f, "grace {seconds} s"),
            Self::Observe(ms) => write!(f, "watch for {ms} ms"),
            Self::SnapAllTimes => f.write_str("all times to whole seconds"),
            Self::Container(position, change) => write!(f, "container {position}: {change}"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ToInit => f.write_str("to an init container"),
            Self::OnlyAttempt(number) => write!(f, "only attempt {number}"),
            Self::DropAttempt(number) => write!(f, "drop attempt {number}"),
            Self::DropProbe(kind) => write!(f, "drop the {kind} probe"),
            Self::PlainProbe(kind) => write!(f, "{kind} probe passes"),
            Self::DropProbeGrace(kind) => write!(f, "{kind} probe without own grace"),
            Self::SnapProbe(kind) => write!(f, "{kind} probe to a whole second"),
            Self::ExitCode(number, code) => write!(f, "attempt {number} exits {code}"),
            Self::ExitAtOnceOnTerm(number) => write!(f, "attempt {number} exits 0 at once on TERM"),
            Self::Lives(number, ms) => write!(f, "attempt {number} lives {ms} ms"),
        }
    }
}

impl fmt::Display for ProbeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Startup => "startup",
            Self::Readiness => "readiness",
            Self::Liveness => "liveness",
        })
    }
}
