//! Simplifying edits: each gives a valid, strictly smaller scenario, and together they lead to the smallest pod.

use podcheck_generators::{Edit, Moment, Profile, Scenario, apply, cases, edits};

#[test]
fn every_edit_is_valid_strictly_smaller_and_boldest_first() {
    for profile in Profile::ALL {
        for (id, scenario) in cases(profile, 3).take(60) {
            let mut last = 0;
            for edit in edits(&scenario) {
                let smaller =
                    apply(&scenario, &[edit]).unwrap_or_else(|| panic!("{id}: {edit} is offered but not possible"));
                assert!(
                    smaller.validate().is_ok() && smaller.size() < scenario.size(),
                    "{id}: {edit}"
                );
                assert!(
                    smaller.size() >= last,
                    "{id}: {edit} is bolder than what stands before it"
                );
                last = smaller.size();
            }
        }
    }
}

#[test]
fn edits_together_never_panic_and_taking_the_first_always_ends() {
    for (id, scenario) in cases(Profile::Mixed, 5).take(60) {
        let all = edits(&scenario);
        for end in 0..all.len() {
            if let Some(smaller) = apply(&scenario, &all[..end]) {
                assert!(smaller.validate().is_ok(), "{id}");
            }
        }
        let mut current = scenario;
        let mut steps = 0;
        while let Some(edit) = edits(&current).first() {
            current = apply(&current, &[*edit]).expect("offered");
            steps += 1;
            assert!(steps < 200, "{id} does not come to an end");
        }
        assert_eq!(current.containers().count(), 1, "{id}\n{}", current.to_yaml());
    }
}

/// The delete's moment in a pod of i0, s1, s2, m0, after dropping a container.
fn moment_after_drop(container: &str, dropped: usize) -> String {
    let yaml = "
restartPolicy: Never
graceSeconds: 3
init:
  - {kind: init, container: {attempts: [{livesMs: 1000, onTerm: {action: ignore}}]}}
  - {kind: sidecar, container: {attempts: [{onTerm: {action: ignore}}]}}
  - {kind: sidecar, container: {attempts: [{onTerm: {action: ignore}}]}}
main:
  - attempts: [{livesMs: 1000, onTerm: {action: ignore}}]
  - attempts: [{livesMs: 1000, onTerm: {action: ignore}}]
deletion: {at: {kind: running, container: NAME, attempt: 0, afterMs: 0}}
observeMsMax: 20000
";
    let scenario = Scenario::from_yaml(&yaml.replace("NAME", container)).expect("valid");
    let smaller = apply(&scenario, &[Edit::DropContainer(dropped)]).expect("smaller");
    match smaller.deletion.expect("kept").at {
        Moment::Running { container, .. } => container,
        other => panic!("another moment: {other:?}"),
    }
}

#[test]
fn the_moment_of_the_delete_follows_its_container() {
    assert_eq!(moment_after_drop("s2", 0), "s1");
    assert_eq!(moment_after_drop("s2", 1), "s1");
    assert_eq!(moment_after_drop("s1", 2), "s1");
    assert_eq!(moment_after_drop("m1", 0), "m1");
    assert_eq!(moment_after_drop("m1", 3), "m0");
    assert_eq!(moment_after_drop("m0", 4), "m0");
    assert_eq!(moment_after_drop("m1", 4), "m0");
}
