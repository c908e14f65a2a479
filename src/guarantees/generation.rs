//! Which generation of the pod a status was made for.

use super::identity::reported;
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::{ConditionKind, Kind, Reason, State, Step};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-generation-is-told",
        rule: "Every status of the kubelet's, and each of its conditions, tells its observedGeneration.",
        quote: TRACKS,
        link: pages::POD_GENERATION,
        since_minor: 35,
        judge: generation_is_told,
    },
    Guarantee {
        id: "G-delete-is-observed",
        rule: "A pod that ends only because it is deleted has observed the generation of its delete by then.",
        quote: REFLECTS,
        link: pages::POD_GENERATION,
        since_minor: 34,
        judge: delete_is_observed,
    },
];

const TRACKS: &str =
    "The Kubelet will set `status.observedGeneration` to track the pod state to the current pod status.";
const REFLECTS: &str = "The pod's `status.observedGeneration` will reflect the `metadata.generation` of the pod at the point that \
                        the pod status is being reported.";

/// The conditions that the kubelet computes anew for each status; PodScheduled it takes over from the scheduler.
const COMPUTED: [ConditionKind; 4] = [
    ConditionKind::PodReadyToStartContainers,
    ConditionKind::Initialized,
    ConditionKind::ContainersReady,
    ConditionKind::Ready,
];

fn generation_is_told(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    // An API server that does not know the fields drops them: then no object has a generation, or none of the fields.
    let tells = |generation: Option<i64>| generation.is_some_and(|it| it > 0);
    for (step, it) in reported(case).filter(|(_, it)| tells(it.pod_seen.generation)) {
        findings.at_risk();
        let silent = |kind: &ConditionKind| {
            it.condition(*kind).is_some() && !tells(it.pod_seen.conditions[*kind as usize].observed_generation)
        };
        if !tells(it.pod_seen.observed_generation) {
            findings.broken(case, step, None, "the status has no observedGeneration".to_string());
        } else if let Some(kind) = COMPUTED.into_iter().find(silent) {
            let summary = format!("{} has no observedGeneration", kind.as_str());
            findings.broken(case, step, None, summary);
        }
    }
    findings.outcome()
}

/// Nothing but the delete makes such a pod terminal, so whoever computed that status had seen it.
fn delete_is_observed(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let (Some(deletion), Some(end)) = (case.deletion, case.terminal_step()) else {
        return findings.outcome();
    };
    let (asked, it) = (&case.trace.steps[deletion.step], &case.trace.steps[end]);
    let numbers = asked.pod_seen.generation.zip(it.pod_seen.observed_generation);
    let by_itself = case.has_other_reasons() || end <= deletion.step || !left_work(case, it);
    let Some((asked, observed)) = numbers.filter(|_| !by_itself) else {
        return findings.outcome();
    };
    findings.at_risk();
    if observed < asked {
        let summary =
            format!("the pod has ended for its delete, which is generation {asked}; it has observed only {observed}");
        findings.broken(case, end, None, summary);
    }
    findings.outcome()
}

/// Does a status show a main container that would have been started, again or at all, but for the delete?
fn left_work(case: &Case, it: &Step) -> bool {
    let done = |index: usize| match it.view.containers[index].as_ref().map(|view| &view.state) {
        Some(State::Terminated(exit)) => {
            exit.reason == Reason::ContainerStatusUnknown || case.is_final(Kind::Main, exit.code)
        }
        _ => true,
    };
    !case.of_kind(Kind::Main).all(done)
}
