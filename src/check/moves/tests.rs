//! What the moves must be able to explain, and what not: simulated lives, as they are or changed in one place.

use podcheck_generators::{Profile, cases};

use crate::check::teardown::Grace;
use crate::check::testing::{Asked, VERSION, ended, exit, first, is_refused, judged, life, runs, scenario, view};
use crate::check::{Bounds, Inclusion, includes};
use crate::model::{self, Behaviour, KubeletVersion, Mode, Status, unknown_exit};
use crate::simulate::{CREATED_MS, Options, simulate};
use crate::trace::{ConditionKind, EventType, JournalKind, Phase, Reason, State, Step, Trace};

/// Everything from this step on comes so much later, and so do the processes.
fn put_off(trace: &mut Trace, from: usize, later_ms: i64) {
    for step in &mut trace.steps[from..] {
        step.at_ms = step.at_ms.map(|at| at + later_ms);
        for seen in &mut step.seen {
            let times = [&mut seen.started_at, &mut seen.finished_at];
            let last = [&mut seen.last_started_at, &mut seen.last_finished_at];
            for at in times.into_iter().chain(last).flatten() {
                *at += later_ms;
            }
        }
    }
    for entry in trace.journal.iter_mut().flatten() {
        entry.at_ms += later_ms;
    }
    trace.watched_until_ms = trace.watched_until_ms.map(|until| until + later_ms);
}

/// Every healthy life of such a pod, whatever its seed and version, is explained.
fn always_explained(yaml: &str) {
    let scenario = scenario(yaml);
    for minor in [28, 29, 30, 31, 32, 33, 34, 35, 36, 37] {
        let version = KubeletVersion { minor, patch: 0 };
        for seed in 0..60 {
            let trace = simulate(&scenario, &Options::new(version, seed));
            let judged = includes(&Behaviour::of(version), &trace, &Bounds::with_delay(2_000));
            assert_eq!(judged, Inclusion::Included, "{version}, seed {seed}");
        }
    }
}

/// PB-5: readiness is not asked before the startup probe has passed; up to 1.34 nothing is inherited (PB-7).
#[test]
fn what_has_not_started_does_not_become_ready() {
    let mut trace = life(
        "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\n    startup: \
         {handler: httpGet, outcome: {kind: neverPasses}, periodSeconds: 1, failureThreshold: 30, successThreshold: 1}\n    \
         readiness: {handler: httpGet, outcome: {kind: passes}, periodSeconds: 1, failureThreshold: 1, successThreshold: \
         1}\nobserveMsMax: 20000\n",
    );
    let running = first(&trace, 0, runs);
    let mut ready = trace.steps[running].clone();
    let view = ready.view.containers[0].as_mut().expect("it runs");
    assert!(!view.started);
    view.ready = true;
    for kind in [ConditionKind::ContainersReady, ConditionKind::Ready] {
        let condition = ready.view.conditions[kind as usize].as_mut().expect("a condition");
        condition.is_true = true;
        (condition.reason, condition.message) = Default::default();
    }
    ready.at_ms = ready.at_ms.map(|at| at + 1_500);
    trace.steps.insert(running + 1, ready);
    assert!(is_refused(&trace));
}

/// ST-10: that a liveness probe could have failed at any time excuses no silence.
#[test]
fn an_end_that_is_not_published_is_late_in_spite_of_a_liveness_probe() {
    let mut trace = life(
        "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 4000, onTerm: {action: exit, code: 0}}]\n    \
         liveness: {handler: httpGet, outcome: {kind: passes}, periodSeconds: 1, failureThreshold: 1, successThreshold: \
         1}\n  - attempts: [{livesMs: 9000, onTerm: {action: exit, code: 0}}]\nobserveMsMax: 30000\n",
    );
    let told = first(&trace, 0, ended);
    trace.steps.truncate(told);
    trace.watched_until_ms = trace.watched_until_ms.map(|until| until + 60_000);
    assert!(matches!(judged(&trace), Inclusion::Excluded(why) if why.rule == "ST-10"));
}

/// ST-10: a first sync that a delete has cut short is no excuse for the start to come late.
#[test]
fn the_first_start_is_late_also_in_a_pod_that_is_deleted_later() {
    const LATER_MS: i64 = 8_000;
    let mut trace = life(
        "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\ndeletion: {at: \
         {kind: running, container: m0, attempt: 0, afterMs: 3000}}\nobserveMsMax: 20000\n",
    );
    let bound = trace.steps.iter().position(|step| !step.pod_seen.unbound);
    put_off(&mut trace, bound.expect("it gets a node") + 1, LATER_MS);
    assert!(is_refused(&trace));
}

/// A pod waits for its node as long as it must; the kubelet owes it nothing before.
#[test]
fn a_pod_may_wait_for_its_node() {
    const LATER_MS: i64 = 120_000;
    let mut trace = life(
        "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
         0}}]\nobserveMsMax: 20000\n",
    );
    let bound = trace.steps.iter().position(|step| !step.pod_seen.unbound);
    let bound = bound.filter(|&bound| bound > 0).expect("it gets a node later");
    put_off(&mut trace, bound, LATER_MS);
    assert_eq!(judged(&trace), Inclusion::Included);
}

/// Where nothing tells when events were received, a delete can have come at any time.
#[test]
fn without_times_of_receipt_deleted_pods_are_explained_by_their_journals() {
    let drawn = [Profile::Deletion, Profile::Sidecars]
        .into_iter()
        .flat_map(|profile| cases(profile, 1).take(250));
    for (id, scenario) in drawn {
        let mut trace = simulate(&scenario, &Options::new(VERSION, id.index));
        trace.steps.iter_mut().for_each(|step| step.at_ms = None);
        trace.watched_until_ms = None;
        assert_eq!(judged(&trace), Inclusion::Included, "{id}");
    }
}

/// WR-4, WR-5: only a delete makes the kubelet show the end of what waits in its back-off.
#[test]
fn what_waits_when_its_pod_ends_is_not_shown_as_ended_unless_the_pod_is_deleted() {
    let mut trace = life(
        "restartPolicy: OnFailure\ngraceSeconds: 2\ninit:\n  - kind: sidecar\n    container:\n      attempts: [{livesMs: 1000, \
         exitCode: 3, onTerm: {action: exit, code: 0}}]\nmain:\n  - attempts: [{livesMs: 9000, onTerm: {action: exit, code: \
         0}}]\nobserveMsMax: 40000\n",
    );
    let mut changed = 0;
    for step in &mut trace.steps {
        let view = step.view.containers[0].as_mut();
        if let Some(view) = view.filter(|view| view.state == State::Terminated(unknown_exit())) {
            view.state = State::Terminated(view.last.clone().expect("its end"));
            changed += 1;
        }
    }
    assert!(changed > 0);
    assert!(is_refused(&trace));
}

/// ST-20: each status of the kubelet's tells of every container.
#[test]
fn a_status_in_between_without_containers_is_refused() {
    let mut trace = life(
        "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
         0}}]\nobserveMsMax: 20000\n",
    );
    let waiting = first(&trace, 0, |state| matches!(state, State::Waiting(_)));
    let mut empty = trace.steps[waiting].clone();
    empty.view.containers = vec![None];
    trace.steps.insert(waiting + 1, empty);
    assert!(is_refused(&trace));
}

/// BO-3: a start is as early as it may be when the whole back-off is over.
#[test]
fn a_restart_may_come_in_the_moment_in_which_its_back_off_is_over() {
    const BACKOFF_MS: i64 = 10_000;
    let restarted = |early_ms: i64| {
        let mut trace = life(
            "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 1000, exitCode: 3, onTerm: {action: exit, \
             code: 0}}]\nobserveMsMax: 30000\n",
        );
        for seen in trace.steps.iter_mut().flat_map(|step| &mut step.seen) {
            (seen.started_at, seen.finished_at) = (None, None);
            (seen.last_started_at, seen.last_finished_at) = (None, None);
        }
        let journal = trace.journal.as_mut().expect("a journal");
        let end = journal
            .iter()
            .find(|it| it.attempt == 1 && matches!(it.kind, JournalKind::Exit(_)));
        let end_ms = end.expect("the second life ends").at_ms;
        let start = journal
            .iter_mut()
            .find(|it| it.attempt == 2 && it.kind == JournalKind::Start);
        start.expect("a third life").at_ms = end_ms + BACKOFF_MS - early_ms;
        judged(&trace)
    };
    assert_eq!(restarted(0), Inclusion::Included);
    // Two times of one clock can be so far apart.
    assert_eq!(restarted(50), Inclusion::Included);
    assert!(matches!(restarted(60), Inclusion::Excluded(why) if why.rule == "BO-3"));
}

/// WS-1: a slow writer sends the status from before the kill with the terminal phase, and nothing tells how the rest ended.
#[test]
fn a_terminal_phase_may_come_with_a_container_that_still_runs() {
    let mut trace = life(
        "restartPolicy: Never\ngraceSeconds: 2\ninit:\n  - kind: sidecar\n    container:\n      attempts: [{onTerm: {action: \
         exit, code: 0}}]\n  - kind: init\n    container:\n      attempts: [{livesMs: 1500, exitCode: 1, onTerm: {action: \
         ignore}}]\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\nobserveMsMax: 20000\n",
    );
    trace.journal = None;
    let failed = first(&trace, 1, ended);
    assert!(view(&trace.steps[failed], 0).is_some_and(|view| runs(&view.state)));
    trace.steps.truncate(failed + 1);
    trace.steps[failed].view.phase = Phase::Failed;
    let gone = Step {
        event: EventType::Deleted,
        ..trace.steps[failed].clone()
    };
    trace.steps.push(gone);
    assert_eq!(judged(&trace), Inclusion::Included);
}

/// TO-7: a delete that comes when the kill has begun does not shorten it.
#[test]
fn a_teardown_keeps_its_grace_when_the_pod_is_deleted() {
    always_explained(
        "restartPolicy: Never\ngraceSeconds: 20\ninit:\n  - kind: sidecar\n    container:\n      attempts: [{onTerm: {action: \
         ignore}}]\n  - kind: init\n    container:\n      attempts: [{livesMs: 1500, exitCode: 1, onTerm: {action: \
         ignore}}]\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\ndeletion: {at: {kind: terminated, container: i1, \
         attempt: 0, afterMs: 1500}, graceSeconds: 2}\nobserveMsMax: 60000\n",
    );
}

/// PB-6: lost probe workers are made again once the mains have none left; mains without probes never had any.
#[test]
fn a_sidecars_workers_come_back_beside_a_main_without_probes() {
    always_explained(
        "restartPolicy: Never\ngraceSeconds: 2\ninit:\n  - kind: sidecar\n    container:\n      attempts: [{livesMs: 8000, \
         exitCode: 1, onTerm: {action: exit, code: 0}}, {onTerm: {action: exit, code: 0}}]\n      startup: {handler: httpGet, \
         outcome: {kind: passes}, periodSeconds: 1, failureThreshold: 30, successThreshold: 1}\nmain:\n  - attempts: [{livesMs: \
         14000, onTerm: {action: exit, code: 0}}]\n    readiness: {handler: httpGet, outcome: {kind: passes}, periodSeconds: 1, \
         failureThreshold: 1, successThreshold: 1}\n  - attempts: [{livesMs: 30000, onTerm: {action: exit, code: \
         0}}]\nobserveMsMax: 90000\n",
    );
}

/// PB-10: a probe worker that sees a terminal phase ends, and what has no worker counts as started, and as ready.
#[test]
fn a_sidecar_can_be_called_started_when_its_pod_has_failed() {
    let pod = |readiness: &str| {
        format!(
            "restartPolicy: Never\ngraceSeconds: 4\ninit:\n  - kind: sidecar\n    container:\n      attempts: [{{livesMs: \
             12000, exitCode: 1, onTerm: {{action: ignore}}}}, {{onTerm: {{action: ignore}}}}]\n      startup: {{handler: httpGet, \
             outcome: {{kind: firstLifeOnly}}, initialDelaySeconds: 8, periodSeconds: 1, failureThreshold: 30, successThreshold: \
             1}}\n{readiness}  - kind: init\n    container:\n      attempts: [{{livesMs: 5000, exitCode: 1, onTerm: {{action: \
             ignore}}}}]\nmain:\n  - attempts: [{{onTerm: {{action: exit, code: 0}}}}]\nobserveMsMax: 60000\n"
        )
    };
    always_explained(&pod(""));
    always_explained(&pod(
        "      readiness: {handler: httpGet, outcome: {kind: passes}, initialDelaySeconds: 30, periodSeconds: 1, failureThreshold: \
         1, successThreshold: 1}\n",
    ));
}

/// WR-4: a delete that comes while a pod that ended by itself is stopped is noticed with the last status, or too late.
#[test]
fn a_delete_during_the_kill_may_be_noticed_at_its_end() {
    let last_states = |is_deleted: bool| {
        let mut asked = Asked::of(
            VERSION,
            "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{onTerm: {action: exit, code: \
             0}}]\nobserveMsMax: 20000\n",
        );
        asked.deletion = is_deleted.then_some((Grace::exactly(2), CREATED_MS));
        let mut node = asked.running(1);
        node.pod.exit(0, exit(3));
        node.pod.refuse(0);
        asked.publish(&mut node);
        model::terminating_status(&asked.behaviour, &asked.spec, &mut node.pod);
        model::kill_done(&mut node.pod);
        let last = asked
            .next(&node)
            .into_iter()
            .filter(|it| it.pod.mode == Mode::Terminated);
        last.map(|it| it.pod.status.containers[0].state.clone())
            .collect::<Vec<_>>()
    };
    let waits = || State::Waiting(Reason::CrashLoopBackOff);
    assert_eq!(last_states(false), [waits()]);
    assert_eq!(last_states(true), [waits(), State::Terminated(exit(3))]);
}

/// WR-5: a sidecar in back-off is said to be unknown at the end of its pod, and its lastState tells how it had ended (WR-6).
/// Where lastState is that of the life before, nobody saw this one end, so it was not in back-off.
#[test]
fn a_life_whose_end_nobody_saw_was_not_in_back_off() {
    let mut trace = life(
        "restartPolicy: OnFailure\ngraceSeconds: 2\ninit:\n  - kind: sidecar\n    container:\n      attempts: [{livesMs: 1000, \
         exitCode: 1, onTerm: {action: exit, code: 0}}]\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
         0}}]\nobserveMsMax: 40000\n",
    );
    let is_unknown = |state: &State| *state == State::Terminated(unknown_exit());
    let unknown = first(&trace, 0, is_unknown);
    let mut shown = 0..;
    trace.steps.retain(|step| {
        let is_second = view(step, 0).is_some_and(|view| view.restart_count > 0);
        shown.next() >= Some(unknown) || !is_second
    });
    trace.journal = None;
    assert_eq!(judged(&trace), Inclusion::Included);
    for seen in trace.steps.iter_mut().flat_map(|step| &mut step.seen) {
        seen.last_container_id = seen.last_container_id.take().map(|_| "the first".into());
        (seen.last_started_at, seen.last_finished_at) = (None, None);
    }
    assert!(is_refused(&trace));
}

/// WS-4, from the other side: a startup probe can pass after a sync has computed its status and before it decides what may
/// follow the sidecar.
#[test]
fn a_main_can_follow_a_sidecar_whose_probe_passes_behind_the_status() {
    let mut asked = Asked::of(
        VERSION,
        "restartPolicy: Always\ngraceSeconds: 2\ninit:\n  - kind: sidecar\n    container:\n      attempts: [{onTerm: {action: \
         exit, code: 0}}]\n      startup: {handler: httpGet, outcome: {kind: passes}, periodSeconds: 1, failureThreshold: 1, \
         successThreshold: 1}\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\nobserveMsMax: 20000\n",
    );
    let node = asked.running(1);
    asked.target = Status::clone(&node.pod.status);
    assert!(!asked.target.containers[0].started);
    let main_follows = |asked: &Asked| {
        let mut behind = asked
            .next(&node)
            .into_iter()
            .filter(|next| next.pod.status == node.pod.status);
        behind.any(|next| next.pod.containers[1].is_running())
    };
    assert!(main_follows(&asked));
    // A status that shows it as started is computed afterwards.
    asked.target.containers[0].started = true;
    assert!(!main_follows(&asked));
}

/// A main with a startup probe.
pub(super) const PROBED: &str = "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\n    startup: \
                      {handler: httpGet, outcome: {kind: passes}, periodSeconds: 1, failureThreshold: 1, successThreshold: \
                      1}\nobserveMsMax: 20000\n";

/// Of a life of which nobody saw the end a later one tells that it ended, but not how.
#[test]
fn a_life_that_another_one_follows_has_ended_in_some_way() {
    let mut asked = Asked::of(VERSION, PROBED);
    asked.target = Status::clone(&asked.running(1).pod.status);
    let exits = |asked: &Asked| asked.ask(|moves| moves.exits(0, 0));
    assert!(exits(&asked).is_empty());
    asked.target.containers[0].restart_count = 1;
    assert_eq!(exits(&asked), [exit(0), exit(1)]);
}

/// WS-4, PB-7: a probe's success behind a status is seen where its container is not shown as started, or where a later life is
/// not, which would have inherited it.
#[test]
fn a_success_behind_a_status_shows_in_the_next_life() {
    let ways = |minor: u32, restart_count: u32, started: bool| {
        let mut asked = Asked::of(KubeletVersion { minor, patch: 0 }, PROBED);
        let mut node = asked.running(1);
        model::startup_result(&mut node.pod, 0, model::Probed::Success);
        asked.target = Status::clone(&node.pod.status);
        let shown = &mut asked.target.containers[0];
        (shown.restart_count, shown.started) = (restart_count, started);
        asked.ask(|moves| moves.with_late(&node, super::Nodes::from_buf([node.clone()])).count())
    };
    for (minor, inherited) in [(34, false), (35, true)] {
        assert_eq!(ways(minor, 0, false), 2);
        assert_eq!(ways(minor, 0, true), 1);
        assert_eq!(ways(minor, 1, false), if inherited { 2 } else { 1 });
        assert_eq!(ways(minor, 1, true), 1);
    }
}
