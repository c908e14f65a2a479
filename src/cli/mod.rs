//! The command line program: one file per subcommand.
//!
//! Only this module and [`crate::report`] print. What a command answers goes to standard output, everything about how
//! it went (progress, notes, errors) to standard error.

mod args;
mod exit;
mod input;
mod junit;
mod output;
mod place;
mod plain;
mod source;
mod told_version;

mod campaign;
mod conclude;
mod evidence;
mod live;
mod pursue;
mod simulated;

mod check;
mod cluster;
mod explain;
mod export;
mod generate;
mod goals;
mod predict;
mod promises;
mod replay;
mod report;
mod rules;
mod run;
mod scope;
mod soundness;
mod table;
mod zoo;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use exit::{Exit, Failure};
use output::{Format, Output};

const ABOUT: &str = "Property-based conformance tests for the Kubernetes pod lifecycle";

const AFTER_HELP: &str = "\
Exit codes:
  0  everything judged conforms (known deviations included, unless --strict)
  1  something diverges
  2  wrong usage, or an input that is not what it should be
  3  the environment failed: no cluster, no Docker, a disk error
  4  nothing was judged, or less than half of it conclusively

Examples:
  podcheck run                                   random pods: on the cluster if one is up, else simulated
  podcheck check watch.json                      judge what kubectl recorded
  podcheck report watch.json                     the same as one HTML page, with pictures
  podcheck table watch.json                      the tables that kubectl get pod -w printed
  podcheck predict pod.yaml --kubernetes 1.34    the table to expect before the pod ever ran
  podcheck cluster up                            a Kind cluster with kubelets of several versions";

/// Arguments of the program.
#[derive(Debug, Parser)]
#[command(name = "podcheck", version, about = ABOUT, after_help = AFTER_HELP, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// How answers are printed; json is one object a line
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, display_order = 900)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Check(check::Args),
    Explain(explain::Args),
    Table(table::Args),
    Predict(predict::Args),
    Generate(generate::Args),
    Replay(replay::Args),
    Report(report::Args),
    Export(export::Args),
    Soundness(soundness::Args),
    Promises(promises::Args),
    Scope(scope::Args),
    Rules(rules::Args),
    Goals(goals::Args),
    Zoo(zoo::Args),
    Cluster(cluster::Args),
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut output = Output::new(cli.format);
    let result = match cli.command {
        Command::Run(args) => run::run(&args, &mut output),
        Command::Check(args) => check::run(&args, &mut output),
        Command::Explain(args) => explain::run(&args, &mut output),
        Command::Goals(args) => goals::run(&args, &mut output),
        Command::Promises(args) => promises::run(&args, &mut output),
        Command::Rules(args) => rules::run(&args, &mut output),
        Command::Table(args) => table::run(&args, &mut output),
        Command::Predict(args) => predict::run(&args, &mut output),
        Command::Generate(args) => generate::run(&args, &mut output),
        Command::Replay(args) => replay::run(&args, &mut output),
        Command::Report(args) => report::run(&args, &mut output),
        Command::Export(args) => export::run(&args, &mut output),
        Command::Soundness(args) => soundness::run(&args, &mut output),
        Command::Scope(args) => scope::run(&args, &mut output),
        Command::Zoo(args) => zoo::run(&args, &mut output),
        Command::Cluster(args) => cluster::run(&args, &mut output),
    };
    let exit = match result.and_then(|exit| output.finish().map(|()| exit)) {
        Ok(exit) => exit,
        // The reader of a pipe has seen enough, and there is nobody to tell.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Environment,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit()
        }
    };
    exit.into()
}
