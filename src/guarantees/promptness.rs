//! A kill for a failed probe blocks the pod's worker; what must not wait for it.

use super::sidecars::{shown, shown_begun};
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::check::STOP_TIMEOUT_MS_MIN;
use crate::trace::{Kind, UnixMs};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-delete-comes-first",
        rule: "A delete does not wait for the kill of a container whose probe failed: the others get their TERM within the \
               bound, and the killed one is not started again.",
        quote: "as soon as the kubelet sees that a Pod has been marked as terminating (a graceful shutdown duration has been \
                set), the kubelet begins the local Pod shutdown process.",
        link: pages::TERMINATION,
        since_minor: 0,
        judge: delete_comes_first,
    },
    Guarantee {
        id: "G-shorter-grace-counts",
        rule: "When a second delete shortens the grace, nothing runs on beyond the shortened time and the bound.",
        quote: "Once the deletionTimestamp is set, this value may not be unset or be set further into the future, although it \
                may be shortened or the resource may be deleted prior to this time.",
        link: "https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/",
        since_minor: 0,
        judge: shorter_grace_counts,
    },
    Guarantee {
        id: "G-no-sidecar-after-the-work",
        rule: "Once all main containers are finally done, no sidecar is started any more.",
        quote: "this init container will be continually restarted on exit until all regular containers have terminated.",
        link: pages::CONTAINER,
        since_minor: 0,
        judge: no_sidecar_after_the_work,
    },
];

fn delete_comes_first(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let Some(deletion) = case.deletion else {
        return findings.outcome();
    };
    let asked = deletion.requested;
    let containers = 0..case.trace.spec.containers.len();
    for index in containers.clone().filter(|&index| case.can_be_killed_by_probe(index)) {
        for n in 0..case.facts.instances(index) {
            let killed = case.facts.get(index, n);
            // Told to stop before the delete, and for another reason: only a probe gives one while the pod is at work.
            let Some(killed) = killed.filter(|facts| facts.term.is_some_and(|term| term < asked.lo)) else {
                continue;
            };
            let Some(end) = killed.finish.filter(|finish| finish.lo > asked.hi) else {
                continue;
            };
            findings.at_risk();
            let late_ms = end.lo - asked.hi;
            if late_ms <= case.bounds.detect_ms {
                continue;
            }
            if case.facts.get(index, n + 1).is_some_and(|next| next.start.is_some()) {
                let summary = format!(
                    "{} was killed for its probe and started again, {late_ms} ms or more after the pod's delete",
                    case.name(index)
                );
                findings.broken(case, shown(case, index, n), Some(index), summary);
            }
            for other in containers
                .clone()
                .filter(|&other| other != index && case.kind(other) == Kind::Main)
            {
                for m in 0..case.facts.instances(other) {
                    let told = case.facts.get(other, m).and_then(|facts| facts.term);
                    if told.is_some_and(|told| told >= end.lo) {
                        let summary = format!(
                            "{} got its TERM {late_ms} ms or more after the delete, when {} had been killed for its probe",
                            case.name(other),
                            case.name(index)
                        );
                        findings.broken(case, shown(case, other, m), Some(other), summary);
                    }
                }
            }
        }
    }
    findings.outcome()
}

fn shorter_grace_counts(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let Some(over) = shortened_until(case).filter(|_| !case.forced) else {
        return findings.outcome();
    };
    let latest = over + case.bounds.detect_ms + STOP_TIMEOUT_MS_MIN;
    for index in 0..case.trace.spec.containers.len() {
        let Some((n, facts)) = case.last_instance(index) else {
            continue;
        };
        let Some(finish) = facts.finish.filter(|finish| finish.hi > over) else {
            continue;
        };
        findings.at_risk();
        if finish.lo > latest {
            let summary = format!(
                "{} ran on for {} ms after the time that a second delete had set",
                case.name(index),
                finish.lo - over
            );
            findings.broken(case, shown(case, index, n), Some(index), summary);
        }
    }
    findings.outcome()
}

/// When the grace is over that a later delete shortened, or when that delete was seen if this is later.
fn shortened_until(case: &Case) -> Option<UnixMs> {
    let marks = case.trace.steps.iter().enumerate();
    let mut marks = marks.filter_map(|(step, it)| Some((step, it.deletion.filter(|mark| mark.grace_s > 0)?)));
    let (_, first) = marks.next()?;
    let (step, shorter) = marks.find(|(_, mark)| mark.grace_s < first.grace_s)?;
    Some(shorter.timestamp_ms.max(case.not_after(step)?))
}

fn no_sidecar_after_the_work(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let Some(done) = case.mains_done().filter(|_| !case.sandbox_changed) else {
        return findings.outcome();
    };
    // A sync that began before the end performs its starts all the same, one after the other.
    let one_start_ms = case.bounds.start_ms + case.bounds.delay_ms;
    for (position, index) in case.of_kind(Kind::Sidecar).enumerate() {
        findings.at_risk();
        let bound_ms = case.bounds.detect_ms + (position as i64 + 1) * one_start_ms;
        for n in 1..case.facts.instances(index) {
            let start = case.start(index, n);
            if let Some(late_ms) = start.map(|start| start.lo - done.hi).filter(|&ms| ms > bound_ms) {
                let summary = format!(
                    "{} was started again {late_ms} ms after the last main container had ended for good",
                    case.name(index)
                );
                findings.broken(case, shown_begun(case, index, n), Some(index), summary);
            }
        }
    }
    findings.outcome()
}
