//! `podcheck report`: the report of a run or of any recording, as one HTML file.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::output::Output;
use super::{Exit, Failure, input};
use crate::campaign::{
    Class, Delays, Finding, Found, Gathered, IDLE_MS, Judged, Kept, KeptFound, Rates, Summary, delays_of, judge_each_by,
};
use crate::check::Verdict;
use crate::model::KubeletVersion;
use crate::report::{self, Page};
use crate::trace::{EventType, Trace};

const EXAMPLES: &str = "\
`podcheck run --output DIR` has written DIR/report.html already; this makes it anew, or makes one of any recording. One file
that needs no other, readable without JavaScript. The exit code is 0 if it was written, whatever it says.

Examples:
  podcheck report runs/nightly
  podcheck report watch.json --kubernetes 1.34 --output watch.html";

/// Write an HTML report of a run or a recording
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder of a run, or a recording
    #[arg(value_name = "DIR|FILE")]
    what: PathBuf,

    /// Where to write it [default: report.html, in DIR if it is one]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Judge as a kubelet of this version [default: the one that the recording names for the pod's node]
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<KubeletVersion>,

    /// Let known deviations count as divergences
    #[arg(long)]
    strict: bool,
}

/// Writes the report.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let what = &args.what;
    let folder = what.is_dir().then_some(what.as_path());
    let recording = folder.map_or_else(|| what.clone(), |folder| folder.join("recording.jsonl"));
    if what.as_os_str() == "-" {
        return Err(Failure::Usage(
            "a report needs a recording in a file: it is read twice".to_owned(),
        ));
    }
    // For the message, if it cannot be opened.
    input::open(&recording)?;
    let kept = folder.map(Kept::read).transpose();
    let kept = kept.map_err(|error| Failure::Usage(format!("summary.json in {}: {error}", what.display())))?;
    let kept = kept.flatten().unwrap_or_default();

    let mut gathered = Gathered::default();
    let strict = args.strict || kept.is_strict();
    // The run judged simulated pods as those of an idle machine; the report must not find otherwise.
    let delays = if kept.is_simulated() {
        Delays::fixed(IDLE_MS)
    } else {
        delays_of(&recording)
    };
    let rest = judge_each_by(&recording, args.kubernetes, strict, &delays, |trace, judged| {
        let judged = as_in_the_run(&kept, &trace, judged);
        gathered.add(trace, judged);
    })?;
    input::print_notes(&recording, &rest.notes);
    let mut summary = Summary {
        seed: kept.seed.clone(),
        cases: kept.cases.clone(),
        target: kept.target.clone(),
        server: kept.server.clone().or(rest.server),
        recording: Some(recording.clone()),
        stopped: kept.stopped.clone(),
        ..Summary::default()
    };
    if summary.cases.is_empty() {
        summary.cases = what.display().to_string();
    }
    let seconds = if kept.seconds > 0.0 {
        kept.seconds
    } else {
        gathered.seconds()
    };
    gathered.summarise(seconds, &mut summary);
    if kept.pods_per_minute > 0.0 {
        summary.pods_per_minute = kept.pods_per_minute;
    }
    take_kept(&mut gathered, &mut summary, &kept, folder);
    let server = summary.server.as_deref().and_then(|server| server.parse().ok());
    let explained = gathered.findings.iter().zip(&summary.divergences);
    let explanations: Vec<_> = explained
        .map(|(finding, found)| report::explain(finding, found, server))
        .collect();

    let file = args
        .output
        .clone()
        .unwrap_or_else(|| folder.unwrap_or(Path::new("")).join("report.html"));
    write(&file, &summary, &gathered, &explanations)?;
    let (judged, _, diverges) = summary.totals();
    if output.is_json() {
        output.json(&json!({"report": file, "judged": judged, "diverges": diverges}))?;
    } else {
        let pods = if judged == 1 { "pod" } else { "pods" };
        output.line(&format!("{judged} {pods}, {diverges} diverge: {}", file.display()))?;
    }
    Ok(if judged == 0 { Exit::TooLittle } else { Exit::Conforms })
}

/// Writes a report into this file.
pub fn write(
    file: &Path,
    summary: &Summary,
    gathered: &Gathered,
    explanations: &[report::Explanation],
) -> Result<(), Failure> {
    let page = Page {
        summary,
        gathered,
        explanations,
        folder: file.parent().unwrap_or(Path::new("")),
    };
    fs::write(file, page.html()).map_err(|error| {
        Failure::Environment(format!(
            "cannot write {}: {error}; choose another --output",
            file.display()
        ))
    })
}

/// A pod that the end of its run cut off was not judged then, and the recording alone does not say so.
fn as_in_the_run(kept: &Kept, trace: &Trace, judged: Judged) -> Judged {
    let is_whole = trace.steps.last().is_some_and(|step| step.event == EventType::Deleted);
    if kept.stopped.is_none() || is_whole || judged.verdict != Verdict::Conforms {
        return judged;
    }
    let verdict = Verdict::Inconclusive("the run ended before the pod did".to_owned());
    Judged { verdict, ..judged }
}

/// Puts what was found then beside what is found now; what stood for a second class stands for it again.
fn take_kept(gathered: &mut Gathered, summary: &mut Summary, kept: &Kept, folder: Option<&Path>) {
    for one in &kept.divergences {
        let same = |found: &Finding| found.trace.uid == one.uid;
        let Some(finding) = gathered.findings.iter().find(|finding| same(finding)) else {
            continue;
        };
        let is_there = gathered
            .findings
            .iter()
            .any(|finding| same(finding) && finding.class() == one.class);
        let shows = Class::all_of(&finding.trace, &Verdict::Diverges(finding.divergences.clone()));
        if !is_there && shows.contains(&one.class) {
            let own = finding.standing_for(&one.class);
            gathered.findings.push(own);
        }
    }
    for finding in &gathered.findings {
        let trace = &finding.trace;
        let class = finding.class();
        let is_it = |one: &&KeptFound| one.uid == trace.uid && one.class == class;
        let one = kept.divergences.iter().find(is_it);
        // The folder may have been moved since.
        let own = one.and_then(|one| Some(folder?.join("divergences").join(one.folder.as_ref()?.file_name()?)));
        summary.divergences.push(Found {
            case: one.map_or_else(String::new, |one| one.case.clone()),
            pod: trace.name.clone(),
            uid: trace.uid.clone(),
            node: trace.node.clone(),
            kubernetes: finding.kubernetes.clone(),
            divergences: finding.divergences.clone(),
            class,
            confirmed: one.map_or_else(Rates::new, |one| one.confirmed.clone()),
            minimal: one.and_then(|one| one.minimal.clone()),
            folder: own,
            replay: one.map_or_else(String::new, |one| one.replay.clone()),
        });
    }
}
