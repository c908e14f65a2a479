//! Simulated nodes: the same seed gives the same life, and no healthy life is refused (issue 4: Sound).

use podcheck::check::{Bounds, Inclusion, includes};
use podcheck::model::{Behaviour, KubeletVersion};
use podcheck::simulate::{Options, simulate};
use podcheck::trace::Trace;
use podcheck_generators::{Profile, cases};

/// Every minor version, and the patch releases on which something turns.
const VERSIONS: [&str; 14] = [
    "1.28.15", "1.29.2", "1.29.14", "1.30.14", "1.31.14", "1.32.13", "1.33.5", "1.33.13", "1.34.0", "1.34.9", "1.35.0",
    "1.35.6", "1.36.1", "1.37.0",
];

/// Simulated pods per version and profile; more by `PODCHECK_SOUNDNESS_CASES`.
fn count() -> usize {
    let wanted = std::env::var("PODCHECK_SOUNDNESS_CASES").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(20)
}

fn versions() -> impl Iterator<Item = KubeletVersion> {
    VERSIONS
        .into_iter()
        .map(|text| text.parse().expect("a version that the model covers"))
}

/// Simulates `count` pods of each version and profile on a node with this load, changes what was observed, and judges.
fn all_are_included(seed: u64, count: usize, load: u32, change: impl Fn(u64, &mut Trace)) {
    let bounds = Bounds::with_delay(i64::from(load - 1) * 2_000);
    let mut refused = Vec::new();
    let mut judged = 0;
    for version in versions() {
        let behaviour = Behaviour::of(version);
        for profile in Profile::ALL {
            for (id, scenario) in cases(profile, seed).take(count) {
                let options = Options {
                    load,
                    ..Options::new(version, id.index ^ seed)
                };
                let mut trace = simulate(&scenario, &options);
                change(id.index, &mut trace);
                judged += 1;
                match includes(&behaviour, &trace, &bounds) {
                    Inclusion::Included => {}
                    other => refused.push(format!("{id} on {version}: {other:?}")),
                }
            }
        }
    }
    assert!(
        refused.is_empty(),
        "{} of {judged} refused:\n{}",
        refused.len(),
        refused.join("\n")
    );
}

/// A word that depends on both numbers and on nothing else.
fn mixed(a: u64, b: u64) -> u64 {
    (a ^ b.rotate_left(32))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(29)
        .wrapping_mul(0xbf58_476d_1ce4_e5b9)
        >> 17
}

#[test]
fn healthy_pods_are_included() {
    all_are_included(1, count(), 1, |_, _| {});
}

#[test]
fn healthy_pods_on_a_loaded_node_are_included() {
    all_are_included(2, count() / 3, 4, |_, _| {});
}

/// The status manager may skip any status but the last. What it skips, the API object never has, so a phase that the
/// terminal one is hidden behind (WS-1) must have been published: statuses that change the phase stay.
#[test]
fn skipped_statuses_are_no_divergence() {
    all_are_included(3, count() / 2, 1, |case, trace| {
        let last = trace.steps.len() - 1;
        let (mut index, mut phase) = (0, None);
        trace.steps.retain(|step| {
            index += 1;
            let says_more = step.deletion.is_some() || phase != Some(step.view.phase);
            let kept = index == 1 || index > last || says_more || !mixed(case, index as u64).is_multiple_of(3);
            phase = if kept { Some(step.view.phase) } else { phase };
            kept
        });
    });
}

#[test]
fn a_missing_or_cut_journal_is_no_divergence() {
    all_are_included(4, count() / 2, 1, |case, trace| match case % 3 {
        0 => trace.journal = None,
        1 => trace
            .journal
            .iter_mut()
            .for_each(|journal| journal.truncate(journal.len() / 2)),
        // The last 4 KiB are kept, so it is the beginning that is lost.
        _ => trace.journal.iter_mut().for_each(|journal| {
            journal.drain(..journal.len() / 2);
        }),
    });
}

#[test]
fn the_same_seed_gives_the_same_life() {
    for version in versions() {
        for (id, scenario) in cases(Profile::Mixed, 5).take(5) {
            let options = Options::new(version, id.index);
            assert_eq!(simulate(&scenario, &options), simulate(&scenario, &options), "{id}");
        }
    }
}
