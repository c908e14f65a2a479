//! Tables written down in text files, and where their rows stand in a table that podcheck made.

use std::path::Path;

use podcheck::printer::Row;

/// A row as written: the cells of the columns that its table has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    ready: Option<String>,
    status: Option<String>,
    restarts: Option<u32>,
}

impl Written {
    /// Is the pod being deleted?
    pub fn is_terminating(&self) -> bool {
        self.status.as_deref() == Some("Terminating")
    }

    fn is(&self, row: &Row) -> bool {
        self.ready.as_ref().is_none_or(|ready| *ready == row.ready)
            && self.status.as_ref().is_none_or(|status| *status == row.status)
            && self.restarts.is_none_or(|restarts| restarts == row.restarts)
    }
}

/// The rows of a file, cut at the columns of its header; rows that repeat the one before are left out.
pub fn read(path: &Path) -> Vec<Written> {
    let mut rows: Vec<Written> = records(path)
        .into_iter()
        .map(|record| {
            let cell = |column: &str| {
                record
                    .iter()
                    .find(|(name, _)| name == column)
                    .map(|(_, cell)| cell.clone())
            };
            Written {
                ready: cell("READY"),
                status: cell("STATUS"),
                // `1 (2s ago)`: only the number does not depend on the moment of printing.
                restarts: cell("RESTARTS").map(|cell| {
                    cell.split(' ')
                        .next()
                        .unwrap_or_default()
                        .parse()
                        .expect("a number of restarts")
                }),
            }
        })
        .collect();
    rows.dedup();
    rows
}

/// The lines of a table in a text file, each as cells with the names of their columns; `#` begins a comment.
pub fn records(path: &Path) -> Vec<Vec<(String, String)>> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let header = lines.next().expect("a header");
    let starts: Vec<usize> = header
        .char_indices()
        .filter(|(index, c)| !c.is_whitespace() && (*index == 0 || header[..*index].ends_with(' ')))
        .map(|(index, _)| index)
        .collect();
    let cell = |line: &str, column: usize| {
        let end = starts.get(column + 1).copied().unwrap_or(usize::MAX).min(line.len());
        line.get(starts[column]..end).unwrap_or_default().trim().to_owned()
    };
    let record = |line: &str| {
        (0..starts.len())
            .map(|column| (cell(header, column), cell(line, column)))
            .collect()
    };
    lines.map(record).collect()
}

/// Rows of a table that are not among those searched for.
pub struct Rest<'a> {
    pub between: Vec<&'a Row>,
    pub after: Vec<&'a Row>,
}

/// Finds all written rows in the table, in their order; the error is the first that is not there.
pub fn find<'a>(written: &[Written], table: &'a [Row]) -> Result<Rest<'a>, Written> {
    let mut between = Vec::new();
    let mut rows = table.iter();
    for wanted in written {
        loop {
            match rows.next() {
                Some(row) if wanted.is(row) => break,
                Some(row) => between.push(row),
                None => return Err(wanted.clone()),
            }
        }
    }
    Ok(Rest {
        between,
        after: rows.collect(),
    })
}
