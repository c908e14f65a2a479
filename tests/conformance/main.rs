//! The conformance tests: profiles on simulated nodes, stored recordings, and profiles on the live cluster.
//!
//! `PODCHECK_CLUSTER` says what the live tests do without a cluster: `auto` (ignored, with the reason), `require`
//! (failed), `off` (ignored always). `PODCHECK_CASES` is the number of cases of each profile, `PODCHECK_SEED` their seed.

mod live;
mod refusals;
mod regressions;
mod settings;
mod simulated;
mod stored;
#[path = "../support/regressions.rs"]
mod stored_regressions;
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let settings = match settings::Settings::from_environment() {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    if !arguments.list {
        eprintln!("seed {:x}", settings.seed);
    }
    let mut trials = simulated::trials(&settings);
    trials.extend(stored::trials());
    let live = live::trials(&settings, &arguments);
    trials.extend(live.trials);
    trials.extend(regressions::trials(&settings, &arguments));
    trials.push(refusals::trial(&settings));
    let conclusion = libtest_mimic::run(&arguments, trials);
    if let Some(reason) = live.ignored
        && !arguments.list
    {
        eprintln!("the live tests were ignored: {reason}");
        eprintln!("`podcheck cluster up` makes a cluster for them, PODCHECK_CLUSTER=require makes them necessary\n");
    }
    conclusion.exit_code()
}
