//! Strategies, bottom-up: drafts of independent components, with times as references to the scenario's anchors.

use proptest::prelude::*;

use crate::drawn::{either, one_of, percent, several, sometimes, weighted};
use crate::weights::{Life, Weights};
use crate::{InitKind, ProbeHandler, RestartPolicy};

/// More containers than a draft holds.
const CONTAINERS_MAX: usize = 8;
/// Anchor times of one scenario: few, so that unrelated times coincide.
const ANCHORS: usize = 3;

/// A scenario before its times are resolved and its parts fitted to each other.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub anchors_ms: Vec<u32>,
    pub restart_policy: RestartPolicy,
    pub grace_seconds: u32,
    pub init: Vec<(InitKind, ContainerDraft)>,
    pub main: Vec<ContainerDraft>,
    pub deletion: Option<DeletionDraft>,
    /// Restarts of a never-ending pod that are waited for.
    pub restarts: u32,
}

/// A time: one of the anchors, a little earlier or later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tick {
    pub anchor: usize,
    pub offset_ms: i32,
}

#[derive(Clone, Debug)]
pub(crate) struct ContainerDraft {
    pub life: Life,
    pub ticks: [Tick; 3],
    pub fail_code: u8,
    pub term: TermDraft,
    /// The first death of a sidecar is moved to a time counted from the mains' start.
    pub aligned: bool,
    pub startup: Option<ProbeDraft>,
    pub readiness: Option<ProbeDraft>,
    pub liveness: Option<ProbeDraft>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum TermDraft {
    AtOnce(u8),
    /// Needs a tick.
    Needs(Tick, u8),
    /// Needs the pod's grace period, a little more or less.
    NeedsGrace(i32, u8),
    Ignores,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutcomeDraft {
    Passes,
    PassesAfter,
    FailsAfter,
    NeverPasses,
    FirstLifeOnly,
    LaterLivesOnly,
}

#[derive(Clone, Debug)]
pub(crate) struct ProbeDraft {
    pub handler: ProbeHandler,
    pub outcome: OutcomeDraft,
    pub tick: Tick,
    pub initial_delay_seconds: u32,
    pub period_seconds: u32,
    /// Absent: as many as a probe that passes late needs.
    pub failure_threshold: Option<u32>,
    pub success_threshold: u32,
    pub grace_seconds: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MomentDraft {
    Created,
    Running,
    Terminated,
}

#[derive(Clone, Debug)]
pub(crate) struct DeletionDraft {
    pub kind: MomentDraft,
    /// Which container, taken modulo their number.
    pub container: usize,
    /// The second life instead of the first, where there is one.
    pub later_life: bool,
    /// Absent: in that very moment.
    pub after: Option<Tick>,
    pub grace_seconds: Option<u32>,
    /// Time after the first delete and the share of its grace, in eighths.
    pub again: Option<(Tick, u32)>,
    pub finalizer: bool,
}

pub(crate) fn draft(weights: &'static Weights) -> impl Strategy<Value = Draft> {
    let element = either(
        weights.sidecar_percent,
        container(weights, weights.sidecar_lives),
        container(weights, weights.init_lives),
    );
    let element = element.prop_map(|(is_sidecar, container)| {
        let kind = if is_sidecar { InitKind::Sidecar } else { InitKind::Init };
        (kind, container)
    });
    (
        prop::collection::vec(anchor_ms(weights), ANCHORS),
        weighted(weights.policies),
        weighted(weights.graces_seconds),
        several(weighted(weights.init_counts), element),
        several(weighted(weights.main_counts), container(weights, weights.main_lives)),
        sometimes(weights.deletion_percent, deletion()),
        weighted(&[(55, 1), (45, 2)]),
    )
        .prop_map(
            |(anchors_ms, restart_policy, grace_seconds, init, main, deletion, restarts)| Draft {
                anchors_ms,
                restart_policy,
                grace_seconds,
                init,
                main,
                deletion,
                restarts,
            },
        )
}

fn anchor_ms(weights: &'static Weights) -> impl Strategy<Value = u32> {
    one_of(weights.anchors_100ms.iter().cloned()).prop_map(|tenths| tenths * 100)
}

fn tick() -> impl Strategy<Value = Tick> {
    (0..ANCHORS, weighted(&[(60, 0), (20, -200), (20, 200)])).prop_map(|(anchor, offset_ms)| Tick { anchor, offset_ms })
}

fn container(weights: &'static Weights, lives: &'static [(u32, Life)]) -> impl Strategy<Value = ContainerDraft> {
    (
        weighted(lives),
        [tick(), tick(), tick()],
        weighted(&[(50, 1), (25, 3), (15, 137), (10, 143)]),
        term(),
        percent(50),
        sometimes(
            weights.startup_percent,
            probe(STARTUP_OUTCOMES, &[(75, None), (15, Some(2)), (10, Some(4))], true),
        ),
        sometimes(
            weights.readiness_percent,
            probe(READINESS_OUTCOMES, &[(60, Some(1)), (40, Some(2))], false),
        ),
        sometimes(
            weights.liveness_percent,
            probe(LIVENESS_OUTCOMES, &[(50, Some(1)), (35, Some(2)), (15, None)], true),
        ),
    )
        .prop_map(
            |(life, ticks, fail_code, term, aligned, startup, readiness, liveness)| ContainerDraft {
                life,
                ticks,
                fail_code,
                term,
                aligned,
                startup,
                readiness,
                liveness,
            },
        )
}

pub(crate) fn term() -> impl Strategy<Value = TermDraft> {
    let code = weighted(&[(60, 0), (20, 143), (20, 1)]);
    (
        weighted(&[(62, 0), (18, 1), (9, 2), (11, 3)]),
        tick(),
        weighted(&[(1, -200), (1, 0), (1, 200)]),
        code,
    )
        .prop_map(|(kind, tick, offset_ms, code)| match kind {
            0 => TermDraft::AtOnce(code),
            1 => TermDraft::Needs(tick, code),
            2 => TermDraft::NeedsGrace(offset_ms, code),
            _ => TermDraft::Ignores,
        })
}

const STARTUP_OUTCOMES: &[(u32, OutcomeDraft)] = &[
    (30, OutcomeDraft::Passes),
    (44, OutcomeDraft::PassesAfter),
    (4, OutcomeDraft::FailsAfter),
    (6, OutcomeDraft::NeverPasses),
    (8, OutcomeDraft::FirstLifeOnly),
    (8, OutcomeDraft::LaterLivesOnly),
];
const READINESS_OUTCOMES: &[(u32, OutcomeDraft)] = &[
    (25, OutcomeDraft::Passes),
    (35, OutcomeDraft::PassesAfter),
    (25, OutcomeDraft::FailsAfter),
    (5, OutcomeDraft::NeverPasses),
    (5, OutcomeDraft::FirstLifeOnly),
    (5, OutcomeDraft::LaterLivesOnly),
];
const LIVENESS_OUTCOMES: &[(u32, OutcomeDraft)] = &[
    (25, OutcomeDraft::Passes),
    (5, OutcomeDraft::PassesAfter),
    (45, OutcomeDraft::FailsAfter),
    (5, OutcomeDraft::NeverPasses),
    (5, OutcomeDraft::FirstLifeOnly),
    (15, OutcomeDraft::LaterLivesOnly),
];

/// More than syncs out of turn can reach at once, so that a life that is ready too soon shows.
const SUCCESS_THRESHOLDS: &[(u32, u32)] = &[(83, 1), (10, 2), (7, 10)];

fn probe(
    outcomes: &'static [(u32, OutcomeDraft)],
    thresholds: &'static [(u32, Option<u32>)],
    kills: bool,
) -> impl Strategy<Value = ProbeDraft> {
    (
        handler(),
        weighted(outcomes),
        tick(),
        weighted(&[(80, 0), (15, 1), (5, 2)]),
        weighted(&[(85, 1), (15, 2)]),
        weighted(thresholds),
        // The API wants a success threshold of 1, and allows an own grace, only where the probe kills.
        weighted(if kills { &[(1, 1)] } else { SUCCESS_THRESHOLDS }),
        sometimes(if kills { 25 } else { 0 }, 1_u32..=4),
    )
        .prop_map(
            |(
                handler,
                outcome,
                tick,
                initial_delay_seconds,
                period_seconds,
                failure_threshold,
                success_threshold,
                grace_seconds,
            )| {
                ProbeDraft {
                    handler,
                    outcome,
                    tick,
                    initial_delay_seconds,
                    period_seconds,
                    failure_threshold,
                    success_threshold,
                    grace_seconds,
                }
            },
        )
}

/// Mostly handlers that cost the node nothing: an exec probe is a runc exec each time.
pub(crate) fn handler() -> impl Strategy<Value = ProbeHandler> {
    weighted(&[
        (50, ProbeHandler::HttpGet),
        (43, ProbeHandler::TcpSocket),
        (7, ProbeHandler::Exec),
    ])
}

fn deletion() -> impl Strategy<Value = DeletionDraft> {
    (
        weighted(&[
            (60, MomentDraft::Running),
            (25, MomentDraft::Terminated),
            (15, MomentDraft::Created),
        ]),
        0..CONTAINERS_MAX,
        percent(20),
        sometimes(65, tick()),
        sometimes(35, 1_u32..=8),
        sometimes(25, (tick(), 1_u32..=7)),
        percent(15),
    )
        .prop_map(
            |(kind, container, later_life, after, grace_seconds, again, finalizer)| DeletionDraft {
                kind,
                container,
                later_life,
                after,
                grace_seconds,
                again,
                finalizer,
            },
        )
}
