//! The page on sidecar containers.

use super::{Page, Why::*, judged, open};

/// <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>
pub const PAGE: Page = Page {
    title: "Sidecar Containers",
    link: "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/",
    sentences: &[
        open(
            "Kubernetes implements sidecar containers as a special case of init containers; sidecar containers remain running \
             after Pod startup.",
            NoPromise,
            "said again, with what follows from it, below",
        ),
        open(
            "These restartable _sidecar_ containers are independent from other init containers and from the main application \
             container(s) within the same pod.",
            NoPromise,
            "said more exactly in the next sentence",
        ),
        judged(
            "These can be started, stopped, or restarted without affecting the main application container and other init \
             containers.",
            &[
                "G-stopped-for-a-reason",
                "G-init-runs-to-completion",
                "G-success-is-not-restarted",
            ],
        ),
        judged(
            "If an init container is created with its `restartPolicy` set to `Always`, it will start and remain running during \
             the entire life of the Pod.",
            &["G-sidecar-restarted", "G-sidecar-outlives-mains"],
        ),
        judged(
            "If a `readinessProbe` is specified for this init container, its result will be used to determine the `ready` state \
             of the Pod.",
            &["G-ready-means-all-ready", "G-readiness-gates-ready"],
        ),
        judged(
            "Since these containers are defined as init containers, they benefit from the same ordering and sequential guarantees \
             as regular init containers, allowing you to mix sidecar containers with regular init containers for complex Pod \
             initialization flows.",
            &["G-init-in-order", "G-sidecar-first"],
        ),
        judged(
            "Compared to regular init containers, sidecars defined within `initContainers` continue to run after they have \
             started.",
            &["G-sidecar-restarted"],
        ),
        judged(
            "After a sidecar-style init container is running (the kubelet has set the `started` status for that init container to \
             true), the kubelet then starts the next init container from the ordered `.spec.initContainers` list.",
            &["G-sidecar-first", "G-sidecar-opens"],
        ),
        judged(
            "That status either becomes true because there is a process running in the container and no startup probe defined, or \
             as a result of its `startupProbe` succeeding.",
            &["G-started-without-probe", "G-startup-gates-started"],
        ),
        judged(
            "Upon Pod termination, the kubelet postpones terminating sidecar containers until the main application container has \
             fully stopped.",
            &["G-sidecar-outlives-mains"],
        ),
        judged(
            "The sidecar containers are then shut down in the opposite order of their appearance in the Pod specification.",
            &["G-sidecar-stop-order"],
        ),
        open(
            "This approach ensures that the sidecars remain operational, supporting other containers within the Pod, until their \
             service is no longer required.",
            NoPromise,
            "the reason for the two sentences before",
        ),
        judged(
            "If you define a Job that uses sidecar using Kubernetes-style init containers, the sidecar container in each Pod does \
             not prevent the Job from completing after the main container has finished.",
            &["G-sidecar-never-blocks-the-end"],
        ),
        judged(
            "They can be started, stopped, and restarted independently of app containers.",
            &["G-stopped-for-a-reason"],
        ),
        open(
            "Sidecar containers share the same network and storage namespaces with the primary container.",
            NotVisible,
            "a status does not show namespaces; the scripts share a volume, or they would not count their attempts",
        ),
        judged(
            "When other containers take all allotted graceful termination time, the sidecar containers will receive the `SIGTERM` \
             signal, followed by the `SIGKILL` signal, before they have time to terminate gracefully.",
            &["G-killed-in-time"],
        ),
        judged(
            "So exit codes different from `0` (`0` indicates successful exit), for sidecar containers are normal on Pod \
             termination and should be generally ignored by the external tooling.",
            &["G-failed-is-failure"],
        ),
        open(
            "Sidecar containers run concurrently with the main application container.",
            NoPromise,
            "said more exactly above",
        ),
        judged(
            "Unlike init containers, sidecar containers support probes to control their lifecycle.",
            &[
                "G-liveness-restarts",
                "G-startup-failure-restarts",
                "G-readiness-gates-ready",
            ],
        ),
        judged(
            "Init containers stop before the main containers start up, so init containers cannot exchange messages with the app \
             container in a Pod.",
            &["G-init-in-order"],
        ),
        open(
            "Changing the image of a sidecar container will not cause the Pod to restart, but will trigger a container restart.",
            NotGenerated,
            "no image is changed",
        ),
        open(
            "The Pod's *effective request/limit* for a resource is the sum of pod overhead and the higher of:",
            NotGenerated,
            "our containers ask for no resources",
        ),
        open(
            "The QoS tier of the Pod's *effective QoS tier* is the QoS tier for all init, sidecar and app containers alike.",
            NotGenerated,
            "our containers ask for no resources; that the class stays is judged by G-qos-stays",
        ),
        open(
            "On Linux, resource allocations for Pod level control groups (cgroups) are based on the effective Pod request and \
             limit, the same as the scheduler.",
            NotVisible,
            "a recording does not show control groups",
        ),
    ],
};
