//! At the end of a campaign: every class that it met is confirmed and made small.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::args;
use crate::campaign::{Finding, Gathered};
use crate::shrink::{Chosen, Lab, Limits, Pursued, Pursuit, choose, pursue};

/// Classes that are pursued at the same time: their waves leave a cluster time to breathe.
const AT_ONCE: usize = 3;

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
    #[arg(long, default_value = "15m", value_name = "D", value_parser = args::duration, help_heading = "Divergences")]
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
    let mut chosen = choose(&gathered.findings, strict);
    if wanted.confirm == 0 || chosen.is_empty() {
        return All::default();
    }
    for one in &mut chosen {
        one.finding = stand_for(&mut gathered.findings, one);
    }
    eprintln!("running again what diverges: {} classes of failure", chosen.len());
    let until = Instant::now() + wanted.shrink_time;
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let threads = if is_live { AT_ONCE.min(chosen.len()) } else { 1 };
    let findings = &gathered.findings;
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(one) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let pursued = one_class(lab, wanted, is_live, until, one, &findings[one.finding], folder);
                    done.lock()
                        .expect("no thread panics with it")
                        .insert(one.finding, pursued);
                }
            });
        }
    });
    All {
        findings: done.into_inner().expect("no thread panics with it"),
    }
}

/// The finding that stands for this class alone.
fn stand_for(findings: &mut Vec<Finding>, chosen: &Chosen) -> usize {
    let finding = &findings[chosen.finding];
    if finding.class() == chosen.class {
        return chosen.finding;
    }
    let mut own = finding.clone();
    let is_it = |it: &crate::check::Divergence| crate::campaign::Class::of(&own.trace, it) == chosen.class;
    let (mut first, rest): (Vec<_>, Vec<_>) = finding.divergences.iter().cloned().partition(is_it);
    first.extend(rest);
    own.divergences = first;
    own.stands_for = Some(chosen.class.clone());
    findings.push(own);
    findings.len() - 1
}

fn one_class(
    lab: &dyn Lab,
    wanted: &Pursue,
    is_live: bool,
    until: Instant,
    chosen: &Chosen,
    finding: &Finding,
    folder: Option<&Path>,
) -> Pursued {
    let (Some(scenario), Some(node)) = (&finding.trace.scenario, &finding.trace.node) else {
        return Pursued::default();
    };
    let limits = if is_live { Limits::CLUSTER } else { Limits::SIMULATED };
    let recording = folder.map(|folder| minimal_recording(&finding.folder(folder)));
    if let Some(parent) = recording.as_deref().and_then(Path::parent) {
        // An error shows itself when the recording is written.
        let _ = fs::create_dir_all(parent);
    }
    let progress = |line: &str| {
        if is_live {
            eprintln!("{line}");
        }
    };
    pursue(
        lab,
        &Pursuit {
            class: &chosen.class,
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
