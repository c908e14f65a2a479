//! The entries, in the order in which they are tried.

use super::marks::{
    absent_later, all_ended, last_sidecar_was_not_up_after, next_sidecar_was_down, step_of, whole_grace_passed,
};
use super::{Deviation, Versions};
use crate::trace::{Kind, Reason, RestartPolicy, State};

/// All known deviations.
pub const DEVIATIONS: &[Deviation] = &[
    Deviation {
        name: "kubernetes#125404",
        title: "podIP and podIPs vanish for a moment when a pod becomes terminal",
        link: "https://github.com/kubernetes/kubernetes/issues/125370",
        versions: Versions {
            since_minor: 27,
            since_patches: &[],
            fixed_patches: &[(28, 13), (29, 8), (30, 4)],
            fixed_minor: Some(31),
        },
        guarantees: &["G-ip-stays"],
        is_its_doing: |case, breach| step_of(case, breach).is_some_and(|step| all_ended(case, step)),
        smallest_pod: Some("deviation/125404"),
    },
    Deviation {
        name: "podcheck/IP-GC",
        title: "podIP vanishes for good when the kubelet collects a terminal pod's remains before it has finished with it",
        link: "https://github.com/kubernetes/kubernetes/issues/82268",
        versions: Versions {
            since_minor: 28,
            since_patches: &[],
            fixed_patches: &[],
            fixed_minor: None,
        },
        guarantees: &["G-ip-stays"],
        is_its_doing: |case, breach| {
            step_of(case, breach).is_some_and(|step| {
                let before = step.checked_sub(1).map(|before| &case.trace.steps[before].view);
                before.is_some_and(|before| before.phase.is_terminal() && before.pod_ip)
                    && case.trace.steps[step..].iter().all(|later| !later.view.pod_ip)
            })
        },
        smallest_pod: None,
    },
    Deviation {
        name: "kubernetes#125880",
        title: "On a delete, a later sidecar that does not run keeps the earlier ones from their TERM for the whole grace",
        link: "https://github.com/kubernetes/kubernetes/issues/125880",
        versions: Versions {
            since_minor: 29,
            since_patches: &[],
            fixed_patches: &[(29, 8), (30, 4)],
            fixed_minor: Some(31),
        },
        guarantees: &["G-told-at-once"],
        is_its_doing: |case, breach| {
            breach.container.is_some_and(|index| {
                case.kind(index) == Kind::Sidecar && whole_grace_passed(case, index) && absent_later(case, index)
            })
        },
        smallest_pod: Some("deviation/125880"),
    },
    Deviation {
        name: "podcheck/TO-3",
        title: "A sidecar that does not run breaks the stop order: the one before it does not wait for the ones after it",
        link: "https://github.com/kubernetes/kubernetes/pull/125935",
        versions: Versions {
            since_minor: 31,
            since_patches: &[(29, 8), (30, 4)],
            fixed_patches: &[],
            fixed_minor: None,
        },
        guarantees: &["G-sidecar-stop-order"],
        is_its_doing: |case, breach| breach.container.is_some_and(|index| next_sidecar_was_down(case, index)),
        smallest_pod: None,
    },
    Deviation {
        name: "kubernetes#132826",
        title: "Under Never the probes of a sidecar end with its first life, so what follows it may never start",
        link: "https://github.com/kubernetes/kubernetes/issues/132826",
        versions: Versions {
            since_minor: 28,
            since_patches: &[],
            fixed_patches: &[(33, 6), (34, 2)],
            fixed_minor: Some(35),
        },
        guarantees: &[
            "G-sidecar-opens",
            "G-started-once",
            "G-started-before-ready",
            "G-startup-gates-started",
            "G-readiness-gates-ready",
            "G-liveness-restarts",
            "G-startup-failure-restarts",
        ],
        is_its_doing: |case, breach| {
            let again = |index: usize| case.kind(index) == Kind::Sidecar && case.facts.instances(index) > 1;
            let stuck = |index: usize| case.trace.spec.containers[index].startup.is_some() && again(index);
            case.trace.spec.restart_policy == RestartPolicy::Never
                && breach
                    .container
                    .is_some_and(|index| again(index) || case.of_kind(Kind::Sidecar).any(stuck))
        },
        smallest_pod: Some("deviation/132826"),
    },
    Deviation {
        name: "kubernetes#123323",
        title: "The API server refuses the status of a sidecar that was restarted, so it stays at its first end",
        link: "https://github.com/kubernetes/kubernetes/issues/122902",
        versions: Versions {
            since_minor: 28,
            since_patches: &[],
            fixed_patches: &[(28, 8), (29, 3)],
            fixed_minor: Some(30),
        },
        guarantees: &["G-sidecar-restarted"],
        is_its_doing: |case, breach| {
            let frozen = |index: usize| {
                case.views(index)
                    .last()
                    .is_some_and(|(_, view)| matches!(view.state, State::Terminated(_)))
            };
            case.trace.spec.restart_policy != RestartPolicy::Always && breach.container.is_some_and(frozen)
        },
        smallest_pod: Some("deviation/123323"),
    },
    Deviation {
        name: "kubernetes#141342",
        title: "A container restarted by its liveness probe inherits `started` from the life before",
        link: "https://github.com/kubernetes/kubernetes/issues/141155",
        versions: Versions {
            since_minor: 35,
            since_patches: &[],
            fixed_patches: &[],
            fixed_minor: None,
        },
        guarantees: &["G-started-once", "G-started-before-ready", "G-startup-gates-started"],
        is_its_doing: |case, breach| {
            breach.container.is_some_and(|index| {
                let restarted = step_of(case, breach)
                    .and_then(|step| case.trace.steps[step].view.containers[index].as_ref())
                    .is_some_and(|view| view.restart_count > 0);
                restarted && case.trace.spec.containers[index].startup.is_some()
            })
        },
        smallest_pod: Some("deviation/pb-7"),
    },
    Deviation {
        name: "podcheck/RS-2",
        title: "A main container is not restarted while the last sidecar is not up",
        link: "https://github.com/kubernetes/kubernetes/pull/138514",
        versions: Versions {
            since_minor: 29,
            since_patches: &[],
            fixed_patches: &[],
            fixed_minor: Some(37),
        },
        guarantees: &["G-always-restarts", "G-on-failure-restarts"],
        is_its_doing: |case, breach| {
            let ended = breach.container.and_then(|index| case.last_instance(index)?.1.finish);
            last_sidecar_was_not_up_after(case, ended.map(|finish| finish.lo))
        },
        smallest_pod: None,
    },
    Deviation {
        name: "podcheck/RS-3",
        title: "A pod whose work is done does not end while its last sidecar is not up",
        link: "https://github.com/kubernetes/kubernetes/pull/138514",
        versions: Versions {
            since_minor: 29,
            since_patches: &[],
            fixed_patches: &[],
            fixed_minor: Some(37),
        },
        guarantees: &["G-sidecar-never-blocks-the-end"],
        is_its_doing: |case, _| last_sidecar_was_not_up_after(case, case.mains_done().map(|done| done.lo)),
        smallest_pod: Some("deviation/rs-3"),
    },
    Deviation {
        name: "podcheck/WR-5",
        title: "A container that waits in back-off when its pod ends is said to have exited with 137",
        link: "https://github.com/kubernetes/kubernetes/issues/108733",
        versions: Versions {
            since_minor: 28,
            since_patches: &[],
            fixed_patches: &[],
            fixed_minor: None,
        },
        guarantees: &["G-exit-is-what-happened"],
        is_its_doing: |case, breach| {
            let state = step_of(case, breach)
                .and_then(|step| case.trace.steps[step].view.containers[breach.container?].as_ref())
                .map(|view| &view.state);
            matches!(state, Some(State::Terminated(exit)) if exit.reason == Reason::ContainerStatusUnknown)
        },
        smallest_pod: Some("deviation/wr-5"),
    },
    Deviation {
        name: "podcheck/WS-1",
        title: "A slow status writer publishes the terminal phase with container states from before the kill",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/status/status_manager.go",
        versions: Versions {
            since_minor: 28,
            since_patches: &[],
            fixed_patches: &[],
            fixed_minor: None,
        },
        guarantees: &["G-terminal-nothing-runs"],
        // The writer asks whether the pod may still run when it sends, not when the status was computed; the status after
        // it, if there is one, shows the ends. A container that really runs on is the model's to refuse (3.3, WS-2).
        is_its_doing: |case, breach| {
            step_of(case, breach).is_some_and(|step| {
                let phase = |step: usize| case.trace.steps[step].view.phase;
                phase(step).is_terminal() && (step == 0 || !phase(step - 1).is_terminal())
            })
        },
        smallest_pod: None,
    },
    Deviation {
        name: "kubernetes#87039",
        title: "A second delete with a shorter grace moves an almost expired deletion timestamp to the present",
        link: "https://github.com/kubernetes/kubernetes/issues/87039",
        versions: Versions {
            since_minor: 28,
            since_patches: &[],
            fixed_patches: &[],
            fixed_minor: None,
        },
        guarantees: &["G-deletion-is-not-put-off"],
        // Only a timestamp that the first grace had already reached is moved.
        is_its_doing: |case, breach| {
            step_of(case, breach).is_some_and(|step| {
                let steps = &case.trace.steps;
                let previous = step.checked_sub(1).and_then(|before| steps[before].deletion);
                let shorter = steps[step]
                    .deletion
                    .zip(previous)
                    .is_some_and(|(now, then)| now.grace_s < then.grace_s);
                let reached = previous
                    .zip(steps[step].at_ms)
                    .is_some_and(|(then, at)| at >= then.timestamp_ms - 1_000);
                shorter && reached
            })
        },
        smallest_pod: None,
    },
];
