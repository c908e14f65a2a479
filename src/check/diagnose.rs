//! Which rule a rejected status breaks, and in what words.

use super::broken::Broken;
use super::node::Node;
use crate::model::{PodSpec, Status};
use crate::trace::{ConditionKind, ContainerView, Phase, State};

/// How an observed status differs from the nearest one that the model permits.
pub fn nearest(spec: &PodSpec, nodes: &[Node], observed: &Status, previous_phase: Phase) -> Broken {
    // Of equally many differences, those in a state, a life or the phase are the greater ones.
    let best = nodes.iter().min_by_key(|node| {
        let found = differences(spec, node, observed, previous_phase);
        (
            found.len(),
            found.iter().filter(|it| ["2.5", "4.1"].contains(&it.rule)).count(),
        )
    });
    let mut found = best
        .map(|node| differences(spec, node, observed, previous_phase))
        .unwrap_or_default();
    if found.is_empty() {
        return Broken::new("design", None, 0, "no run of the model leads to this status");
    }
    let first = found.remove(0);
    let more = if found.is_empty() {
        String::new()
    } else {
        format!(" (and {} more differences)", found.len())
    };
    Broken::told(first.rule, first.container, format!("{}{more}", first.words))
}

fn differences(spec: &PodSpec, node: &Node, observed: &Status, previous_phase: Phase) -> Vec<Broken> {
    let mut found = Vec::new();
    let model = &node.pod.status;
    let containers = spec.containers.iter().zip(&model.containers).zip(&observed.containers);
    for (index, ((container, model), seen)) in containers.enumerate() {
        if model != seen {
            let another_state = model.state != seen.state || model.restart_count != seen.restart_count;
            let words = format!(
                "{} is {}; the model permits {}",
                container.name,
                describe(seen),
                describe(model)
            );
            let rule = if another_state { "2.5" } else { "4.4" };
            found.push(Broken::told(rule, Some(index), words));
        }
    }
    let phase = node.phase(previous_phase);
    if phase != observed.phase {
        let words = format!("phase is {:?}; the model permits {phase:?}", observed.phase);
        found.push(Broken::told("4.1", None, words));
    }
    for kind in ConditionKind::ALL {
        let (permitted, seen) = (model.condition(kind), observed.condition(kind));
        if permitted != seen && !model.containers.is_empty() {
            let words = |c: Option<crate::model::Condition>| match c {
                None => "absent".to_string(),
                Some(c) => format!(
                    "{}{}{}",
                    c.is_true,
                    if c.reason.as_str().is_empty() { "" } else { " " },
                    c.reason.as_str()
                ),
            };
            let words = format!(
                "condition {} is {}; the model permits {}",
                kind.as_str(),
                words(seen),
                words(permitted)
            );
            found.push(Broken::told("4.3", None, words));
        }
    }
    found
}

/// A container's status in a few words.
pub fn describe(view: &ContainerView) -> String {
    let state = match &view.state {
        State::Waiting(reason) => format!("waiting {reason}"),
        State::Running => "running".to_string(),
        State::Terminated(exit) => format!("terminated {} {}", exit.code, exit.reason),
    };
    let last = view
        .last
        .as_ref()
        .map_or(String::new(), |exit| format!(", last {} {}", exit.code, exit.reason));
    format!(
        "{state}{last}, restarts {}, {}, {}",
        view.restart_count,
        if view.started { "started" } else { "not started" },
        if view.ready { "ready" } else { "not ready" }
    )
}
