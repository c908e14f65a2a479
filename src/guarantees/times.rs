//! What a trace tells of time where nobody noted it.

use crate::trace::{Step, Trace, UnixMs};

/// The newest time that a step tells: nothing is received before it happened.
pub fn newest_time(step: &Step) -> Option<UnixMs> {
    let times = step.seen.iter().flat_map(|seen| {
        [
            seen.started_at,
            seen.finished_at,
            seen.last_started_at,
            seen.last_finished_at,
        ]
        .into_iter()
        .flatten()
    });
    let deleted = step
        .deletion
        .map(|mark| mark.timestamp_ms - i64::from(mark.grace_s) * 1_000);
    times.chain(deleted).max()
}

/// How much later than the cluster's clock the recorder's clock is at most: nothing is received before it happened.
pub fn skew_ms(trace: &Trace) -> i64 {
    let mut newest = None;
    let mut skew = None;
    for step in &trace.steps {
        let time = newest_time(step);
        if time > newest {
            newest = time;
            if let (Some(at), Some(time)) = (step.at_ms, time) {
                skew = Some(skew.map_or(at - time, |least: i64| least.min(at - time)));
            }
        }
    }
    skew.unwrap_or(0)
}
