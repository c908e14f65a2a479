//! What a search may cost.

use std::time::Duration;

/// What a search may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Waves of pods.
    pub rounds_max: usize,
    /// Pods in all.
    pub pods_max: usize,
    /// Pods at the same time.
    pub wave_max: usize,
    /// Runs of each candidate at least.
    pub repeats_min: usize,
    /// Waves that only make numbers rounder.
    pub polishing_max: usize,
    /// From the first wave to the last.
    pub time_max: Duration,
}

impl Limits {
    /// Where pods cost nothing.
    pub const SIMULATED: Self = Self {
        rounds_max: 60,
        pods_max: 6_000,
        wave_max: 200,
        repeats_min: 3,
        polishing_max: usize::MAX,
        time_max: Duration::from_secs(60),
    };
    /// Where they cost seconds.
    pub const CLUSTER: Self = Self {
        rounds_max: 8,
        pods_max: 200,
        // As many as a small node starts at once: a wave takes as long as its longest pod.
        wave_max: 20,
        // A lucky hit does not survive the confirmation at the end.
        repeats_min: 1,
        polishing_max: 1,
        time_max: Duration::from_secs(150),
    };
}
