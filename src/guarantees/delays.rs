//! How long the kubelet may take, given what else the recording shows it doing.

use super::Case;
use crate::check::{InstanceFacts, Interval, STOP_TIMEOUT_MS_MIN};
use crate::trace::UnixMs;

/// A pod that was not made here may have to pull its images first.
const IMAGE_PULL_MS: i64 = 600_000;

/// The runtime's times are cut to seconds.
const WHOLE_SECOND_MS: i64 = 1_000;

/// How long a container that never ran may take to start.
pub fn first_start_ms(case: &Case) -> i64 {
    let pull_ms = if case.trace.scenario.is_some() {
        0
    } else {
        IMAGE_PULL_MS
    };
    case.bounds.act_ms() + pull_ms
}

/// The longest back-off before life `n + 1`, with what a worker may be late after it (BO-3, BO-5).
pub fn backoff_ms_max(n: u32) -> i64 {
    if n == 0 {
        return 0;
    }
    let backoff_ms = backoff_ms(n);
    let ticks_ms = if backoff_ms > 60_000 { 90_000 } else { 0 };
    backoff_ms + ticks_ms + (backoff_ms / 2).clamp(16_000, 30_000)
}

/// The documented back-off before life `n + 1`, for n from 1 on.
pub fn backoff_ms(n: u32) -> i64 {
    10_000_i64.saturating_mul(1 << n.saturating_sub(1).min(5)).min(300_000)
}

/// From the end of all work to the terminal phase: noticed, torn down with the whole grace, published.
pub fn natural_end_ms(case: &Case, from: UnixMs, to: UnixMs) -> i64 {
    let grace_ms = i64::from(case.trace.spec.grace_s) * 1_000 + STOP_TIMEOUT_MS_MIN;
    let bounds = case.bounds;
    busy_ms(case, from, to) + bounds.detect_ms + grace_ms + bounds.end_ms()
}

/// From a change that calls for a shutdown to the first TERM: noticed when the running sync has returned.
pub fn begin_ms(case: &Case, from: UnixMs, to: UnixMs) -> i64 {
    case.bounds.detect_ms + case.bounds.delay_ms + busy_ms(case, from, to)
}

/// How long the pod's worker can have been busy between two moments: with starts, and with kills by probes, which block
/// it one after the other, each for its whole grace.
pub fn busy_ms(case: &Case, from: UnixMs, to: UnixMs) -> i64 {
    // A life that got no TERM before `to`, or that ended by itself, was not being killed.
    let blocks = |(n, facts): (u32, &InstanceFacts), index: usize| {
        let overlaps =
            facts.start.is_some_and(|start| start.lo <= to) && facts.finish.is_none_or(|finish| finish.hi >= from);
        overlaps && facts.term.map_or(!case.left_by_itself(index, n), |term| term < to)
    };
    let starting_ms = starting_ms(case, from, to);
    let containers = 0..case.trace.spec.containers.len();
    let is_stopped = |index: usize| (0..).zip(case.facts.lives(index)).any(|life| blocks(life, index));
    let kills = containers.filter(|&index| case.can_be_killed_by_probe(index) && is_stopped(index));
    kills.map(|index| kill_ms(case, index)).sum::<i64>() + starting_ms
}

/// How long a sync that starts containers goes on after `from`, at most until `to`: it starts one after the other, in the
/// order of the specification, so until the last start that follows on those before it.
pub fn starting_ms(case: &Case, from: UnixMs, to: UnixMs) -> i64 {
    let containers = 0..case.trace.spec.containers.len();
    let starts = containers.flat_map(|index| {
        case.facts
            .lives(index)
            .filter_map(move |facts| Some((facts.start?, index)))
    });
    let mut starts: Vec<(Interval, usize)> = starts.filter(|(start, _)| start.lo <= to).collect();
    let start_ms = case.bounds.start_ms;
    let apart_ms = start_ms + case.bounds.delay_ms + WHOLE_SECOND_MS;
    starts.retain(|(start, _)| start.hi >= from - start_ms);
    // A start that follows on nothing keeps the worker busy too.
    let single_ms = if starts.is_empty() { 0 } else { start_ms };
    starts.sort_unstable_by_key(|(start, index)| (start.hi, *index));
    let mut last: Option<(UnixMs, usize)> = None;
    for (start, index) in starts {
        let (until, before) = last.unwrap_or((from, index));
        if start.lo > until + apart_ms || index < before {
            break;
        }
        last = Some((start.hi.max(from), index));
    }
    last.map_or(single_ms, |(until, _)| until + start_ms - from)
}

fn kill_ms(case: &Case, index: usize) -> i64 {
    let spec = &case.trace.spec;
    let probes = [&spec.containers[index].startup, &spec.containers[index].liveness]
        .into_iter()
        .flatten();
    let own_s = probes.filter_map(|probe| probe.grace_s).max().unwrap_or(0);
    i64::from(own_s.max(spec.grace_s)) * 1_000 + STOP_TIMEOUT_MS_MIN
}

#[cfg(test)]
mod tests {
    use podcheck_generators::Scenario;

    use super::*;
    use crate::check::{Bounds, Facts};
    use crate::model::KubeletVersion;
    use crate::simulate::{Options, simulate};

    const GRACE_MS: i64 = 20_000;

    /// How busy the worker can have been with the end of a life whose TERM nobody wrote down.
    fn busy_with_the_end(script: &str) -> i64 {
        let yaml = |script: &str| {
            format!(
                "restartPolicy: Never\ngraceSeconds: 20\nmain:\n  - attempts: [{{{script}, onTerm: {{action: exit, code: 1}}}}]\n    \
                 liveness: {{handler: httpGet, outcome: {{kind: passes}}, periodSeconds: 1, failureThreshold: 1, \
                 successThreshold: 1}}\nobserveMsMax: 30000\n"
            )
        };
        let scenario = |script| Scenario::from_yaml(&yaml(script)).expect("a scenario");
        let version = KubeletVersion { minor: 37, patch: 0 };
        let mut trace = simulate(&scenario("livesMs: 3000, exitCode: 1"), &Options::new(version, 1));
        trace.scenario = Some(scenario(script));
        let facts = Facts::of(&trace);
        let bounds = Bounds::with_delay(0);
        let end_ms = facts.get(0, 0).and_then(|life| life.finish).expect("it ends").lo;
        busy_ms(&Case::new(&trace, &facts, &bounds), end_ms, end_ms + 1_000)
    }

    /// A TERM's line can be lost, so a life that its script did not end may have been stopped, for its whole grace.
    #[test]
    fn only_what_left_by_itself_was_not_being_stopped() {
        assert!(busy_with_the_end("livesMs: 3000, exitCode: 1") < GRACE_MS);
        assert!(busy_with_the_end("livesMs: 1000, exitCode: 1") >= GRACE_MS);
        assert!(busy_with_the_end("livesMs: 9000, exitCode: 1") >= GRACE_MS);
        assert!(busy_with_the_end("livesMs: 3000, exitCode: 3") >= GRACE_MS);
    }
}
