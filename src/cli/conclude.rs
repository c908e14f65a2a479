//! The end of a campaign: its summary, its divergences, and what is kept of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use podcheck_generators::CaseId;

use super::evidence::Evidence;
use super::junit;
use super::output::Output;
use super::pursue;
use super::{Exit, Failure};
use crate::campaign::{self, Class, FINDINGS_MAX, Finding, Found, Gathered, Summary};
use crate::model::KubeletVersion;
use crate::report;
use crate::shrink::Pursued;

/// Divergences that are printed in full; the others are in the folder.
const PRINTED_MAX: usize = 10;

/// A campaign that has come to its end.
pub struct Campaign<'a> {
    /// The verdicts.
    pub gathered: &'a Gathered,
    /// What is known before they are counted.
    pub summary: Summary,
    /// How long it took.
    pub seconds: f64,
    /// Where to keep `summary.json` and the divergences.
    pub folder: Option<&'a Path>,
    /// Case of a pod.
    pub case_of: &'a dyn Fn(&Finding) -> String,
    /// It ran on simulated nodes, with this planted fault.
    pub simulated: Option<Option<&'static str>>,
    /// Say how often each promise was at risk.
    pub catalogue: bool,
    /// It was one scenario several times: say how often it did what.
    pub rates: bool,
    /// The class that it was expected to show.
    pub expected: Option<Class>,
    /// What running the divergences again has shown.
    pub pursued: pursue::All,
    /// The environment failed before its end.
    pub failed: bool,
    /// What the cluster says besides.
    pub evidence: Evidence,
}

/// Prints and keeps everything; the exit code says what it amounts to.
pub fn conclude(mut campaign: Campaign<'_>, output: &mut Output) -> Result<Exit, Failure> {
    let (gathered, folder) = (campaign.gathered, campaign.folder);
    gathered.summarise(campaign.seconds, &mut campaign.summary);
    let mut summary = campaign.summary.clone();
    let server = summary.server.as_deref().and_then(|server| server.parse().ok());
    let mut texts = Vec::new();
    let mut explanations = Vec::new();
    for (index, finding) in gathered.findings.iter().enumerate() {
        let pursued = campaign.pursued.findings.get(&index);
        let (found, explanation) =
            tell(&campaign, finding, pursued, server).map_err(|error| unwritable(folder, &error))?;
        summary.divergences.push(found);
        texts.push((pursued.is_none(), explanation.painted.clone()));
        explanations.push(explanation);
    }
    // First those that stand for a class.
    texts.sort_by_key(|(is_one_of_many, _)| *is_one_of_many);
    let kept = folder.map_or_else(|| summary.clone(), |folder| summary.clone().portable(folder));
    if let Some(folder) = folder {
        let json = serde_json::to_string_pretty(&kept).map_err(io::Error::from)?;
        fs::write(folder.join("summary.json"), json + "\n").map_err(|error| unwritable(Some(folder), &error))?;
        super::report::write(&folder.join("report.html"), &summary, gathered, &explanations)?;
    }
    let plain: Vec<String> = explanations.iter().map(|told| told.text.clone()).collect();
    junit::write(
        folder,
        report::Concluded {
            summary: &summary,
            explanations: &plain,
            failed: campaign.failed,
        },
    )?;
    let (judged, conclusive, diverges) = summary.totals();
    if output.is_json() {
        output.json(&kept)?;
    } else {
        for (_, text) in texts.iter().take(PRINTED_MAX) {
            output.line(text)?;
        }
        if diverges > PRINTED_MAX {
            output.line(&format!(
                "and {} more divergences{}\n",
                diverges - PRINTED_MAX,
                more(folder, diverges)
            ))?;
        }
        output.text(&report::summary(&summary))?;
        output.text(&report::classes(&summary))?;
        if campaign.rates {
            output.line("")?;
            output.text(&report::rates(&summary))?;
        }
        if let Some(class) = &campaign.expected {
            output.text(&report::seen_again(gathered, class))?;
        }
        if campaign.catalogue {
            output.line("")?;
            output.text(&report::catalogue(&summary))?;
        }
        if let Some(folder) = folder {
            output.line(&format!(
                "kept in {}; report: {}",
                folder.display(),
                folder.join("report.html").display()
            ))?;
        }
    }
    let exit = Exit::of_verdicts(judged, conclusive, diverges > 0);
    if exit == Exit::TooLittle {
        eprintln!("note: {conclusive} of {judged} verdicts are conclusive, too few to say that anything conforms");
    }
    Ok(exit)
}

fn tell(
    campaign: &Campaign<'_>,
    finding: &Finding,
    pursued: Option<&Pursued>,
    server: Option<KubeletVersion>,
) -> io::Result<(Found, report::Explanation)> {
    let trace = &finding.trace;
    let case = (campaign.case_of)(finding);
    let folder = campaign.folder.map(|folder| finding.folder(folder));
    let mut minimal = pursued.and_then(|pursued| pursued.minimal.clone());
    if let (Some(minimal), Some(folder)) = (&mut minimal, &folder) {
        minimal.file = Some(folder.join("minimal.yaml"));
    }
    let replay = replay(campaign, finding, &case, folder.as_deref());
    let found = Found {
        confirmed: pursued.map(|pursued| pursued.confirmed.clone()).unwrap_or_default(),
        minimal,
        folder: folder.clone(),
        ..finding.found(case, replay)
    };
    let mut explanation = report::explain(finding, &found, server);
    let again = report::confirmed(&found, pursued.and_then(|it| it.stopped.as_deref()));
    explanation.text.push_str(&again);
    explanation.painted.push_str(&again);
    if let Some(folder) = &folder {
        let mut files = vec![
            ("explanation.txt", explanation.text.as_str()),
            ("observed.txt", &explanation.shown.observed),
            ("predicted.txt", &explanation.shown.predicted),
        ];
        let evidence = campaign.evidence.get(&trace.uid).into_iter().flatten();
        files.extend(evidence.map(|(name, text)| (*name, text.as_str())));
        campaign::keep(folder, &found.case, finding, &files)?;
        if let Some(minimal) = &found.minimal {
            campaign::keep_minimal(folder, &found, minimal, campaign.simulated.flatten())?;
        }
        if let Some(recording) = &campaign.summary.recording {
            campaign::extract(recording, &trace.uid, &folder.join("recording.jsonl"))?;
        }
    }
    Ok((found, explanation))
}

/// The command that runs the scenario again where it ran.
fn replay(campaign: &Campaign<'_>, finding: &Finding, case: &str, folder: Option<&Path>) -> String {
    let is_id = case.parse::<CaseId>().is_ok() || podcheck_generators::named(case).is_some();
    let kept = folder.map(|folder| folder.join("scenario.yaml"));
    // A simulated case id is the same pod to the millisecond; of a real one the scenario is what stays.
    let what = match (kept, campaign.simulated.is_some() && is_id) {
        (Some(kept), false) => kept.display().to_string(),
        _ => case.to_owned(),
    };
    let node = finding
        .trace
        .node
        .as_deref()
        .map_or_else(String::new, |node| format!(" --node {node}"));
    let target = match campaign.simulated {
        Some(Some(fault)) => format!(" --target simulated --fault {fault}"),
        Some(None) => " --target simulated".to_owned(),
        None => String::new(),
    };
    format!("podcheck replay {what}{node}{target}")
}

fn more(folder: Option<&Path>, diverges: usize) -> String {
    match folder {
        Some(_) if diverges > FINDINGS_MAX => format!("; the first {FINDINGS_MAX} are kept"),
        Some(_) => "; all are kept".to_owned(),
        None => "; --output DIR keeps them".to_owned(),
    }
}

fn unwritable(folder: Option<&Path>, error: &io::Error) -> Failure {
    let folder = folder.map_or_else(PathBuf::new, Path::to_owned);
    Failure::Environment(format!(
        "cannot write to {}: {error}; choose another --output",
        folder.display()
    ))
}

/// Makes the folder for the output; one that holds a recording already is refused.
pub fn prepare(folder: &Path) -> Result<(), Failure> {
    if folder.join("recording.jsonl").exists() {
        let text = format!(
            "{} holds a recording already; choose another --output",
            folder.display()
        );
        return Err(Failure::Usage(text));
    }
    fs::create_dir_all(folder).map_err(|error| unwritable(Some(folder), &error))
}
