use super::*;
use crate::check::Inclusion;
use crate::check::testing::{Asked, VERSION, ended, exit, first, is_refused, judged, life, simulated, view};
use crate::model::Status;
use crate::trace::{JournalKind, Reason, Step, Trace};

fn has_ended(step: &Step, index: usize) -> bool {
    view(step, index).is_some_and(|view| ended(&view.state))
}

/// Two mains that end after 3 s and 4 s and are both started again: the first so long after the second. No status shows
/// them in between.
fn started_again_after(ms: i64) -> Trace {
    let yaml = "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
                0}}, {onTerm: {action: exit, code: 0}}]\n  - attempts: [{livesMs: 4000, onTerm: {action: exit, code: \
                0}}, {onTerm: {action: exit, code: 0}}]\nobserveMsMax: 20000\n";
    let mut trace = simulated(yaml);
    let all = |step: &Step, holds: fn(&ContainerView) -> bool| step.view.containers.iter().flatten().all(holds);
    let not_ended = |step: &Step| {
        all(step, |view| {
            view.restart_count == 0 && !matches!(view.state, State::Terminated(_))
        })
    };
    let run_again = |step: &Step| {
        view(step, 0).is_some() && all(step, |view| view.restart_count == 1 && view.state == State::Running)
    };
    let again = trace.steps.iter().position(run_again).expect("they run again");
    trace.steps.truncate(again + 1);
    trace.steps.retain(|step| not_ended(step) || run_again(step));
    trace.watched_until_ms = None;
    let starts = trace.journal.iter_mut().flatten().filter(|it| it.attempt == 1);
    let mut starts: Vec<_> = starts.filter(|it| it.kind == JournalKind::Start).collect();
    starts.sort_by_key(|it| it.container);
    let [first, second] = &mut starts[..] else {
        panic!("both are started again")
    };
    first.at_ms = second.at_ms + ms;
    let first = first.at_ms;
    let step = trace.steps.last_mut().expect("a status");
    step.seen[0].started_at = Some(first / 1_000 * 1_000);
    step.at_ms = step.at_ms.max(Some(first + 500));
    trace
}

/// ST-6: one relist inspects the whole pod, so a sync that starts the later one again has seen the earlier end too, and
/// starts that one first.
#[test]
fn a_snapshot_with_a_later_end_has_the_earlier_one() {
    assert_eq!(judged(&started_again_after(-200)), Inclusion::Included);
    assert!(matches!(judged(&started_again_after(2_500)), Inclusion::Excluded(it) if it.rule == "ST-2"));
}

/// WR-4: where the delete turns a back-off into the end that it followed, lastState is the instance before, unless the
/// garbage collection was sooner (RS-9). (The other main's end brings the sync that shows the back-off.)
#[test]
fn the_life_before_can_still_be_there_when_a_back_off_ends() {
    let yaml = "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 1000, exitCode: 1, onTerm: {action: \
                exit, code: 0}}, {livesMs: 1000, exitCode: 2, onTerm: {action: exit, code: 0}}]\n  - attempts: [{livesMs: \
                6000, onTerm: {action: exit, code: 0}}, {onTerm: {action: exit, code: 0}}]\ndeletion:\n  at: {kind: \
                created, afterMs: 12000}\nobserveMsMax: 20000\n";
    let mut trace = simulated(yaml);
    let waits = |step: &Step| {
        view(step, 0).is_some_and(|it| it.state == State::Waiting(Reason::CrashLoopBackOff) && it.restart_count == 1)
    };
    let before = trace.steps.iter().find_map(|step| view(step, 0)?.last.clone());
    assert!(before.as_ref().is_some_and(|exit| exit.code == 1));
    let waiting = trace.steps.iter().rposition(waits).expect("it waits");
    let after = &mut trace.steps[waiting + 1..];
    assert!(!after.is_empty() && after.iter().all(|step| has_ended(step, 0)));
    for last in [before, None] {
        for step in &mut trace.steps[waiting + 1..] {
            step.view.containers[0].as_mut().expect("a status").last = last.clone();
            step.seen[0].last_container_id = None;
            (step.seen[0].last_started_at, step.seen[0].last_finished_at) = (None, None);
        }
        assert_eq!(judged(&trace), Inclusion::Included);
    }
}

/// RS-5, RS-9: a sync that can kill a container by a probe asks its back-off about the instance before; both are tried
/// where that one is gone in the status, whichever probe it is.
#[test]
fn a_life_before_that_is_gone_can_have_been_there_for_a_probes_kill() {
    let ways = |probes: &str, is_running: bool, target: (u32, Option<i32>)| {
        let yaml = format!(
            "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{{onTerm: {{action: exit, code: 0}}}}]\n{probes}\
             observeMsMax: 20000\n"
        );
        let mut asked = Asked::of(VERSION, &yaml);
        let mut node = Node::new(&asked.spec, 0);
        node.pod.start(0, false);
        node.pod.exit(0, exit(1));
        node.pod.start(0, true);
        if !is_running {
            node.pod.exit(0, exit(2));
        }
        let (n, last) = target;
        let ended = ContainerView {
            state: State::Terminated(exit(2)),
            last: last.map(exit),
            restart_count: n,
            ready: false,
            started: false,
        };
        asked.target = Status {
            containers: vec![ended],
            ..Status::unseen()
        };
        let nodes = asked.ask(|moves| moves.pruned(node));
        let has_previous = |node: &Node| node.pod.containers[0].previous.is_some();
        nodes.iter().map(has_previous).collect::<Vec<_>>()
    };
    let probe = |kind: &str| {
        format!(
            "    {kind}: {{handler: exec, outcome: {{kind: neverPasses}}, periodSeconds: 1, failureThreshold: 1, \
             successThreshold: 1}}\n"
        )
    };
    let gone = (1, None);
    assert_eq!(ways(&probe("liveness"), true, gone), [false, true]);
    assert_eq!(ways(&probe("startup"), true, gone), [false, true]);
    assert_eq!(ways(&probe("readiness"), true, gone), [false]);
    assert_eq!(ways("", true, gone), [false]);
    assert_eq!(ways(&probe("liveness"), false, gone), [false]);
    assert_eq!(ways(&probe("liveness"), true, (1, Some(1))), [true]);
    assert_eq!(ways(&probe("liveness"), true, (2, None)), [true]);
}

/// One relist inspects the whole pod, so an end is not shown while an earlier one is hidden.
#[test]
fn a_later_end_is_not_shown_without_the_earlier_one() {
    let mut trace = life(
        "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: 0}}]\n  - \
         attempts: [{livesMs: 5000, onTerm: {action: exit, code: 0}}]\n  - attempts: [{livesMs: 60000, onTerm: {action: exit, \
         code: 0}}]\nobserveMsMax: 90000\n",
    );
    let ends = [0, 1].map(|index| first(&trace, index, ended));
    let [earlier, later] = ends;
    assert!(earlier < later);
    let runs_on = view(&trace.steps[earlier - 1], 0).cloned();
    trace.steps.remove(earlier);
    assert_eq!(judged(&trace), Inclusion::Included);
    // Not late either, so it is only the order.
    trace.steps.truncate(later);
    trace.watched_until_ms = trace.steps[later - 1].at_ms;
    trace.steps[later - 1].view.containers[0] = runs_on;
    assert!(is_refused(&trace));
}
