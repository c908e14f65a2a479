//! `podcheck explain`: a verdict in words, or where a pod stands.

use std::path::PathBuf;

use serde::Serialize;

use super::output::Output;
use super::told_version::ToldVersion;
use super::{Exit, Failure, input};
use crate::campaign::{delays_of, judge_as};
use crate::check::{Divergence, Facts, Verdict};
use crate::explain::{self, Explanation, Standing};
use crate::guarantees::Case;
use crate::model::KubeletVersion;
use crate::report::{self, Counts, VerdictLine};

const EXAMPLES: &str = "\
Of a pod that diverges, or breaks a promise in a known way: what was observed, what had to come and by which rule, what does
not follow, and which versions permit it. Of any other pod: where it stands and what each container waits for.

Examples:
  kubectl get pods -w --output-watch-events -o json | podcheck explain - --kubernetes 1.34
  podcheck explain watch.json --kubernetes 1.34 --pod web-0
  podcheck explain runs/nightly/divergences/*/recording.jsonl";

/// Say why a pod diverges, or what it waits for
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Recordings; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Version of the kubelet on the pods' node, as `kubectl get nodes` tells it [default: the one that the recording names]
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<KubeletVersion>,

    /// Only the pod of this name
    #[arg(long, value_name = "NAME")]
    pod: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    verdict: &'a VerdictLine,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'a Explanation>,
    standing: &'a Standing,
}

/// Explains every pod of all files.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let mut counts = Counts::default();
    let mut told = ToldVersion::default();
    for file in &args.files {
        let delays = delays_of(file);
        let mut traces = input::traces(file)?;
        for trace in traces.by_ref() {
            let trace = trace?;
            if args.pod.as_ref().is_some_and(|name| *name != trace.name) {
                continue;
            }
            let bounds = delays.bounds(&trace);
            let judged = judge_as(&trace, args.kubernetes, &bounds, false);
            let version = judged.kubernetes.as_deref().and_then(|text| text.parse().ok());
            counts.add(&judged.verdict);
            told.add(&trace, &judged.verdict);
            let facts = Facts::within(&trace, &bounds);
            let standing = explain::standing(&Case::new(&trace, &facts, &bounds), version);
            let divergences: &[Divergence] = match &judged.verdict {
                Verdict::KnownDeviation(found) | Verdict::Diverges(found) => found,
                Verdict::Conforms | Verdict::Inconclusive(_) => &[],
            };
            let explanation =
                (!divergences.is_empty()).then(|| explain::explain(&trace, divergences, version, &bounds));
            let verdict = VerdictLine::new(&trace, judged.kubernetes, &judged.verdict);
            if output.is_json() {
                let answer = Answer {
                    verdict: &verdict,
                    explanation: explanation.as_ref(),
                    standing: &standing,
                };
                output.json(&answer)?;
                continue;
            }
            output.line(&verdict.to_string())?;
            output.line("")?;
            match explanation {
                Some(explanation) => output.text(&explanation.to_string())?,
                None => output.text(&standing.to_string())?,
            }
            output.line("")?;
            let server = trace.server.as_deref().and_then(|text| text.parse().ok());
            output.text(&report::lanes::text(
                &report::show(&trace, divergences, version, server).picture,
            ))?;
            output.line("")?;
        }
        input::print_notes(file, traces.notes());
    }
    if counts.judged() == 0 {
        let what = args
            .pod
            .as_ref()
            .map_or("no pod".to_owned(), |name| format!("no pod called {name}"));
        return Err(Failure::Usage(format!(
            "there is {what} in what was read; podcheck check lists the pods"
        )));
    }
    output.flush()?;
    told.print_note(args.kubernetes);
    Ok(if counts.diverges > 0 {
        Exit::Diverges
    } else {
        Exit::Conforms
    })
}
