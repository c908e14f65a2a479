//! Who and where a pod is: its addresses, its node, its start, its class and generation.

use std::net::IpAddr;

use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::{ConditionKind, Gap, Kind, PodSeen, State, Step};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-start-time-stays",
        rule: "Once the kubelet has reported on a pod, the pod has a startTime, and always the same one: that of its first \
               report.",
        quote: "RFC 3339 date and time at which the object was acknowledged by the Kubelet.",
        link: pages::STATUS,
        since_minor: 0,
        judge: start_time_stays,
    },
    Guarantee {
        id: "G-acknowledged-first",
        rule: "No container of a pod starts before the pod's startTime.",
        quote: "This is before the Kubelet pulled the container image(s) for the pod.",
        link: pages::STATUS,
        since_minor: 0,
        judge: acknowledged_first,
    },
    Guarantee {
        id: "G-host-is-told",
        rule: "Once the kubelet has reported on a pod, the pod has a hostIP.",
        quote: "hostIP holds the IP address of the host to which the pod is assigned. Empty if the pod has not started yet.",
        link: pages::STATUS,
        since_minor: 0,
        judge: host_is_told,
    },
    Guarantee {
        id: "G-host-ips-are-told",
        rule: "A status that tells the hostIP tells the hostIPs too.",
        quote: "hostIPs holds the IP addresses allocated to the host.",
        link: pages::STATUS,
        since_minor: 30,
        judge: host_ips_are_told,
    },
    Guarantee {
        id: "G-host-stays",
        rule: "A pod that is bound stays on its node: neither nodeName nor hostIP becomes another.",
        quote: "A given Pod (as defined by a UID) is never \"rescheduled\" to a different node; instead, that Pod can be \
                replaced by a new, near-identical Pod.",
        link: "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-fault-recovery",
        since_minor: 0,
        judge: host_stays,
    },
    Guarantee {
        id: "G-host-ips-agree",
        rule: "The first of hostIPs is hostIP.",
        quote: "If this field is specified, the first entry must match the hostIP field.",
        link: pages::STATUS,
        since_minor: 0,
        judge: |case| {
            agree(case, "hostIPs", |seen| {
                seen.first_host_ip.map(|first| (first, seen.host_ip))
            })
        },
    },
    Guarantee {
        id: "G-pod-ips-agree",
        rule: "The first of podIPs is podIP.",
        quote: "If this field is specified, the 0th entry must match the podIP field.",
        link: pages::STATUS,
        since_minor: 0,
        judge: |case| {
            agree(case, "podIPs", |seen| {
                seen.first_pod_ip.map(|first| (first, seen.pod_ip))
            })
        },
    },
    Guarantee {
        id: "G-one-ip",
        rule: "A pod's IP is never replaced by another one (while its sandbox lives), and is its node's only with its network.",
        quote: "podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.",
        link: pages::STATUS,
        since_minor: 0,
        judge: one_ip,
    },
    Guarantee {
        id: "G-network-first",
        rule: "A status that shows a container running shows the pod's IP.",
        quote: "During Pod startup, the kubelet delays running init containers until the networking and storage are ready.",
        link: pages::INIT_BEHAVIOR,
        since_minor: 0,
        judge: network_first,
    },
    Guarantee {
        id: "G-qos-stays",
        rule: "A pod's class of service never changes and never vanishes.",
        quote: "The Quality of Service (QOS) classification assigned to the pod based on resource requirements",
        link: pages::STATUS,
        since_minor: 0,
        judge: |case| one_value(case, "qosClass", |seen| seen.qos),
    },
    Guarantee {
        id: "G-observed-generation",
        rule: "observedGeneration is never ahead of the object's generation, and never goes back.",
        quote: "If set, this represents the .metadata.generation that the pod status was set based upon.",
        link: pages::STATUS,
        since_minor: 34,
        judge: observed_generation,
    },
    Guarantee {
        id: "G-condition-generation",
        rule: "A condition's observedGeneration is never ahead of the object's generation.",
        quote: "If set, this represents the .metadata.generation that the pod condition was set based upon.",
        link: pages::CONDITION,
        since_minor: 34,
        judge: condition_generation,
    },
    Guarantee {
        id: "G-one-status-each",
        rule: "The lists of container statuses have one entry for each container of the pod and no other.",
        quote: "Each container in the pod should have at most one status in this list, and all statuses should be for \
                containers in the pod.",
        link: pages::STATUS,
        since_minor: 0,
        judge: one_status_each,
    },
];

/// The kubelet's own statuses.
pub fn reported<'c>(case: &'c Case) -> impl Iterator<Item = (usize, &'c Step)> {
    let steps = case.trace.steps.iter().enumerate();
    steps.filter(|(_, step)| step.view.containers.iter().any(Option::is_some))
}

/// A recording that never tells any of what every object has was stripped of it, by whoever made it.
fn is_stripped(case: &Case) -> bool {
    let told = |seen: &PodSeen| seen.start_time.is_some() || seen.host_ip.is_some() || seen.qos.is_some();
    !case.trace.steps.iter().any(|step| told(&step.pod_seen))
}

/// Judges that the kubelet reports a value, and always the same.
fn one_value<T: Copy + PartialEq>(case: &Case, name: &str, value: fn(&PodSeen) -> Option<T>) -> Outcome {
    let mut findings = Findings::default();
    let mut first = None;
    for (step, it) in reported(case).filter(|_| !is_stripped(case)) {
        let told = value(&it.pod_seen);
        findings.at_risk();
        if told.is_none() {
            findings.broken(case, step, None, format!("the status has no {name}"));
        } else if first.is_some() && first != told {
            findings.broken(case, step, None, format!("{name} has become another"));
        }
        first = first.or(told);
    }
    findings.outcome()
}

/// A startTime that is missing is set together with the first transitions of the conditions.
fn start_time_stays(case: &Case) -> Outcome {
    let outcome = one_value(case, "startTime", |seen| seen.start_time);
    let joined = case.trace.gaps.contains(&Gap::JoinedInTheMiddle);
    // The first report may have been left out, and with it transitions; not as long as no main has been started.
    let is_first = |&(step, it): &(usize, &Step)| {
        step > 0 && !joined && case.of_kind(Kind::Main).all(|index| never_ran(it, index))
    };
    let Some((step, it)) = reported(case).next().filter(is_first) else {
        return outcome;
    };
    let reported = it.pod_seen.conditions[ConditionKind::ContainersReady as usize].transition;
    let Some((started, reported)) = it.pod_seen.start_time.zip(reported) else {
        return outcome;
    };
    let unready = it.condition(ConditionKind::ContainersReady) == Some(false);
    if !unready || started.abs_diff(reported) <= 1_000 || matches!(outcome, Outcome::Broken(_)) {
        return outcome;
    }
    let mut findings = Findings::default();
    let summary = format!(
        "startTime is {} ms after the kubelet's first report",
        started - reported
    );
    findings.broken(case, step, None, summary);
    findings.outcome()
}

/// Does a status show that a container has not been started yet?
pub(super) fn never_ran(it: &Step, index: usize) -> bool {
    let view = it.view.containers[index].as_ref();
    view.is_some_and(|view| matches!(view.state, State::Waiting(_)) && view.last.is_none() && view.restart_count == 0)
}

fn acknowledged_first(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in reported(case) {
        let Some(acknowledged) = it.pod_seen.start_time else {
            continue;
        };
        for (index, seen) in it.seen.iter().enumerate() {
            let Some(started) = seen.started_at.filter(|&at| at > 0) else {
                continue;
            };
            findings.at_risk();
            // Both are cut to whole seconds.
            if started < acknowledged {
                let summary = format!(
                    "{} is said to have started {} ms before the pod's startTime",
                    case.name(index),
                    acknowledged - started
                );
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
    findings.outcome()
}

fn host_is_told(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in reported(case).filter(|_| !is_stripped(case)) {
        findings.at_risk();
        if it.pod_seen.host_ip.is_none() {
            findings.broken(case, step, None, "the status has no hostIP".to_string());
        }
    }
    findings.outcome()
}

fn host_ips_are_told(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let told = |it: &Step| it.pod_seen.host_ip.is_some();
    for (step, it) in reported(case).filter(|(_, it)| told(it)) {
        findings.at_risk();
        if it.pod_seen.first_host_ip.is_none() {
            let summary = "the status has a hostIP and no hostIPs".to_string();
            findings.broken(case, step, None, summary);
        }
    }
    findings.outcome()
}

fn host_stays(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let mut first = None;
    for (step, it) in reported(case) {
        let host = it.pod_seen.host_ip;
        if first.is_some() {
            findings.at_risk();
        }
        if it.pod_seen.elsewhere {
            findings.broken(case, step, None, "nodeName has become another".to_string());
        } else if first.is_some() && host.is_some() && host != first {
            findings.broken(case, step, None, "hostIP has become another".to_string());
        }
        first = first.or(host);
    }
    findings.outcome()
}

/// The first of a list of addresses and the one in the single field.
type Addresses = fn(&PodSeen) -> Option<(IpAddr, Option<IpAddr>)>;

/// Judges that the first of a list of addresses is the one in the single field.
fn agree(case: &Case, list: &str, of: Addresses) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in case.trace.steps.iter().enumerate() {
        let Some((first, single)) = of(&it.pod_seen) else {
            continue;
        };
        findings.at_risk();
        if single != Some(first) {
            findings.broken(
                case,
                step,
                None,
                format!("the first of {list} is not the address beside it"),
            );
        }
    }
    findings.outcome()
}

fn one_ip(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let mut first: Option<IpAddr> = None;
    for (step, it) in case.trace.steps.iter().enumerate() {
        let Some(ip) = it.pod_seen.pod_ip.filter(|_| !case.sandbox_changed) else {
            continue;
        };
        if let Some(host) = it.pod_seen.host_ip.filter(|_| !it.pod_seen.on_host_network) {
            findings.at_risk();
            if ip == host {
                findings.broken(case, step, None, format!("the pod's IP is its node's, {ip}"));
            }
        }
        if let Some(first) = first {
            findings.at_risk();
            if ip != first {
                findings.broken(case, step, None, format!("the pod's IP was {first} and is {ip} now"));
            }
        }
        first = first.or(Some(ip));
    }
    findings.outcome()
}

fn network_first(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in case.trace.steps.iter().enumerate() {
        let runs = |view: &Option<_>| {
            matches!(
                view,
                Some(crate::trace::ContainerView {
                    state: State::Running,
                    ..
                })
            )
        };
        let Some(index) = it.view.containers.iter().position(runs) else {
            continue;
        };
        findings.at_risk();
        if !it.view.pod_ip {
            let summary = format!("{} runs and the pod has no IP", case.name(index));
            findings.broken(case, step, Some(index), summary);
        }
    }
    findings.outcome()
}

fn observed_generation(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let mut most = 0;
    for (step, it) in case.trace.steps.iter().enumerate() {
        let (generation, observed) = (it.pod_seen.generation, it.pod_seen.observed_generation);
        let Some((generation, observed)) = generation.zip(observed) else {
            continue;
        };
        findings.at_risk();
        if observed > generation {
            let summary = format!("observedGeneration is {observed} and the generation only {generation}");
            findings.broken(case, step, None, summary);
        } else if observed < most {
            let summary = format!("observedGeneration went from {most} back to {observed}");
            findings.broken(case, step, None, summary);
        }
        most = most.max(observed);
    }
    findings.outcome()
}

fn condition_generation(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in case.trace.steps.iter().enumerate() {
        let Some(generation) = it.pod_seen.generation else {
            continue;
        };
        for kind in ConditionKind::ALL {
            let Some(observed) = it.pod_seen.conditions[kind as usize].observed_generation else {
                continue;
            };
            findings.at_risk();
            if observed > generation {
                let summary = format!(
                    "observedGeneration of {} is {observed} and the generation only {generation}",
                    kind.as_str()
                );
                findings.broken(case, step, None, summary);
            }
        }
    }
    findings.outcome()
}

fn one_status_each(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for (step, it) in reported(case) {
        findings.at_risk();
        let known = it.view.containers.iter().flatten().count();
        let entries = it.pod_seen.status_entries as usize;
        if entries > known {
            let summary = format!("there are {entries} container statuses for {known} containers");
            findings.broken(case, step, None, summary);
        }
    }
    findings.outcome()
}
