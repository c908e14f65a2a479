//! `podcheck run`: a random campaign.

use std::path::{Path, PathBuf};
use std::time::Duration;

use podcheck_generators::{CaseId, Profile, case};
use tokio::runtime::Runtime;

use super::campaign::{self, Wish};
use super::conclude::prepare;
use super::output::Output;
use super::place::Place;
use super::pursue::Pursue;
use super::{Exit, Failure, args};
use crate::campaign::Summary;

const EXAMPLES: &str = "\
Every scenario runs on every node of the target. On a cluster the number of pods at once adapts to what its nodes carry,
unless --in-flight fixes it. Interrupted, it ends the recording, cleans up and judges what is there. At the end each
class of failure is run again, and the smallest pod that shows it is looked for, first on the model.

Examples:
  podcheck run
  podcheck run --cases 500 --output runs/nightly
  podcheck run --target cluster --profile sidecars --max-time 20m --node podcheck-worker --node podcheck-worker2
  podcheck run --target simulated --cases 10000 --node 1.37 --seed 7f3a9c
  podcheck run --target simulated --fault sidecar-not-restarted";

/// Cases on the cluster, where each takes seconds.
const CLUSTER_CASES: u64 = 100;
/// Simulated cases, of which there are hundreds a second.
const SIMULATED_CASES: u64 = 1_000;

/// Run random pods and judge every one
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// How many scenarios [default: 100 on a cluster, 1000 simulated; with --max-time as many as fit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    cases: Option<u64>,

    /// Create no pod after this long, e.g. 90s, 20m, 1h30m
    #[arg(long, value_name = "D", value_parser = args::duration)]
    max_time: Option<Duration>,

    /// Seed, hexadecimal as in case ids [default: random]
    #[arg(long, value_parser = args::seed)]
    seed: Option<u64>,

    /// What kind of pods to draw; podcheck generate --list names them
    #[arg(long, default_value_t, value_name = "NAME")]
    profile: Profile,

    /// Pods at once on all nodes together [default: adapts to the nodes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Cluster")]
    in_flight: Option<u16>,

    /// Keep recording, summary, divergences and an HTML report in this folder
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Let known deviations count as divergences
    #[arg(long)]
    strict: bool,

    /// Also say how often each promise of Kubernetes was at risk and broken
    #[arg(long)]
    catalogue: bool,

    #[command(flatten)]
    pursue: Pursue,

    #[command(flatten)]
    place: Place,
}

/// Runs the campaign.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let seed = args.seed.unwrap_or_else(args::random_seed);
    say(output, &format!("seed {seed:x}"))?;
    if let Some(folder) = &args.output {
        prepare(folder)?;
    }
    let runtime = runtime()?;
    let target = args.place.choose(&runtime)?;
    say(output, &target.describe())?;
    let summary = Summary {
        seed: format!("{seed:x}"),
        cases: args.profile.to_string(),
        target: target.name(),
        ..Summary::default()
    };
    let draw = |index| {
        let id = CaseId {
            profile: args.profile,
            seed,
            index,
        };
        (id.to_string(), case(id))
    };
    let max_s = args.max_time.map(|max| max.as_secs().max(1));
    let wish = Wish {
        draw: &draw,
        count_live: args
            .cases
            .unwrap_or_else(|| max_s.map_or(CLUSTER_CASES, |max_s| 2 * max_s)),
        count_simulated: args
            .cases
            .unwrap_or_else(|| max_s.map_or(SIMULATED_CASES, |_| u64::MAX)),
        summary,
        seed: Some(seed),
        output: args.output.as_deref(),
        temporary: temporary(seed),
        namespace: args.place.namespace.clone(),
        in_flight: args.in_flight.map(usize::from),
        time_max: args.max_time,
        strict: args.strict,
        catalogue: args.catalogue,
        rates: false,
        expected: None,
        pursue: Some(args.pursue.clone()),
    };
    campaign::run(&runtime, target, wish, output)
}

/// A line for people; with JSON on standard output it goes to standard error.
pub(super) fn say(output: &mut Output, text: &str) -> Result<(), Failure> {
    if output.is_json() {
        eprintln!("{text}");
        return Ok(());
    }
    output.line(text)?;
    Ok(output.flush()?)
}

/// Talks to the cluster.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Runtime::new().map_err(|error| Failure::Environment(format!("cannot start threads: {error}")))
}

/// Where a live recording goes when nobody said: it must not be lost all the same.
pub(super) fn temporary(seed: u64) -> PathBuf {
    let base = std::env::var_os("ARTIFACTS").map_or_else(std::env::temp_dir, PathBuf::from);
    let name = format!("podcheck-{seed:x}");
    let free = |folder: &PathBuf| !Path::new(folder).exists();
    let numbered = (2..).map(|number| base.join(format!("{name}-{number}")));
    std::iter::once(base.join(&name))
        .chain(numbered)
        .find(free)
        .unwrap_or(base)
}
