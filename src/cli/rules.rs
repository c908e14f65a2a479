//! `podcheck rules`: the rules of the model, and how often they decided something.

use std::path::PathBuf;

use serde::Serialize;

use super::output::Output;
use super::{Exit, Failure, input};
use crate::campaign::delays_of;
use crate::check::Facts;
use crate::guarantees::Case;
use crate::rules::{Decided, RULES};

const EXAMPLES: &str = "\
With recordings: in how many of their pods each rule decided something, by kubelet version.

Examples:
  podcheck rules
  podcheck rules runs/nightly/recording.jsonl
  podcheck rules expected/recordings/live/*.jsonl --format json";

/// List the rules that the model implements
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Recordings to count in
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Line {
    id: &'static str,
    sentence: &'static str,
    link: &'static str,
    versions: String,
    /// Pods of each kubelet version.
    decided: Vec<(String, u64)>,
}

/// Prints the table.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let mut decided = Decided::default();
    for file in &args.files {
        let delays = delays_of(file);
        let mut traces = input::traces(file)?;
        for trace in traces.by_ref() {
            let trace = trace?;
            let bounds = delays.bounds(&trace);
            let facts = Facts::within(&trace, &bounds);
            if let Some(version) = trace.kubelet.as_deref().and_then(|text| text.parse().ok()) {
                decided.add(&Case::new(&trace, &facts, &bounds), version);
            }
        }
        input::print_notes(file, traces.notes());
    }
    for rule in RULES {
        let line = Line {
            id: rule.id,
            sentence: rule.sentence,
            link: rule.link,
            versions: rule.versions(),
            decided: decided
                .of(rule)
                .map(|(version, pods)| (version.to_owned(), pods))
                .collect(),
        };
        if output.is_json() {
            output.json(&line)?;
            continue;
        }
        output.line(&format!("{:<6} {:<12} {}", line.id, line.versions, line.sentence))?;
        output.line(&format!("{:19} {}", "", line.link))?;
        if !args.files.is_empty() {
            let counts: Vec<String> = line
                .decided
                .iter()
                .map(|(version, pods)| format!("{version} {pods}"))
                .collect();
            let counts = if counts.is_empty() {
                "none".to_owned()
            } else {
                counts.join(", ")
            };
            output.line(&format!("{:19} pods that it decided: {counts}", ""))?;
        }
    }
    output.flush()?;
    Ok(Exit::Conforms)
}
