//! The promises of the sidecar design: alive as long as the mains need them, and never in the way of the pod's end.

use super::delays::{backoff_ms_max, begin_ms, busy_ms, natural_end_ms};
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::check::InstanceFacts;
use crate::trace::{ContainerView, Kind, State};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-sidecar-outlives-mains",
        rule: "No sidecar is told to stop while a main container runs, unless its probe failed or the grace is used up.",
        quote: "the kubelet will delay sending the TERM signal to these sidecar containers until the last main container \
                has fully terminated.",
        link: pages::SHUTDOWN_WITH_SIDECARS,
        since_minor: 29,
        judge: outlives_mains,
    },
    Guarantee {
        id: "G-sidecar-stop-order",
        rule: "No sidecar is told to stop while a later one runs, unless its probe failed or the grace is used up.",
        quote: "The sidecar containers will be terminated in the reverse order they are defined in the Pod spec.",
        link: pages::SHUTDOWN_WITH_SIDECARS,
        since_minor: 29,
        judge: stop_order,
    },
    Guarantee {
        id: "G-sidecar-outlives-inits",
        rule: "No sidecar is told to stop while an init container after it runs, unless its probe failed or the grace is used up.",
        quote: "This ensures that sidecar containers continue serving the other containers in the Pod until they are no longer \
                needed.",
        link: pages::SHUTDOWN_WITH_SIDECARS,
        since_minor: 29,
        judge: outlives_inits,
    },
    Guarantee {
        id: "G-sidecar-restarted",
        rule: "A sidecar that exits while the pod still needs it is started again when its back-off is over.",
        quote: "this init container will be continually restarted on exit until all regular containers have terminated.",
        link: pages::CONTAINER,
        since_minor: 0,
        judge: restarted,
    },
    Guarantee {
        id: "G-sidecar-never-blocks-the-end",
        rule: "Once all main containers are finally done, the pod is terminal within its grace and the bound.",
        quote: "Sidecar containers will not block Pod completion - if all regular containers complete, sidecar containers \
                will be terminated.",
        link: "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/753-sidecar-containers#proposal",
        since_minor: 0,
        judge: never_blocks_the_end,
    },
];

fn outlives_mains(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for index in case.of_kind(Kind::Sidecar) {
        for main in case.of_kind(Kind::Main) {
            told_before(case, index, main, &mut findings);
        }
    }
    findings.outcome()
}

fn stop_order(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let sidecars: Vec<usize> = case.of_kind(Kind::Sidecar).collect();
    for (position, &index) in sidecars.iter().enumerate() {
        for &later in &sidecars[position + 1..] {
            told_before(case, index, later, &mut findings);
        }
    }
    findings.outcome()
}

fn outlives_inits(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for index in case.of_kind(Kind::Sidecar) {
        for init in case.of_kind(Kind::Init).filter(|&init| init > index) {
            told_before(case, index, init, &mut findings);
        }
    }
    findings.outcome()
}

/// Judges every TERM that `index` got while `other`, which it serves, ran.
fn told_before(case: &Case, index: usize, other: usize, findings: &mut Findings) {
    if case.forced {
        return;
    }
    let grace_end = case.grace_ends_no_earlier_than();
    for n in 0..case.facts.instances(index) {
        let Some(term) = case.facts.get(index, n).and_then(|facts| facts.term) else {
            continue;
        };
        for m in 0..case.facts.instances(other) {
            let Some(served) = case.facts.get(other, m) else {
                continue;
            };
            let (Some(start), Some(finish)) = (served.start, served.finish) else {
                continue;
            };
            let margin_ms = margin_to_line_ms(case, served);
            if start.lo > term {
                continue;
            }
            findings.at_risk();
            let ran = start.hi < term - margin_ms && finish.lo > term + margin_ms;
            let grace_left = grace_end.is_none_or(|end| term < end);
            // A failed probe is a good reason; but while one container is being killed for it, no other is told to stop.
            let teardown = served.term.is_some_and(|served_term| served_term < term);
            let allowed = case.can_be_killed_by_probe(index) && !teardown;
            if ran && grace_left && !allowed {
                let summary = format!(
                    "{} was told to stop {} ms before {} had ended",
                    case.name(index),
                    finish.lo - term,
                    case.name(other)
                );
                let step = shown(case, index, n);
                findings.broken(case, step, Some(index), summary);
            }
        }
    }
}

/// How far a journal line must be from a time of this instance for their order to be certain.
fn margin_to_line_ms(case: &Case, facts: &InstanceFacts) -> i64 {
    let journalled = InstanceFacts {
        wrote_start: true,
        wrote_exit: true,
        ..InstanceFacts::default()
    };
    if facts.wrote_exit {
        case.bounds.rounding_ms
    } else {
        case.margin_ms(&journalled, &InstanceFacts::default())
    }
}

/// The first step that shows this instance's end (or a later life), else the last step.
pub fn shown(case: &Case, index: usize, n: u32) -> usize {
    let ended = |view: &ContainerView| match view.state {
        State::Running => false,
        State::Terminated(_) => true,
        State::Waiting(_) => view.last.is_some(),
    };
    let ended =
        |(_, view): &(usize, &ContainerView)| view.restart_count > n || (view.restart_count == n && ended(view));
    case.views(index).find(ended).map_or(case.last_step(), |(step, _)| step)
}

/// The first step that shows this instance (or a later one), else the last step.
pub fn shown_begun(case: &Case, index: usize, n: u32) -> usize {
    let begun = |(_, view): &(usize, &ContainerView)| {
        view.restart_count > n || (view.restart_count == n && !matches!(view.state, State::Waiting(_)))
    };
    case.views(index).find(begun).map_or(case.last_step(), |(step, _)| step)
}

fn restarted(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    if case.sandbox_changed {
        return findings.outcome();
    }
    let needed_until = case.wanted_until();
    for index in case.of_kind(Kind::Sidecar) {
        for n in 0..case.facts.instances(index) {
            let Some(finish) = case.facts.get(index, n).and_then(|facts| facts.finish) else {
                continue;
            };
            let Some(until) = needed_until.filter(|&until| finish.hi < until) else {
                continue;
            };
            findings.at_risk();
            if n + 1 < case.facts.instances(index) {
                continue;
            }
            let bound_ms = case.bounds.act_ms() + backoff_ms_max(n) + busy_ms(case, finish.hi, until);
            if until > finish.hi + bound_ms {
                let summary = format!(
                    "{} ended and was not started again in {} ms; at most {bound_ms} ms are permitted",
                    case.name(index),
                    until - finish.hi
                );
                findings.broken(case, case.last_step(), Some(index), summary);
            }
        }
    }
    findings.outcome()
}

fn never_blocks_the_end(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    let Some(done) = case
        .mains_done()
        .filter(|_| case.of_kind(Kind::Sidecar).next().is_some())
    else {
        return findings.outcome();
    };
    // A delete that comes later ends the pod anyway and says nothing; nor does a pod that had ended when it was first seen.
    let until = case.free_until().filter(|_| case.terminal_step() != Some(0));
    let Some(until) = until.filter(|&until| until > done.hi) else {
        return findings.outcome();
    };
    findings.at_risk();
    let step = case
        .terminal_step()
        .or(case.deletion.map(|it| it.step))
        .unwrap_or(case.last_step());
    let bound_ms = natural_end_ms(case, done.hi, until);
    if until > done.hi + bound_ms {
        let summary = format!(
            "all main containers were done, and {} ms later the pod had not ended; at most {bound_ms} ms are permitted",
            until - done.hi
        );
        findings.broken(case, step, None, summary);
        return findings.outcome();
    }
    // The end begins with a TERM to the sidecar that nothing else needs: the first one to be told, even if it came up
    // only then. Without a sidecar that surely ran across the end nobody need have been told.
    let last = |index: usize| case.last_instance(index).map(|(_, last)| (last, index));
    let outlived = |(last, _): &(&InstanceFacts, usize)| last.finish.is_none_or(|finish| finish.lo > done.hi);
    let across =
        |(last, _): (&InstanceFacts, usize)| last.term.is_some() && last.start.is_some_and(|it| it.hi < done.lo);
    let lives = || case.of_kind(Kind::Sidecar).filter_map(last).filter(outlived);
    if !lives().any(across) {
        return findings.outcome();
    }
    // A TERM that comes before the process listens leaves no line: one that was killed may have been told at any time.
    let unheard = |(last, index): (&InstanceFacts, usize)| {
        last.term.is_none()
            && case
                .last_instance(index)
                .is_some_and(|(n, _)| !case.left_by_itself(index, n))
    };
    let told = lives().filter_map(|(last, index)| Some((last.term?, index))).min();
    let Some((told, index)) = told.filter(|_| !lives().any(unheard)) else {
        return findings.outcome();
    };
    let until = told.min(until);
    let bound_ms = begin_ms(case, done.hi, until);
    if until > done.hi + bound_ms {
        let summary = format!(
            "all main containers were done, and {} ms later no sidecar had been told to stop; at most {bound_ms} ms are \
             permitted",
            until - done.hi
        );
        findings.broken(case, step, Some(index), summary);
    }
    findings.outcome()
}
