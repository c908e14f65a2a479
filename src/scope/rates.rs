//! How often a pod breaks a promise in the model of each version: whether a real kubelet has to be lucky to show it.

use super::explore::each_run;
use super::{Key, Smallest};
use crate::campaign::{Rate, Rates};
use crate::check::{Bounds, Facts};
use crate::deviations;
use crate::guarantees::{self, Case, Outcome};
use crate::model::KubeletVersion;
use crate::simulate::Workload;
use crate::trace::Trace;

/// Of the runs with one unusual choice at most (or as many as it takes), by version; versions that never break it are 0.
pub fn rates(key: Key, smallest: &Smallest, versions: &[KubeletVersion]) -> Rates {
    let work = Workload::of(&smallest.scenario);
    let rate = |version: KubeletVersion| {
        let mut rate = Rate::default();
        each_run(&work, version, smallest.choices.max(1), &mut |_, run| {
            rate.of += 1;
            rate.shown += usize::from(breaks(key, version, &run.trace));
        });
        (version.to_string(), rate)
    };
    versions.iter().map(|&version| rate(version)).collect()
}

fn breaks(key: Key, version: KubeletVersion, trace: &Trace) -> bool {
    let bounds = Bounds::with_delay(super::judged::IDLE_MS);
    let facts = Facts::of(trace);
    let case = Case::new(trace, &facts, &bounds);
    let promised =
        |guarantee: &&guarantees::Guarantee| guarantee.id == key.rule && version.minor >= guarantee.since_minor;
    let breaches = guarantees::all()
        .filter(promised)
        .filter_map(|guarantee| match (guarantee.judge)(&case) {
            Outcome::Broken(breaches) => Some(breaches),
            _ => None,
        });
    breaches.flatten().any(|breach| {
        let known = deviations::covering(version, key.rule, &case, &breach);
        known.map(|deviation| deviation.name) == key.known_deviation
    })
}
