//! The page on probes. (Up to 1.36 its text is a part of the page on the pod lifecycle and of the task page.)

use super::{Page, Why::*, judged, open};

/// <https://kubernetes.io/docs/concepts/workloads/pods/probes/>
pub const PAGE: Page = Page {
    title: "Liveness, Readiness, and Startup Probes",
    link: "https://kubernetes.io/docs/concepts/workloads/pods/probes/",
    sentences: &[
        open(
            "A probe is a diagnostic performed periodically by the kubelet on a container.",
            NoPromise,
            "a definition; its period is a field below",
        ),
        open(
            "Based on the probe results, Kubernetes can restart unhealthy containers or stop sending traffic to containers that \
             are not ready.",
            NoPromise,
            "can; what it does is said below",
        ),
        judged(
            "If a startup probe is configured, Kubernetes does not execute liveness or readiness probes until the startup probe \
             succeeds, allowing the application time to finish its initialization.",
            &["G-startup-holds-liveness", "G-started-before-ready"],
        ),
        open(
            "This type of probe is only executed at startup, unlike liveness and readiness probes, which are run periodically.",
            NotVisible,
            "no recording shows the probes themselves",
        ),
        judged(
            "If the startup probe fails, the kubelet kills the container, and the container is subjected to its restart policy.",
            &["G-startup-failure-restarts"],
        ),
        judged(
            "If a container fails its liveness probe more times than the configured tolerance, the kubelet restarts that \
             container.",
            &["G-liveness-restarts"],
        ),
        open(
            "Liveness probes do not wait for readiness probes to succeed.",
            NotYet,
            "a container that never is ready and is stopped for its liveness shows it; G-liveness-restarts judges the stop",
        ),
        open(
            "If the readiness probe returns a failed state, the EndpointSlice controller removes the Pod's IP address from the \
             EndpointSlices of all Services that match the Pod.",
            OtherComponent,
            "the EndpointSlice controller",
        ),
        open(
            "Readiness probes run on the container during its whole lifecycle.",
            NotVisible,
            "no recording shows the probes themselves; that a late failure is noticed is judged by G-unready-when-failing",
        ),
        judged(
            "the existence of the readiness probe in the spec means that the Pod will start without receiving any traffic and only \
             start receiving traffic after the probe starts succeeding.",
            &["G-readiness-gates-ready"],
        ),
        open(
            "The diagnostic is considered successful if the command exits with a status code of 0.",
            NotVisible,
            "no recording shows the probes themselves",
        ),
        open(
            "The diagnostic is considered successful if the response has a status code greater than or equal to 200 and less than \
             400.",
            NotGenerated,
            "the scripts answer 200 or nothing",
        ),
        open(
            "The diagnostic is considered successful if the port is open.",
            NotVisible,
            "no recording shows the probes themselves",
        ),
        open(
            "The container failed the diagnostic.",
            NoPromise,
            "a definition; what follows from it is said next",
        ),
        judged(
            "For liveness and startup probes, the kubelet kills the container, and the container is subjected to its restart \
             policy.",
            &["G-liveness-restarts", "G-startup-failure-restarts"],
        ),
        judged(
            "For readiness probes, the kubelet marks the container as not ready, and the Pod stops receiving traffic from matching \
             Services.",
            &["G-unready-when-failing"],
        ),
        open(
            "The diagnostic failed (no action should be taken, and the kubelet will make further checks).",
            NotVisible,
            "no recording tells an unknown result from a success",
        ),
        judged(
            "If a container does not provide a particular probe, the kubelet always considers the result as `Success`.",
            &["G-ready-without-probe", "G-started-without-probe"],
        ),
        judged(
            "For readiness probes specifically, the result is considered `Failure` before the initial delay.",
            &["G-readiness-gates-ready"],
        ),
        judged(
            "Number of seconds after the container has started before startup, liveness or readiness probes are initiated.",
            &[
                "G-startup-gates-started",
                "G-readiness-gates-ready",
                "G-failure-threshold",
            ],
        ),
        judged(
            "If a startup probe is defined, liveness and readiness probe delays do not begin until the startup probe has \
             succeeded.",
            &["G-delay-after-startup"],
        ),
        judged(
            "However, in current versions, initialDelaySeconds is always honored and the probe will not start until after this \
             initial delay.",
            &["G-failure-threshold"],
        ),
        judged(
            "How often (in seconds) to perform the probe.",
            &[
                "G-failure-threshold",
                "G-liveness-restarts",
                "G-startup-failure-restarts",
            ],
        ),
        open(
            "While a container is not Ready, the readiness probe may be executed at times other than the configured \
             `periodSeconds` interval.",
            NoPromise,
            "may",
        ),
        open(
            "Number of seconds after which the probe times out.",
            NotGenerated,
            "no script answers late on purpose",
        ),
        open(
            "Minimum consecutive successes for the probe to be considered successful after having failed.",
            NotYet,
            "out of turn a readiness probe may be asked at any time, so two successes need no time that could be measured",
        ),
        judged(
            "After a probe fails `failureThreshold` times in a row, Kubernetes considers that the overall check has failed: the \
             container is _not_ ready/healthy/live.",
            &["G-failure-threshold"],
        ),
        judged(
            "For the case of a startup or liveness probe, if at least `failureThreshold` probes have failed, Kubernetes treats the \
             container as unhealthy and triggers a restart for that specific container.",
            &[
                "G-liveness-restarts",
                "G-startup-failure-restarts",
                "G-stopped-for-a-reason",
            ],
        ),
        judged(
            "The kubelet honors the setting of `terminationGracePeriodSeconds` for that container.",
            &["G-grace-is-given", "G-killed-in-time"],
        ),
        judged(
            "For a failed readiness probe, the kubelet continues running the container that failed checks, and also continues to run \
             more probes; because the check failed, the kubelet sets the `Ready` condition on the Pod to `false`.",
            &["G-stopped-for-a-reason", "G-ready-means-all-ready"],
        ),
        judged(
            "configure a grace period for the kubelet to wait between triggering a shut down of the failed container, and then \
             forcing the container runtime to stop that container.",
            &["G-grace-is-given", "G-probe-grace"],
        ),
        judged(
            "The default is to inherit the Pod-level value for `terminationGracePeriodSeconds` (30 seconds if not specified), and \
             the minimum value is 1.",
            &["G-grace-is-given", "G-killed-in-time"],
        ),
        judged(
            "When both a pod- and probe-level `terminationGracePeriodSeconds` are set, the kubelet will use the probe-level value.",
            &["G-probe-grace"],
        ),
        judged(
            "The kubelet always honors the probe-level `terminationGracePeriodSeconds` field if it is present on a Pod.",
            &["G-probe-grace"],
        ),
        open(
            "Probe-level `terminationGracePeriodSeconds` **cannot** be set for readiness probes.",
            OtherComponent,
            "the API server validates",
        ),
        open(
            "The kubelet sends the probe to the Pod's IP address, unless the address is overridden by the optional `host` field in \
             `httpGet`.",
            NotVisible,
            "no recording shows the probes themselves",
        ),
        open(
            "When the kubelet probes a container using HTTP, it follows redirects only if the redirect is to the same host.",
            NotGenerated,
            "the scripts do not redirect",
        ),
        open(
            "For a TCP probe, the kubelet makes the probe connection at the node, not in the Pod, which means that you can not use a \
             service name in the `host` parameter since the kubelet is unable to resolve it.",
            NotVisible,
            "no recording shows the probes themselves",
        ),
        open(
            "Configuration problems (for example: incorrect port or service, unimplemented health checking protocol) are considered \
             a probe failure, similar to HTTP and TCP probes.",
            NotGenerated,
            "no gRPC probes are generated",
        ),
    ],
};
