use podcheck_generators::Scenario;

use super::super::facts::ContainerFacts;
use super::*;

fn scenario(deletion: &str) -> Scenario {
    let text = format!(
        "{{restartPolicy: Never, graceSeconds: 10, observeMsMax: 60000, {deletion}
        main: [{{attempts: [{{onTerm: {{action: ignore}}}}]}}]}}"
    );
    Scenario::from_yaml(&text).expect("valid")
}

fn running(restart_count: u32) -> PodFacts {
    let m0 = ContainerFacts {
        name: "m0".to_owned(),
        restart_count,
        is_running: true,
        ..ContainerFacts::default()
    };
    PodFacts {
        containers: vec![m0],
        ..PodFacts::default()
    }
}

fn terminal(is_deleted: bool, has_finalizer: bool) -> PodFacts {
    PodFacts {
        is_terminal: true,
        is_deleted,
        has_finalizer,
        ..PodFacts::default()
    }
}

fn gone() -> PodFacts {
    PodFacts {
        is_gone: true,
        is_deleted: true,
        is_terminal: true,
        ..PodFacts::default()
    }
}

/// All actions until nothing is waited for any more, with their seconds; the clock jumps from one to the next.
fn play(lifecycle: &mut Lifecycle, begin: Instant) -> Vec<(f32, Action)> {
    let mut played = Vec::new();
    let mut now = begin;
    loop {
        played.extend(
            lifecycle
                .due(now)
                .into_iter()
                .map(|action| ((now - begin).as_secs_f32(), action)),
        );
        match lifecycle.next_due() {
            Some(due) => now = due.max(now),
            None => return played,
        }
    }
}

const AT_OWN_GRACE: Action = Action::Delete { grace_seconds: None };
const BY_FORCE: Action = Action::Delete { grace_seconds: Some(0) };

#[test]
fn two_deletes_then_force_then_giving_up() {
    let begin = Instant::now();
    let scenario = scenario("deletion: {at: {kind: created, afterMs: 500}, again: {afterMs: 1500, graceSeconds: 2}},");
    let mut lifecycle = Lifecycle::new(&scenario, begin);
    let expected = [
        (0.5, AT_OWN_GRACE),
        (2.0, Action::Delete { grace_seconds: Some(2) }),
        (49.0, Action::RemoveFinalizer),
        (49.0, BY_FORCE),
        (59.0, Action::Finish(Ending::Stuck)),
    ];
    assert_eq!(play(&mut lifecycle, begin), expected);
}

#[test]
fn a_moment_of_a_container_waits_for_its_attempt() {
    let begin = Instant::now();
    let scenario =
        scenario("deletion: {at: {kind: running, container: m0, attempt: 1, afterMs: 100}, graceSeconds: 3},");
    let mut lifecycle = Lifecycle::new(&scenario, begin);
    lifecycle.observe(&running(0), begin);
    assert!(lifecycle.due(begin + Duration::from_secs(5)).is_empty());
    let later = begin + Duration::from_secs(6);
    lifecycle.observe(&running(2), later);
    assert!(lifecycle.due(later).is_empty());
    let due = later + Duration::from_millis(100);
    assert_eq!(lifecycle.next_due(), Some(due));
    assert_eq!(lifecycle.due(due), [Action::Delete { grace_seconds: Some(3) }]);
    lifecycle.observe(&gone(), due);
    assert_eq!(lifecycle.due(due), [Action::Finish(Ending::Deleted)]);
    assert_eq!(lifecycle.next_due(), None);
}

#[test]
fn a_terminal_pod_rests_before_it_is_finished() {
    let begin = Instant::now();
    let mut lifecycle = Lifecycle::new(&scenario(""), begin);
    lifecycle.observe(&terminal(false, false), begin);
    assert_eq!(play(&mut lifecycle, begin), [(3.0, Action::Finish(Ending::Terminal))]);
}

#[test]
fn a_finalizer_holds_a_deleted_terminal_pod() {
    let begin = Instant::now();
    let scenario = scenario("deletion: {at: {kind: created, afterMs: 0}, finalizer: true},");
    let mut lifecycle = Lifecycle::new(&scenario, begin);
    assert_eq!(lifecycle.due(begin), [AT_OWN_GRACE]);
    lifecycle.observe(&terminal(true, true), begin);
    assert_eq!(lifecycle.next_due(), Some(begin + FINALIZER_REST));
    assert_eq!(lifecycle.due(begin + FINALIZER_REST), [Action::RemoveFinalizer]);
    lifecycle.observe(&gone(), begin + FINALIZER_REST);
    assert_eq!(lifecycle.due(begin + FINALIZER_REST), [Action::Finish(Ending::Deleted)]);
}

#[test]
fn a_pod_out_of_time_is_deleted_like_any_other() {
    let begin = Instant::now();
    let mut lifecycle = Lifecycle::new(&scenario(""), begin);
    let end = begin + Duration::from_secs(60);
    assert!(lifecycle.due(end - Duration::from_millis(1)).is_empty());
    assert_eq!(lifecycle.due(end), [AT_OWN_GRACE]);
    lifecycle.observe(&gone(), end);
    assert_eq!(lifecycle.due(end), [Action::Finish(Ending::OutOfTime)]);
}
