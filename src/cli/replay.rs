//! `podcheck replay`: one scenario again, several times if wanted.

use podcheck_generators::Scenario;

use super::conclude::{Campaign, conclude, prepare};
use super::live::{self, Order};
use super::output::Output;
use super::place::{Place, Target};
use super::run::{runtime, say, temporary};
use super::simulated::{self, Simulated};
use super::source::{self, Named};
use super::{Exit, Failure, args};
use crate::campaign::Summary;
use crate::target::live::Planned;

const EXAMPLES: &str = "\
A verdict that is not the same every time is a race: the summary says how many of the pods diverge.

Examples:
  podcheck replay runs/nightly/divergences/podcheck-sidecars-7f3a9c-12-worker/scenario.yaml --times 5
  podcheck replay sidecars/7f3a9c/12 --node v1.34.0
  podcheck replay deviation/rs-3 --target cluster --strict";

/// Run one scenario again
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A scenario's YAML file, a case id (sidecars/7f3a9c/12), or a named scenario (deviation/rs-3)
    #[arg(value_name = "FILE|CASE|NAME")]
    what: String,

    /// How often, on each node
    #[arg(long, default_value_t = 1, value_name = "K", value_parser = clap::value_parser!(u16).range(1..))]
    times: u16,

    /// Keep recording, summary and divergences in this folder
    #[arg(long, value_name = "DIR")]
    output: Option<std::path::PathBuf>,

    /// Let known deviations count as divergences
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    place: Place,
}

/// Runs the scenario.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let named = source::scenarios(&args.what)?;
    let [Named { name, work }] = &named[..] else {
        return Err(Failure::Usage(format!(
            "{} holds {} scenarios; replay runs one",
            args.what,
            named.len()
        )));
    };
    let Some(scenario) = &work.scenario else {
        let text = "is a plain manifest, which only kubectl can run; podcheck predict shows what to expect of it";
        return Err(Failure::Usage(format!("{} {text}", args.what)));
    };
    if let Some(folder) = &args.output {
        prepare(folder)?;
    }
    let runtime = runtime()?;
    let target = args.place.choose(&runtime)?;
    say(output, &target.describe())?;
    let summary = Summary {
        cases: name.clone(),
        target: target.name(),
        ..Summary::default()
    };
    // The first run of a simulated case id is the very pod that the campaign had.
    let case = |index: u64| {
        if index == 0 {
            name.clone()
        } else {
            format!("{name}.{index}")
        }
    };
    match target {
        Target::Cluster { cluster, facts, nodes } => {
            let folder = args.output.clone().unwrap_or_else(|| temporary(args::random_seed()));
            prepare(&folder)?;
            let recording = folder.join("recording.jsonl");
            eprintln!("recording to {}", recording.display());
            let planned = |index, node: &crate::cluster::Node| Planned {
                case: case(index),
                scenario: Scenario::clone(scenario),
                node: Some(node.name.clone()),
            };
            let times = u64::from(args.times);
            let order = Order {
                plan: (0..times)
                    .flat_map(|index| nodes.iter().map(move |node| planned(index, node)))
                    .collect(),
                recording: recording.clone(),
                namespace: args.place.namespace.clone(),
                in_flight: None,
                seed: None,
                time_max: None,
                strict: args.strict,
            };
            let done = live::play(&runtime, &cluster, order)?;
            let campaign = Campaign {
                gathered: &done.gathered,
                summary: Summary {
                    server: Some(facts.server),
                    recording: Some(recording),
                    stopped: done.stopped.clone(),
                    ..summary
                },
                seconds: done.seconds,
                folder: Some(&folder),
                case_of: &|_| name.clone(),
                simulated: None,
                catalogue: false,
                rates: true,
            };
            let exit = conclude(campaign, output)?;
            Ok(if done.failed && exit != Exit::Diverges {
                Exit::Environment
            } else {
                exit
            })
        }
        Target::Simulated { versions, fault, .. } => {
            let simulated = Simulated {
                versions,
                fault,
                strict: args.strict,
                count: u64::from(args.times),
                until: None,
                folder: args.output.as_deref(),
                catalogue: false,
                rates: true,
            };
            simulated::run(&simulated, &|index| (case(index), scenario.clone()), summary, output)
        }
    }
}
