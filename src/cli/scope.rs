//! `podcheck scope`: which promises can small pods break at all?

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::json;

use super::output::Output;
use super::{Exit, Failure};
use crate::guarantees;
use crate::model::KubeletVersion;
use crate::report::{self, ScopeRow};
use crate::scope::{LEVELS, Level, Scope, VERSIONS, rates, read_known};

const EXAMPLES: &str = "\
Every scenario of up to three containers on a coarse grid of lives, exit codes, TERM behaviour, probes, policies, graces
and deletes is simulated on a healthy kubelet of each version, under the canonical choices of the model and under all
those that depart from them in at most so many places: when a relist comes, how late a status is written, how long a start
takes, in which order containers are killed, when the work queue comes round. Each life is judged by the guarantees alone.

An oddity is what a scenario has beyond plain containers: another script, a TERM that is not heeded, a probe, a delete, a
second delete, a long grace. Without --containers, --oddities and --choices smaller pods get more of both; the table says
what was gone through, completely. A promise that breaks is listed with its smallest pod, the known deviation that covers
it (UNKNOWN: a candidate for a finding) and what became of it on real kubelets, as remembered in expected/scope.
The exit code is 1 when an unknown one is not refuted.

Examples:
  podcheck scope
  podcheck scope --containers 2 --oddities 2 --choices 0 --jobs 8
  podcheck scope --kubernetes 1.34 --containers 2 --oddities 1 --choices 1 --output candidates
  podcheck replay candidates/g-started-once.yaml --target cluster --times 5";

/// Go through all small scenarios under all choices of the model, and list the promises that break
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Version of the kubelet; may be repeated [default: every minor version from 1.28 to 1.37]
    #[arg(long, value_name = "V")]
    kubernetes: Vec<KubeletVersion>,

    /// Containers of a pod at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    containers: Option<u8>,

    /// Oddities of a scenario at most
    #[arg(long, value_name = "N")]
    oddities: Option<u8>,

    /// Unusual choices of the model in a run at most
    #[arg(long, alias = "deviations", value_name = "N")]
    choices: Option<u8>,

    /// Write the smallest pods into this folder, as podcheck replay takes them
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Where it is remembered what real kubelets said of the smallest pods
    #[arg(long, value_name = "DIR", default_value = "expected/scope")]
    known: PathBuf,

    /// Threads [default: one for each processor]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
}

/// Goes through everything and prints what breaks.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let known = read_known(&args.known).map_err(Failure::Usage)?;
    let scope = Scope {
        versions: if args.kubernetes.is_empty() {
            VERSIONS
                .iter()
                .map(|&(minor, patch)| KubeletVersion { minor, patch })
                .collect()
        } else {
            let mut versions = args.kubernetes.clone();
            versions.sort_unstable();
            versions.dedup();
            versions
        },
        levels: levels(args),
        jobs: args
            .jobs
            .map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from),
    };
    let outcome = scope.run(|level, covered| {
        eprintln!(
            "{} containers, {} oddities, {} choices: {} scenarios, {} runs",
            level.containers, level.oddities, level.choices, covered.scenarios, covered.runs
        );
    });
    let rows = outcome.broken.into_iter().map(|(key, broken)| {
        let in_model = broken
            .smallest
            .as_ref()
            .map(|smallest| rates(key, smallest, &scope.versions));
        ScopeRow::new(key, broken, in_model.unwrap_or_default(), &known)
    });
    let rows: Vec<ScopeRow> = rows.collect();
    if let Some(folder) = &args.output {
        rows.iter().try_for_each(|row| write(folder, row))?;
    }
    if output.is_json() {
        for (level, covered) in &outcome.levels {
            output.json(&json!({"level": level, "covered": covered}))?;
        }
        for row in &rows {
            output.json(row)?;
        }
        for guarantee in guarantees::all() {
            output.json(&json!({"guarantee": guarantee.id, "runs": outcome.tallies.get(guarantee.id)}))?;
        }
    } else {
        output.text(&report::scope_levels(&outcome.levels))?;
        output.line("")?;
        output.text(&report::scope(&rows))?;
        output.line("")?;
        output.text(&report::scope_kept(&outcome.tallies))?;
    }
    let unknown = rows.iter().any(ScopeRow::is_candidate);
    Ok(if unknown { Exit::Diverges } else { Exit::Conforms })
}

/// What was asked for: every number of containers and of oddities up to these.
fn levels(args: &Args) -> Vec<Level> {
    if args.containers.is_none() && args.oddities.is_none() && args.choices.is_none() {
        return LEVELS.to_vec();
    }
    let (containers, oddities) = (args.containers.unwrap_or(3), args.oddities.unwrap_or(1));
    let level = |containers: u8, oddities: u8| Level {
        containers: containers.into(),
        oddities: oddities.into(),
        choices: args.choices.unwrap_or(0).into(),
    };
    (1..=containers)
        .flat_map(|containers| (0..=oddities).map(move |oddities| level(containers, oddities)))
        .collect()
}

fn write(folder: &Path, row: &ScopeRow) -> Result<(), Failure> {
    let Some(text) = row.to_yaml() else { return Ok(()) };
    let file = folder.join(format!("{}.yaml", row.slug()));
    let wrong =
        |error: &dyn std::fmt::Display| Failure::Environment(format!("cannot write {}: {error}", file.display()));
    let text = text.map_err(|error| wrong(&error))?;
    std::fs::create_dir_all(folder).map_err(|error| wrong(&error))?;
    std::fs::write(&file, text).map_err(|error| wrong(&error))
}
