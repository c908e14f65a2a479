//! Every known deviation on simulated nodes: called by its name where it is known, unknown where it is a regression.

use std::collections::BTreeMap;

use podcheck::campaign::{Simulation, TWINS, Twin, WITHOUT_TWIN};
use podcheck::check::Verdict;
use podcheck::deviations;
use podcheck::simulate::Fault;
use podcheck_generators::{Profile, Scenario, cases, named};

/// Random pods of each profile that a deviation has time to show itself in.
const PODS_MAX: usize = 1_500;
/// Lives of the smallest pod.
const LIVES: usize = 40;

/// The smallest pod's lives, then random pods of all profiles in turn.
fn pods(deviation: &str) -> impl Iterator<Item = (String, Scenario)> {
    let entry = deviations::all()
        .find(|it| it.name == deviation)
        .expect("a known deviation");
    let smallest = entry
        .smallest_pod
        .map(|name| named(name).expect("a named scenario").clone());
    let lives = smallest
        .into_iter()
        .flat_map(|scenario| (0..LIVES).map(move |life| (format!("smallest.{life}"), scenario.clone())));
    let mut profiles: Vec<_> = Profile::ALL.into_iter().map(|profile| cases(profile, 0xdead)).collect();
    let count = profiles.len();
    let random = (0..PODS_MAX * count).filter_map(move |number| profiles[number % count].next());
    lives.chain(random.map(|(id, scenario)| (id.to_string(), scenario)))
}

/// Plays until a pod is judged as wanted; the names of what was seen otherwise.
fn seen(
    deviation: &str,
    version: &str,
    fault: Option<Fault>,
    wanted: impl Fn(&[Option<String>]) -> bool,
) -> Result<String, String> {
    let version = version.parse().expect("a version that the model covers");
    let node = Simulation {
        versions: vec![version],
        fault,
        strict: true,
    };
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    for (case, scenario) in pods(deviation) {
        let played = node.play(&case, &scenario, version);
        if let Verdict::Diverges(found) = played.judged.verdict {
            let names: Vec<_> = found.into_iter().map(|it| it.known_deviation).collect();
            if wanted(&names) {
                return Ok(case);
            }
            for name in names {
                *others.entry(name.unwrap_or_default()).or_default() += 1;
            }
        }
    }
    Err(format!("{deviation} on {version}: {others:?}"))
}

#[test]
fn every_known_deviation_has_a_twin() {
    let twins: Vec<&str> = TWINS.iter().map(|twin| twin.deviation).collect();
    let known: Vec<&str> = deviations::all().map(|it| it.name).collect();
    let without: Vec<&str> = known.into_iter().filter(|name| !twins.contains(name)).collect();
    let excused: Vec<&str> = WITHOUT_TWIN.iter().map(|(name, _)| *name).collect();
    assert_eq!(without, excused, "without a twin");
    for twin in TWINS {
        let entry = deviations::all()
            .find(|it| it.name == twin.deviation)
            .expect("counted above");
        let contains = |text: &str| entry.versions.contain(text.parse().expect("a version"));
        assert!(contains(twin.version), "{}", twin.deviation);
        assert!(
            twin.regression.is_none_or(|(_, version)| !contains(version)),
            "{}",
            twin.deviation
        );
    }
}

#[test]
fn known_deviations_are_called_by_their_names() {
    let missed = |twin: &Twin| {
        let wanted = |names: &[Option<String>]| names.iter().flatten().any(|name| name == twin.deviation);
        seen(twin.deviation, twin.version, twin.fault, wanted).err()
    };
    let missed: Vec<String> = TWINS.iter().filter_map(missed).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn a_regression_is_an_unknown_divergence() {
    let missed = |twin: &Twin| {
        let (fault, version) = twin.regression?;
        let wanted = |names: &[Option<String>]| names.iter().any(Option::is_none);
        seen(twin.deviation, version, Some(fault), wanted).err()
    };
    let missed: Vec<String> = TWINS.iter().filter_map(missed).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}
