//! `podcheck check`: one verdict for each pod of recordings.

use std::path::{Path, PathBuf};

use super::output::Output;
use super::told_version::ToldVersion;
use super::{Exit, Failure, input};
use crate::campaign::{delays_of, judge_as};
use crate::model::KubeletVersion;
use crate::report::{Counts, VerdictLine};

const EXAMPLES: &str = "\
A recording is what `podcheck run --output` writes, raw watch output, or what kubectl prints; of any pods.

Examples:
  kubectl get pods -w --output-watch-events -o json > watch.json
  podcheck check watch.json --kubernetes 1.34
  kubectl get --raw '/api/v1/namespaces/default/pods?watch=1' | podcheck check - --kubernetes 1.34
  podcheck check runs/*/recording.jsonl --format json | jq -r 'select(.verdict == \"diverges\").pod'";

/// Judge recordings: one verdict for each pod
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Recordings; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Version of the kubelet on the pods' node, as `kubectl get nodes` tells it [default: the one that the recording names]
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<KubeletVersion>,

    /// Let known deviations count as divergences
    #[arg(long)]
    strict: bool,
}

/// Judges all files, also those after one that cannot be read.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let mut counts = Counts::default();
    let mut told = ToldVersion::default();
    let mut failed = None;
    for file in &args.files {
        match check_file(args, file, (&mut counts, &mut told), output) {
            Ok(()) => {}
            Err(error @ Failure::Output(_)) => return Err(error),
            // What follows may be readable, and what came before was judged.
            Err(error) => {
                output.flush()?;
                eprintln!("error: {error}");
                failed = failed.or(Some(error.exit()));
            }
        }
    }
    if !output.is_json() && counts.judged() > 0 {
        output.line(&counts.to_string())?;
    }
    output.flush()?;
    told.print_note(args.kubernetes);
    Ok(
        match (
            Exit::of_verdicts(counts.judged(), counts.conclusive(), counts.diverges > 0),
            failed,
        ) {
            (Exit::Diverges, _) => Exit::Diverges,
            (_, Some(exit)) => exit,
            (exit, None) => {
                if exit == Exit::TooLittle {
                    eprintln!("note: {}", why_too_little(&counts));
                }
                exit
            }
        },
    )
}

fn check_file(
    args: &Args,
    file: &Path,
    (counts, told): (&mut Counts, &mut ToldVersion),
    output: &mut Output,
) -> Result<(), Failure> {
    // A pipe can be read only once: then the bounds are those of a machine of which nothing is known.
    let delays = delays_of(file);
    let mut traces = input::traces(file)?;
    let mut failed = None;
    // A reader that fails in the middle still hands out the pods that were alive, as inconclusive.
    for trace in traces.by_ref() {
        let trace = match trace {
            Ok(trace) => trace,
            Err(error) => {
                failed = Some(error.into());
                continue;
            }
        };
        let judged = judge_as(&trace, args.kubernetes, &delays.bounds(&trace), args.strict);
        counts.add(&judged.verdict);
        told.add(&trace, &judged.verdict);
        let line = VerdictLine::new(&trace, judged.kubernetes, &judged.verdict);
        if output.is_json() {
            output.json(&line)?;
        } else {
            output.line(&line.to_string())?;
        }
        // A watch that goes on is followed pod by pod.
        if file.as_os_str() == "-" {
            output.flush()?;
        }
    }
    input::print_notes(file, traces.notes());
    failed.map_or(Ok(()), Err)
}

fn why_too_little(counts: &Counts) -> String {
    match (counts.judged(), counts.conclusive()) {
        (0, _) => "there is no pod in what was read: nothing was judged".to_owned(),
        (_, 0) => "no verdict is conclusive; the reasons say what is missing".to_owned(),
        (judged, conclusive) => format!("only {conclusive} of {judged} verdicts are conclusive"),
    }
}
