//! The small scope, made smaller: what is found in it is what is known, for the versions that have it and for no others.

use std::path::Path;

use podcheck::deviations;
use podcheck::model::KubeletVersion;
use podcheck::scope::{Key, LEVELS, Level, Outcome, Scope, VERSIONS, alike, read_known};
use podcheck::simulate::{Workload, explore};
use podcheck_generators::{InitKind, RestartPolicy, Scenario, Shape, shapes};

const fn level(containers: usize, oddities: usize, choices: usize) -> Level {
    Level {
        containers,
        oddities,
        choices,
    }
}

fn versions() -> Vec<KubeletVersion> {
    let version = |&(minor, patch)| KubeletVersion { minor, patch };
    VERSIONS.iter().map(version).collect()
}

fn scope(levels: &[Level], jobs: usize) -> Scope {
    Scope {
        versions: versions(),
        levels: levels.to_vec(),
        jobs,
    }
}

/// Minor versions in which a deviation breaks a promise.
fn minors(outcome: &Outcome, known_deviation: &'static str, rule: &'static str) -> Vec<u32> {
    let known_deviation = Some(known_deviation);
    let broken = outcome.broken.get(&Key { known_deviation, rule });
    broken.map_or(Vec::new(), |it| {
        it.versions.keys().map(|version| version.minor).collect()
    })
}

fn unknown(outcome: &Outcome) -> Vec<String> {
    let unknown = outcome.broken.iter().filter(|(key, _)| key.known_deviation.is_none());
    unknown
        .map(|(key, broken)| format!("{}: {:?}", key.rule, broken.smallest))
        .collect()
}

/// No main lives for ever and nothing but sidecars comes before: where a sidecar can be in the way of the end.
fn ends_beside_sidecars(shape: &Shape) -> bool {
    let plain = shape.plain();
    plain.init.iter().all(|element| element.kind == InitKind::Sidecar)
        && plain.main.iter().all(|main| main.attempts[0].lives_ms.is_some())
        && plain.restart_policy != RestartPolicy::Always
}

#[test]
fn what_plain_pods_break_is_known_for_its_versions() {
    let found = scope(&[level(1, 0, 1), level(2, 0, 0)], 2).run(|_, _| ());
    assert_eq!(unknown(&found), Vec::<String>::new());
    assert_eq!(minors(&found, "kubernetes#125404", "G-ip-stays"), [29, 30]);
    assert_eq!(
        minors(&found, "kubernetes#128516", "G-phase-goes-forward"),
        [28, 29, 30, 31, 32]
    );
    let all: Vec<u32> = (28..=37).collect();
    assert_eq!(minors(&found, "podcheck/WR-5", "G-exit-is-what-happened"), all);
}

#[test]
fn a_sidecar_that_crashes_blocks_the_end_from_1_29_to_1_36() {
    let found = scope(&[level(3, 0, 0)], 2).run_where(ends_beside_sidecars, |_, _| ());
    assert_eq!(unknown(&found), Vec::<String>::new());
    let blocked: Vec<u32> = (29..=36).collect();
    assert_eq!(
        minors(&found, "podcheck/RS-3", "G-sidecar-never-blocks-the-end"),
        blocked
    );
    // How late it starts again depends on the worker's retry, which is earlier since 1.35.
    let late = minors(&found, "podcheck/RS-3", "G-no-sidecar-after-the-work");
    assert!(
        !late.is_empty() && late.iter().all(|minor| blocked.contains(minor)),
        "{late:?}"
    );
}

#[test]
fn a_sidecar_that_is_down_holds_up_the_stop_of_others_until_it_was_fixed() {
    let crashes = |shape: &Shape| {
        let restarts = |index: usize| shape.plain().init[index].container.attempts[0].lives_ms.is_some();
        ends_beside_sidecars(shape) && shape.plain().init.len() == 2 && !restarts(0) && restarts(1)
    };
    let one = Scope {
        versions: versions().into_iter().filter(|version| version.minor < 33).collect(),
        ..scope(&[level(3, 1, 0)], 2)
    };
    let found = one.run_where(crashes, |_, _| ());
    assert_eq!(unknown(&found), Vec::<String>::new());
    assert_eq!(minors(&found, "kubernetes#125880", "G-told-at-once"), [29, 30]);
    assert_eq!(
        minors(&found, "kubernetes#125880", "G-sidecar-never-blocks-the-end"),
        [29, 30]
    );
}

#[test]
fn the_outcome_does_not_depend_on_the_number_of_threads() {
    let found = |jobs: usize| {
        let outcome = scope(&[level(1, 0, 0), level(2, 0, 0)], jobs).run(|_, _| ());
        format!("{outcome:?}")
    };
    assert_eq!(found(1), found(3));
}

#[test]
fn versions_that_count_as_alike_live_alike() {
    let scenarios: Vec<Scenario> = shapes(2)
        .iter()
        .step_by(7)
        .flat_map(|shape| shape.scenarios(0))
        .collect();
    let groups = alike(&versions());
    assert!(groups.iter().any(|group| group.len() > 1), "{groups:?}");
    for group in groups {
        for scenario in &scenarios {
            let work = Workload::of(scenario);
            let life = |version: KubeletVersion| {
                let run = explore(&work, version, &[]);
                (run.trace.steps, run.trace.journal, run.ways)
            };
            assert!(
                group.iter().all(|&version| life(version) == life(group[0])),
                "{group:?}: {scenario:?}"
            );
        }
    }
}

#[test]
fn what_is_remembered_is_a_known_deviation_and_on_the_grid() {
    let known = read_known(&Path::new(env!("CARGO_MANIFEST_DIR")).join("expected/scope")).expect("readable files");
    assert!(!known.is_empty());
    for it in known {
        let class = &it.regression.class;
        let name = class.known_deviation.as_deref();
        let deviation = deviations::all().find(|deviation| Some(deviation.name) == name);
        assert!(
            deviation.is_none_or(|it| it.guarantees.contains(&&*class.rule)),
            "{}",
            it.file
        );
        let containers = it.regression.scenario.containers().count();
        let (wanted, most) = (&it.regression.scenario, LEVELS.iter().map(|level| level.oddities).max());
        let is_on_grid = (0..=most.unwrap_or_default()).any(|oddities| {
            let likely = |shape: &&Shape| shape.plain().restart_policy == wanted.restart_policy;
            let shapes = shapes(containers);
            shapes
                .iter()
                .filter(likely)
                .any(|shape| shape.scenarios(oddities).contains(wanted))
        });
        assert!(is_on_grid || containers > 2, "{}", it.file);
    }
}
