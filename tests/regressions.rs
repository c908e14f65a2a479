//! Every smallest pod that was found on a real kubelet, on simulated nodes: it shows its class on the versions that did,
//! and on no other.

#[path = "support/regressions.rs"]
mod stored;

use podcheck::campaign::{Class, Regression, Simulation, TWINS};
use podcheck::simulate::Fault;

/// Lives of each pod on each version: most classes are races.
const LIVES: usize = 60;

/// What has to be planted, because no model does it by itself.
fn fault(regression: &Regression) -> Option<Fault> {
    let planted = regression
        .fault
        .as_ref()
        .map(|name| name.parse().expect("a known fault"));
    let name = regression.class.known_deviation.as_deref();
    let twin = TWINS.iter().find(|twin| Some(twin.deviation) == name);
    planted.or_else(|| twin.and_then(|twin| twin.fault))
}

/// In how many lives on this version it showed its class.
fn shown(name: &str, regression: &Regression, version: &str) -> usize {
    let version = version.parse().expect("a version that the model covers");
    let simulation = Simulation {
        versions: vec![version],
        fault: fault(regression),
        strict: true,
    };
    let shows = |life: &usize| {
        let played = simulation.play(&format!("{name}.{life}"), &regression.scenario, version);
        let classes = Class::all_of(&played.trace, &played.judged.verdict);
        classes.iter().any(|class| class.is_same_failure(&regression.class))
    };
    (0..LIVES).filter(shows).count()
}

#[test]
fn each_is_shown_where_it_was_found_and_nowhere_else() {
    let regressions = stored::regressions();
    assert!(!regressions.is_empty());
    let mut wrong = Vec::new();
    for (name, regression) in &regressions {
        for (version, rate) in &regression.versions {
            let simulated = shown(name, regression, version);
            // A planted fault is planted in every version.
            let is_planted = fault(regression).is_some();
            if (rate.shown > 0 && simulated == 0) || (rate.shown == 0 && simulated > 0 && !is_planted) {
                wrong.push(format!(
                    "{name} on {version}: {rate} real, {simulated} of {LIVES} simulated"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_is_small() {
    for (name, regression) in stored::regressions() {
        assert!(regression.scenario.containers().count() <= 3, "{name}");
    }
}
