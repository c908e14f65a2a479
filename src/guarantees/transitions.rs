//! Whether a condition can have changed and changed back between two statuses.

use super::Case;
use super::identity::never_ran;
use crate::trace::{ConditionKind, ContainerView, Kind, State, Step};

/// A container in two statuses that follow on each other.
struct Pair<'c> {
    before: &'c ContainerView,
    after: &'c ContainerView,
    /// Both are of one and the same container of the runtime.
    is_one_life: bool,
    index: usize,
}

impl Pair<'_> {
    fn runs_on(&self) -> bool {
        self.is_one_life && self.before.state == State::Running && self.after.state == State::Running
    }

    fn is_dead(&self) -> bool {
        self.is_one_life && self.before.state != State::Running && self.after.state != State::Running
    }

    fn has_been_started(&self) -> bool {
        let ran = |view: &ContainerView| !matches!(view.state, State::Waiting(_));
        self.is_one_life && ran(self.before) && ran(self.after)
    }
}

/// Did a condition that two statuses show with the same value have it all the time between them? `false`: nobody knows.
pub fn stayed(case: &Case, kind: ConditionKind, before: &Step, after: &Step) -> bool {
    let (Some(is), false) = (after.condition(kind), case.sandbox_changed) else {
        return false;
    };
    let containers = 0..case.trace.spec.containers.len();
    let of = |index: usize| {
        let id = |step: &Step| step.seen[index].container_id.clone();
        Some(Pair {
            before: before.view.containers[index].as_ref()?,
            after: after.view.containers[index].as_ref()?,
            is_one_life: id(before).is_some() && id(before) == id(after),
            index,
        })
    };
    let pairs: Vec<Pair> = containers.filter_map(of).collect();
    let of_kind = |kinds: &'static [Kind]| pairs.iter().filter(move |it| kinds.contains(&case.kind(it.index)));
    let serving = || of_kind(&[Kind::Sidecar, Kind::Main]);
    match (kind, is) {
        // The binding sets it, and nobody takes it back.
        (ConditionKind::PodScheduled, true) => true,
        // One that has never run, or that was dead, was not ready; a result that comes late can make a dead one ready (PB-15).
        (ConditionKind::Ready | ConditionKind::ContainersReady, false) => serving().any(|it| {
            let unprobed = case.trace.spec.containers[it.index].readiness.is_none();
            never_ran(after, it.index) || (it.is_dead() && unprobed)
        }),
        // What runs without probes is ready.
        (ConditionKind::Ready | ConditionKind::ContainersReady, true) => serving().all(|it| {
            let spec = &case.trace.spec.containers[it.index];
            it.runs_on() && spec.startup.is_none() && spec.readiness.is_none()
        }),
        (ConditionKind::Initialized, false) => {
            let incomplete = |it: &Pair| !it.after.has_succeeded();
            of_kind(&[Kind::Init]).any(incomplete) || of_kind(&[Kind::Sidecar]).any(|it| never_ran(after, it.index))
        }
        // Init containers that are done stay so, and there may be nothing to initialize. A sidecar that is started again can take
        // it back for as long as no status need show (before 1.36, CO-1), also while a main runs.
        (ConditionKind::Initialized, true) => {
            let has = |kind: Kind| case.of_kind(kind).next().is_some();
            !has(Kind::Sidecar) && (!has(Kind::Init) || of_kind(&[Kind::Main]).any(Pair::has_been_started))
        }
        (ConditionKind::PodReadyToStartContainers, true) => pairs.iter().any(Pair::runs_on),
        (ConditionKind::PodReadyToStartContainers | ConditionKind::PodScheduled, false) => false,
    }
}
