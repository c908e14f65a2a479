//! Real kubelets and the guarantees: nothing unexplained in the stored recordings, and the named deviations where they
//! belong.

mod support;

use std::collections::BTreeSet;

use podcheck::check::{Bounds, Divergence, Facts, Verdict};
use podcheck::deviations;
use podcheck::guarantees::{self, Breach, Case, Outcome};
use podcheck::judge::{Tallies, add, catalogue, judge};
use podcheck::model::KubeletVersion;
use podcheck::simulate::{Fault, Options, simulate};
use podcheck::trace::Trace;
use podcheck_generators::{CORPUS, Named, Profile, Scenario, cases};

/// Broken guarantees of all stored pods with the version of their kubelet, and how often each was at risk.
fn broken() -> (Vec<(String, Divergence)>, Tallies) {
    let (mut broken, mut tallies) = (Vec::new(), Tallies::new());
    for (file, trace) in support::stored_traces() {
        let version = support::version(&file, &trace);
        let judgement = judge(&trace, Some(version), &Bounds::default(), false);
        add(&mut tallies, judgement.guarantees);
        if let Verdict::KnownDeviation(found) | Verdict::Diverges(found) = judgement.verdict {
            let guarantees = found.into_iter().filter(|it| it.rule.starts_with("G-"));
            broken.extend(guarantees.map(|it| (version.to_string(), it)));
        }
    }
    (broken, tallies)
}

#[test]
fn every_broken_promise_of_a_real_kubelet_is_in_the_table() {
    let (broken, _) = broken();
    let unexplained: Vec<_> = broken.iter().filter(|(_, it)| it.known_deviation.is_none()).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    let by_version = |version: &str| -> BTreeSet<&str> {
        let of_it = broken.iter().filter(|(it, _)| it == version);
        of_it.filter_map(|(_, it)| it.known_deviation.as_deref()).collect()
    };
    assert!(by_version("v1.29.2").contains("kubernetes#125404"));
    assert!(by_version("v1.34.0").contains("kubernetes#132826"));
    assert!(by_version("v1.37.0").contains("kubernetes#141342"));
    assert!(by_version("v1.37.0").contains("containerd/exit-code-2"));
    for fixed in ["kubernetes#125404", "kubernetes#132826", "podcheck/RS-3"] {
        assert!(!by_version("v1.37.0").contains(fixed), "{fixed}");
    }
}

#[test]
fn the_catalogue_counts_what_was_at_risk() {
    let (_, tallies) = broken();
    let catalogue = catalogue(&tallies);
    let promise = |id: &str| catalogue.iter().find(|it| it.id == id).expect("in the catalogue");
    assert!(promise("G-ip-stays").at_risk > promise("G-ip-stays").broken);
    assert!(promise("G-ip-stays").broken > 0);
    assert!(promise("G-sidecar-first").at_risk > 10);
    assert_eq!(promise("G-sidecar-first").broken, 0);
    assert!(
        promise("G-sidecar-never-blocks-the-end")
            .deviations
            .contains(&"podcheck/RS-3")
    );
}

#[test]
fn a_known_deviation_is_a_failure_under_strict_only() {
    let (file, trace) = support::stored_traces()
        .into_iter()
        .find(|(file, _)| file == "live/v1.37.0-05.jsonl")
        .expect("the recording of kubernetes#141342");
    let version = Some(support::version(&file, &trace));
    let word = |strict: bool| judge(&trace, version, &Bounds::default(), strict).verdict.word();
    assert_eq!((word(false), word(true)), ("known-deviation", "diverges"));
}

#[test]
fn what_cannot_be_judged_is_inconclusive_with_its_reason() {
    let mut stored = support::stored_traces().into_iter();
    let (file, trace) = stored
        .find(|(_, trace)| trace.spec.not_covered.is_empty())
        .expect("a recording");
    let version = Some(support::version(&file, &trace));
    let reason =
        |trace: &podcheck::trace::Trace, version| match judge(trace, version, &Bounds::default(), false).verdict {
            Verdict::Inconclusive(reason) => reason,
            other => panic!("{other:?}"),
        };
    assert!(reason(&trace, None).contains("version"));
    let mut foreign = trace.clone();
    foreign.spec.not_covered = vec!["lifecycle.preStop".into()];
    assert!(reason(&foreign, version).contains("lifecycle.preStop"));
    let mut unseen = trace.clone();
    unseen.steps.truncate(1);
    assert!(reason(&unseen, version).contains("never reported"));
    // What disagrees may be what is missing.
    let mut cut = trace.clone();
    cut.gaps = vec![podcheck::trace::Gap::WatchInterrupted];
    let last = cut.steps.len() - 1;
    cut.steps[last]
        .view
        .containers
        .iter_mut()
        .flatten()
        .for_each(|view| view.restart_count += 7);
    assert!(reason(&cut, version).contains("interrupted"));
}

/// A stream that is joined in the middle is judged from there, and never accuses more than the whole one.
#[test]
fn joined_streams_are_judged_from_the_middle() {
    let (mut judged, mut conclusive) = (0, 0);
    // From after the loss of a sandbox, or of a newest life, nobody can see it.
    let is_lost = |file: &str| file.contains("sb-1") || file.contains("life-gc");
    let stored = support::stored_traces().into_iter();
    for (file, trace) in stored.filter(|(file, _)| !is_lost(file)) {
        let version = Some(support::version(&file, &trace));
        if matches!(
            judge(&trace, version, &Bounds::default(), false).verdict,
            Verdict::Diverges(_) | Verdict::Inconclusive(_)
        ) {
            continue;
        }
        let reports = |at: &usize| trace.steps[*at].view.containers.iter().any(Option::is_some);
        // One status alone says nothing.
        for at in (0..trace.steps.len() - 1).filter(reports).skip(1).step_by(3) {
            let mut joined = trace.clone();
            joined.steps.drain(..at);
            joined.gaps = vec![podcheck::trace::Gap::JoinedInTheMiddle];
            judged += 1;
            match judge(&joined, version, &Bounds::default(), false).verdict {
                Verdict::Diverges(found) => panic!("{file}, {} from step {at}: {found:?}", trace.name),
                Verdict::Inconclusive(_) => {}
                _ => conclusive += 1,
            }
        }
    }
    assert!(conclusive * 20 > judged * 19, "{conclusive} of {judged} conclusive");
}

#[test]
fn versions_of_the_table_follow_picks_and_fixes() {
    let affects = |name: &str, version: &str| {
        let deviation = deviations::all().find(|it| it.name == name).expect("in the table");
        deviation.versions.contain(version.parse().expect("a version"))
    };
    for (name, affected, fixed) in [
        ("kubernetes#125404", "1.29.7", "1.29.8"),
        ("kubernetes#125880", "1.30.3", "1.30.4"),
        ("kubernetes#125880", "1.29.2", "1.28.15"),
        ("kubernetes#132826", "1.34.1", "1.34.2"),
        ("kubernetes#132826", "1.32.9", "1.35.0"),
        ("kubernetes#123323", "1.29.2", "1.29.3"),
        ("kubernetes#141342", "1.37.0", "1.34.0"),
        ("podcheck/RS-3", "1.36.1", "1.37.0"),
        ("podcheck/RS-3", "1.29.2", "1.28.15"),
        ("podcheck/TO-3", "1.29.8", "1.29.7"),
        ("podcheck/TO-3", "1.37.0", "1.30.3"),
        ("kubernetes#101044", "1.35.0", "1.36.0"),
    ] {
        assert!(
            affects(name, affected) && !affects(name, fixed),
            "{name} {affected} {fixed}"
        );
    }
    assert!(affects("podcheck/WR-5", "1.28.0") && affects("podcheck/WR-5", "1.37.0"));
}

/// Breaches of a simulated pod that no entry of the table covers.
fn unexplained(trace: &Trace, version: KubeletVersion) -> Vec<(&'static str, Breach)> {
    let (facts, bounds) = (Facts::of(trace), Bounds::with_delay(0));
    let case = Case::new(trace, &facts, &bounds);
    let promised = guarantees::all().filter(|it| version.minor >= it.since_minor);
    let broken = promised.flat_map(|it| match (it.judge)(&case) {
        Outcome::Broken(breaches) => breaches.into_iter().map(|breach| (it.id, breach)).collect(),
        Outcome::NotAtRisk | Outcome::Kept => Vec::new(),
    });
    broken
        .filter(|(id, breach)| deviations::covering(version, id, &case, breach).is_none())
        .collect()
}

#[test]
fn a_healthy_simulated_kubelet_is_never_accused() {
    for profile in Profile::ALL {
        for (number, (id, scenario)) in (0..).zip(cases(profile, 4).take(40)) {
            for minor in 28..=37 {
                let version = KubeletVersion { minor, patch: 0 };
                let mut trace = simulate(&scenario, &Options::new(version, number));
                assert_eq!(unexplained(&trace, version), [], "{id} on {version}");
                // The same without what only our own pods tell.
                (trace.journal, trace.scenario) = (None, None);
                assert_eq!(unexplained(&trace, version), [], "{id} on {version}, without a journal");
            }
        }
    }
}

/// A main that crashes for minutes, one whose probes have delays, and one whose startup probe takes its time: longer than
/// what random pods have time for.
const LONG: [&str; 3] = [
    "restartPolicy: OnFailure\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 1000, exitCode: 1, onTerm: {action: exit, \
     code: 0}}]\nobserveMsMax: 200000\n",
    "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\n    startup: \
     {handler: httpGet, outcome: {kind: passesAfter, ms: 5000}, periodSeconds: 1, failureThreshold: 120, \
     successThreshold: 1}\n    readiness: {handler: httpGet, outcome: {kind: passes}, initialDelaySeconds: 10, \
     periodSeconds: 1, failureThreshold: 1, successThreshold: 1}\nobserveMsMax: 25000\n",
    "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\n    startup: \
     {handler: httpGet, outcome: {kind: passesAfter, ms: 9000}, periodSeconds: 1, failureThreshold: 120, \
     successThreshold: 1}\n    liveness: {handler: httpGet, outcome: {kind: neverPasses}, periodSeconds: 1, \
     failureThreshold: 1, successThreshold: 1}\nobserveMsMax: 25000\n",
];

/// A guarantee that no planted fault breaks may be one that cannot be broken.
#[test]
fn every_guarantee_is_broken_by_some_planted_fault() {
    let version = KubeletVersion { minor: 37, patch: 0 };
    let long: Vec<Scenario> = LONG
        .iter()
        .map(|yaml| Scenario::from_yaml(yaml).expect("a scenario"))
        .collect();
    let drawn = |profile: Profile| cases(profile, 4).take(60).map(|(_, scenario)| scenario);
    let scenarios: Vec<Scenario> = Profile::ALL
        .into_iter()
        .flat_map(drawn)
        .chain(long)
        .chain(CORPUS.iter().map(Named::scenario))
        .collect();
    let mut unbroken: BTreeSet<&str> = guarantees::all().map(|it| it.id).collect();
    for fault in Fault::ALL {
        for (number, scenario) in (0..).zip(&scenarios) {
            let mut options = Options::new(version, number);
            options.fault = Some(*fault);
            for (id, _) in unexplained(&simulate(scenario, &options), version) {
                unbroken.remove(id);
            }
        }
    }
    let excused = [
        // Every kubelet breaks it, always with the mark of kubernetes#113606.
        "G-delete-comes-first",
        // So it is here, with podcheck/TO-INIT.
        "G-sidecar-outlives-inits",
        // And here, with podcheck/TO-0.
        "G-zero-grace-kills",
        // No fault starts anything in a shutdown.
        "G-no-start-in-shutdown",
        // The simulated kubelet publishes one terminal status, which podcheck/WS-1 covers.
        "G-terminal-nothing-runs",
    ];
    assert_eq!(unbroken, BTreeSet::from(excused));
}

#[test]
fn what_the_guarantees_alone_catch_is_known() {
    let version = KubeletVersion { minor: 37, patch: 0 };
    let caught = |fault: Fault| {
        Profile::ALL.into_iter().any(|profile| {
            let mut cases = (0..).zip(cases(profile, 4).take(100));
            cases.any(|(number, (_, scenario))| {
                let mut options = Options::new(version, number);
                options.fault = Some(fault);
                !unexplained(&simulate(&scenario, &options), version).is_empty()
            })
        })
    };
    let missed: Vec<&str> = Fault::ALL
        .iter()
        .filter(|&&fault| !caught(fault))
        .map(|fault| fault.name())
        .collect();
    // What no sentence of the documentation promises, or what is covered by the table, is the model's to refuse.
    let text = format!(
        "{} of {} planted faults break a promise in 100 pods of a profile; left to the model:\n  {}\n",
        Fault::ALL.len() - missed.len(),
        Fault::ALL.len(),
        missed.join("\n  ")
    );
    support::snapshot("faults-left-to-the-model", &text);
}
