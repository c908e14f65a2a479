use super::*;
use crate::check::facts::Interval;
use crate::simulate::CREATED_MS;
use crate::trace::{ContainerSpec, Exit, Reason, RestartPolicy};

/// All teardowns here begin at this moment, and times count from it.
const BEGIN: UnixMs = CREATED_MS;

/// The versions on either side of #125880.
const BLOCKS: &str = "1.29.2";
const BLOCKS_NO_MORE: &str = "1.29.8";

/// What ran of a container: it got its TERM at `term` and ended at `end`.
fn life(term: Option<i64>, end: i64) -> InstanceFacts {
    InstanceFacts {
        finish: Some(Interval {
            lo: BEGIN + end,
            hi: BEGIN + end,
        }),
        term: term.map(|at| BEGIN + at),
        ..InstanceFacts::NOTHING
    }
}

/// It was told to stop and killed.
fn killed(term: i64, end: i64) -> InstanceFacts {
    InstanceFacts {
        killed: true,
        ..life(Some(term), end)
    }
}

/// Asks about a teardown of these containers (`None`: it does not run) on an idle node.
fn ask<T>(
    version: &str,
    grace_s: u32,
    pod: &[(Kind, Option<InstanceFacts>)],
    question: impl FnOnce(&Teardown, &PodState) -> T,
) -> T {
    let container = |(index, &(kind, _)): (usize, &(Kind, Option<InstanceFacts>))| ContainerSpec {
        name: format!("c{index}"),
        kind,
        startup: None,
        readiness: None,
        liveness: None,
    };
    let spec = PodSpec {
        restart_policy: RestartPolicy::Always,
        grace_s,
        containers: pod.iter().enumerate().map(container).collect(),
        not_covered: Vec::new(),
    };
    let mut state = PodState::new(&spec);
    for (index, (_, life)) in pod.iter().enumerate() {
        if life.is_some() {
            state.start(index, false);
        }
    }
    let teardown = Teardown {
        behaviour: &Behaviour::of(version.parse().expect("a version")),
        spec: &spec,
        facts: &Facts::told(pod.iter().map(|(_, life)| life.iter().cloned().collect()).collect()),
        bounds: &Bounds::with_delay(0),
        begin: BEGIN,
        begin_latest: BEGIN,
        grace: Grace::exactly(grace_s),
    };
    question(&teardown, &state)
}

/// The rule that a teardown breaks, and the container that it is about.
fn check(version: &str, grace_s: u32, pod: &[(Kind, Option<InstanceFacts>)]) -> Result<(), (&'static str, usize)> {
    let broken = ask(version, grace_s, pod, |teardown, state| teardown.check(state));
    broken.map_err(|broken| (broken.rule, broken.container.expect("it is about one")))
}

/// A main that ends at `main_end`, and a sidecar that waits for it.
fn main_and_sidecar(main_end: i64, sidecar: InstanceFacts) -> [(Kind, Option<InstanceFacts>); 2] {
    [
        (Kind::Sidecar, Some(sidecar)),
        (Kind::Main, Some(life(Some(0), main_end))),
    ]
}

/// TO-3 in its mechanism: nobody tells a sidecar to stop while a main runs, but clocks differ by up to 50 ms.
#[test]
fn a_sidecar_is_not_told_to_stop_before_the_main_has_ended() {
    let told_at = |at| check("1.34.0", 20, &main_and_sidecar(3_000, life(Some(at), 10_000)));
    assert_eq!(told_at(3_000 - 50), Ok(()));
    assert_eq!(told_at(3_000 - 51), Err(("TO-3", 0)));
}

/// TO-3: when the grace is used up the sidecar's turn has come, though the main still runs.
#[test]
fn a_sidecar_is_told_to_stop_when_the_grace_is_used_up() {
    let told_at = |at| check("1.34.0", 4, &main_and_sidecar(5_000, life(Some(at), 5_500)));
    assert_eq!(told_at(4_000), Ok(()));
    assert_eq!(told_at(4_000 - 50), Ok(()));
    assert_eq!(told_at(4_000 - 51), Err(("TO-3", 0)));
}

/// TO-3: then it is told at once, which takes 5 s at most on an idle node, however early the main has ended.
#[test]
fn a_sidecar_is_told_to_stop_once_its_turn_has_come() {
    let told_at = |at| check("1.34.0", 20, &main_and_sidecar(3_000, life(Some(at), 10_000)));
    assert_eq!(told_at(3_000 + 5_000), Ok(()));
    assert_eq!(told_at(3_000 + 5_001), Err(("TO-3", 0)));
}

/// A sidecar, one behind it that does not run, and a main.
fn behind_is_absent(term: i64) -> [(Kind, Option<InstanceFacts>); 3] {
    [
        (Kind::Sidecar, Some(life(Some(term), term + 100))),
        (Kind::Sidecar, None),
        (Kind::Main, Some(life(Some(0), 500))),
    ]
}

/// TO-3, #125880: up to 1.29.7 a sidecar that does not run keeps the one before it waiting for the whole grace.
#[test]
fn an_absent_sidecar_keeps_the_one_before_it_waiting_for_the_whole_grace() {
    let told_at = |version, at| check(version, 20, &behind_is_absent(at));
    assert_eq!(told_at(BLOCKS, 20_000), Ok(()));
    assert_eq!(told_at(BLOCKS, 20_000 + 5_000), Ok(()));
    assert_eq!(told_at(BLOCKS, 20_000 + 5_001), Err(("TO-3", 0)));
    assert_eq!(told_at(BLOCKS_NO_MORE, 500 + 5_000), Ok(()));
    assert_eq!(told_at(BLOCKS_NO_MORE, 500 + 5_001), Err(("TO-3", 0)));
}

/// TO-3, #125880: one that runs is waited for until it has ended, and no longer.
#[test]
fn a_sidecar_that_runs_keeps_the_one_before_it_waiting_until_its_end() {
    let told_at = |at| {
        let mut pod = behind_is_absent(at);
        pod[1].1 = Some(life(Some(500), 1_000));
        check(BLOCKS, 20, &pod)
    };
    assert_eq!(told_at(1_000 + 5_000), Ok(()));
    assert_eq!(told_at(1_000 + 5_001), Err(("TO-3", 0)));
}

/// TO-3: init containers wait for nobody, so not for a sidecar that does not run either.
#[test]
fn an_absent_sidecar_does_not_keep_an_init_container_waiting() {
    let told_at = |at| {
        let init = life(Some(at), at + 100);
        check(
            BLOCKS,
            20,
            &[(Kind::Init, Some(init)), (Kind::Sidecar, None), (Kind::Main, None)],
        )
    };
    assert_eq!(told_at(5_000), Ok(()));
    assert_eq!(told_at(5_001), Err(("TO-3", 0)));
}

/// WS-2: the terminal status is owed only when the last turn has come.
#[test]
fn a_teardown_lasts_until_the_last_turn() {
    let lasts = |version, pod: &[_]| ask(version, 20, pod, |teardown, state| teardown.waits_until(state)) - BEGIN;
    assert_eq!(lasts(BLOCKS, &behind_is_absent(20_000)), 20_000);
    assert_eq!(lasts(BLOCKS_NO_MORE, &behind_is_absent(500)), 500);
    assert_eq!(lasts("1.34.0", &main_and_sidecar(3_000, life(None, 4_000))), 3_000);
    assert_eq!(lasts("1.34.0", &main_and_sidecar(30_000, life(None, 4_000))), 20_000);
}

/// How late a killed process can be known to have ended too early: half a second for the truncation, 50 ms for the clocks.
const TOLD_MS: i64 = 550;

/// TO-5: a main has the whole grace from its TERM on.
#[test]
fn a_main_is_not_killed_before_its_grace_is_over() {
    let killed_after = |ms| check("1.34.0", 10, &[(Kind::Main, Some(killed(3_000, 3_000 + ms)))]);
    assert_eq!(killed_after(10_000 - TOLD_MS), Ok(()));
    assert_eq!(killed_after(10_000 - TOLD_MS - 1), Err(("TO-5", 0)));
}

/// TO-5: what a sidecar waited for its turn is taken off its grace, and up to a second more for whole ones.
#[test]
fn the_wait_for_its_turn_is_taken_off_a_sidecars_grace() {
    let killed_after = |ms| check("1.34.0", 10, &main_and_sidecar(3_000, killed(3_000, 3_000 + ms)));
    assert_eq!(killed_after(10_000 - 4_000 - TOLD_MS), Ok(()));
    assert_eq!(killed_after(10_000 - 4_000 - TOLD_MS - 1), Err(("TO-5", 0)));
}

/// TO-5: and 2 s are left to it in any case.
#[test]
fn a_sidecar_has_two_seconds_though_its_grace_is_used_up() {
    let killed_after = |ms| check("1.34.0", 4, &main_and_sidecar(4_000, killed(4_000, 4_000 + ms)));
    assert_eq!(killed_after(2_000 - TOLD_MS), Ok(()));
    assert_eq!(killed_after(2_000 - TOLD_MS - 1), Err(("TO-5", 0)));
}

/// TO-5, #125880: the wait for a sidecar that does not run is taken off as well.
#[test]
fn the_wait_for_an_absent_sidecar_is_taken_off_the_grace() {
    let killed_after = |ms| {
        let pod = [
            (Kind::Sidecar, Some(killed(3_000, 3_000 + ms))),
            (Kind::Sidecar, None),
            (Kind::Main, None),
        ];
        check(BLOCKS, 10, &pod)
    };
    assert_eq!(killed_after(10_000 - 4_000 - TOLD_MS), Ok(()));
    assert_eq!(killed_after(10_000 - 4_000 - TOLD_MS - 1), Err(("TO-5", 0)));
}

/// TO-5: without a journal no line tells of the TERM, but it came no earlier than the teardown; a sidecar's wait is known to a second.
#[test]
fn nobody_is_killed_before_the_grace_has_passed_since_the_teardown_began() {
    let untold = |end| InstanceFacts {
        killed: true,
        ..life(None, end)
    };
    let main = |end| check("1.34.0", 10, &[(Kind::Main, Some(untold(end)))]);
    assert_eq!(main(10_000 - TOLD_MS), Ok(()));
    assert_eq!(main(10_000 - TOLD_MS - 1), Err(("TO-5", 0)));
    let sidecar = |end| check("1.34.0", 10, &main_and_sidecar(3_000, untold(end)));
    assert_eq!(sidecar(10_000 - 1_000 - TOLD_MS), Ok(()));
    assert_eq!(sidecar(10_000 - 1_000 - TOLD_MS - 1), Err(("TO-5", 0)));
}

/// TO-5: nobody outlives the grace by more than 2 s, and what a kubelet needs to see it and to end the pod (3 s and 7 s).
#[test]
fn nobody_outlives_the_grace() {
    let ends_at = |at| check("1.34.0", 10, &[(Kind::Main, Some(life(Some(0), at)))]);
    assert_eq!(ends_at(10_000 + 2_000 + 3_000 + 7_000), Ok(()));
    assert_eq!(ends_at(10_000 + 2_000 + 3_000 + 7_001), Err(("TO-5", 0)));
}

/// TO-5: who ends by itself can do so at any time, and where no end is shown there is nothing to judge.
#[test]
fn only_a_kill_can_come_too_early() {
    assert_eq!(check("1.34.0", 10, &[(Kind::Main, Some(life(Some(0), 1)))]), Ok(()));
    let exit = Exit {
        code: 143,
        reason: Reason::Error,
    };
    let no_end = InstanceFacts {
        finish: None,
        exit: Some(exit),
        ..killed(0, 0)
    };
    assert_eq!(check("1.34.0", 10, &[(Kind::Main, Some(no_end))]), Ok(()));
}
