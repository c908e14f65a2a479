//! `podcheck goals`: has a campaign met what it should have met?

use std::path::PathBuf;

use podcheck_generators::Profile;
use serde_json::json;

use super::output::Output;
use super::{Exit, Failure, input};
use crate::goals::{self, Counts};

const EXAMPLES: &str = "\
A goal is a situation, such as a restarted sidecar that runs while an init container runs. It is due after a number of
pods that depends on the profile; a campaign of so many pods that has not met it says so and is not complete. Without a
recording the goals are only listed.

Examples:
  podcheck goals
  podcheck goals --profile sidecars
  podcheck goals --recording runs/nightly/recording.jsonl";

/// List the situations that a campaign should meet, and count those that recordings met
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Recordings whose pods are counted; `-` is standard input
    #[arg(long, value_name = "FILE", num_args = 1..)]
    recording: Vec<PathBuf>,

    /// The profile whose goals these are
    #[arg(long, default_value_t, value_name = "NAME")]
    profile: Profile,
}

/// One line for each goal; a goal that is due and was not met makes the exit code 4.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let mut counts = Counts::default();
    for file in &args.recording {
        let mut traces = input::traces(file)?;
        for trace in traces.by_ref() {
            counts.add(&trace?);
        }
        input::print_notes(file, traces.notes());
    }
    let is_counted = !args.recording.is_empty();
    if !output.is_json() {
        let pods = if is_counted { "pods" } else { "" };
        output.line(&format!("{pods:>7} {:>9}  goal", "due after"))?;
    }
    for (goal, pods) in counts.each() {
        let due = goals::due(args.profile, goal.id);
        if output.is_json() {
            let pods = is_counted.then_some(pods);
            output.json(&json!({"goal": goal.id, "sentence": goal.sentence, "due_after": due, "pods": pods}))?;
            continue;
        }
        let pods = if is_counted { pods.to_string() } else { String::new() };
        let due = due.map_or_else(|| "-".to_owned(), |due| due.to_string());
        output.line(&format!("{pods:>7} {due:>9}  {}: {}", goal.id, goal.sentence))?;
    }
    let missed: Vec<&str> = counts.missed(args.profile).map(|goal| goal.id).collect();
    if missed.is_empty() {
        return Ok(Exit::Conforms);
    }
    if !output.is_json() {
        output.line(&format!("\nincomplete: no pod met {}", missed.join(", ")))?;
    }
    Ok(Exit::TooLittle)
}
