//! Simulated nodes: the same seed gives the same life, and no healthy life is refused (issue 4: Sound).

use std::thread;

use podcheck::campaign::{Observed, Soundness, SoundnessOutcome, judge_as, observed_life};
use podcheck::check::{Bounds, Inclusion, Verdict, includes};
use podcheck::model::{Behaviour, KubeletVersion};
use podcheck::simulate::{Options, simulate};
use podcheck_generators::{CaseId, Profile, Scenario, cases};

/// Every minor version, and the patch releases on which something turns.
const VERSIONS: [&str; 14] = [
    "1.28.15", "1.29.2", "1.29.14", "1.30.14", "1.31.14", "1.32.13", "1.33.5", "1.33.13", "1.34.0", "1.34.9", "1.35.0",
    "1.35.6", "1.36.1", "1.37.0",
];

/// Simulated pods per version and profile, 20,160 in all; more by `PODCHECK_SOUNDNESS_CASES`.
fn count() -> u64 {
    let wanted = std::env::var("PODCHECK_SOUNDNESS_CASES").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(160)
}

fn versions() -> impl Iterator<Item = KubeletVersion> {
    VERSIONS
        .into_iter()
        .map(|text| text.parse().expect("a version that the model covers"))
}

/// Model and guarantees, however well the pods are observed.
#[test]
fn no_healthy_pod_is_accused() {
    let soundness = Soundness {
        versions: versions().collect(),
        scenarios: count() * Profile::ALL.len() as u64,
        seed: 1,
        observed: Observed::ALL.to_vec(),
        jobs: thread::available_parallelism().map_or(1, usize::from),
    };
    let outcome = soundness.run();
    let judged: u64 = outcome.sums.values().map(|sums| sums.pods).sum();
    assert_eq!(judged, soundness.scenarios * VERSIONS.len() as u64);
    assert!(outcome.accused.is_empty(), "of {judged}: {:#?}", outcome.accused);
}

/// Healthy pods that were accused once, with the seed of their life, and what was wrong with us.
const ACCUSED: [(&str, &str, Observed); 27] = [
    // A process that exits with 137 by itself has not been stopped, when its exit line was cut off or without a journal.
    ("restarts/a1/206", "restarts-a1-206", Observed::CutJournal),
    ("restarts/5eed/296", "restarts-5eed-296", Observed::NoJournal),
    // What a later life shows as started does not say that the startup probe of an earlier one has not failed.
    ("sidecars/20261126/685", "sidecars-20261126-685", Observed::Joined),
    // A main without a TERM line can have been told to stop by its probe, also one that left by itself after it.
    ("smoke/20261126/774", "smoke-20261126-774", Observed::LossyJournal),
    ("probes/4e27/7137", "probes-4e27-7137", Observed::LossyJournal),
    // A container whose probe worker is gone is shown as started, and what waits for it goes on waiting (#132826).
    ("probes/2d09ae64/3987", "probes-2d09ae64-3987", Observed::LossyJournal),
    // A sidecar that lived longer than its script was told to stop, though the line of its TERM is lost.
    (
        "sidecars/2d09ae64/9699",
        "sidecars-2d09ae64-9699",
        Observed::LossyJournal,
    ),
    // A life that nobody saw can have ended as not started, so that the next inherited nothing (WS-4, PB-7).
    ("probes/2d09ae64/8196", "probes-2d09ae64-8196", Observed::Joined),
    // What is called ready because its worker ended (PB-10) has not passed as often as it must either.
    ("init/6a5b/4097", "init-6a5b-4097", Observed::NoJournal),
    // Where ContainersReady was not withdrawn between two lives, the later one may be what is ready.
    ("probes/6a5b/5916", "probes-6a5b-5916", Observed::Coalesced),
    // A startup probe can pass between a sync's status, which does not show it, and its decision what may follow (WS-4).
    ("sidecars/c0de/8134", "sidecars-c0de-8134", Observed::Complete),
    // Of a life that nobody saw end, and that another one followed, nobody knows for how long it ran.
    ("probes/f1a7/5153", "probes-f1a7-5153", Observed::Coalesced),
    // Up to 1.31 a startup probe that has passed is asked again while a status takes that back (PB-5, WS-4), and can fail.
    ("probes/f1a7/7318", "probes-f1a7-7318", Observed::CutJournal),
    // A startup probe's success can have been taken back (WS-4) before anybody watched, and the liveness probe have failed.
    ("sidecars/6a5b/307", "sidecars-6a5b-307", Observed::Joined),
    // While a sync waits for a container that it stops, startup probes bring their results, success and the first one (PB-7).
    ("sidecars/aa1/119", "sidecars-aa1-119", Observed::Ended),
    ("sidecars/aa3/1863", "sidecars-aa3-1863", Observed::Ended),
    // The kubelet acts on a delete that the watch ended too soon to show.
    ("race/aa2/855", "race-aa2-855", Observed::Ended),
    // RS-3 where the last sidecar is only published as started (#132826).
    ("mixed/aa4/1575", "mixed-aa4-1575", Observed::Ended),
    // What a liveness probe has found while `started` was inherited (#141342) counts, though that was taken back.
    ("probes/ab1/5419", "probes-ab1-5419", Observed::CutJournal),
    // While a sync stops the whole pod nothing is published, and no probe need be its reason.
    ("sidecars/ab1/4847", "sidecars-ab1-4847", Observed::Ended),
    // RS-3: the end of a pod whose work is done waits until its last sidecar is up.
    ("sidecars/f00d/5060", "sidecars-f00d-5060", Observed::LossyJournal),
    // The sandbox is shown only with the first container already in its back-off (#134660).
    ("restarts/b00c/8761", "restarts-b00c-8761", Observed::Coalesced),
    // A process that leaves long before its script ends was told to, also where its line of that was lost.
    ("init/cab1/828", "init-cab1-828", Observed::LossyJournal),
    // What a readiness probe has found counts from the next sync on, also where the status says so already for another reason.
    ("sidecars/1127b/551", "sidecars-1127b-551", Observed::Ended),
    // RS-10: a sync that goes across the end of the work can stop one sidecar after the other.
    ("probes/1127a/996", "probes-1127a-996", Observed::LossyJournal),
    // The simulated node's own faults: a late status (WS-4) a whole kill after its probe, a kill that failed before the end.
    ("init/b00c/2218", "init-b00c-2218", Observed::NoJournal),
    ("race/f00e/5039", "race-f00e-5039", Observed::Ended),
];

#[test]
fn pods_that_were_accused_once_are_not_any_more() {
    for (life, file, observed) in ACCUSED {
        let yaml = std::fs::read_to_string(format!("expected/accused/{file}.yaml")).expect("a scenario's file");
        let scenario = Scenario::from_yaml(&yaml).expect("a scenario");
        let id: CaseId = life.parse().expect("a case id");
        for version in versions().chain((28..=37).map(|minor| KubeletVersion { minor, patch: 0 })) {
            let trace = observed_life(id, &scenario, version, observed);
            let judged = judge_as(&trace, Some(version), &SoundnessOutcome::bounds(), false);
            let verdict = judged.verdict;
            let is_decided = matches!(verdict, Verdict::Conforms | Verdict::KnownDeviation(_));
            assert!(is_decided || !trace.gaps.is_empty(), "{life} on {version}: {verdict:?}");
        }
    }
}

#[test]
fn healthy_pods_on_a_loaded_node_are_included() {
    let load = 4;
    let bounds = Bounds::with_delay(i64::from(load - 1) * 2_000);
    let mut refused = Vec::new();
    for version in versions() {
        for profile in Profile::ALL {
            for (id, scenario) in cases(profile, 2).take(count() as usize / 20) {
                let options = Options {
                    load,
                    ..Options::new(version, id.index)
                };
                let inclusion = includes(&Behaviour::of(version), &simulate(&scenario, &options), &bounds);
                if inclusion != Inclusion::Included {
                    refused.push(format!("{id} on {version}: {inclusion:?}"));
                }
            }
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
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
