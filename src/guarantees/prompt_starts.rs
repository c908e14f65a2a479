//! What is started must be started soon: the next in the order, and what has ended when its back-off is over.

use super::delays::{backoff_ms_max, busy_ms, first_start_ms};
use super::sidecars::shown_begun;
use super::{Case, Findings, Guarantee, Outcome, pages};
use crate::trace::{Kind, State, UnixMs};

pub const RULES: &[Guarantee] = &[
    Guarantee {
        id: "G-init-hands-over",
        rule: "What an init container hands over to starts within the bound after its exit.",
        quote: "When all of the init containers have run to completion, Kubelet initializes the application containers \
                for the Pod and runs them as usual.",
        link: pages::INIT,
        since_minor: 0,
        judge: init_hands_over,
    },
    Guarantee {
        id: "G-sidecar-hands-over",
        rule: "What a sidecar hands over to starts within the bound after the sidecar is shown to have started.",
        quote: "Instead, the next init container starts immediately after this init container is started, or after any \
                startupProbe has successfully completed.",
        link: pages::CONTAINER,
        since_minor: 0,
        judge: sidecar_hands_over,
    },
    Guarantee {
        id: "G-first-restart-at-once",
        rule: "The first restart of a container comes within the bound, without a back-off.",
        quote: "**Initial crash**: Kubernetes attempts an immediate restart based on the Pod `restartPolicy`.",
        link: pages::PROBLEMS,
        since_minor: 0,
        judge: |case| restarts_in_time(case, |n| n == 0),
    },
    Guarantee {
        id: "G-back-off-ends",
        rule: "From its second restart on, a container is started again within the bound after its back-off, of 300 s at \
               most.",
        quote: "After containers in a Pod exit, the kubelet restarts them with an exponential backoff delay (10s, 20s, 40s, \
                …), that is capped at 300 seconds (5 minutes).",
        link: pages::RESTART_POLICY,
        since_minor: 0,
        judge: |case| restarts_in_time(case, |n| n > 0),
    },
];

/// What comes right after a member of the init list.
fn behind(case: &Case, gate: usize) -> Vec<usize> {
    let first_main = case.of_kind(Kind::Main).next().unwrap_or(0);
    if gate + 1 < first_main {
        vec![gate + 1]
    } else {
        case.of_kind(Kind::Main).collect()
    }
}

/// Judges the first start of everything behind a gate that opened at `opened` at the latest.
fn hands_over(case: &Case, gate: usize, opened: UnixMs, findings: &mut Findings) {
    let behind = behind(case, gate);
    for &next in &behind {
        let Some(start) = case.facts.get(next, 0).and_then(|facts| facts.start) else {
            continue;
        };
        findings.at_risk();
        let starts_ms = (behind.len() as i64 - 1) * case.bounds.start_ms;
        let bound_ms = first_start_ms(case) + starts_ms + busy_ms(case, opened, start.lo);
        if start.lo > opened + bound_ms {
            let summary = format!(
                "{} was started {} ms after {} had handed over; at most {bound_ms} ms are permitted",
                case.name(next),
                start.lo - opened,
                case.name(gate)
            );
            findings.broken(case, shown_begun(case, next, 0), Some(next), summary);
        }
    }
}

fn init_hands_over(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for gate in case.of_kind(Kind::Init).filter(|_| !case.sandbox_changed) {
        let success = (0..case.facts.instances(gate))
            .filter_map(|n| case.facts.get(gate, n))
            .find(|facts| facts.exit.as_ref().is_some_and(|exit| exit.code == 0));
        if let Some(finish) = success.and_then(|facts| facts.finish) {
            hands_over(case, gate, finish.hi, &mut findings);
        }
    }
    findings.outcome()
}

fn sidecar_hands_over(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    for gate in case.of_kind(Kind::Sidecar).filter(|_| !case.sandbox_changed) {
        let started = case
            .views(gate)
            .find(|(_, view)| view.state == State::Running && view.started);
        let Some((step, view)) = started else { continue };
        let Some(opened) = case.not_after(step) else { continue };
        // One that ended again may close the gate once more.
        let ended = case.facts.get(gate, view.restart_count).and_then(|facts| facts.finish);
        let first = behind(case, gate)
            .into_iter()
            .filter_map(|next| case.facts.get(next, 0)?.start)
            .map(|start| start.lo)
            .max();
        let stays_open = ended.is_none_or(|ended| first.is_none_or(|first| ended.lo > first));
        if stays_open {
            hands_over(case, gate, opened, &mut findings);
        }
    }
    findings.outcome()
}

fn restarts_in_time(case: &Case, of: fn(u32) -> bool) -> Outcome {
    let mut findings = Findings::default();
    if case.sandbox_changed {
        return findings.outcome();
    }
    for index in 0..case.trace.spec.containers.len() {
        for n in (0..case.facts.instances(index)).filter(|&n| of(n)) {
            let finish = case.facts.get(index, n).and_then(|facts| facts.finish);
            let start = case.facts.get(index, n + 1).and_then(|facts| facts.start);
            let Some((finish, start)) = finish.zip(start) else {
                continue;
            };
            findings.at_risk();
            let bound_ms = case.bounds.act_ms() + backoff_ms_max(n) + busy_ms(case, finish.hi, start.lo);
            if start.lo > finish.hi + bound_ms {
                let summary = format!(
                    "{} was started again {} ms after it had ended; at most {bound_ms} ms are permitted",
                    case.name(index),
                    start.lo - finish.hi
                );
                findings.broken_in_life(case, shown_begun(case, index, n + 1), (index, n + 1), summary);
            }
        }
    }
    findings.outcome()
}
