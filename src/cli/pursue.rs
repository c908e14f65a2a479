//! At the end of a campaign: every class that it met is confirmed and made small.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::args;
use crate::campaign::{Class, Finding, Gathered};
use crate::shrink::{Chosen, Lab, Limits, Pursued, Pursuit, choose, pursue};

/// How far to go.
#[derive(Clone, Debug, clap::Args)]
pub struct Pursue {
    /// Run what diverges so often again on each node, to tell a race from a rule; 0: never
    #[arg(long, default_value_t = 5, value_name = "K", value_parser = clap::value_parser!(u16).range(0..=50), help_heading = "Divergences")]
    confirm: u16,

    /// Do not look for the smallest pod that shows the same
    #[arg(long, help_heading = "Divergences")]
    no_shrink: bool,

    /// Try no smaller pod after this long, all classes of failure together
    #[arg(long, default_value = "30m", value_name = "D", value_parser = args::duration, help_heading = "Divergences")]
    shrink_time: Duration,
}

/// What came of the classes, by index of the finding that stands for each.
#[derive(Debug, Default)]
pub struct All {
    pub findings: BTreeMap<usize, Pursued>,
}

/// Pursues every class; a pod that stands for several gets a finding for each.
pub fn all(
    lab: &dyn Lab,
    wanted: &Pursue,
    is_live: bool,
    strict: bool,
    gathered: &mut Gathered,
    folder: Option<&Path>,
) -> All {
    let chosen = choose(&gathered.findings, strict);
    if wanted.confirm == 0 || chosen.is_empty() {
        return All::default();
    }
    eprintln!("running again what diverges: {} classes of failure", chosen.len());
    let until = Instant::now() + wanted.shrink_time;
    // One after the other: a class is done soonest when its waves have the nodes for themselves.
    let mut done = Vec::new();
    for one in &chosen {
        done.extend(one_class(lab, wanted, is_live, until, one, &gathered.findings, folder));
    }
    done.sort_by_key(|(index, own, _): &(usize, Finding, Pursued)| (*index, own.stands_for.clone()));
    let mut all = All::default();
    for (index, own, pursued) in done {
        let index = if own.stands_for.is_none() {
            index
        } else {
            gathered.findings.push(own);
            gathered.findings.len() - 1
        };
        all.findings.insert(index, pursued);
    }
    all
}

/// Pursues the first finding that shows the class again, or else the smallest.
fn one_class(
    lab: &dyn Lab,
    wanted: &Pursue,
    is_live: bool,
    until: Instant,
    chosen: &Chosen,
    findings: &[Finding],
    folder: Option<&Path>,
) -> Option<(usize, Finding, Pursued)> {
    let mut first = None;
    for &index in &chosen.findings {
        let own = findings[index].standing_for(&chosen.class);
        let pursued = one_finding(lab, wanted, is_live, until, &chosen.class, &own, folder);
        let shows = pursued.confirmed.values().any(|rate| rate.shown > 0);
        if shows {
            return Some((index, own, pursued));
        }
        let is_over = pursued.stopped.is_some() || Instant::now() >= until;
        first.get_or_insert((index, own, pursued));
        if is_over {
            break;
        }
    }
    first
}

fn one_finding(
    lab: &dyn Lab,
    wanted: &Pursue,
    is_live: bool,
    until: Instant,
    class: &Class,
    finding: &Finding,
    folder: Option<&Path>,
) -> Pursued {
    let (Some(scenario), Some(node)) = (&finding.trace.scenario, &finding.trace.node) else {
        return Pursued::default();
    };
    let limits = if is_live { Limits::CLUSTER } else { Limits::SIMULATED };
    let recording = folder.map(|folder| minimal_recording(&finding.folder(folder)));
    let progress = |line: &str| {
        if is_live {
            eprintln!("{line}");
        }
    };
    pursue(
        lab,
        &Pursuit {
            class,
            scenario,
            node,
            confirm: usize::from(wanted.confirm),
            limits: (!wanted.no_shrink).then_some(limits),
            until: Some(until),
            model_first: is_live,
            recording: recording.as_deref(),
            say: &progress,
        },
    )
}

/// The recording of the smallest pod, in a divergence's folder.
pub fn minimal_recording(folder: &Path) -> PathBuf {
    folder.join("minimal.recording.jsonl")
}
