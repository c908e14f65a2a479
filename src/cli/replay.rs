//! `podcheck replay`: one scenario again, several times if wanted.

use super::campaign::{self, Wish};
use super::conclude::prepare;
use super::output::Output;
use super::place::Place;
use super::run::{runtime, say, temporary};
use super::source::{self, Named};
use super::{Exit, Failure, args};
use crate::campaign::Summary;

const EXAMPLES: &str = "\
A verdict that is not the same every time is a race: the summary says how many of the pods diverge. A file from a
divergence's folder or from expected/regressions says what it should show: then the answer is \"same class\", \"other class\"
or \"not seen\", with n of k.

Examples:
  podcheck replay runs/nightly/divergences/podcheck-sidecars-7f3a9c-12-worker/minimal.yaml --times 5
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

    /// Keep recording, summary, divergences and an HTML report in this folder
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
    let [Named { name, work, class }] = &named[..] else {
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
    let times = u64::from(args.times);
    let wish = Wish {
        draw: &|index| (case(index), scenario.clone()),
        count_live: times,
        count_simulated: times,
        summary,
        seed: None,
        output: args.output.as_deref(),
        temporary: temporary(args::random_seed()),
        namespace: args.place.namespace.clone(),
        in_flight: None,
        time_max: None,
        // A class can be a known deviation's.
        strict: args.strict || class.as_ref().is_some_and(|class| class.known_deviation.is_some()),
        catalogue: false,
        rates: true,
        expected: class.clone(),
        pursue: None,
    };
    campaign::run(&runtime, target, wish, output)
}
