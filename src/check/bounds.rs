//! How late a healthy kubelet may be, and why. Every bound names its mechanism.

use serde::{Deserialize, Serialize};

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
    /// Clocks of one machine: rounding of journal times and of timers.
    pub rounding_ms: i64,
}

impl Bounds {
    /// Bounds for a node whose calibration measured `delay_ms` of queueing on top of an idle node's latencies.
    pub fn with_delay(delay_ms: i64) -> Self {
        Self {
            detect_ms: 4_000 + delay_ms,
            start_ms: 3_000 + delay_ms,
            publish_ms: 3_000 + delay_ms,
            teardown_ms: 6_000 + 2 * delay_ms,
            rounding_ms: 50,
        }
    }

    /// A change in the runtime must be acted on after this long.
    pub fn act_ms(&self) -> i64 {
        self.detect_ms + self.start_ms
    }
}

impl Default for Bounds {
    /// A node that is shared with other work: 10 s of queueing.
    fn default() -> Self {
        Self::with_delay(10_000)
    }
}
