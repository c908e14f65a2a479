//! How late a healthy kubelet may be, and why. Every bound names its mechanism.

use serde::{Deserialize, Serialize};

/// TO-5: the runtime is never given less than this to stop a container.
pub const STOP_TIMEOUT_MS_MIN: i64 = 2_000;

/// Upper bounds in milliseconds; lower bounds (back-off, grace, order) are exact and not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// From a change in the runtime to the sync that sees it: PLEG relists 1 s after the last relist ended, and a sync
    /// waits for a relist newer than the previous sync (spec 0.2).
    pub detect_ms: i64,
    /// From a sync's decision to the process: create and start through the runtime, one after the other (ST-6).
    pub start_ms: i64,
    /// From a computed status to the API: one goroutine, a GET and a PATCH per pod (9.1).
    pub publish_ms: i64,
    /// From the end of the last process to the end of the teardown: sandbox stop, relists, volumes (WS-1, WS-2).
    pub teardown_ms: i64,
    /// Queueing on this node during this run, on top of an idle node's latencies; it counts once for each bound, since
    /// a queue delays what waits in it and not what comes after.
    pub delay_ms: i64,
    /// Measured queueing has a long tail (a start 10.0 s after its turn was seen where 9.5 s were allowed): of what is later
    /// than `delay_ms` allows, but by no more than this, nobody can say whether kubelet or machine was late.
    pub doubt_ms: i64,
    /// Clocks of one machine: rounding of journal times and of timers.
    pub rounding_ms: i64,
}

impl Bounds {
    /// Bounds for a node whose calibration measured `delay_ms` of queueing.
    pub fn with_delay(delay_ms: i64) -> Self {
        Self {
            detect_ms: 3_000,
            start_ms: 2_000,
            publish_ms: 2_000,
            teardown_ms: 5_000,
            delay_ms,
            doubt_ms: delay_ms,
            rounding_ms: 50,
        }
    }

    /// The same with what is in doubt allowed.
    pub fn patient(self) -> Self {
        Self {
            delay_ms: self.delay_ms + self.doubt_ms,
            doubt_ms: 0,
            ..self
        }
    }

    /// A relist inspects a pod's containers one after the other, and what ends meanwhile may be seen or not. On an idle node
    /// that takes no time (seen on v1.29.2 with compilers beside it: an end was shown and one 0.2 s before it was not).
    pub fn inspection_ms(&self) -> i64 {
        self.delay_ms
    }

    /// A change in the runtime must be acted on after this long.
    pub fn act_ms(&self) -> i64 {
        self.detect_ms + self.start_ms + self.delay_ms
    }

    /// A change in the runtime must be published after this long.
    pub fn notice_ms(&self) -> i64 {
        self.detect_ms + self.publish_ms + self.delay_ms
    }

    /// The end of the last process must have led to the pod's last status after this long.
    pub fn end_ms(&self) -> i64 {
        self.teardown_ms + self.publish_ms + self.delay_ms
    }
}

impl Default for Bounds {
    /// A node of which nothing is known: 10 s of queueing, and as much in doubt (a start that was published 18.8 s after it
    /// had happened was seen at a load of 38 on two cores).
    fn default() -> Self {
        Self::with_delay(10_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Queueing counts once for each bound, whatever the bound is made of.
    #[test]
    fn bounds_are_sums_of_their_mechanisms() {
        let bounds = Bounds::with_delay(700);
        assert_eq!(bounds.act_ms(), 3_000 + 2_000 + 700);
        assert_eq!(bounds.notice_ms(), 3_000 + 2_000 + 700);
        assert_eq!(bounds.end_ms(), 5_000 + 2_000 + 700);
        assert_eq!(bounds.inspection_ms(), 700);
        let apart = Bounds {
            start_ms: 1,
            publish_ms: 10,
            ..bounds
        };
        assert_eq!(
            (apart.act_ms(), apart.notice_ms(), apart.end_ms()),
            (3_701, 3_710, 5_710)
        );
    }

    /// What is patient has no doubt left: twice as late as measured, and no more.
    #[test]
    fn patience_takes_the_doubt_in() {
        let patient = Bounds::with_delay(700).patient();
        assert_eq!((patient.delay_ms, patient.doubt_ms), (1_400, 0));
        assert_eq!(patient.patient(), patient);
    }
}
