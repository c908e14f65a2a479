//! Who is restarted, who is not, and how soon.

use super::case::has_run;
use super::delays::{backoff_ms, backoff_ms_max, busy_ms};
use super::sidecars::shown;
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::check::InstanceFacts;
use crate::trace::{JournalKind, Kind, RestartPolicy, State};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-never-means-never",
        rule: "Under Never, no init or main container is started a second time.",
        quote: "`Never`: Does not automatically restart the terminated container.",
        link: pages::RESTART_POLICY,
        since_minor: 0,
        judge: never_means_never,
    },
    Guarantee {
        id: "G-success-is-not-restarted",
        rule: "A container that exited with 0 by itself is not started again: init containers, and mains under OnFailure.",
        quote: "`OnFailure`: Only restarts the container if it exits with an error (non-zero exit status).",
        link: pages::RESTART_POLICY,
        since_minor: 0,
        judge: success_is_not_restarted,
    },
    Guarantee {
        id: "G-always-restarts",
        rule: "Under Always, a main container that ended is started again when its back-off is over.",
        quote: "`Always`: Automatically restarts the container after any termination.",
        link: pages::RESTART_POLICY,
        since_minor: 0,
        judge: |case| restarts(case, Kind::Main, RestartPolicy::Always),
    },
    Guarantee {
        id: "G-on-failure-restarts",
        rule: "Under OnFailure, a main container that failed is started again when its back-off is over.",
        quote: "`OnFailure`: Only restarts the container if it exits with an error (non-zero exit status).",
        link: pages::RESTART_POLICY,
        since_minor: 0,
        judge: |case| restarts(case, Kind::Main, RestartPolicy::OnFailure),
    },
    Guarantee {
        id: "G-init-retried",
        rule: "Under Always and OnFailure, an init container that failed is started again when its back-off is over.",
        quote: "For init containers that exit with an error, the kubelet restarts the init container if the Pod level \
                `restartPolicy` is either `OnFailure` or `Always`",
        link: pages::RESTART_POLICY,
        since_minor: 0,
        judge: |case| match case.trace.spec.restart_policy {
            RestartPolicy::Never => Outcome::NotAtRisk,
            policy => restarts(case, Kind::Init, policy),
        },
    },
    Guarantee {
        id: "G-back-off",
        rule: "From its second restart on, a container waits at least 10 s, then 20 s, 40 s and so on up to 300 s.",
        quote: "After containers in a Pod exit, the kubelet restarts them with an exponential backoff delay (10s, 20s, 40s, \
                …), that is capped at 300 seconds (5 minutes).",
        link: pages::RESTART_POLICY,
        since_minor: 0,
        judge: back_off,
    },
    Guarantee {
        id: "G-no-start-in-shutdown",
        rule: "Once the shutdown of a deleted pod has begun, nothing is started in it.",
        quote: "as soon as the kubelet sees that a Pod has been marked as terminating (a graceful shutdown duration has been \
                set), the kubelet begins the local Pod shutdown process.",
        link: pages::TERMINATION,
        since_minor: 0,
        judge: no_start_in_shutdown,
    },
];

fn never_means_never(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.trace.spec.restart_policy != RestartPolicy::Never || case.sandbox_changed {
        return findings.outcome();
    }
    for index in (0..case.trace.spec.containers.len()).filter(|&index| case.kind(index) != Kind::Sidecar) {
        if case.facts.get(index, 0).is_some_and(|facts| facts.exit.is_some()) {
            findings.at_risk();
        }
        let summary = || format!("{} was started again under Never", case.name(index));
        if let Some((step, _)) = case
            .views(index)
            .find(|(_, view)| view.state == State::Running && view.restart_count > 0)
        {
            findings.broken(case, step, Some(index), summary());
        }
        let again = case
            .trace
            .journal
            .iter()
            .flatten()
            .any(|entry| entry.container == index && entry.attempt > 0 && entry.kind == JournalKind::Start);
        if again {
            findings.broken(case, case.last_step(), Some(index), summary());
        }
    }
    findings.outcome()
}

fn success_is_not_restarted(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.sandbox_changed {
        return findings.outcome();
    }
    for index in 0..case.trace.spec.containers.len() {
        let promised = match case.kind(index) {
            Kind::Init => true,
            // A container that is killed because a probe failed may exit with 0 and is restarted all the same.
            Kind::Main => {
                case.trace.spec.restart_policy == RestartPolicy::OnFailure && !case.can_be_killed_by_probe(index)
            }
            Kind::Sidecar => false,
        };
        for n in (0..case.facts.instances(index)).filter(|_| promised) {
            let succeeded = |facts: &InstanceFacts| facts.exit.as_ref().is_some_and(|exit| exit.code == 0);
            if !case.facts.get(index, n).is_some_and(succeeded) {
                continue;
            }
            findings.at_risk();
            if case.facts.get(index, n + 1).is_some_and(has_run) {
                let summary = format!("{} had exited with 0 and was started again", case.name(index));
                findings.broken(case, shown(case, index, n), Some(index), summary);
            }
        }
    }
    findings.outcome()
}

fn restarts(case: &Case, kind: Kind, policy: RestartPolicy) -> Outcome {
    let mut findings = Findings::default();
    if case.trace.spec.restart_policy != policy || case.sandbox_changed {
        return findings.outcome();
    }
    for index in case.of_kind(kind) {
        for n in 0..case.facts.instances(index) {
            let Some(facts) = case.facts.get(index, n) else {
                continue;
            };
            let (Some(finish), Some(exit)) = (facts.finish, &facts.exit) else {
                continue;
            };
            let Some(until) = case
                .free_until()
                .filter(|&until| finish.hi < until && !case.is_final(kind, exit.code))
            else {
                continue;
            };
            findings.at_risk();
            if n + 1 < case.facts.instances(index) {
                continue;
            }
            let bound_ms = case.bounds.act_ms() + backoff_ms_max(n) + busy_ms(case, finish.hi, until);
            if until > finish.hi + bound_ms {
                let summary = format!(
                    "{} exited with {} and was not started again in {} ms; at most {bound_ms} ms are permitted",
                    case.name(index),
                    exit.code,
                    until - finish.hi
                );
                findings.broken(case, case.last_step(), Some(index), summary);
            }
        }
    }
    findings.outcome()
}

/// A container that ran so long may have had its back-off reset (documented: after 10 minutes) or half forgotten (BO-4).
const LONG_RUN_MS: i64 = 290_000;

fn back_off(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.sandbox_changed {
        return findings.outcome();
    }
    for index in 0..case.trace.spec.containers.len() {
        for n in 0..case.facts.instances(index) {
            let (Some(dead), Some(next)) = (case.facts.get(index, n), case.facts.get(index, n + 1)) else {
                break;
            };
            let ran_long = dead
                .start
                .zip(dead.finish)
                .is_none_or(|(start, finish)| finish.hi - start.lo > LONG_RUN_MS);
            if ran_long {
                break;
            }
            let (Some(finish), Some(start)) = (dead.finish, next.start) else {
                continue;
            };
            if n == 0 {
                continue;
            }
            findings.at_risk();
            let owed_ms = backoff_ms(n);
            let waited_ms = start.hi - finish.lo;
            if waited_ms + case.margin_ms(dead, next) < owed_ms {
                let summary = format!(
                    "restart {} of {} came at most {waited_ms} ms after its end; its back-off is {owed_ms} ms",
                    n + 1,
                    case.name(index)
                );
                findings.broken_in_life(case, shown(case, index, n), (index, n), summary);
            }
        }
    }
    findings.outcome()
}

fn no_start_in_shutdown(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let (Some(deletion), Some(begins)) = (case.deletion, case.shutdown_begins_no_earlier_than()) else {
        return findings.outcome();
    };
    let containers = 0..case.trace.spec.containers.len();
    let instances =
        |index: usize| (0..case.facts.instances(index)).filter_map(move |n| Some((n, case.facts.get(index, n)?)));
    // A TERM that no probe can have caused: the shutdown has begun.
    let begun = containers
        .clone()
        .filter(|&index| !case.can_be_killed_by_probe(index))
        .flat_map(instances)
        .filter_map(|(_, facts)| facts.term)
        .filter(|&term| term > deletion.requested.hi.max(begins))
        .min();
    let Some(begun) = begun else { return findings.outcome() };
    findings.at_risk();
    for index in containers {
        for (n, facts) in instances(index) {
            // The runtime notes a start in whole seconds, and a process writes its first line a little later.
            if let Some(start) = facts.start.filter(|start| start.lo > begun) {
                let summary = format!(
                    "{} was started {} ms after the shutdown had begun",
                    case.name(index),
                    start.lo - begun
                );
                findings.broken(case, shown(case, index, n), Some(index), summary);
            }
        }
    }
    findings.outcome()
}
