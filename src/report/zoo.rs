//! The table of the bug zoo.

use std::fmt::Write;

use serde::Serialize;

use crate::campaign::Outcome;

/// What became of a fault, with a process journal and without.
#[derive(Clone, Debug, Serialize)]
pub struct ZooRow {
    pub kubernetes: String,
    pub fault: &'static str,
    pub description: &'static str,
    /// `None`: not asked for.
    pub with_journal: Option<ZooCell>,
    pub without_journal: Option<ZooCell>,
    /// Why it cannot be seen without a journal, where that is so.
    pub unseen_without_journal: Option<&'static str>,
}

/// One of the two.
#[derive(Clone, Debug, Serialize)]
pub struct ZooCell {
    pub caught: usize,
    pub seeds: usize,
    /// Over all seeds; null: missed in at least half of them.
    pub median_pods: Option<u32>,
    /// The rule or guarantee that caught it most often.
    pub rule: Option<String>,
    /// An example, in its own words.
    pub summary: Option<String>,
    /// The case of the example.
    pub case: Option<String>,
}

impl ZooCell {
    /// What came of it.
    pub fn new(outcome: &Outcome) -> Self {
        let rule = outcome.rule().map(str::to_owned);
        let mut catches = outcome.catches.iter().flatten();
        let example = catches.find(|catch| Some(&catch.rule) == rule.as_ref());
        Self {
            caught: outcome.caught(),
            seeds: outcome.catches.len(),
            median_pods: outcome.median_pods(),
            summary: example.map(|catch| catch.summary.clone()),
            case: example.map(|catch| catch.case.clone()),
            rule,
        }
    }

    /// More than half of the seeds caught it.
    pub fn is_caught(&self) -> bool {
        2 * self.caught > self.seeds
    }
}

impl ZooRow {
    /// Only one that is seen without a journal is judged without.
    pub fn new(kubernetes: String, with: Option<&Outcome>, without: Option<&Outcome>) -> Option<Self> {
        let fault = with.or(without)?.fault;
        Some(Self {
            kubernetes,
            fault: fault.name(),
            description: fault.description(),
            with_journal: with.map(ZooCell::new),
            without_journal: without.map(ZooCell::new),
            unseen_without_journal: fault.unseen_without_journal(),
        })
    }

    /// Is it caught wherever it can be?
    pub fn is_caught(&self) -> bool {
        let missed = |cell: &Option<ZooCell>| cell.as_ref().is_some_and(|cell| !cell.is_caught());
        let excused = self.unseen_without_journal.is_some();
        !missed(&self.with_journal) && (excused || !missed(&self.without_journal))
    }
}

/// The rows of one version, and how many of its faults were caught.
pub fn zoo(rows: &[ZooRow]) -> String {
    let mut text = format!(
        "{:<36} {:>7} {:>5}  {:<34} {:>7} {:>5}  rule\n",
        "FAULT", "caught", "pods", "rule", "without", "pods"
    );
    for row in rows {
        let mut line = format!("{:<36}", row.fault);
        for (cell, width) in [(&row.with_journal, 34), (&row.without_journal, 0)] {
            let _ = write!(
                line,
                " {:<width$}",
                cell.as_ref().map_or_else(dashes, shown),
                width = width + 15
            );
        }
        let _ = writeln!(text, "{}", line.trim_end());
        let missed = row.without_journal.as_ref().is_some_and(|cell| !cell.is_caught());
        if let Some(why) = row.unseen_without_journal.filter(|_| missed) {
            let _ = writeln!(text, "    cannot be seen without a journal: {why}");
        }
    }
    let _ = writeln!(text);
    text += &sum("with a journal", rows, |row| row.with_journal.as_ref());
    text += &sum("without", rows, |row| row.without_journal.as_ref());
    text
}

/// How many are caught, and which are not.
fn sum(how: &str, rows: &[ZooRow], cell_of: fn(&ZooRow) -> Option<&ZooCell>) -> String {
    let all = rows.iter().filter(|row| cell_of(row).is_some()).count();
    let missed = rows
        .iter()
        .filter(|row| cell_of(row).is_some_and(|cell| !cell.is_caught()));
    let missed: Vec<&str> = missed.map(|row| row.fault).collect();
    let names = if missed.is_empty() {
        String::new()
    } else {
        format!("; missed: {}", missed.join(", "))
    };
    if all == 0 {
        return String::new();
    }
    format!("{} of {all} faults are caught {how}{names}\n", all - missed.len())
}

fn dashes() -> String {
    format!("{:>7} {:>5}", "-", "-")
}

fn shown(cell: &ZooCell) -> String {
    let share = format!("{}/{}", cell.caught, cell.seeds);
    let pods = cell.median_pods.map_or_else(|| "-".to_owned(), |pods| pods.to_string());
    format!("{share:>7} {pods:>5}  {}", cell.rule.as_deref().unwrap_or("-"))
}
