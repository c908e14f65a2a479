//! Readings that move the processes' journal (node uptime) to the Unix clock.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::cluster::Node;
use crate::recording::ClockReading;
use crate::trace::UnixMs;

/// Unix milliseconds, now.
pub(super) fn unix_ms() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs::try_from(since.as_millis()).unwrap_or(UnixMs::MAX)
}

/// A reading for each node that runs on this machine's kernel, as all nodes of Kind on Linux do.
pub(super) fn readings(nodes: &[Node]) -> Vec<ClockReading> {
    let Some(boot_id) = boot_id() else { return Vec::new() };
    let Some(uptime_ms) = uptime_ms() else {
        return Vec::new();
    };
    let unix_ms = unix_ms();
    let here = nodes.iter().filter(|node| node.boot_id == boot_id);
    here.map(|node| ClockReading {
        node: node.name.clone(),
        uptime_ms,
        unix_ms,
    })
    .collect()
}

/// Names this boot of this kernel; nodes report it too.
pub(super) fn boot_id() -> Option<String> {
    Some(
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .ok()?
            .trim()
            .to_owned(),
    )
}

fn uptime_ms() -> Option<i64> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    let seconds: f64 = text.split(' ').next()?.parse().ok()?;
    // Whole centiseconds below a few years.
    Some((seconds * 1000.0).round() as i64)
}
