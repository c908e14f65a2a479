//! `podcheck table`: what `kubectl get pod -w` printed while a recording was made.

use std::path::PathBuf;

use serde::Serialize;

use super::args::NEWEST;
use super::output::Output;
use super::{Exit, Failure, input};
use crate::model::KubeletVersion;
use crate::printer::{self, Printer, Row};

const EXAMPLES: &str = "\
The API server renders these tables, so its version decides, not the kubelet's and not kubectl's.

Examples:
  podcheck table runs/7f3a9c/recording.jsonl
  podcheck table watch.json --kubernetes 1.34 --changes
  kubectl get pods -w --output-watch-events -o json | podcheck table - --format json";

/// Print the tables that `kubectl get pod -w` would have printed
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A recording; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Version of the API server [default: the one that the recording names, else the newest]
    #[arg(long, value_name = "SERVER_VERSION")]
    kubernetes: Option<KubeletVersion>,

    /// Leave out rows that repeat the one before
    #[arg(long)]
    changes: bool,
}

/// A pod's table, as `--format json` prints it.
#[derive(Serialize)]
pub(super) struct Table<'a> {
    pub pod: &'a str,
    pub rows: &'a [Row],
}

/// Prints a table for each pod, in order of their ends.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let mut traces = input::traces(&args.file)?;
    let mut failed = None;
    let mut pods = 0;
    let mut guessed = false;
    while let Some(trace) = traces.next() {
        let trace = match trace {
            Ok(trace) => trace,
            Err(error) => {
                failed = Some(Failure::from(error));
                continue;
            }
        };
        let recorded = traces
            .header()
            .and_then(|header| header.server.as_deref()?.parse().ok());
        let server = args.kubernetes.or(recorded).unwrap_or_else(|| {
            guessed = true;
            NEWEST
        });
        let printer = Printer::for_server(server.minor);
        let mut rows: Vec<Row> = printer.rows(&trace.spec, &trace.steps).collect();
        if args.changes {
            rows = printer::collapse(rows);
        }
        write(output, &trace.name, &rows, pods == 0)?;
        pods += 1;
    }
    input::print_notes(&args.file, traces.notes());
    if guessed {
        eprintln!("note: printed as an API server {NEWEST} does; if it was another, say --kubernetes");
    }
    match failed {
        Some(failure) => Err(failure),
        None if pods == 0 => {
            eprintln!("note: there is no pod in what was read");
            Ok(Exit::TooLittle)
        }
        None => Ok(Exit::Conforms),
    }
}

/// Writes one pod's table, apart from the one before it.
pub(super) fn write(output: &mut Output, pod: &str, rows: &[Row], first: bool) -> Result<(), Failure> {
    if output.is_json() {
        return Ok(output.json(&Table { pod, rows })?);
    }
    if !first {
        output.line("")?;
    }
    Ok(output.text(&printer::table(rows.iter().map(|row| (pod, row))))?)
}
