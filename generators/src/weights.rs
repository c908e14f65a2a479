//! What a profile's pods are made of: tables of weights.

use std::ops::RangeInclusive;

use Then::{Fails, Stays, Works};

use crate::RestartPolicy::{self, Always, Never, OnFailure};

/// How a container's script goes on over its attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    /// Attempts that fail before the last entry of the script.
    pub deaths: u8,
    /// What the last entry does, for ever after.
    pub then: Then,
    /// Failing attempts end at once.
    pub at_once: bool,
}

/// The last entry of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Exits 0 after a while.
    Works,
    /// Lives for ever.
    Stays,
    /// Fails after a while.
    Fails,
}

const fn life(deaths: u8, then: Then) -> Life {
    Life {
        deaths,
        then,
        at_once: false,
    }
}

const fn at_once(deaths: u8, then: Then) -> Life {
    Life {
        deaths,
        then,
        at_once: true,
    }
}

/// The weights of one profile; every table is a list of (weight, value), the simplest value first.
pub(crate) struct Weights {
    pub budget_ms: u32,
    pub policies: &'static [(u32, RestartPolicy)],
    pub graces_seconds: &'static [(u32, u32)],
    pub init_counts: &'static [(u32, usize)],
    pub sidecar_percent: u32,
    pub main_counts: &'static [(u32, usize)],
    pub anchors_100ms: &'static [(u32, RangeInclusive<u32>)],
    pub init_lives: &'static [(u32, Life)],
    pub sidecar_lives: &'static [(u32, Life)],
    pub main_lives: &'static [(u32, Life)],
    pub startup_percent: u32,
    pub readiness_percent: u32,
    pub liveness_percent: u32,
    pub deletion_percent: u32,
}

/// Lives long enough to be seen, mostly.
const VISIBLE: &[(u32, RangeInclusive<u32>)] = &[(65, 15..=35), (20, 35..=60), (15, 3..=15)];
/// Lives that statuses may well miss.
const INSTANT: &[(u32, RangeInclusive<u32>)] = &[(30, 0..=2), (70, 1..=9)];
const GRACES: &[(u32, u32)] = &[(30, 2), (20, 3), (10, 1), (15, 4), (10, 5), (10, 6), (5, 8)];

/// The base that profiles differ from.
const MIXED: Weights = Weights {
    budget_ms: 45_000,
    policies: &[(40, Never), (40, OnFailure), (20, Always)],
    graces_seconds: GRACES,
    init_counts: &[(8, 0), (30, 1), (32, 2), (18, 3), (8, 4), (4, 5)],
    sidecar_percent: 55,
    main_counts: &[(68, 1), (26, 2), (6, 3)],
    anchors_100ms: VISIBLE,
    init_lives: &[
        (80, life(0, Works)),
        (10, life(1, Works)),
        (3, at_once(1, Works)),
        (5, life(0, Fails)),
        (2, life(0, Stays)),
    ],
    sidecar_lives: &[
        (70, life(0, Stays)),
        (16, life(1, Stays)),
        (4, life(2, Stays)),
        (5, life(0, Fails)),
        (5, life(0, Works)),
    ],
    main_lives: &[
        (60, life(0, Works)),
        (14, life(0, Fails)),
        (12, life(1, Works)),
        (12, life(0, Stays)),
        (2, at_once(0, Fails)),
    ],
    startup_percent: 15,
    readiness_percent: 10,
    liveness_percent: 6,
    deletion_percent: 25,
};

pub(crate) const SMOKE: Weights = Weights {
    budget_ms: 25_000,
    policies: &[(45, Never), (35, OnFailure), (20, Always)],
    init_counts: &[(25, 0), (45, 1), (30, 2)],
    main_counts: &[(85, 1), (15, 2)],
    init_lives: &[(95, life(0, Works)), (5, life(0, Fails))],
    sidecar_lives: &[(95, life(0, Stays)), (5, life(1, Stays))],
    main_lives: &[(75, life(0, Works)), (15, life(0, Fails)), (10, life(0, Stays))],
    startup_percent: 8,
    readiness_percent: 8,
    liveness_percent: 3,
    deletion_percent: 20,
    ..MIXED
};

pub(crate) const INIT: Weights = Weights {
    budget_ms: 40_000,
    policies: &[(30, Never), (40, OnFailure), (30, Always)],
    init_counts: &[(20, 1), (32, 2), (28, 3), (12, 4), (8, 5)],
    sidecar_percent: 20,
    init_lives: &[
        (62, life(0, Works)),
        (14, life(1, Works)),
        (6, life(2, Works)),
        (6, at_once(1, Works)),
        (8, life(0, Fails)),
        (2, at_once(0, Fails)),
        (2, life(0, Stays)),
    ],
    ..MIXED
};

pub(crate) const SIDECARS: Weights = Weights {
    policies: &[(42, Never), (43, OnFailure), (15, Always)],
    init_counts: &[(30, 1), (36, 2), (20, 3), (9, 4), (5, 5)],
    sidecar_percent: 75,
    init_lives: &[(92, life(0, Works)), (8, life(1, Works))],
    sidecar_lives: &[
        (58, life(0, Stays)),
        (18, life(1, Stays)),
        (6, life(2, Stays)),
        (8, life(0, Works)),
        (8, life(0, Fails)),
        (2, at_once(1, Stays)),
    ],
    main_lives: &[
        (68, life(0, Works)),
        (14, life(0, Fails)),
        (10, life(1, Works)),
        (8, life(0, Stays)),
    ],
    startup_percent: 22,
    readiness_percent: 8,
    liveness_percent: 5,
    ..MIXED
};

pub(crate) const RESTARTS: Weights = Weights {
    policies: &[(20, Never), (45, OnFailure), (35, Always)],
    init_counts: &[(20, 0), (40, 1), (30, 2), (10, 3)],
    init_lives: &[
        (55, life(0, Works)),
        (25, life(1, Works)),
        (12, life(2, Works)),
        (8, at_once(1, Works)),
    ],
    sidecar_lives: &[
        (35, life(0, Stays)),
        (28, life(1, Stays)),
        (15, life(2, Stays)),
        (8, life(0, Works)),
        (10, life(0, Fails)),
        (4, at_once(0, Fails)),
    ],
    main_lives: &[
        (25, life(0, Works)),
        (35, life(1, Works)),
        (18, life(2, Works)),
        (8, life(0, Fails)),
        (6, at_once(1, Works)),
        (8, life(1, Stays)),
    ],
    startup_percent: 6,
    readiness_percent: 6,
    liveness_percent: 4,
    ..MIXED
};

pub(crate) const PROBES: Weights = Weights {
    init_counts: &[(15, 0), (45, 1), (30, 2), (10, 3)],
    sidecar_percent: 85,
    main_lives: &[
        (65, life(0, Works)),
        (8, life(0, Fails)),
        (10, life(1, Works)),
        (17, life(0, Stays)),
    ],
    startup_percent: 45,
    readiness_percent: 35,
    liveness_percent: 28,
    deletion_percent: 28,
    ..MIXED
};

pub(crate) const DELETION: Weights = Weights {
    budget_ms: 30_000,
    init_lives: &[(85, life(0, Works)), (8, life(1, Works)), (7, life(0, Stays))],
    sidecar_lives: &[(80, life(0, Stays)), (12, life(1, Stays)), (8, life(0, Fails))],
    main_lives: &[(25, life(0, Works)), (15, life(1, Works)), (60, life(0, Stays))],
    startup_percent: 20,
    readiness_percent: 12,
    deletion_percent: 100,
    ..MIXED
};

pub(crate) const RACE: Weights = Weights {
    budget_ms: 25_000,
    graces_seconds: &[(60, 1), (40, 2)],
    anchors_100ms: INSTANT,
    init_lives: &[
        (65, life(0, Works)),
        (15, life(1, Works)),
        (10, at_once(1, Works)),
        (10, life(0, Fails)),
    ],
    sidecar_lives: &[
        (55, life(0, Stays)),
        (20, life(1, Stays)),
        (10, at_once(1, Stays)),
        (8, life(0, Works)),
        (7, life(0, Fails)),
    ],
    main_lives: &[
        (62, life(0, Works)),
        (12, life(0, Fails)),
        (12, life(1, Works)),
        (7, at_once(0, Fails)),
        (7, life(0, Stays)),
    ],
    startup_percent: 12,
    deletion_percent: 40,
    ..MIXED
};
