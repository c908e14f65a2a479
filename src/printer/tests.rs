//! One pod per printing rule: what is published, and what each API server version makes of it.

use podcheck_generators::RestartPolicy;

use super::*;
use crate::trace::{Condition, ConditionKind, ContainerSpec, ContainerView, Exit, Kind, Phase, Reason, State};

const ALL: [u32; 5] = [28, 30, 31, 34, 37];

/// A container: name (its first letter is its kind), state, restarts, ready, started.
type Of = (&'static str, State, u32, bool, bool);

fn waiting(reason: &str) -> State {
    State::Waiting(Reason::parse(Some(reason)))
}

fn exited(code: i32) -> State {
    let reason = if code == 0 { Reason::Completed } else { Reason::Error };
    State::Terminated(Exit { code, reason })
}

/// Running, started and ready.
fn up(name: &'static str) -> Of {
    (name, State::Running, 0, true, true)
}

/// Not started, in `state`.
fn down(name: &'static str, state: State) -> Of {
    (name, state, 0, false, false)
}

struct Pod {
    spec: PodSpec,
    view: PodView,
    deleted: bool,
}

/// A pod in `phase`; conditions are true by name.
fn pod(phase: Phase, containers: &[Of], true_conditions: &[ConditionKind]) -> Pod {
    let kind = |name: &str| match name.as_bytes()[0] {
        b'i' => Kind::Init,
        b's' => Kind::Sidecar,
        _ => Kind::Main,
    };
    let specs = containers.iter().map(|(name, ..)| ContainerSpec {
        name: (*name).to_owned(),
        kind: kind(name),
        startup: None,
        readiness: None,
        liveness: None,
    });
    let views = containers
        .iter()
        .cloned()
        .map(|(_, state, restart_count, ready, started)| {
            Some(ContainerView {
                state,
                last: None,
                restart_count,
                ready,
                started,
            })
        });
    let condition = |kind| {
        let is_true = true_conditions.contains(&kind);
        Some(Condition {
            is_true,
            reason: "".into(),
            message: "".into(),
        })
    };
    Pod {
        spec: PodSpec {
            restart_policy: RestartPolicy::Always,
            grace_s: 30,
            containers: specs.collect(),
            not_covered: Vec::new(),
        },
        view: PodView {
            phase,
            reason: Reason::None,
            conditions: ConditionKind::ALL.map(condition),
            containers: views.collect(),
            pod_ip: true,
        },
        deleted: false,
    }
}

const INITIALIZED: &[ConditionKind] = &[ConditionKind::Initialized];
const READY: &[ConditionKind] = &[ConditionKind::Initialized, ConditionKind::Ready];

impl Pod {
    fn row(&self, minor: u32) -> (String, String, u32) {
        let Row {
            ready,
            status,
            restarts,
            ..
        } = Printer::for_server(minor).view(&self.spec, &self.view, self.deleted);
        (ready, status, restarts)
    }

    #[track_caller]
    fn prints(&self, minors: &[u32], ready: &str, status: &str, restarts: u32) {
        for &minor in minors {
            assert_eq!(
                self.row(minor),
                (ready.into(), status.into(), restarts),
                "server 1.{minor}"
            );
        }
    }

    fn deleted(mut self) -> Self {
        self.deleted = true;
        self
    }
}

#[test]
fn a_running_init_container_shows_its_index_and_ready_sidecars_count() {
    let main = down("m0", waiting("PodInitializing"));
    let init = down("i1", State::Running);
    let pending = pod(Phase::Pending, &[up("s0"), init, main.clone()], &[]);
    pending.prints(&ALL, "1/2", "Init:1/2", 0);
    let startup_pending = pod(Phase::Pending, &[down("s0", State::Running), main], &[]);
    startup_pending.prints(&ALL, "0/2", "Init:0/1", 0);
}

#[test]
fn init_restarts_count_until_initialization_is_over() {
    let init = |state| ("i0", state, 2, false, false);
    let main = down("m0", waiting("PodInitializing"));
    pod(Phase::Pending, &[init(State::Running), main.clone()], &[]).prints(&ALL, "0/1", "Init:0/1", 2);
    pod(Phase::Pending, &[init(exited(0)), main], &[]).prints(&ALL, "0/1", "PodInitializing", 0);
}

#[test]
fn before_the_mains_exist_the_reason_of_waiting_shows() {
    pod(Phase::Pending, &[down("m0", waiting("ContainerCreating"))], &[]).prints(&ALL, "0/1", "ContainerCreating", 0);
    let failing = [
        down("i0", waiting("CrashLoopBackOff")),
        down("m0", waiting("PodInitializing")),
    ];
    pod(Phase::Pending, &failing, &[]).prints(&ALL, "0/1", "Init:CrashLoopBackOff", 0);
    let failed = [down("i0", exited(1)), down("m0", waiting("PodInitializing"))];
    pod(Phase::Failed, &failed, &[]).prints(&ALL, "0/1", "Init:Error", 0);
}

#[test]
fn a_pod_without_statuses_shows_its_phase_or_reason() {
    let mut bare = pod(Phase::Pending, &[down("m0", waiting(""))], &[]);
    bare.view.containers = vec![None];
    bare.prints(&ALL, "0/1", "Pending", 0);
    bare.view.phase = Phase::Failed;
    bare.view.reason = Reason::parse(Some("Evicted"));
    bare.prints(&ALL, "0/1", "Evicted", 0);
}

#[test]
fn a_main_state_overwrites_the_reason_of_the_pod() {
    let mut evicted = pod(Phase::Failed, &[down("m0", exited(137))], INITIALIZED);
    evicted.view.reason = Reason::parse(Some("Evicted"));
    evicted.prints(&ALL, "0/1", "Error", 0);
}

#[test]
fn a_gated_pod_shows_its_gate() {
    let mut gated = pod(Phase::Pending, &[down("m0", waiting(""))], &[]);
    gated.view.containers = vec![None];
    gated.view.conditions[0] = Some(Condition {
        is_true: false,
        reason: "SchedulingGated".into(),
        message: "".into(),
    });
    gated.prints(&ALL, "0/1", "SchedulingGated", 0);
}

#[test]
fn a_sidecar_in_back_off_hides_the_running_main_and_the_sidecars_after_it() {
    let backing_off = ("s0", waiting("CrashLoopBackOff"), 3, false, false);
    let later = ("s1", State::Running, 5, true, true);
    let main = ("m0", State::Running, 1, true, true);
    pod(Phase::Running, &[backing_off, later, main], INITIALIZED).prints(&ALL, "1/3", "Init:CrashLoopBackOff", 4);
}

#[test]
fn a_sidecar_that_failed_shows_as_init_error_and_one_that_completed_does_not() {
    let failed = pod(Phase::Running, &[down("s0", exited(1)), up("m0")], INITIALIZED);
    failed.prints(&ALL, "1/2", "Init:Error", 0);
    let completed = pod(Phase::Running, &[down("s0", exited(0)), up("m0")], INITIALIZED);
    completed.prints(&ALL, "1/2", "Running", 0);
    let restarted = pod(Phase::Running, &[down("s0", State::Running), up("m0")], INITIALIZED);
    restarted.prints(&ALL, "1/2", "Init:0/1", 0);
}

#[test]
fn the_state_of_a_started_sidecar_is_not_looked_at() {
    let odd = ("s0", exited(1), 0, true, true);
    pod(Phase::Running, &[odd, up("m0")], READY).prints(&ALL, "2/2", "Running", 0);
}

#[test]
fn completed_mains_show_while_sidecars_are_being_stopped() {
    pod(Phase::Running, &[up("s0"), down("m0", exited(0))], INITIALIZED).prints(&ALL, "1/2", "Completed", 0);
    pod(Phase::Running, &[up("s0"), down("m0", exited(1))], INITIALIZED).prints(&ALL, "1/2", "Error", 0);
    let killed = pod(
        Phase::Succeeded,
        &[down("s0", exited(137)), down("m0", exited(0))],
        INITIALIZED,
    );
    killed.prints(&ALL, "0/2", "Completed", 0);
}

#[test]
fn a_completed_main_beside_a_running_one_is_running_or_not_ready() {
    let containers = [down("m0", exited(0)), up("m1")];
    pod(Phase::Running, &containers, INITIALIZED).prints(&ALL, "1/2", "NotReady", 0);
    pod(Phase::Running, &containers, READY).prints(&ALL, "1/2", "Running", 0);
}

#[test]
fn the_first_name_decides_and_since_1_35_a_failure() {
    let first_completed = pod(
        Phase::Failed,
        &[down("m0", exited(0)), down("m1", exited(3))],
        INITIALIZED,
    );
    first_completed.prints(&[28, 34], "0/2", "Completed", 0);
    first_completed.prints(&[35, 37], "0/2", "Error", 0);
    let first_failed = pod(
        Phase::Failed,
        &[down("m0", exited(3)), down("m1", exited(0))],
        INITIALIZED,
    );
    first_failed.prints(&ALL, "0/2", "Error", 0);
    let one_runs = [down("m0", exited(0)), down("m1", exited(3)), up("m2")];
    pod(Phase::Running, &one_runs, INITIALIZED).prints(&[28, 34], "1/3", "NotReady", 0);
    pod(Phase::Running, &one_runs, INITIALIZED).prints(&[35, 37], "1/3", "Error", 0);
}

#[test]
fn mains_are_walked_by_name_whatever_the_order_of_the_spec() {
    let containers = [down("web", exited(1)), down("app", waiting("CrashLoopBackOff"))];
    pod(Phase::Running, &containers, INITIALIZED).prints(&ALL, "0/2", "CrashLoopBackOff", 0);
}

#[test]
fn an_exit_without_a_reason_shows_its_code() {
    let bare = |code| {
        State::Terminated(Exit {
            code,
            reason: Reason::None,
        })
    };
    pod(Phase::Failed, &[down("m0", bare(4))], INITIALIZED).prints(&ALL, "0/1", "ExitCode:4", 0);
    let init = [down("i0", bare(4)), down("m0", waiting("PodInitializing"))];
    pod(Phase::Failed, &init, &[]).prints(&ALL, "0/1", "Init:ExitCode:4", 0);
}

#[test]
fn a_deleted_pod_is_terminating_until_its_phase_is_terminal_since_1_31() {
    pod(Phase::Running, &[up("m0")], READY)
        .deleted()
        .prints(&ALL, "1/1", "Terminating", 0);
    let ended = pod(Phase::Failed, &[down("m0", exited(137))], INITIALIZED).deleted();
    ended.prints(&[28, 30], "0/1", "Terminating", 0);
    ended.prints(&[31, 34, 37], "0/1", "Error", 0);
    let mut lost = pod(Phase::Running, &[up("m0")], READY).deleted();
    lost.view.reason = Reason::parse(Some("NodeLost"));
    lost.prints(&ALL, "1/1", "Unknown", 0);
}

#[test]
fn rows_collapse_and_align() {
    let row = |ready: &str, status: &str, restarts, ago: Option<&str>| Row {
        ready: ready.into(),
        status: status.into(),
        restarts,
        restarted_ago: ago.map(str::to_owned),
    };
    let rows = [
        row("0/2", "Init:0/1", 0, None),
        row("1/2", "Running", 1, Some("5s")),
        row("1/2", "Running", 1, Some("7s")),
        row("0/2", "Init:0/1", 0, Some("9s")),
    ];
    let rows = collapse(rows);
    let text = table(rows.iter().map(|row| ("a-pod", row)));
    assert_eq!(
        text,
        "NAME    READY   STATUS     RESTARTS\n\
         a-pod   0/2     Init:0/1   0\n\
         a-pod   1/2     Running    1 (5s ago)\n\
         a-pod   0/2     Init:0/1   0\n"
    );
}
