//! Deviations that upstream has an issue for, and those of the runtime.

use super::marks::{
    all_ended, another_was_being_stopped, ended_in_the_instant_of_its_start, grace_was_shortened,
    had_its_first_grace_at_most, shown_in, started_after_its_end, started_could_be_inherited,
    status_of_an_ended_sidecar_was_frozen, step_of, waited_for_its_delay_since_its_start, waited_for_one_that_was_down,
    was_ending_by_itself,
};
use super::{Deviation, Versions, nothing_is_hidden};
use crate::guarantees::shows_a_start;
use crate::trace::{Kind, RestartPolicy, State};

/// Known upstream.
pub const UPSTREAM: &[Deviation] = &[
    Deviation {
        name: "kubernetes#125404",
        title: "podIP and podIPs vanish for a moment when a pod becomes terminal",
        link: "https://github.com/kubernetes/kubernetes/issues/125370",
        versions: Versions {
            fixed_patches: &[(28, 13), (29, 8), (30, 4)],
            ..Versions::since(27).fixed_in(31)
        },
        guarantees: &["G-ip-stays"],
        is_its_doing: |case, breach| step_of(case, breach.event_index).is_some_and(|step| all_ended(case, step)),
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/125404"),
    },
    Deviation {
        name: "kubernetes#125880",
        title: "In a shutdown, a later sidecar that does not run keeps the earlier ones from their TERM for the whole grace",
        link: "https://github.com/kubernetes/kubernetes/issues/125880",
        versions: Versions {
            fixed_patches: &[(29, 8), (30, 4)],
            ..Versions::since(29).fixed_in(31)
        },
        guarantees: &["G-told-at-once", "G-sidecar-never-blocks-the-end"],
        is_its_doing: |case, breach| {
            breach
                .container
                .is_some_and(|index| waited_for_one_that_was_down(case, index))
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/125880"),
    },
    Deviation {
        name: "kubernetes#132826",
        title: "Under Never the probes of a sidecar end with its first life, so what follows it may never start",
        link: "https://github.com/kubernetes/kubernetes/issues/132826",
        versions: Versions {
            fixed_patches: &[(33, 6), (34, 2)],
            ..Versions::since(28).fixed_in(35)
        },
        guarantees: &[
            "G-sidecar-opens",
            // What has no worker is published as started, and the gate asks the worker's result.
            "G-sidecar-hands-over",
            "G-started-once",
            "G-started-before-ready",
            "G-startup-gates-started",
            "G-readiness-gates-ready",
            "G-unready-when-failing",
            "G-liveness-restarts",
            "G-startup-failure-restarts",
        ],
        is_its_doing: |case, breach| {
            let again = |index: usize| case.kind(index) == Kind::Sidecar && case.facts.instances(index) > 1;
            let stuck = |index: usize| case.trace.spec.containers[index].startup.is_some() && again(index);
            case.trace.spec.restart_policy == RestartPolicy::Never
                && (breach.container.is_some_and(again) || case.of_kind(Kind::Sidecar).any(stuck))
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/132826"),
    },
    Deviation {
        name: "kubernetes#123323",
        title: "The API server refuses the status of a sidecar that was restarted, so it stays at its first end",
        link: "https://github.com/kubernetes/kubernetes/issues/122902",
        versions: Versions {
            fixed_patches: &[(28, 8), (29, 3)],
            ..Versions::since(28).fixed_in(30)
        },
        guarantees: &["G-sidecar-restarted"],
        is_its_doing: |case, breach| {
            step_of(case, breach.event_index).is_some_and(|step| status_of_an_ended_sidecar_was_frozen(case, step))
        },
        in_api_server: true,
        // With the sidecar's status the whole status is refused, whatever else was in it.
        hides_from_model: |case, missed| {
            step_of(case, missed.event_index).is_some_and(|step| status_of_an_ended_sidecar_was_frozen(case, step))
        },
        smallest_pod: Some("deviation/123323"),
    },
    Deviation {
        name: "kubernetes#141342",
        title: "A container restarted by its liveness probe inherits `started` from the life before",
        link: "https://github.com/kubernetes/kubernetes/issues/141155",
        versions: Versions::since(35),
        guarantees: &[
            "G-started-once",
            "G-started-before-ready",
            "G-startup-gates-started",
            // While `started` is inherited the liveness probe is asked too.
            "G-startup-holds-liveness",
        ],
        is_its_doing: started_could_be_inherited,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/pb-7"),
    },
    Deviation {
        name: "kubernetes#22240",
        title: "A container that its probe stops again and again is restarted without any back-off",
        link: "https://github.com/kubernetes/kubernetes/issues/22240",
        versions: Versions::since(28),
        guarantees: &["G-back-off"],
        // RS-5: the back-off is asked about the instance that was dead before the one that is being stopped.
        is_its_doing: |case, breach| breach.container.is_some_and(|index| case.can_be_killed_by_probe(index)),
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/22240"),
    },
    Deviation {
        name: "containerd/exit-code-2",
        title: "A container whose pod is deleted in the instant of its start ends with 2, the code of the runtime's own init",
        link: "https://github.com/kubernetes/kubernetes/issues/129800",
        versions: Versions::since(28),
        guarantees: &["G-exit-is-the-process's"],
        is_its_doing: ended_in_the_instant_of_its_start,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: None,
    },
    Deviation {
        name: "kubernetes#128516",
        title: "A pod falls back to Pending when a main waits in back-off while a sidecar restarts",
        link: "https://github.com/kubernetes/kubernetes/issues/127793",
        versions: Versions::since(28).fixed_in(33),
        guarantees: &["G-phase-goes-forward"],
        is_its_doing: |case, breach| {
            step_of(case, breach.event_index).is_some_and(|step| {
                let state = |index: usize| {
                    case.trace.steps[step].view.containers[index]
                        .as_ref()
                        .map(|it| &it.state)
                };
                case.of_kind(Kind::Sidecar)
                    .any(|index| state(index) == Some(&State::Running))
                    && case
                        .of_kind(Kind::Main)
                        .all(|index| matches!(state(index), Some(State::Waiting(_))))
            })
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: None,
    },
    Deviation {
        name: "kubernetes#101044",
        title: "lastState is lost when the kubelet has already removed the dead container",
        link: "https://github.com/kubernetes/kubernetes/issues/101044",
        versions: Versions::since(28).fixed_in(36),
        guarantees: &["G-last-state"],
        is_its_doing: |case, breach| {
            // What is lost is not there: something else in its place is another matter.
            let shown = shown_in(case, breach);
            let seen = shown.and_then(|shown| case.trace.steps[shown.step].seen.get(shown.index));
            seen.is_none_or(|seen| !seen.last_is_no_end)
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: None,
    },
    Deviation {
        name: "containerd/started-after-its-end",
        title: "A process that ends at once is said to have started after its end: the runtime notes the start too late",
        link: "https://github.com/containerd/containerd/blob/main/internal/cri/server/container_start.go",
        versions: Versions::since(28),
        guarantees: &["G-terminated-tells-times"],
        is_its_doing: started_after_its_end,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: None,
    },
    Deviation {
        name: "kubernetes#87039",
        title: "A second delete with a shorter grace moves an almost expired deletion timestamp to the present",
        link: "https://github.com/kubernetes/kubernetes/issues/87039",
        versions: Versions::since(28),
        guarantees: &["G-deletion-is-not-put-off"],
        // Only a timestamp that the first grace had already reached is moved.
        is_its_doing: |case, breach| {
            step_of(case, breach.event_index).is_some_and(|step| {
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
        in_api_server: true,
        hides_from_model: nothing_is_hidden,
        smallest_pod: None,
    },
    Deviation {
        name: "kubernetes#113606",
        title: "A delete waits for the kills of containers whose probes failed, and these are started once more",
        link: "https://github.com/kubernetes/kubernetes/issues/113606",
        versions: Versions::since(28),
        guarantees: &["G-delete-comes-first", "G-gone-in-time"],
        // The first guarantee itself asks for a kill by a probe that was under way when the pod was deleted; the second is
        // broken where the pod was already being torn down because its work was over, with its own grace.
        is_its_doing: |case, breach| breach.container.is_some() || was_ending_by_itself(case),
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/113606"),
    },
    Deviation {
        name: "kubernetes#121398",
        title: "A container that has ended, and its pod, stay ready while the kubelet waits for another one that a probe stops",
        link: "https://github.com/kubernetes/kubernetes/issues/121398",
        versions: Versions::since(28),
        guarantees: &["G-dead-is-not-ready"],
        is_its_doing: another_was_being_stopped,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/121398"),
    },
    Deviation {
        name: "kubernetes#83916",
        title: "A second delete with a shorter grace changes nothing once the kubelet has begun to stop the containers",
        link: "https://github.com/kubernetes/kubernetes/issues/83916",
        versions: Versions::since(28),
        guarantees: &["G-shorter-grace-counts", "G-gone-in-time"],
        is_its_doing: |case, breach| match breach.container {
            Some(index) => had_its_first_grace_at_most(case, index),
            None => grace_was_shortened(case),
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/83916"),
    },
    Deviation {
        name: "kubernetes#134660",
        title: "PodReadyToStartContainers becomes true only after the first container has started",
        link: "https://github.com/kubernetes/kubernetes/pull/134660",
        versions: Versions::since(29).fixed_in(36),
        guarantees: &["G-network-announced"],
        // The sync that sees the sandbox sees what has been started in it since.
        is_its_doing: |case, breach| {
            step_of(case, breach.event_index).is_some_and(|step| {
                let mut views = case.trace.steps[step].view.containers.iter().flatten();
                views.any(shows_a_start)
            })
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/134660"),
    },
    Deviation {
        name: "kubernetes#119617",
        title: "A readiness probe's initial delay counts from the container's start, not from its startup probe's success",
        link: "https://github.com/kubernetes/kubernetes/issues/119617",
        versions: Versions::since(28),
        guarantees: &["G-delay-after-startup"],
        is_its_doing: waited_for_its_delay_since_its_start,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/119617"),
    },
    Deviation {
        name: "kubernetes#109537",
        title: "A container that its liveness probe stops under OnFailure is not restarted if it meets its back-off and had exited with 0",
        link: "https://github.com/kubernetes/kubernetes/issues/109537",
        versions: Versions::since(28),
        guarantees: &["G-succeeded-by-itself"],
        is_its_doing: |case, _| case.trace.spec.restart_policy == RestartPolicy::OnFailure,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/109537"),
    },
];
