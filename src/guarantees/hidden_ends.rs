//! A process that has had its time is gone, and a status must say so. When that is, only the script knows: a kubelet that misses
//! the end is the one who would have told.

use super::delays::busy_ms;
use super::{Case, Findings, Guarantee, Outcome, pages};

pub const RULES: &[Guarantee] = &[Guarantee {
    id: "G-running-executes",
    rule: "A container whose process has had its time is not shown as running beyond the bound.",
    quote: "The `Running` status indicates that a container is executing without issues.",
    link: pages::STATES,
    since_minor: 0,
    judge: running_executes,
}];

fn running_executes(case: &Case) -> Outcome {
    let mut findings = Findings::default();
    // What is told to stop may take its whole grace, so only what was wanted until then, and what no probe stops, has a time.
    let Some((scenario, until)) = case.trace.scenario.as_ref().zip(case.wanted_until()) else {
        return findings.outcome();
    };
    for (index, script) in scenario.containers().enumerate() {
        if case.can_be_killed_by_probe(index) || case.sandbox_changed {
            continue;
        }
        for (n, facts) in (0..).zip(case.facts.lives(index)) {
            let Some((start, lives_ms)) = facts.start.zip(script.attempt(n).lives_ms) else {
                continue;
            };
            let over = start.hi + i64::from(lives_ms);
            // A life that a later one follows has ended, whether or not its end was shown.
            if over > until || n + 1 < case.facts.instances(index) {
                continue;
            }
            findings.at_risk();
            // A process can be as late as the kubelet on a node under load.
            let bound_ms = case.bounds.notice_ms() + case.bounds.delay_ms + busy_ms(case, over, until);
            if facts.finish.is_none() && until > over + bound_ms {
                let summary = format!(
                    "{} leaves after {lives_ms} ms, and was shown as running {} ms later; at most {bound_ms} ms are permitted",
                    case.name(index),
                    until - over
                );
                findings.broken(case, case.last_step(), Some(index), summary);
            }
        }
    }
    findings.outcome()
}
