//! `podcheck soundness`: is a healthy kubelet ever accused?

use std::num::NonZero;
use std::thread;
use std::time::Instant;

use serde_json::json;

use super::output::Output;
use super::run::say;
use super::{Exit, Failure, args};
use crate::campaign::{Observed, Soundness};
use crate::model::KubeletVersion;
use crate::report;

const EXAMPLES: &str = "\
Every pod is simulated on a healthy node and judged by the model and by the guarantees. Scenarios are of all profiles in
turn. A pod that is accused is a bug of podcheck: its case can be replayed with
podcheck replay CASE --target simulated --node VERSION.

Examples:
  podcheck soundness
  podcheck soundness --kubernetes 1.34 --pods 100000 --observed complete
  podcheck soundness --pods 1000000 --seed 7f3a9c --jobs 8";

/// Judge healthy simulated pods, of which none may be accused
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Version of the kubelet; may be repeated [default: every minor version from 1.28 to 1.37]
    #[arg(long, value_name = "V")]
    kubernetes: Vec<KubeletVersion>,

    /// Pods of each version
    #[arg(long, default_value_t = 2_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pods: u64,

    /// Seed, hexadecimal as in case ids [default: random]
    #[arg(long, value_parser = args::seed)]
    seed: Option<u64>,

    /// How the pods are observed, in turn: complete, coalesced (statuses are skipped), no-journal, cut-journal,
    /// lossy-journal, late (watch events), joined (first seen when it already runs) [default: all of them]
    #[arg(long, value_name = "HOW", value_delimiter = ',')]
    observed: Vec<Observed>,

    /// Threads [default: one for each processor]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
}

/// Runs, counts and lists whoever was accused.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let seed = args.seed.unwrap_or_else(args::random_seed);
    say(output, &format!("seed {seed:x}"))?;
    let every = || (28..=37).map(|minor| KubeletVersion { minor, patch: 0 }).collect();
    let or = |given: &[KubeletVersion]| if given.is_empty() { every() } else { given.to_vec() };
    let soundness = Soundness {
        versions: or(&args.kubernetes),
        scenarios: args.pods,
        seed,
        observed: if args.observed.is_empty() {
            Observed::ALL.to_vec()
        } else {
            args.observed.clone()
        },
        jobs: args
            .jobs
            .map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from),
    };
    let begin = Instant::now();
    let outcome = soundness.run();
    let seconds = begin.elapsed().as_secs_f64();
    if output.is_json() {
        let sums: Vec<_> = outcome
            .sums
            .iter()
            .map(|((version, observed), sums)| {
                json!({"kubernetes": version.to_string(), "observed": observed.name(), "sums": sums})
            })
            .collect();
        output.json(
            &json!({"seed": format!("{seed:x}"), "seconds": seconds, "sums": sums, "accused": outcome.accused}),
        )?;
    } else {
        output.text(&report::soundness(&outcome, seconds))?;
    }
    let accused = outcome.sums.values().any(|sums| sums.accused() > 0);
    Ok(if accused { Exit::Diverges } else { Exit::Conforms })
}
