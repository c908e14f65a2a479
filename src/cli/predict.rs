//! `podcheck predict`: the table to expect of a pod before it ever ran.

use std::path::PathBuf;

use super::output::Output;
use super::source::{self, Named};
use super::{Exit, Failure, args, table};
use crate::campaign::predict;
use crate::model::KubeletVersion;

const EXAMPLES: &str = "\
The prediction is the model's ordinary run. A real watch may skip rows: the kubelet publishes only its newest status.
Of a plain manifest, what its containers do is read off their commands; what they do not tell is assumed, and said.
A manifest that an API server of that version refuses is refused here too, with its words.

Examples:
  podcheck predict pod.yaml --kubernetes 1.34
  podcheck predict --corpus seed/native-sidecar --kubernetes v1.29.2
  podcheck generate --profile restarts --seed 7f3a9c | podcheck predict - --kubernetes 1.37 --format json";

/// Print the table that a scenario or a Pod manifest should give
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// YAML: scenarios, Pods, or workloads with a pod template; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "corpus")]
    file: Option<PathBuf>,

    /// Version of the kubelet
    #[arg(long, value_name = "VERSION", default_value_t = args::NEWEST)]
    kubernetes: KubeletVersion,

    /// Version of the API server [default: that of the kubelet]
    #[arg(long, value_name = "VERSION")]
    server: Option<KubeletVersion>,

    /// Predict this named scenario
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    corpus: Option<String>,
}

/// Prints a table for each scenario.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let server = args.server.unwrap_or(args.kubernetes);
    let named = match (&args.file, &args.corpus) {
        (Some(file), _) => source::file(file, server.minor)?,
        (None, Some(name)) => vec![source::corpus(name)?],
        (None, None) => return Err(Failure::Usage("name a file or --corpus".into())),
    };
    for (index, Named { name, work, .. }) in named.iter().enumerate() {
        let rows = predict(work, args.kubernetes, server.minor);
        table::write(output, name, &rows, index == 0)?;
    }
    Ok(Exit::Conforms)
}
