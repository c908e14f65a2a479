//! Which states can still lead to the status that is to be explained: what has got beyond it is not followed any further.

use super::Moves;
use crate::check::node::Node;
use crate::model::{Container, ContainerView, Instance, Mode, PodState, Probed, State, Worker};

impl Moves<'_> {
    pub(super) fn can_reach_target(&self, node: &Node) -> bool {
        (self.keeps_all || !self.is_too_late(node)) && self.restarts_fit(&node.pod)
    }

    /// Restart counts and instances never go back, so a state beyond the target cannot explain it.
    pub(super) fn restarts_fit(&self, pod: &PodState) -> bool {
        let targets = &self.target.containers;
        targets.is_empty() || pod.status.containers.iter().zip(targets).all(has_not_passed)
    }

    /// Nothing that is computed from here on is the target, and the status that is there will not become it.
    fn is_too_late(&self, node: &Node) -> bool {
        if node.status_at > self.received {
            return true;
        }
        // The final write makes up ends without computing a status.
        if node.pod.mode >= Mode::Terminated {
            return false;
        }
        (self.is_late(node) || self.has_moved_on(&node.pod)) && !self.can_become_target(&node.pod)
    }

    /// What is computed from here on comes after the target.
    pub(super) fn is_late(&self, node: &Node) -> bool {
        node.now > self.received
    }

    /// Has a container got further than the target shows? Instances never come back, the dead stay dead, and what its startup
    /// probe has found stays: a pass that a status cannot have missed any more (WS-4), and a failure in any case.
    fn has_moved_on(&self, pod: &PodState) -> bool {
        let passes_are_final = !self.behaviour.startup_probe_is_asked_again;
        let mut pairs = pod.containers.iter().zip(&self.target.containers);
        pairs.any(|(container, target)| {
            let Some(newest) = &container.newest else { return false };
            let is_probed_otherwise = match newest.startup {
                Probed::Success => passes_are_final && !newest.passed_just_now && !target.started,
                Probed::Failure => target.started,
                Probed::Nothing | Probed::Pending => false,
            };
            let is_otherwise = newest.exit.is_some() || is_probed_otherwise;
            newest.n > target.restart_count || (is_otherwise && target.runs_as(newest.n))
        })
    }

    /// Without being computed anew a status changes in flags alone: by what probes find, and by the sandbox's announcement.
    fn can_become_target(&self, pod: &PodState) -> bool {
        let (views, targets) = (&pod.status.containers, &self.target.containers);
        let mut pairs = views.iter().zip(targets).zip(pod.containers.iter());
        views.len() == targets.len() && pairs.all(|((view, target), container)| can_become(view, target, container))
    }
}

fn has_not_passed((view, target): (&ContainerView, &ContainerView)) -> bool {
    view.restart_count < target.restart_count
        || (view.restart_count == target.restart_count
            && (target.state != State::Running || matches!(view.state, State::Running | State::Waiting(_)))
            && (target.last.is_some() || !matches!(target.state, State::Waiting(_)) || view.state != State::Running))
}

/// Only a startup probe that is still waited for changes `started`.
fn can_become(view: &ContainerView, target: &ContainerView, container: &Container) -> bool {
    let is_shown = (view.restart_count, &view.state, &view.last) == (target.restart_count, &target.state, &target.last);
    let waits_for_probe = || {
        let waits = |it: &Instance| view.runs_as(it.n) && matches!(it.startup, Probed::Nothing | Probed::Pending);
        container.has_worker(Worker::Startup) && container.newest.as_ref().is_some_and(waits)
    };
    is_shown && (view.started == target.started || waits_for_probe())
}

#[cfg(test)]
mod tests;
