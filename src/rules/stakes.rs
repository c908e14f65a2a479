//! The situations in which rules decide, read from a pod's life alone.

use crate::guarantees::Case;
use crate::trace::{Kind, RestartPolicy, State};

pub fn always(_: &Case) -> bool {
    true
}

pub fn has(case: &Case, kind: Kind) -> bool {
    case.of_kind(kind).next().is_some()
}

/// The init list has an element.
pub fn has_init_list(case: &Case) -> bool {
    case.trace
        .spec
        .containers
        .iter()
        .any(|container| container.kind != Kind::Main)
}

pub fn has_two_in_init_list(case: &Case) -> bool {
    case.trace
        .spec
        .containers
        .iter()
        .filter(|container| container.kind != Kind::Main)
        .count()
        > 1
}

/// A container of this kind ran again.
pub fn again(case: &Case, kind: Kind) -> bool {
    case.of_kind(kind).any(|index| case.facts.instances(index) > 1)
}

pub fn any_again(case: &Case) -> bool {
    lives_max(case) > 1
}

/// The largest number of lives of a container.
pub fn lives_max(case: &Case) -> u32 {
    (0..case.trace.spec.containers.len())
        .map(|index| case.facts.instances(index))
        .max()
        .unwrap_or_default()
}

pub fn is_deleted(case: &Case) -> bool {
    case.deletion.is_some()
}

pub fn is_policy(case: &Case, policy: RestartPolicy) -> bool {
    case.trace.spec.restart_policy == policy
}

/// The pod became terminal without a delete.
pub fn ended_by_itself(case: &Case) -> bool {
    case.terminal_step()
        .is_some_and(|step| case.trace.steps[step].deletion.is_none())
}

pub fn is_terminal(case: &Case) -> bool {
    case.terminal_step().is_some()
}

/// A shutdown met a running sidecar: one was told to stop, or was killed in it.
pub fn sidecar_met_shutdown(case: &Case) -> bool {
    let Some(begins) = case.shutdown_begins_no_earlier_than() else {
        return false;
    };
    let met = |index: usize| {
        case.last_instance(index)
            .is_some_and(|(_, last)| last.finish.is_some_and(|finish| finish.hi >= begins))
    };
    case.of_kind(Kind::Sidecar).any(met)
}

pub fn two_sidecars_met_shutdown(case: &Case) -> bool {
    case.of_kind(Kind::Sidecar).count() > 1 && sidecar_met_shutdown(case)
}

/// A container was told to stop.
pub fn told(case: &Case) -> bool {
    (0..case.trace.spec.containers.len()).any(|index| case.facts.lives(index).any(|it| it.term.is_some()))
}

/// Some status shows this of some container.
pub fn shows(case: &Case, wanted: impl Fn(Kind, &State) -> bool) -> bool {
    (0..case.trace.spec.containers.len())
        .any(|index| case.views(index).any(|(_, view)| wanted(case.kind(index), &view.state)))
}

/// A status shows a container in back-off.
pub fn shows_backoff(case: &Case) -> bool {
    use crate::trace::Reason;
    shows(case, |_, state| *state == State::Waiting(Reason::CrashLoopBackOff))
}

pub fn shows_last_state(case: &Case) -> bool {
    (0..case.trace.spec.containers.len()).any(|index| case.views(index).any(|(_, view)| view.last.is_some()))
}

/// All mains ended for good while a sidecar had a life.
pub fn mains_done_beside_sidecar(case: &Case) -> bool {
    case.mains_done().is_some() && case.of_kind(Kind::Sidecar).any(|index| case.ever_ran(index))
}

/// The last element of the init list is a sidecar.
pub fn last_is_sidecar(case: &Case) -> bool {
    let containers = &case.trace.spec.containers;
    containers
        .iter()
        .rev()
        .find(|it| it.kind != Kind::Main)
        .is_some_and(|it| it.kind == Kind::Sidecar)
}

pub fn has_startup(case: &Case) -> bool {
    case.trace.spec.containers.iter().any(|it| it.startup.is_some())
}

pub fn has_readiness(case: &Case) -> bool {
    case.trace.spec.containers.iter().any(|it| it.readiness.is_some())
}

pub fn has_liveness(case: &Case) -> bool {
    case.trace.spec.containers.iter().any(|it| it.liveness.is_some())
}

/// A container with a probe that kills ran again.
pub fn killed_by_probe(case: &Case) -> bool {
    let killable = |index: usize| case.can_be_killed_by_probe(index) && case.facts.instances(index) > 1;
    (0..case.trace.spec.containers.len()).any(killable)
}

/// The last status shows an exit that the kubelet made up.
pub fn shows_status_unknown(case: &Case) -> bool {
    use crate::trace::Reason;
    shows(
        case,
        |_, state| matches!(state, State::Terminated(exit) if exit.reason == Reason::ContainerStatusUnknown),
    )
}
