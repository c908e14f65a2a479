//! Which container a status and its states are of.

use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::{Exit, Reason, State};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-end-names-its-life",
        rule: "A terminated state has the containerID of its status, and a lastState has one too.",
        quote: "Container's ID in the format '<type>://<container_id>'",
        link: pages::TERMINATED,
        since_minor: 0,
        judge: end_names_its_life,
    },
    Guarantee {
        id: "G-id-is-its-own",
        rule: "No two containers of a pod have the same containerID.",
        quote: "ContainerID is the ID of the container in the format '<type>://<container_id>'.",
        link: pages::CONTAINER_STATUS,
        since_minor: 0,
        judge: id_is_its_own,
    },
    Guarantee {
        id: "G-one-state",
        rule: "A container is in one state.",
        quote: "Only one of its members may be specified.",
        link: pages::CONTAINER_STATE,
        since_minor: 0,
        judge: one_state,
    },
];

/// Does the runtime tell of this end? (The others are the kubelet's own.)
fn is_the_runtimes(exit: &Exit) -> bool {
    exit.reason != Reason::ContainerStatusUnknown && exit.reason.as_str() != "RestartingAllContainers"
}

/// State and status are made from one and the same container of the runtime.
fn end_names_its_life(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for index in 0..case.trace.spec.containers.len() {
        for (step, view) in case.changes(index) {
            let Some(seen) = case.trace.steps[step].seen.get(index) else {
                continue;
            };
            let name = case.name(index);
            if matches!(&view.state, State::Terminated(exit) if is_the_runtimes(exit)) {
                findings.at_risk();
                if seen.ended_container_id.is_none() || seen.ended_container_id != seen.container_id {
                    let summary = format!("the end of {name} is not of the container that its status names");
                    findings.broken(case, step, Some(index), summary);
                }
            }
            if view.last.as_ref().is_some_and(is_the_runtimes) {
                findings.at_risk();
                if seen.last_container_id.is_none() {
                    let summary = format!("lastState of {name} does not say of which container it is");
                    findings.broken(case, step, Some(index), summary);
                }
            }
        }
    }
    findings.outcome()
}

fn id_is_its_own(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let numbers = case.numbers();
    let mut owners: Vec<Option<usize>> = vec![None; numbers.count];
    for step in 0..case.trace.steps.len() {
        for index in 0..case.trace.spec.containers.len() {
            for id in [numbers.id(step, index), numbers.last_id(step, index)]
                .into_iter()
                .flatten()
            {
                let owner = *owners[id].get_or_insert(index);
                if numbers.count > 1 {
                    findings.at_risk();
                }
                if owner != index {
                    let summary = format!(
                        "{} and {} have the same containerID",
                        case.name(owner),
                        case.name(index)
                    );
                    findings.broken(case, step, Some(index), summary);
                }
            }
        }
    }
    findings.outcome()
}

fn one_state(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in case.trace.steps.iter().enumerate() {
        for (index, seen) in it.seen.iter().enumerate() {
            findings.at_risk();
            if seen.has_two_states {
                findings.broken(
                    case,
                    step,
                    Some(index),
                    format!("{} is in two states at once", case.name(index)),
                );
            }
        }
    }
    findings.outcome()
}
