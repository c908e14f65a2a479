//! The walk over a pod's containers that fills the cells of its row.

use super::{Printer, Row};
use crate::trace::{ConditionKind, ContainerView, Exit, Kind, Phase, PodSpec, PodView, Reason, Seen, State, UnixMs};

/// The cells while the containers are walked.
pub(super) struct Cells {
    ready: u32,
    total: usize,
    status: String,
    pub restarts: Restarts,
    /// Those of the sidecars that the walk over the init list reached.
    sidecar_restarts: Restarts,
}

/// Restarts, with the end of the last life before one.
#[derive(Clone, Copy, Default)]
pub(super) struct Restarts {
    pub count: u32,
    pub last_ms: Option<UnixMs>,
}

impl Restarts {
    fn add(&mut self, (index, container): Entry, seen: &[Seen]) {
        self.count += container.restart_count;
        self.last_ms = self.last_ms.max(seen.get(index).and_then(|seen| seen.last_finished_at));
    }
}

/// A container's status with its index in [`PodSpec::containers`].
type Entry<'a> = (usize, &'a ContainerView);

impl Cells {
    /// `seen` may be empty: then no times are known.
    pub fn of(printer: Printer, spec: &PodSpec, view: &PodView, deleted: bool, seen: &[Seen]) -> Self {
        let mut cells = Self {
            ready: 0,
            total: spec
                .containers
                .iter()
                .filter(|container| container.kind != Kind::Init)
                .count(),
            status: initial_status(view),
            restarts: Restarts::default(),
            sidecar_restarts: Restarts::default(),
        };
        let initializing = cells.walk_init(spec, view, seen);
        if !initializing || is_true(view, ConditionKind::Initialized) {
            cells.walk_main(printer, spec, view, seen);
        }
        if deleted && view.reason.as_str() == "NodeLost" {
            cells.status = "Unknown".into();
        } else if deleted && !(printer.terminal_is_not_terminating && view.phase.is_terminal()) {
            cells.status = "Terminating".into();
        }
        cells
    }

    pub fn row(self) -> Row {
        let ready = format!("{}/{}", self.ready, self.total);
        Row {
            ready,
            status: self.status,
            restarts: self.restarts.count,
            restarted_ago: None,
        }
    }

    /// Walks the init list up to the first element that holds up the pod; was there one?
    fn walk_init(&mut self, spec: &PodSpec, view: &PodView, seen: &[Seen]) -> bool {
        let init_count = spec
            .containers
            .iter()
            .filter(|container| container.kind != Kind::Main)
            .count();
        for (position, entry) in entries(spec, view, |kind| kind != Kind::Main).enumerate() {
            let (index, container) = entry;
            let sidecar = spec.containers[index].kind == Kind::Sidecar;
            self.restarts.add(entry, seen);
            if sidecar {
                self.sidecar_restarts.add(entry, seen);
            }
            self.status = match &container.state {
                State::Terminated(exit) if exit.code == 0 => continue,
                // Of a started sidecar the state is not looked at.
                _ if sidecar && container.started => {
                    self.ready += u32::from(container.ready);
                    continue;
                }
                State::Terminated(exit) => format!("Init:{}", exit_text(exit)),
                State::Waiting(reason) if !matches!(reason, Reason::None | Reason::PodInitializing) => {
                    format!("Init:{reason}")
                }
                _ => format!("Init:{position}/{init_count}"),
            };
            return true;
        }
        false
    }

    /// Walks the mains from the last name to the first, so that the first name has the last word.
    fn walk_main(&mut self, printer: Printer, spec: &PodSpec, view: &PodView, seen: &[Seen]) {
        // From here on init containers' restarts do not count, nor those of sidecars the first walk did not reach.
        self.restarts = self.sidecar_restarts;
        let mut mains: Vec<Entry> = entries(spec, view, |kind| kind == Kind::Main).collect();
        mains.sort_by(|(left, _), (right, _)| spec.containers[*right].name.cmp(&spec.containers[*left].name));
        let mut running = false;
        let mut failure = None;
        for entry in mains {
            self.restarts.add(entry, seen);
            match &entry.1.state {
                State::Waiting(Reason::None) => {}
                State::Waiting(reason) => self.status = reason.to_string(),
                State::Terminated(exit) => {
                    self.status = exit_text(exit);
                    if exit.code != 0 {
                        failure = Some(self.status.clone());
                    }
                }
                State::Running if entry.1.ready => {
                    running = true;
                    self.ready += 1;
                }
                State::Running => {}
            }
        }
        if self.status != "Completed" {
            return;
        }
        let failure = failure.filter(|_| printer.failure_beats_completed);
        if running && is_true(view, ConditionKind::Ready) {
            self.status = "Running".into();
        } else if let Some(failure) = failure {
            self.status = failure;
        } else if running {
            self.status = "NotReady".into();
        }
    }
}

/// The statuses that exist of containers of a kind, in spec order.
fn entries<'a>(spec: &'a PodSpec, view: &'a PodView, kind: fn(Kind) -> bool) -> impl Iterator<Item = Entry<'a>> {
    let both = spec.containers.iter().zip(&view.containers).enumerate();
    both.filter_map(move |(index, (spec, view))| Some((index, view.as_ref().filter(|_| kind(spec.kind))?)))
}

fn initial_status(view: &PodView) -> String {
    let scheduled = view.conditions[ConditionKind::PodScheduled as usize].as_ref();
    if scheduled.is_some_and(|condition| &*condition.reason == "SchedulingGated") {
        return "SchedulingGated".into();
    }
    match (&view.reason, view.phase) {
        (Reason::None, Phase::Pending) => "Pending".into(),
        (Reason::None, Phase::Running) => "Running".into(),
        (Reason::None, Phase::Succeeded) => "Succeeded".into(),
        (Reason::None, Phase::Failed) => "Failed".into(),
        (Reason::None, Phase::Unknown) => "Unknown".into(),
        (reason, _) => reason.to_string(),
    }
}

fn is_true(view: &PodView, kind: ConditionKind) -> bool {
    view.conditions[kind as usize]
        .as_ref()
        .is_some_and(|condition| condition.is_true)
}

/// Reason of an exit; no runtime of today leaves it empty or reports a signal.
fn exit_text(exit: &Exit) -> String {
    match &exit.reason {
        Reason::None => format!("ExitCode:{}", exit.code),
        reason => reason.to_string(),
    }
}
