//! Sharpness in every test run: each planted fault in a few random pods, and what says so first; the model by itself, with and
//! without a journal, and the whole judge. `podcheck zoo` measures the same with many seeds and thousands of pods.

#[expect(dead_code, reason = "only the snapshot is needed here")]
mod support;

use std::fmt::Write;

use podcheck::campaign::Zoo;
use podcheck::check::{Bounds, Inclusion, includes};
use podcheck::model::{Behaviour, KubeletVersion};
use podcheck::simulate::{Fault, Options, simulate};
use podcheck_generators::{Profile, Scenario, cases};

const VERSION: KubeletVersion = KubeletVersion { minor: 37, patch: 0 };
const SEED: u64 = 4;
/// Of each profile.
const PODS: usize = 8;

fn scenarios() -> Vec<Scenario> {
    let drawn = |profile: Profile| cases(profile, SEED).take(PODS).map(|(_, scenario)| scenario);
    Profile::ALL.into_iter().flat_map(drawn).collect()
}

/// What the model refuses first, and in which pod.
fn refused(fault: Fault, scenarios: &[Scenario], journal: bool) -> Option<String> {
    let behaviour = Behaviour::of(VERSION);
    (0..).zip(scenarios).find_map(|(number, scenario)| {
        let mut options = Options::new(VERSION, number);
        options.fault = Some(fault);
        let mut trace = simulate(scenario, &options);
        if !journal {
            trace.journal = None;
        }
        match includes(&behaviour, &trace, &Bounds::with_delay(0)) {
            Inclusion::Excluded(why) => Some(format!("pod {number}: {}: {}", why.rule, why.summary)),
            Inclusion::Included | Inclusion::Undecided(_) => None,
        }
    })
}

#[test]
fn what_catches_each_planted_fault_is_known() {
    let scenarios = scenarios();
    let zoo = Zoo {
        version: VERSION,
        pods_max: scenarios.len() as u32,
        journal: true,
    };
    let mut text = String::new();
    for fault in zoo.faults() {
        let judged = zoo
            .catch(fault, SEED)
            .map(|catch| format!("pod {}: {}", catch.pods, catch.rule));
        let lines = [
            ("judge", judged),
            ("model", refused(fault, &scenarios, true)),
            ("model, no journal", refused(fault, &scenarios, false)),
        ];
        writeln!(text, "{}", fault.name()).expect("a string");
        for (by, what) in lines {
            writeln!(text, "  {by:<18} {}", what.as_deref().unwrap_or("-")).expect("a string");
        }
    }
    support::snapshot("zoo", &text);
}
