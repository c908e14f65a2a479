//! Deviations that this program found and nobody seems to have reported.

use super::marks::{
    Shown, all_ended, end_was_never_published, failures_were_inherited, has_just_started, is_a_later_life,
    is_of_a_new_container, is_status_unknown, last_sidecar_has_lost_its_probes, last_sidecar_was_not_up_after,
    last_sidecar_was_not_up_before_this_life, lost_its_sandbox_unseen, next_sidecar_was_down, shown_in, step_of,
    tells_of_an_earlier_life, was_killed_across_the_end, was_over_and_not_ready, was_the_last_main_of_a_never_pod,
};
use super::{Deviation, Versions, nothing_is_hidden};
use crate::trace::{Kind, PodResources, RestartPolicy};

/// Every running pod of 1.36 and newer shows it on cgroup v1.
pub const NO_LIMIT: &str = "podcheck/NO-LIMIT";

/// What a lost sandbox breaks.
pub const SANDBOX_LOST: &str = "podcheck/SB-1";

/// Found here; the names are those of the rules in the specification where they were first described.
pub const FINDINGS: &[Deviation] = &[
    Deviation {
        name: "podcheck/IP-GC",
        title: "podIP vanishes for good when the kubelet collects a terminal pod's remains before it has finished with it",
        link: "https://github.com/kubernetes/kubernetes/issues/82268",
        versions: Versions::since(28),
        guarantees: &["G-ip-stays"],
        is_its_doing: |case, breach| {
            step_of(case, breach.event_index).is_some_and(|step| {
                // The garbage collection takes the sandbox only of a pod that is being deleted (or evicted), once everything in
                // it has ended: with the terminal phase, or before it where that is hidden (WS-1, seen on v1.34.0).
                let before = step.checked_sub(1);
                case.trace.steps[step].deletion.is_some()
                    && case.trace.steps[step].view.phase.is_terminal()
                    && before.is_some_and(|before| case.trace.steps[before].view.pod_ip && all_ended(case, before))
                    && case.trace.steps[step..].iter().all(|later| !later.view.pod_ip)
            })
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/ip-gc"),
    },
    Deviation {
        name: "podcheck/LIFE-GC",
        title: "The last status of a deleted pod tells of an earlier life: the kubelet removes the newest dead container first",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/pod_container_deletor.go#L107",
        versions: Versions::since(28),
        guarantees: &[
            "G-restart-count-grows",
            "G-restart-counts",
            "G-exit-is-the-process's",
            "G-start-is-the-process's",
            "G-finish-is-the-process's",
            "G-lives-in-order",
        ],
        is_its_doing: |case, breach| {
            shown_in(case, breach).is_some_and(|shown| tells_of_an_earlier_life(case, shown.step, shown.index))
        },
        in_api_server: false,
        hides_from_model: |case, divergence| {
            let step = step_of(case, divergence.event_index).zip(divergence.container);
            divergence.rule == "2.5" && step.is_some_and(|(step, index)| tells_of_an_earlier_life(case, step, index))
        },
        smallest_pod: Some("deviation/life-gc"),
    },
    Deviation {
        name: "podcheck/TO-3",
        title: "A sidecar that does not run breaks the stop order: the one before it does not wait for the ones after it",
        link: "https://github.com/kubernetes/kubernetes/pull/125935",
        versions: Versions {
            since_patches: &[(29, 8), (30, 4)],
            ..Versions::since(31)
        },
        guarantees: &["G-sidecar-stop-order"],
        is_its_doing: |case, breach| breach.container.is_some_and(|index| next_sidecar_was_down(case, index)),
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/to-3"),
    },
    Deviation {
        name: "podcheck/RS-2",
        title: "A main container is not restarted while the last sidecar is not up",
        link: "https://github.com/kubernetes/kubernetes/pull/138514",
        versions: Versions::since(29).fixed_in(37),
        guarantees: &[
            "G-always-restarts",
            "G-on-failure-restarts",
            "G-first-restart-at-once",
            "G-back-off-ends",
        ],
        is_its_doing: |case, breach| {
            let ended = breach.container.and_then(|index| case.last_instance(index)?.1.finish);
            breach.container.is_some_and(|index| case.kind(index) == Kind::Main)
                && (last_sidecar_was_not_up_after(case, ended.map(|finish| finish.lo))
                    || last_sidecar_was_not_up_before_this_life(case, breach))
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/rs-2"),
    },
    Deviation {
        name: "podcheck/RS-9",
        title: "lastState is lost when the kubelet collects a dead container while the next life, after a probe's kill, is made",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kuberuntime/kuberuntime_gc.go#L184",
        versions: Versions::since(36),
        guarantees: &["G-last-state"],
        is_its_doing: end_was_never_published,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/rs-9"),
    },
    Deviation {
        name: "podcheck/RS-10",
        title: "A sidecar that is being killed for its probe is started once more although all work was done meanwhile",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kuberuntime/kuberuntime_manager.go#L1620",
        versions: Versions::since(28),
        guarantees: &["G-no-sidecar-after-the-work"],
        is_its_doing: |case, breach| {
            breach
                .container
                .is_some_and(|index| was_killed_across_the_end(case, index))
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/rs-10"),
    },
    Deviation {
        name: "podcheck/RS-3",
        title: "A pod whose work is done does not end while its last sidecar is not up",
        link: "https://github.com/kubernetes/kubernetes/pull/138514",
        versions: Versions::since(29).fixed_in(37),
        guarantees: &["G-sidecar-never-blocks-the-end", "G-no-sidecar-after-the-work"],
        is_its_doing: |case, _| {
            last_sidecar_was_not_up_after(case, case.mains_done().map(|done| done.lo))
                || last_sidecar_has_lost_its_probes(case)
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/rs-3"),
    },
    Deviation {
        name: "podcheck/WR-5",
        title: "A container that waits in back-off when its pod ends is said to have exited with 137",
        link: "https://github.com/kubernetes/kubernetes/issues/108733",
        versions: Versions::since(28),
        guarantees: &["G-exit-is-what-happened"],
        is_its_doing: is_status_unknown,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/wr-5"),
    },
    Deviation {
        name: "podcheck/never-ran-137",
        title: "A pod deleted while it starts has a first container that never ran and is said to have exited with 137",
        link: "https://github.com/kubernetes/kubernetes/issues/108733",
        versions: Versions::since(28),
        guarantees: &["G-terminated-has-run"],
        is_its_doing: |case, breach| case.deletion.is_some() && is_status_unknown(case, breach),
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: None,
    },
    Deviation {
        name: "podcheck/WS-1",
        title: "A slow status writer publishes the terminal phase with container states from before the kill",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/status/status_manager.go",
        versions: Versions::since(28),
        guarantees: &["G-terminal-nothing-runs"],
        // The writer asks whether the pod may still run when it sends, not when the status was computed; the status after
        // it, if there is one, shows the ends. A container that really runs on is the model's to refuse (3.3, WS-2).
        is_its_doing: |case, breach| {
            step_of(case, breach.event_index).is_some_and(|step| {
                let phase = |step: usize| case.trace.steps[step].view.phase;
                phase(step).is_terminal() && (step == 0 || !phase(step - 1).is_terminal())
            })
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: None,
    },
    Deviation {
        name: "podcheck/PB-10",
        title: "While a pod ends because an init container failed, a sidecar that never started or never was ready is reported so",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/prober/worker.go",
        versions: Versions::since(28),
        guarantees: &[
            "G-readiness-gates-ready",
            "G-startup-gates-started",
            "G-success-threshold",
        ],
        // The worker of its probe ends with the computed phase, and what has no worker counts as started and ready.
        is_its_doing: |case, breach| {
            let failed = case.init_failed().map(|it| it.lo);
            let shown = step_of(case, breach.event_index).and_then(|step| case.not_after(step));
            failed.zip(shown).is_some_and(|(failed, shown)| shown >= failed)
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/pb-10"),
    },
    Deviation {
        name: "podcheck/PB-12",
        title: "A life that has been killed is called ready because the life after it answers its probe",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/prober/worker.go",
        versions: Versions::since(28),
        guarantees: &[
            "G-readiness-gates-ready",
            "G-startup-gates-started",
            "G-unready-when-failing",
        ],
        // Probes over the network reach whatever has the pod's address, while the worker still holds the published life:
        // only where the next life had already begun.
        is_its_doing: |case, breach| {
            let replaced = || {
                let Shown { step, index, view } = shown_in(case, breach)?;
                let next = case.start(index, view.restart_count + 1)?;
                Some(next.lo <= case.trace.steps[step].at_ms?)
            };
            replaced().unwrap_or(false)
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/pb-12"),
    },
    Deviation {
        name: "podcheck/PB-13",
        title: "The failures of a probe in a life that ended by itself count against the next life",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/prober/worker.go#L366",
        versions: Versions::since(28),
        guarantees: &["G-failure-threshold", "G-startup-holds-liveness"],
        // The worker begins to count anew when its probe has killed (#53530), not when it sees another container.
        is_its_doing: failures_were_inherited,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/pb-13"),
    },
    Deviation {
        name: "podcheck/WR-7",
        title: "A container that has been created and not started yet waits without a reason",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kubelet_pods.go#L2392",
        versions: Versions::since(28),
        guarantees: &["G-waiting-tells-why"],
        is_its_doing: is_of_a_new_container,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: None,
    },
    Deviation {
        name: "podcheck/RS-11",
        title: "In a Never pod the probe of the last main container stops it with the pod's grace, not its own",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kuberuntime/kuberuntime_manager.go#L1484",
        versions: Versions::since(28),
        guarantees: &["G-probe-grace", "G-grace-is-given"],
        is_its_doing: was_the_last_main_of_a_never_pod,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/rs-11"),
    },
    Deviation {
        name: "podcheck/PB-14",
        title: "The successes of a readiness probe in one life count for the next life's successThreshold",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/prober/worker.go#L366",
        versions: Versions::since(28),
        guarantees: &["G-success-threshold"],
        is_its_doing: is_a_later_life,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/pb-14"),
    },
    Deviation {
        name: "podcheck/PB-15",
        title: "A readiness result that comes after the container's end makes the dead container ready",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/status/status_manager.go#L576",
        versions: Versions::since(28),
        guarantees: &["G-started-before-ready", "G-ready-means-running"],
        // Somebody else who has the pod's address answers a slow probe; the result goes to the status by the container's ID.
        is_its_doing: was_over_and_not_ready,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: None,
    },
    Deviation {
        name: SANDBOX_LOST,
        title: "The status of an OnFailure pod that lost its sandbox is frozen while its init containers run again",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/status/status_manager.go#L952",
        versions: Versions::since(28),
        guarantees: &["G-sandbox-while-running"],
        // An init container that goes from success to running again is no legal transition there, so the whole status is dropped.
        is_its_doing: |case, breach| lost_its_sandbox_unseen(case, breach.event_index),
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: None,
    },
    Deviation {
        name: "podcheck/TO-0",
        title: "A grace of zero is two seconds: containers get a TERM and may work on it",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kuberuntime/kuberuntime_container.go#L908",
        versions: Versions::since(28),
        guarantees: &["G-zero-grace-kills"],
        // The minimum that the runtime is given is meant for graces that are nearly used up.
        is_its_doing: |_, _| true,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/to-0"),
    },
    Deviation {
        name: "podcheck/WS-4",
        title: "A container that has just started is said not to have started, by a status from before its probe's success",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kubelet.go#L2135",
        versions: Versions::since(28),
        guarantees: &["G-started-once"],
        // The sync computes a status, the probe's success is written, the sync stores what it had computed.
        is_its_doing: has_just_started,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: None,
    },
    Deviation {
        name: "podcheck/PH-2",
        title: "A pod that was published as Succeeded becomes Failed when its activeDeadlineSeconds pass soon after",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kubelet_pods.go#L1951",
        versions: Versions::since(28),
        guarantees: &["G-terminal-stays"],
        // The deadline is asked about without a look at the phase, until the pod worker has finished with the pod.
        is_its_doing: |case, _| {
            case.trace
                .spec
                .not_covered
                .iter()
                .any(|it| it == "activeDeadlineSeconds")
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: None,
    },
    Deviation {
        name: "podcheck/WR-4",
        title: "The lastState of a container in back-off becomes its state's own end when its pod is deleted",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kubelet_pods.go#L2334",
        versions: Versions::since(36),
        guarantees: &["G-last-state-is-another-life"],
        is_its_doing: |case, breach| {
            step_of(case, breach.event_index).is_some_and(|step| case.trace.steps[step].deletion.is_some())
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/wr-4"),
    },
    Deviation {
        name: NO_LIMIT,
        title: "On cgroup v1 a running pod that asks for no resources is said to have a memory limit of 8 EiB",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kubelet_pods.go#L2202",
        versions: Versions::since(36),
        guarantees: &["G-pod-resources-are-set"],
        is_its_doing: |case, breach| {
            let step = step_of(case, breach.event_index);
            step.is_some_and(|step| case.trace.steps[step].pod_seen.resources == Some(PodResources::NoLimit))
        },
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: None,
    },
    Deviation {
        name: "podcheck/PH-1",
        title: "A Never pod is Succeeded though the kubelet stopped its main container for a failed probe",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kubelet_pods.go#L1868",
        versions: Versions::since(28),
        guarantees: &["G-succeeded-by-itself"],
        is_its_doing: |case, _| case.trace.spec.restart_policy == RestartPolicy::Never,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/ph-1"),
    },
    Deviation {
        name: "podcheck/TO-INIT",
        title: "A sidecar is told to stop together with the init container that runs after it",
        link: "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kuberuntime/kuberuntime_termination_order.go#L57",
        versions: Versions::since(29),
        guarantees: &["G-sidecar-outlives-inits"],
        is_its_doing: |_, _| true,
        in_api_server: false,
        hides_from_model: nothing_is_hidden,
        smallest_pod: Some("deviation/to-init"),
    },
];
