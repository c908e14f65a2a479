//! `podcheck generate`: scenarios as YAML.

use podcheck_generators::{CORPUS, CaseId, Profile, Scenario, cases};
use serde_json::json;

use super::output::Output;
use super::{Exit, Failure, args, source};
use crate::manifest::{self, Placement};

const EXAMPLES: &str = "\
The same profile, seed and number give the same scenario, however many are drawn.

Examples:
  podcheck generate --profile sidecars --cases 3 --seed 7f3a9c
  podcheck generate --list
  podcheck generate --corpus deviation/rs-3 --manifest | kubectl apply -f -";

/// Draw random scenarios, or show a named one
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What kind of pods to draw; --list names them
    #[arg(long, default_value_t, value_name = "NAME")]
    profile: Profile,

    /// How many
    #[arg(long, default_value_t = 1, value_name = "N")]
    cases: u64,

    /// Seed, hexadecimal as in case ids [default: random]
    #[arg(long, value_parser = args::seed)]
    seed: Option<u64>,

    /// List the profiles and the named scenarios
    #[arg(long, conflicts_with_all = ["profile", "cases", "seed", "corpus", "manifest"])]
    list: bool,

    /// Show this named scenario
    #[arg(long, value_name = "NAME", conflicts_with_all = ["profile", "cases", "seed"])]
    corpus: Option<String>,

    /// Print the pods that play the scenarios, for kubectl apply -f
    #[arg(long)]
    manifest: bool,
}

/// Prints the scenarios, a YAML document each.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    if args.list {
        return list(output);
    }
    if let Some(name) = &args.corpus {
        let named = source::corpus_entry(name)?;
        if args.manifest || output.is_json() {
            write(output, name, &named.scenario(), args.manifest)?;
        } else {
            // The file's own text, with its comments.
            output.text(named.yaml)?;
        }
        return Ok(Exit::Conforms);
    }
    let seed = args.seed.unwrap_or_else(args::random_seed);
    let count = usize::try_from(args.cases).unwrap_or(usize::MAX);
    for (id, scenario) in cases(args.profile, seed).take(count) {
        write(output, &id.to_string(), &scenario, args.manifest)?;
    }
    Ok(if args.cases == 0 {
        Exit::TooLittle
    } else {
        Exit::Conforms
    })
}

fn write(output: &mut Output, case: &str, scenario: &Scenario, manifest: bool) -> Result<(), Failure> {
    if !manifest {
        if output.is_json() {
            output.json(&json!({"case": case, "scenario": scenario}))?;
        } else {
            output.text(&format!("---\n# {case}\n{}", scenario.to_yaml()))?;
        }
        return Ok(());
    }
    let placement = Placement {
        name: manifest::pod_name(case, None),
        ..Placement::default()
    };
    let pod = manifest::pod(case, scenario, &placement);
    if output.is_json() {
        return Ok(output.json(&pod)?);
    }
    let yaml =
        manifest::to_yaml(&pod).map_err(|error| Failure::Usage(format!("cannot write {case} as YAML: {error}")))?;
    Ok(output.text(&format!("---\n{yaml}"))?)
}

fn list(output: &mut Output) -> Result<Exit, Failure> {
    if output.is_json() {
        for profile in Profile::ALL {
            output.json(&json!({"profile": profile.name(), "budget_ms": profile.budget_ms()}))?;
        }
        for named in CORPUS {
            output.json(&json!({"corpus": named.name}))?;
        }
        return Ok(Exit::Conforms);
    }
    output.line("PROFILE       LONGEST POD")?;
    for profile in Profile::ALL {
        let note = if profile == Profile::default() {
            "  (default)"
        } else {
            ""
        };
        output.line(&format!(
            "{profile:<12}  {} s{note}",
            profile.budget_ms().div_ceil(1000)
        ))?;
    }
    output.line("\nNAMED SCENARIO")?;
    for named in CORPUS {
        output.line(named.name)?;
    }
    let example = CaseId {
        profile: Profile::Sidecars,
        seed: 0x7f_3a9c,
        index: 12,
    };
    output.line(&format!(
        "\nA case of a profile is named by profile, seed and number: {example}"
    ))?;
    Ok(Exit::Conforms)
}
