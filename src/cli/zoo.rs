//! `podcheck zoo`: is a buggy kubelet caught?

use std::num::NonZero;
use std::thread;

use super::output::Output;
use super::{Exit, Failure, args};
use crate::campaign::{Outcome, Zoo};
use crate::model::KubeletVersion;
use crate::report::{self, ZooRow};
use crate::simulate::Fault;

const EXAMPLES: &str = "\
One fault at a time is planted in the simulated node, and random pods of all profiles run on it until one is judged to
diverge. The table says in how many seeds a fault was caught, after how many pods (the median over all seeds), and by
which rule or guarantee, with the pods' process journal and without. The exit code is 1 when a fault that can be seen is
missed in half of the seeds or more.

Examples:
  podcheck zoo
  podcheck zoo --kubernetes 1.29.2 --kubernetes 1.37 --seeds 20
  podcheck zoo --fault term-late --fault no-backoff --no-journal
  podcheck run --target simulated --fault term-late     what such a kubelet's pods look like";

/// Plant faults in the simulated node and see how soon they are caught
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Version of the kubelet; may be repeated [default: 1.37.0]
    #[arg(long, value_name = "V")]
    kubernetes: Vec<KubeletVersion>,

    /// Seeds for each fault
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,

    /// Pods after which a fault counts as missed
    #[arg(long, default_value_t = 3_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pods: u32,

    /// Only without the pods' process journal
    #[arg(long)]
    no_journal: bool,

    /// Only this fault; may be repeated [default: all that are faults in the version]
    #[arg(long = "fault", value_name = "NAME")]
    faults: Vec<Fault>,

    /// Threads [default: one for each processor]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
}

/// A table for each version.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let versions = match &args.kubernetes[..] {
        [] => &[args::NEWEST],
        given => given,
    };
    let jobs = args
        .jobs
        .map_or_else(thread::available_parallelism, Ok)
        .map_or(1, usize::from);
    let mut missed = false;
    for &version in versions {
        let outcomes = |journal: bool| -> Vec<Outcome> {
            let zoo = Zoo {
                version,
                pods_max: args.pods,
                journal,
            };
            let asked = |fault: &Fault| args.faults.is_empty() || args.faults.contains(fault);
            let faults: Vec<Fault> = zoo.faults().filter(asked).collect();
            zoo.outcomes(&faults, &(0..args.seeds), jobs)
        };
        let with = if args.no_journal { Vec::new() } else { outcomes(true) };
        let without = outcomes(false);
        let rows = without
            .iter()
            .enumerate()
            .filter_map(|(number, without)| ZooRow::new(version.to_string(), with.get(number), Some(without)));
        let rows: Vec<ZooRow> = rows.collect();
        missed |= rows.iter().any(|row| !row.is_caught());
        if output.is_json() {
            rows.iter().try_for_each(|row| output.json(row))?;
        } else {
            output.line(&format!(
                "kubelet {version}, {} seeds of up to {} pods",
                args.seeds, args.pods
            ))?;
            output.text(&report::zoo(&rows))?;
            output.line("")?;
        }
        output.flush()?;
    }
    Ok(if missed { Exit::Diverges } else { Exit::Conforms })
}
