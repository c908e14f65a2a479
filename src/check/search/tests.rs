//! Walks that end well, and what they refuse.

use super::*;
use crate::check::testing::scenario;
use crate::model::{self, KubeletVersion};
use crate::simulate::{Options, simulate};
use crate::trace::State;

const VERSION: KubeletVersion = KubeletVersion { minor: 37, patch: 0 };

fn simulated(yaml: &str) -> Trace {
    simulate(&scenario(yaml), &Options::new(VERSION, 1))
}

fn judged(trace: &Trace) -> Inclusion {
    includes(&Behaviour::of(VERSION), trace, &Bounds::default())
}

/// A process that is killed leaves no exit line, so only the statuses tell of its end.
#[test]
fn an_end_that_the_runtime_knows_is_not_unknown() {
    let yaml = "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{onTerm: {action: ignore}}]\ndeletion:\n  at: {kind: \
                running, container: m0, attempt: 0, afterMs: 3000}\nobserveMsMax: 20000\n";
    let mut trace = simulated(yaml);
    assert_eq!(judged(&trace), Inclusion::Included);
    for step in &mut trace.steps {
        for (view, seen) in step.view.containers.iter_mut().flatten().zip(&mut step.seen) {
            if matches!(view.state, State::Terminated(_)) {
                view.state = State::Terminated(model::unknown_exit());
                (seen.started_at, seen.finished_at) = (None, None);
            }
        }
    }
    assert!(matches!(judged(&trace), Inclusion::Excluded(_)));
}

/// A container that is never shown to run is late, but where it may have to pull its image nobody knows when.
#[test]
fn a_start_is_owed_unless_an_image_may_be_pulled() {
    let yaml = "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
                0}}]\nobserveMsMax: 20000\n";
    let mut trace = simulated(yaml);
    let creating = |step: &Step| {
        let mut views = step.view.containers.iter().flatten();
        views.all(|view| matches!(view.state, State::Waiting(_)))
    };
    trace.steps.retain(creating);
    trace.journal = Some(Vec::new());
    trace.watched_until_ms = trace.steps.last().and_then(|step| step.at_ms).map(|at| at + 60_000);
    assert!(matches!(judged(&trace), Inclusion::Excluded(it) if it.rule == "ST-6"));
    trace.scenario = None;
    assert_eq!(judged(&trace), Inclusion::Included);
}

#[test]
fn a_list_in_the_wrong_order_is_refused() {
    let yaml = "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
                0}}]\nobserveMsMax: 20000\n";
    let mut trace = simulated(yaml);
    assert_eq!(judged(&trace), Inclusion::Included);
    trace.steps[2].pod_seen.out_of_order = true;
    assert!(matches!(judged(&trace), Inclusion::Excluded(it) if it.rule == "ST-23" && it.event_index == 2));
}

/// The walk gives up rather than to accuse: with one state less than it needs it cannot tell.
#[test]
fn with_too_many_states_nothing_is_decided() {
    let yaml = "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
                0}}]\nobserveMsMax: 20000\n";
    let trace = simulated(yaml);
    let (behaviour, facts, bounds) = (Behaviour::of(VERSION), Facts::of(&trace), Bounds::default());
    let within = |max| includes_within(&behaviour, &trace, &facts, &bounds, max);
    let enough = (0..100)
        .find(|&max| within(max) == Inclusion::Included)
        .expect("few states");
    assert!(enough > 1);
    for max in 0..enough {
        let why = format!("more than {max} states of the model could explain event ");
        assert!(matches!(within(max), Inclusion::Undecided(it) if it.starts_with(&why)));
    }
}

/// WS-2: the kubelet takes the object away only when it has stopped everything, whatever the last event shows.
#[test]
fn an_object_is_not_removed_while_its_containers_run() {
    let yaml = "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\ndeletion:\n  \
                at: {kind: running, container: m0, attempt: 0, afterMs: 3000}\n  finalizer: true\nobserveMsMax: 20000\n";
    let mut trace = simulated(yaml);
    assert_eq!(judged(&trace), Inclusion::Included);
    let removed = |step: &Step| step.view.phase.is_terminal() && step.deletion.is_some_and(|mark| mark.grace_s == 0);
    let ended = |step: &Step| !removed(step) && step.view.phase.is_terminal();
    trace.steps.retain(|step| !ended(step));
    trace.steps.iter_mut().filter(|step| removed(step)).for_each(|step| {
        step.view.containers.fill(None);
        step.view.conditions.fill(None);
    });
    assert!(matches!(judged(&trace), Inclusion::Excluded(it) if it.rule == "WS-2"));
}

/// TO-5, TO-11: while containers are being stopped nothing needs to be published: a watch may end then.
#[test]
fn a_pod_that_is_being_stopped_may_be_silent_until_its_grace_is_over() {
    let yaml = "restartPolicy: Always\ngraceSeconds: 20\nmain:\n  - attempts: [{onTerm: {action: ignore}}]\ndeletion:\n  at: \
                {kind: running, container: m0, attempt: 0, afterMs: 3000}\nobserveMsMax: 60000\n";
    let mut trace = simulated(yaml);
    let deleted = trace.steps.iter().position(|step| step.deletion.is_some());
    let deleted = deleted.expect("it is deleted");
    trace.steps.truncate(deleted + 1);
    let at = trace.steps[deleted].at_ms.expect("a time");
    let mut silent = |ms: i64| {
        trace.watched_until_ms = Some(at + ms);
        match includes(&Behaviour::of(VERSION), &trace, &Bounds::with_delay(0)) {
            Inclusion::Excluded(why) => Err(why.rule),
            _ => Ok(()),
        }
    };
    // The grace, the runtime's 2 s, a relist and the end of the teardown.
    let until_ms = 20_000 + 2_000 + 3_000 + 7_000;
    for ms in [0, 5_000, 10_000, 20_000, until_ms] {
        assert_eq!(silent(ms), Ok(()), "{ms}");
    }
    assert_eq!(silent(until_ms + 1), Err("TO-5".to_owned()));
}

/// ST-10: an end that is published late is late also when other statuses follow.
#[test]
fn a_silence_between_two_statuses_has_a_bound() {
    let yaml = "restartPolicy: Never\ngraceSeconds: 2\nmain:\n  - attempts: [{livesMs: 3000, onTerm: {action: exit, code: \
                0}}]\n  - attempts: [{livesMs: 60000, onTerm: {action: exit, code: 0}}]\nobserveMsMax: 80000\n";
    let options = Options {
        seed: None,
        ..Options::new(VERSION, 1)
    };
    let whole = simulate(&scenario(yaml), &options);
    let ended = |step: &Step| {
        let mut views = step.view.containers.iter().flatten();
        views.any(|view| matches!(view.state, State::Terminated(_)))
    };
    let told = whole.steps.iter().position(ended).expect("an end");
    let late = |ms: i64| {
        let mut trace = whole.clone();
        trace.steps[told].at_ms = trace.steps[told].at_ms.map(|at| at + ms);
        match includes(&Behaviour::of(VERSION), &trace, &Bounds::with_delay(0)) {
            Inclusion::Excluded(why) => Some((why.rule, why.event_index)),
            _ => None,
        }
    };
    assert_eq!(late(2_000), None);
    assert_eq!(late(10_000), Some(("ST-10".to_owned(), whole.steps[told].event_index)));
}

/// Seen on a kubelet v1.37.0 at a load of 65 on two cores: a process that came to write its first line 12 s after its start.
#[test]
fn a_line_that_the_load_explains_contradicts_nothing() {
    let mut trace = simulated(
        "restartPolicy: Always\ngraceSeconds: 2\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\nobserveMsMax: 20000\n",
    );
    trace.journal.as_mut().expect("a journal")[0].at_ms += 12_000;
    let behaviour = Behaviour::of(VERSION);
    let within = |delay_ms: i64| includes(&behaviour, &trace, &Bounds::with_delay(delay_ms));
    assert!(matches!(within(4_000), Inclusion::Excluded(_)));
    assert_eq!(within(14_000), Inclusion::Included);
}

/// Six probes that have results all the time, and restarts that no status shows: most of what could have happened cannot lead
/// to the status that came, and is not followed.
#[test]
fn what_cannot_lead_to_the_next_status_is_not_followed() {
    const YAML: &str = "\
restartPolicy: Always
graceSeconds: 3
init:
  - kind: sidecar
    container:
      attempts: [{onTerm: {action: ignore}}]
      startup: {handler: httpGet, outcome: {kind: passesAfter, ms: 2700}, periodSeconds: 1, failureThreshold: 5, successThreshold: 1}
      readiness: {handler: httpGet, outcome: {kind: passes}, periodSeconds: 1, failureThreshold: 2, successThreshold: 1}
      liveness: {handler: httpGet, outcome: {kind: failsAfter, ms: 2100}, initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 1, successThreshold: 1}
main:
  - attempts: [{livesMs: 1900, onTerm: {action: exit, code: 0}}]
    startup: {handler: httpGet, outcome: {kind: passesAfter, ms: 1200}, initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 4, successThreshold: 1}
    readiness: {handler: httpGet, outcome: {kind: passesAfter, ms: 1900}, periodSeconds: 1, failureThreshold: 2, successThreshold: 1}
  - attempts: [{livesMs: 2900, onTerm: {action: exit, code: 0}}]
    startup: {handler: httpGet, outcome: {kind: passes}, periodSeconds: 1, failureThreshold: 3, successThreshold: 1}
  - attempts: [{livesMs: 3100, onTerm: {action: exit, code: 0}}]
    liveness: {handler: httpGet, outcome: {kind: passesAfter, ms: 2900}, periodSeconds: 1, failureThreshold: 1, successThreshold: 1}
observeMsMax: 19000
";
    const STATES_MAX: usize = 1_000;
    let behaviour = Behaviour::of(VERSION);
    for seed in 0..20 {
        let trace = simulate(&scenario(YAML), &Options::new(VERSION, seed));
        let bounds = Bounds::default();
        let within = includes_within(&behaviour, &trace, &Facts::of(&trace), &bounds, STATES_MAX);
        assert_eq!(within, Inclusion::Included, "seed {seed}");
    }
}
