//! `podcheck promises`: what Kubernetes promises about pods, and how often campaigns put each promise at risk.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::output::Output;
use super::{Exit, Failure, input};
use crate::campaign::{delays_of, judge_as};
use crate::guarantees;
use crate::judge::{Tallies, Tally, add};
use crate::model::KubeletVersion;
use crate::report::{self, PromiseLine};

const EXAMPLES: &str = "\
Every sentence of the documentation, the API's field comments and the proposals that obliges somebody, as it is written
there, in the order of the pages: with the guarantees that judge it, or with the reason why none does. With recordings or
campaigns: how often each guarantee was at risk, kept and broken; one that was never at risk has checked nothing.

Examples:
  podcheck promises
  podcheck promises runs/nightly                   a campaign's folder, or its summary.json
  podcheck promises expected/recordings/live/*.jsonl
  podcheck promises --format json | jq -r 'select(.why == \"not-yet\").quote'";

/// List what Kubernetes promises about pods, and count what was at risk
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Recordings, summary.json of campaigns, or their folders; `-` is a recording on standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Judge recordings as of a kubelet of this version [default: the one that the recording names for the pod's node]
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<KubeletVersion>,
}

/// Prints the list.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let mut tallies = Tallies::new();
    for file in &args.files {
        let summary = if file.is_dir() {
            file.join("summary.json")
        } else {
            file.clone()
        };
        if summary.extension().is_some_and(|extension| extension == "json") && is_summary(&summary)? {
            add_summary(&summary, &mut tallies)?;
        } else {
            add_recording(file, args.kubernetes, &mut tallies)?;
        }
    }
    let tallies = (!args.files.is_empty()).then_some(&tallies);
    if output.is_json() {
        for line in PromiseLine::all(tallies) {
            output.json(&line)?;
        }
    } else {
        output.text(&report::promises(tallies))?;
    }
    Ok(Exit::Conforms)
}

/// What is read of a campaign's summary.
#[derive(Deserialize)]
struct Summary {
    guarantees: Vec<Counted>,
}

#[derive(Deserialize)]
struct Counted {
    id: String,
    at_risk: u64,
    broken: u64,
}

/// kubectl's recordings are called `.json` too: a summary is one object that has guarantees.
fn is_summary(path: &Path) -> Result<bool, Failure> {
    Ok(serde_json::from_reader::<_, Summary>(std::io::BufReader::new(input::open(path)?)).is_ok())
}

fn add_summary(path: &Path, tallies: &mut Tallies) -> Result<(), Failure> {
    let text =
        fs::read(path).map_err(|error| Failure::Environment(format!("cannot read {}: {error}", path.display())))?;
    let summary: Summary = serde_json::from_slice(&text)
        .map_err(|error| Failure::Usage(format!("{} is no campaign's summary: {error}", path.display())))?;
    for counted in summary.guarantees {
        let Some(guarantee) = guarantees::all().find(|it| it.id == counted.id) else {
            eprintln!("note: {}: no promise is called {}", path.display(), counted.id);
            continue;
        };
        let tally = Tally {
            not_at_risk: 0,
            kept: counted.at_risk.saturating_sub(counted.broken),
            broken: counted.broken,
        };
        add(tallies, [(guarantee.id, tally)]);
    }
    Ok(())
}

fn add_recording(file: &Path, kubernetes: Option<KubeletVersion>, tallies: &mut Tallies) -> Result<(), Failure> {
    let delays = delays_of(file);
    let mut traces = input::traces(file)?;
    for trace in traces.by_ref() {
        let trace = trace?;
        let judged = judge_as(&trace, kubernetes, &delays.bounds(&trace), false);
        add(tallies, judged.guarantees);
    }
    input::print_notes(file, traces.notes());
    Ok(())
}
