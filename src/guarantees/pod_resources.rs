//! What is told of a pod's resources as a whole.

use super::identity::reported;
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::{PodResources, Qos};

pub const RULES: &[Guarantee] = &[Guarantee {
    id: "G-pod-resources-are-set",
    rule: "A pod that asks for no resources, neither as a whole nor in its containers, is not said to have any as a whole.",
    quote: "Resources represents the compute resource requests and limits that have been applied at the pod level if pod-level \
            requests or limits are set in PodSpec.Resources",
    link: pages::STATUS,
    since_minor: 0,
    judge: resources_are_set,
}];

fn resources_are_set(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let mut before = None;
    for (step, it) in reported(case).filter(|(_, it)| it.pod_seen.qos_due == Some(Qos::BestEffort)) {
        findings.at_risk();
        let told = it.pod_seen.resources;
        if std::mem::replace(&mut before, told) == told {
            continue;
        }
        let what = match told {
            None => continue,
            Some(PodResources::NoLimit) => "a memory limit of 8 EiB",
            Some(PodResources::Amounts) => "resources as a whole",
        };
        let summary = format!("the pod asks for no resources and is said to have {what}");
        findings.broken(case, step, None, summary);
    }
    findings.outcome()
}
