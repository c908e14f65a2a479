//! The class of service and the resources that it follows from.

use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::Qos;

pub const RULES: &[Guarantee] = &[Guarantee {
    id: "G-qos-fits-resources",
    rule: "A pod's class of service is the one that follows from the CPU and memory which its containers request and are \
               limited to: Guaranteed if every container has limits for both and requests as much, BestEffort if none has \
               either, else Burstable.",
    quote: "The Quality of Service (QOS) classification assigned to the pod based on resource requirements",
    link: pages::STATUS,
    since_minor: 0,
    judge: fits_resources,
}];

fn fits_resources(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in case.trace.steps.iter().enumerate() {
        let (Some(told), Some(due)) = (it.pod_seen.qos, it.pod_seen.qos_due) else {
            continue;
        };
        findings.at_risk();
        if told != due {
            let why = match due {
                Qos::Guaranteed => "every container requests as much CPU and memory as it is limited to",
                Qos::BestEffort => "no container has a request or a limit of CPU or memory",
                _ => "only a part of what makes a pod Guaranteed is given",
            };
            findings.broken(case, step, None, format!("the pod's class is {told:?} although {why}"));
        }
    }
    findings.outcome()
}
