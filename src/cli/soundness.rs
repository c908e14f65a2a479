//! `podcheck soundness`: is a healthy kubelet ever accused?

use std::num::NonZero;
use std::thread;
use std::time::Instant;

use podcheck_generators::{CaseId, case};
use serde_json::json;

use super::output::Output;
use super::run::say;
use super::{Exit, Failure, args};
use crate::campaign::{Observed, Soundness, SoundnessOutcome, judge_as, observed_life};
use crate::check::Verdict;
use crate::explain;
use crate::model::KubeletVersion;
use crate::report;

const EXAMPLES: &str = "\
Every pod is simulated on a healthy node and judged by the model and by the guarantees. Scenarios are of all profiles in
turn. A pod that is accused is a bug of podcheck; --case tells its story, observed in the same way.

Examples:
  podcheck soundness
  podcheck soundness --kubernetes 1.34 --pods 100000 --observed complete
  podcheck soundness --pods 1000000 --seed 7f3a9c --jobs 8
  podcheck soundness --case probes/7f3a9c/12 --observed cut-journal --kubernetes 1.34";

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

    /// Judge this one case instead and explain its verdicts
    #[arg(long, value_name = "CASE", conflicts_with_all = ["pods", "seed"])]
    case: Option<CaseId>,

    /// Threads [default: one for each processor]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
}

/// Runs, counts and lists whoever was accused.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let every = || (28..=37).map(|minor| KubeletVersion { minor, patch: 0 }).collect();
    let or = |given: &[KubeletVersion]| if given.is_empty() { every() } else { given.to_vec() };
    let versions = or(&args.kubernetes);
    let observed = if args.observed.is_empty() {
        Observed::ALL.to_vec()
    } else {
        args.observed.clone()
    };
    if let Some(id) = args.case {
        return explain_case(id, &versions, &observed, output);
    }
    let seed = args.seed.unwrap_or_else(args::random_seed);
    say(output, &format!("seed {seed:x}"))?;
    let soundness = Soundness {
        versions,
        scenarios: args.pods,
        seed,
        observed,
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

/// One case, as each version and each way of observing it shows it.
fn explain_case(
    id: CaseId,
    versions: &[KubeletVersion],
    observed: &[Observed],
    output: &mut Output,
) -> Result<Exit, Failure> {
    let scenario = case(id);
    let bounds = SoundnessOutcome::bounds();
    let mut accused = false;
    for &version in versions {
        for &observed in observed {
            let trace = observed_life(id, &scenario, version, observed);
            let judged = judge_as(&trace, Some(version), &bounds, false);
            if output.is_json() {
                output.json(&report::VerdictLine::new(&trace, judged.kubernetes, &judged.verdict))?;
            } else {
                output.line(&format!("{id} on {version}, {observed}: {}", judged.verdict.word()))?;
            }
            if let Verdict::Diverges(found) = &judged.verdict {
                accused = true;
                if !output.is_json() {
                    output.line(&format!(
                        "\n{}",
                        explain::explain(&trace, found, Some(version), &bounds)
                    ))?;
                }
            }
        }
    }
    Ok(if accused { Exit::Diverges } else { Exit::Conforms })
}
