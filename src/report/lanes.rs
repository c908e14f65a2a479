//! A pod's life as a picture, before anybody draws it: one lane a container, what its processes did and what was published.
//!
//! Pure data; [`text`] and [`svg`] draw it. Observed and predicted lives share one axis, so they can be laid one under the other.

mod build;
mod runs;
mod scale;
mod svg;
mod text;

use serde::Serialize;

use crate::trace::Kind;

pub use build::picture;
pub use svg::{DEFINITIONS, svg};
pub use text::text;

/// A place on the axis, from the pod's first event on: milliseconds, or the number of an event.
pub type Position = i64;

/// What the axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Axis {
    Milliseconds,
    /// The recording has no receive times: only the order is known.
    Events,
}

/// A pod's life, observed and predicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Picture {
    pub axis: Axis,
    /// The last place.
    pub end: Position,
    pub observed: Life,
    /// The model's ordinary run of the same scenario, if the pod carries one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicted: Option<Life>,
    /// Disagreements, the first one first.
    pub marks: Vec<Mark>,
}

/// One life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Life {
    /// The STATUS column of `kubectl get pod`.
    pub statuses: Vec<Span>,
    pub phases: Vec<Span>,
    /// When each condition that changes was true.
    pub conditions: Vec<Band>,
    pub lanes: Vec<Lane>,
    /// What the client did, and the end of the object.
    pub requests: Vec<Request>,
}

/// Something that stayed the same for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    pub from: Position,
    pub to: Position,
    /// What is written on it.
    pub label: String,
    /// What more there is to say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// A condition over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Band {
    pub name: &'static str,
    /// Where it was true.
    pub holds: Vec<Span>,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lane {
    pub name: String,
    pub kind: Kind,
    /// Its probes by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<&'static str>,
    /// What its processes did.
    pub runs: Vec<Run>,
    /// What was published of it.
    pub published: Vec<Published>,
}

/// One run of a container's process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// 0 is the first start.
    pub attempt: u32,
    pub from: Position,
    /// Its end, or that of what is known of it.
    pub to: Position,
    /// The journal tells its times; otherwise they are those of the status, in whole seconds.
    pub exact: bool,
    /// When the process got its TERM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<Position>,
    /// Absent: it was not seen to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
}

/// A published state of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    pub from: Position,
    pub to: Position,
    pub look: Look,
    /// In words.
    pub words: String,
    /// The event that brought it.
    pub event_index: usize,
}

/// A published state as it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Look {
    Waiting,
    BackOff,
    /// Runs; its startup probe has not passed.
    NotStarted,
    /// Runs and is started; its readiness probe has not passed.
    NotReady,
    /// Runs and is ready.
    Ready,
    /// Has ended with 0.
    Done,
    /// Has ended with something else.
    Failed,
}

/// A request of the client, or the end of the object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
    pub at: Position,
    pub words: String,
}

/// Where observation and permission part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    pub at: Position,
    pub event_index: usize,
    /// Index of the lane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<usize>,
    pub rule: String,
    pub summary: String,
}

impl Axis {
    /// `4.25 s`, `event 3`.
    pub fn place(self, at: Position) -> String {
        match self {
            Self::Milliseconds => format!("{:.2} s", at as f64 / 1_000.0),
            Self::Events => format!("event {at}"),
        }
    }
}

impl Life {
    /// Every place where something changes.
    fn places(&self) -> impl Iterator<Item = Position> {
        let spans = self.statuses.iter().chain(&self.phases);
        let bands = self.conditions.iter().flat_map(|band| &band.holds);
        let spans = spans.chain(bands).flat_map(|span| [span.from, span.to]);
        let runs = self.lanes.iter().flat_map(|lane| &lane.runs);
        let runs = runs.flat_map(|run| [Some(run.from), Some(run.to), run.term]).flatten();
        let published = self.lanes.iter().flat_map(|lane| &lane.published);
        let published = published.flat_map(|state| [state.from, state.to]);
        let requests = self.requests.iter().map(|request| request.at);
        spans.chain(runs).chain(published).chain(requests)
    }
}

impl Picture {
    fn places(&self) -> impl Iterator<Item = Position> {
        let predicted = self.predicted.iter().flat_map(Life::places);
        let marks = self.marks.iter().map(|mark| mark.at);
        self.observed.places().chain(predicted).chain(marks)
    }
}

/// `sidecar`: the kind as the lanes call it.
fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Init => "init",
        Kind::Sidecar => "sidecar",
        Kind::Main => "main",
    }
}
