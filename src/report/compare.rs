//! The observed and the predicted table of a pod beside each other, with the disagreement marked.

use crate::printer::{Printer, Row};
use crate::trace::Trace;

/// A row of the observed table with the event that brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedRow {
    /// Index of the event in the recording.
    pub event_index: usize,
    /// What was printed.
    pub row: Row,
}

/// The observed table, without repetitions; the row of `marked` is there in any case.
pub fn observed(printer: Printer, trace: &Trace, marked: Option<usize>) -> Vec<ObservedRow> {
    let mut rows: Vec<ObservedRow> = Vec::new();
    for step in &trace.steps {
        let row = printer.step(&trace.spec, step);
        let repeats = rows.last().is_some_and(|last| last.row.same_cells(&row));
        if !repeats || marked == Some(step.event_index) {
            rows.push(ObservedRow {
                event_index: step.event_index,
                row,
            });
        }
    }
    rows
}

/// Where a line of one table stands in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pair {
    Same(usize, usize),
    Differs(usize, usize),
    OnlyObserved(usize),
    OnlyPredicted(usize),
    /// There is no other table.
    Alone(usize),
}

/// Both tables as text, joined as `diff -y` does: `|` differs, `<` only observed, `>` only predicted; `>>` marks the
/// event. Nothing predicted: only the observed table.
pub fn side_by_side(observed: &[ObservedRow], predicted: Option<&[Row]>, marked: Option<usize>) -> String {
    let left: Vec<Row> = observed.iter().map(|row| row.row.clone()).collect();
    let left_width = cells(&left);
    let right_width = cells(predicted.unwrap_or_default());
    let blank = " ".repeat(line(None, left_width).len());
    let mut lines = match predicted {
        None => vec!["    observed".to_owned(), format!("    {}", line(None, left_width))],
        Some(_) => vec![
            format!("    {:<width$}      predicted", "observed", width = blank.len()),
            format!("    {}      {}", line(None, left_width), line(None, right_width)),
        ],
    };
    let pairs = predicted.map_or_else(
        || (0..left.len()).map(Pair::Alone).collect(),
        |right| align(&left, right),
    );
    for pair in pairs {
        let (index, seam, other) = match pair {
            Pair::Same(index, other) => (Some(index), ' ', Some(other)),
            Pair::Differs(index, other) => (Some(index), '|', Some(other)),
            Pair::OnlyObserved(index) => (Some(index), '<', None),
            Pair::OnlyPredicted(other) => (None, '>', Some(other)),
            Pair::Alone(index) => (Some(index), ' ', None),
        };
        let is_marked = index.is_some_and(|index| marked == Some(observed[index].event_index));
        let mark = if is_marked { ">>" } else { "  " };
        let left_text = index.map_or_else(|| blank.clone(), |index| line(Some(&left[index]), left_width));
        let row = other.and_then(|other| predicted?.get(other));
        let right_text = row.map_or_else(String::new, |row| line(Some(row), right_width));
        lines.push(format!("{mark}  {left_text}   {seam}  {right_text}"));
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

type Widths = [usize; 2];

/// Widths of the first two columns.
fn cells(rows: &[Row]) -> Widths {
    let ready = rows.iter().map(|row| row.ready.len()).chain([5]).max();
    let status = rows.iter().map(|row| row.status.len()).chain([6]).max();
    [ready.unwrap_or_default(), status.unwrap_or_default()]
}

/// A row, or the header.
fn line(row: Option<&Row>, [ready, status]: Widths) -> String {
    match row {
        None => format!("{:<ready$}  {:<status$}  RESTARTS", "READY", "STATUS"),
        Some(row) => format!("{:<ready$}  {:<status$}  {:<8}", row.ready, row.status, row.restarts),
    }
}

/// A longest common subsequence, with what is left between its members paired up.
fn align(left: &[Row], right: &[Row]) -> Vec<Pair> {
    let (rows, columns) = (left.len(), right.len());
    let mut longest = vec![vec![0_usize; columns + 1]; rows + 1];
    for (i, row) in left.iter().enumerate().rev() {
        for (j, other) in right.iter().enumerate().rev() {
            longest[i][j] = if row.same_cells(other) {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let mut pairs = Vec::new();
    let (mut i, mut j) = (0, 0);
    let (mut left_gap, mut right_gap) = (0, 0);
    loop {
        let same = i < rows && j < columns && left[i].same_cells(&right[j]);
        if same || (i == rows && j == columns) {
            close_gap(&mut pairs, left_gap..i, right_gap..j);
            if !same {
                return pairs;
            }
            pairs.push(Pair::Same(i, j));
            (i, j) = (i + 1, j + 1);
            (left_gap, right_gap) = (i, j);
        } else if j == columns || (i < rows && longest[i + 1][j] >= longest[i][j + 1]) {
            i += 1;
        } else {
            j += 1;
        }
    }
}

fn close_gap(pairs: &mut Vec<Pair>, left: std::ops::Range<usize>, right: std::ops::Range<usize>) {
    let both = left.len().min(right.len());
    pairs.extend(left.clone().zip(right.clone()).map(|(i, j)| Pair::Differs(i, j)));
    pairs.extend(left.skip(both).map(Pair::OnlyObserved));
    pairs.extend(right.skip(both).map(Pair::OnlyPredicted));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(texts: &[&str]) -> Vec<Row> {
        let row = |text: &&str| Row {
            ready: "0/1".into(),
            status: (*text).into(),
            restarts: 0,
            restarted_ago: None,
        };
        texts.iter().map(row).collect()
    }

    #[test]
    fn tables_are_aligned_at_their_common_rows() {
        let pairs = align(
            &rows(&["Pending", "Running", "Error"]),
            &rows(&["Pending", "Init:0/1", "Running", "Completed"]),
        );
        assert_eq!(
            pairs,
            [
                Pair::Same(0, 0),
                Pair::OnlyPredicted(1),
                Pair::Same(1, 2),
                Pair::Differs(2, 3)
            ]
        );
        assert_eq!(align(&[], &rows(&["Pending"])), [Pair::OnlyPredicted(0)]);
        assert_eq!(align(&rows(&["Pending"]), &[]), [Pair::OnlyObserved(0)]);
    }

    #[test]
    fn the_marked_event_shows_where_the_tables_part() {
        let observed: Vec<ObservedRow> = rows(&["Pending", "Running", "Error"])
            .into_iter()
            .enumerate()
            .map(|(index, row)| ObservedRow {
                event_index: index * 10,
                row,
            })
            .collect();
        let text = side_by_side(&observed, Some(&rows(&["Pending", "Running", "Completed"])), Some(20));
        let expected = [
            "    observed                      predicted",
            "    READY  STATUS   RESTARTS      READY  STATUS     RESTARTS",
            "    0/1    Pending  0             0/1    Pending    0",
            "    0/1    Running  0             0/1    Running    0",
            ">>  0/1    Error    0          |  0/1    Completed  0",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}
