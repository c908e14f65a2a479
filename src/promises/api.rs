//! The API field comments of what is generated and read: `core/v1/types.go` and `meta/v1/types.go`.

use super::{Page, Why::*, judged, open};

/// What the documentation says of generations
pub const POD_GENERATION: Page = Page {
    title: "Pods: pod generation",
    link: "https://kubernetes.io/docs/concepts/workloads/pods/#pod-generation",
    sentences: &[
        open(
            "It will be automatically set by the system such that new pods have a `metadata.generation` of 1, and every update to \
             mutable fields in the pod's spec will increment the `metadata.generation` by 1.",
            OtherComponent,
            "the API server sets it",
        ),
        judged(
            "The Kubelet will set `status.observedGeneration` to track the pod state to the current pod status.",
            &["G-generation-is-told"],
        ),
        judged(
            "The pod's `status.observedGeneration` will reflect the `metadata.generation` of the pod at the point that the pod \
             status is being reported.",
            &["G-delete-is-observed"],
        ),
        open(
            "The `status.observedGeneration` field is managed by the kubelet and external controllers should **not** modify this \
             field.",
            OtherComponent,
            "it obliges controllers",
        ),
    ],
};

/// `PodStatus` and `PodCondition`
pub const POD_STATUS: Page = Page {
    title: "API: PodStatus, PodCondition, PodPhase",
    link: "https://github.com/kubernetes/api/blob/v0.37.0/core/v1/types.go#L5585",
    sentences: &[
        judged(
            "If set, this represents the .metadata.generation that the pod status was set based upon.",
            &["G-observed-generation"],
        ),
        open(
            "Pending: The pod has been accepted by the Kubernetes system, but one or more of the container images has not been \
             created.",
            NotGenerated,
            "images are there before a pod is made; the documentation says it of containers, which is judged there",
        ),
        judged(
            "PodSucceeded means that all containers in the pod have voluntarily terminated with a container exit code of 0, and the \
             system is not going to restart any of these containers.",
            &["G-succeeded-by-itself", "G-succeeded-is-success"],
        ),
        judged("Deprecated: It isn't being set since 2015", &["G-phase-is-known"]),
        open(
            "A brief CamelCase message indicating details about why the pod is in this state. e.g. 'Evicted'",
            NotGenerated,
            "no pod is evicted",
        ),
        judged(
            "hostIP holds the IP address of the host to which the pod is assigned. Empty if the pod has not started yet.",
            &["G-host-is-told", "G-host-stays"],
        ),
        judged(
            "hostIPs holds the IP addresses allocated to the host.",
            &["G-host-ips-are-told"],
        ),
        judged(
            "If this field is specified, the first entry must match the hostIP field.",
            &["G-host-ips-agree"],
        ),
        judged(
            "podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.",
            &["G-ip-stays", "G-one-ip"],
        ),
        judged(
            "If this field is specified, the 0th entry must match the podIP field.",
            &["G-pod-ips-agree"],
        ),
        open(
            "Pods may be allocated at most 1 value for each of IPv4 and IPv6.",
            OtherComponent,
            "the network plugin",
        ),
        judged(
            "RFC 3339 date and time at which the object was acknowledged by the Kubelet.",
            &["G-start-time-stays"],
        ),
        judged(
            "This is before the Kubelet pulled the container image(s) for the pod.",
            &["G-acknowledged-first"],
        ),
        judged(
            "The most recent successful non-restartable init container will have ready = true",
            &["G-init-ready-means-success"],
        ),
        judged(
            "the most recently started container will have startTime set.",
            &["G-running-tells-since"],
        ),
        judged(
            "Each container in the pod should have at most one status in this list, and all statuses should be for containers in the \
             pod.",
            &["G-one-status-each"],
        ),
        judged(
            "The list has one entry per container in the manifest.",
            &["G-every-container-has-a-status"],
        ),
        judged(
            "The Quality of Service (QOS) classification assigned to the pod based on resource requirements",
            &["G-qos-stays", "G-qos-fits-resources"],
        ),
        judged(
            "Resources represents the compute resource requests and limits that have been applied at the pod level if pod-level \
             requests or limits are set in PodSpec.Resources",
            &["G-pod-resources-are-set"],
        ),
        open(
            "It is empty if no resources resize is pending.",
            NotGenerated,
            "no pod is resized",
        ),
        judged(
            "If set, this represents the .metadata.generation that the pod condition was set based upon.",
            &["G-condition-generation"],
        ),
        judged(
            "Status is the status of the condition. Can be True, False, Unknown.",
            &["G-condition-is-true-or-false"],
        ),
        open("Last time we probed the condition.", NotVisible, "no kubelet sets it"),
        judged(
            "Last time the condition transitioned from one status to another.",
            &["G-transition-time", "G-condition-after-start"],
        ),
        open(
            "Unique, one-word, CamelCase reason for the condition's last transition.",
            NotYet,
            "which reason belongs to which transition is written nowhere; the model compares reasons",
        ),
        judged(
            "Human-readable message indicating details about last transition.",
            &["G-unready-are-named", "G-incomplete-are-named"],
        ),
        open(
            "PodInitialized means that all init containers in the pod have started successfully.",
            NoPromise,
            "the documentation says more, that they have completed, which is judged there",
        ),
        judged(
            "PodReadyToStartContainers pod sandbox is successfully configured and the pod is ready to launch containers.",
            &["G-sandbox-while-running", "G-network-announced"],
        ),
    ],
};

/// `ContainerStatus` and its states
pub const CONTAINER_STATUS: Page = Page {
    title: "API: ContainerStatus, ContainerState",
    link: "https://github.com/kubernetes/api/blob/v0.37.0/core/v1/types.go#L3479",
    sentences: &[
        judged(
            "(brief) reason the container is not yet running.",
            &["G-waiting-tells-why"],
        ),
        judged(
            "Message regarding why the container is not yet running.",
            &["G-back-off-is-told"],
        ),
        judged(
            "Time at which the container was last (re-)started",
            &["G-start-is-fixed", "G-start-is-the-process's"],
        ),
        judged(
            "Exit status from the last termination of the container",
            &["G-exit-is-what-happened", "G-exit-is-the-process's"],
        ),
        open(
            "Signal from the last termination of the container",
            NotVisible,
            "containerd does not set it",
        ),
        judged(
            "(brief) reason from the last termination of the container",
            &["G-terminated-tells-why", "G-reason-fits-code"],
        ),
        open(
            "Message regarding the last termination of the container",
            NotYet,
            "it carries the scripts' journal; a lost one is not told from one that was never written",
        ),
        judged(
            "Time at which previous execution of the container started",
            &["G-lives-in-order", "G-terminated-tells-times"],
        ),
        judged(
            "Time at which the container last terminated",
            &["G-finish-is-fixed", "G-finish-is-the-process's"],
        ),
        judged(
            "Container's ID in the format '<type>://<container_id>'",
            &["G-end-names-its-life"],
        ),
        judged("Only one of its members may be specified.", &["G-one-state"]),
        open(
            "If none of them is specified, the default one is ContainerStateWaiting.",
            NoPromise,
            "how a reader must take it, and this one does",
        ),
        open(
            "Each container in a pod must have a unique name across all container types.",
            OtherComponent,
            "the API server validates",
        ),
        judged(
            "LastTerminationState holds the last termination state of the container to help debug container crashes and restarts. \
             This field is not populated if the container is still running and RestartCount is 0.",
            &["G-last-state", "G-last-state-is-another-life"],
        ),
        judged(
            "This field is not populated if the container is still running and RestartCount is 0.",
            &["G-first-life-has-no-past"],
        ),
        judged(
            "Ready specifies whether the container is currently passing its readiness check.",
            &[
                "G-ready-means-running",
                "G-readiness-gates-ready",
                "G-dead-is-not-ready",
            ],
        ),
        judged(
            "The value will change as readiness probes keep executing.",
            &["G-unready-when-failing"],
        ),
        judged(
            "If no readiness probes are specified, this field defaults to true once the container is fully started (see Started \
             field).",
            &["G-ready-without-probe", "G-started-before-ready"],
        ),
        judged(
            "RestartCount holds the number of times the container has been restarted.",
            &["G-restart-counts"],
        ),
        judged(
            "Kubelet makes an effort to always increment the value, but there are cases when the state may be lost due to node \
             restarts and then the value may be reset to 0.",
            &["G-restart-count-grows"],
        ),
        open(
            "The value is never negative.",
            NoPromise,
            "true of every status that can be read: a negative count is not a recording",
        ),
        open(
            "Image is the name of container image that the container is running.",
            NotVisible,
            "stored recordings leave images out",
        ),
        open(
            "ImageID is the image ID of the container's image.",
            NotVisible,
            "stored recordings leave images out",
        ),
        judged(
            "ContainerID is the ID of the container in the format '<type>://<container_id>'.",
            &["G-id-names-the-runtime", "G-id-is-its-own"],
        ),
        open(
            "Started indicates whether the container has finished its postStart lifecycle hook and passed its startup probe.",
            Prepared,
            "no hooks are generated yet; of the startup probe it is said again next",
        ),
        judged(
            "Initialized as false, becomes true after startupProbe is considered successful.",
            &["G-startup-gates-started"],
        ),
        judged(
            "Initialized as false, becomes true after startupProbe is considered successful. Resets to false when the container is \
             restarted, or if kubelet loses state temporarily.",
            &["G-started-once"],
        ),
        judged(
            "Resets to false when the container is restarted, or if kubelet loses state temporarily.",
            &["G-started-means-running"],
        ),
        open(
            "In both cases, startup probes will run again.",
            NotVisible,
            "no recording shows the probes themselves; that `started` waits for one in every life is judged by \
             G-startup-gates-started",
        ),
        judged(
            "Is always true when no startupProbe is defined and container is running and has passed the postStart lifecycle hook.",
            &["G-started-without-probe"],
        ),
        open(
            "The null value must be treated the same as false.",
            NoPromise,
            "how a reader must take it, and this one does",
        ),
        open(
            "Resources represents the compute resource requests and limits that have been successfully enacted on the running \
             container after it has been started or has been successfully resized.",
            NotGenerated,
            "our containers ask for no resources",
        ),
        open(
            "User represents user identity information initially attached to the first process of the container",
            NotGenerated,
            "no users are generated",
        ),
        open(
            "StopSignal reports the effective stop signal for this container",
            NotGenerated,
            "no stop signals are generated",
        ),
    ],
};

/// `PodSpec`, `Container` and `Probe`
pub const SPEC: Page = Page {
    title: "API: PodSpec, Container, Probe",
    link: "https://github.com/kubernetes/api/blob/v0.37.0/core/v1/types.go#L4358",
    sentences: &[
        judged(
            "Init containers are executed in order prior to containers being started.",
            &["G-init-in-order"],
        ),
        judged(
            "If any init container fails, the pod is considered to have failed and is handled according to its restartPolicy.",
            &["G-init-failure-ends-never-pod", "G-init-retried"],
        ),
        open(
            "Init containers may not have Lifecycle actions, Readiness probes, Liveness probes, or Startup probes.",
            OtherComponent,
            "the API server validates",
        ),
        open(
            "Init containers cannot currently be added or removed.",
            OtherComponent,
            "the API server validates",
        ),
        judged(
            "Restart policy for all containers within the pod.",
            &["G-always-restarts", "G-on-failure-restarts", "G-never-means-never"],
        ),
        open(
            "Optional duration in seconds the pod needs to terminate gracefully. May be decreased in delete request.",
            NoPromise,
            "may; what a shorter grace does is judged by G-shorter-grace-counts",
        ),
        judged(
            "The value zero indicates stop immediately via the kill signal (no opportunity to shut down).",
            &["G-zero-grace-kills"],
        ),
        judged(
            "The grace period is the duration in seconds after the processes running in the pod are sent a termination signal and \
             the time when the processes are forcibly halted with a kill signal.",
            &["G-grace-is-given", "G-killed-in-time"],
        ),
        open(
            "Optional duration in seconds the pod may be active on the node relative to StartTime before the system will actively \
             try to mark it failed and kill associated containers.",
            NotGenerated,
            "no active deadline is generated",
        ),
        open(
            "This overrides the pod-level restart policy.",
            Prepared,
            "container-level restart policies other than a sidecar's are not generated yet (KEP-5307)",
        ),
        judged(
            "this init container will be continually restarted on exit until all regular containers have terminated.",
            &["G-sidecar-restarted", "G-no-sidecar-after-the-work"],
        ),
        judged(
            "Once all regular containers have completed, all init containers with restartPolicy \"Always\" will be shut down.",
            &["G-sidecar-never-blocks-the-end", "G-terminal-nothing-runs"],
        ),
        judged(
            "Although this init container still starts in the init container sequence, it does not wait for the container to \
             complete before proceeding to the next init container.",
            &["G-sidecar-opens"],
        ),
        judged(
            "Instead, the next init container starts immediately after this init container is started, or after any startupProbe has \
             successfully completed.",
            &["G-sidecar-opens", "G-sidecar-hands-over"],
        ),
        open(
            "Once a rule matches a container exit condition, the remaining rules are ignored.",
            Prepared,
            "restart rules are not generated yet (KEP-5307)",
        ),
        judged(
            "Number of seconds after the container has started before liveness probes are initiated.",
            &["G-failure-threshold"],
        ),
        judged(
            "Minimum consecutive successes for the probe to be considered successful after having failed. Defaults to 1.",
            &["G-success-threshold"],
        ),
        judged(
            "Minimum consecutive failures for the probe to be considered failed after having succeeded.",
            &["G-failure-threshold"],
        ),
        judged(
            "If this value is nil, the pod's terminationGracePeriodSeconds will be used. Otherwise, this value overrides the value \
             provided by the pod spec.",
            &["G-probe-grace", "G-grace-is-given"],
        ),
    ],
};

/// `ObjectMeta`
pub const OBJECT_META: Page = Page {
    title: "API: ObjectMeta",
    link: "https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/",
    sentences: &[
        judged(
            "The resource is expected to be deleted (no longer visible from resource lists, and not reachable by name) after the time \
             in this field, once the finalizers list is empty.",
            &["G-gone-in-time"],
        ),
        open(
            "As long as the finalizers list contains items, deletion is blocked.",
            NotVisible,
            "the object of a DELETED event still carries the finalizer whose removal let it go, so one that was ignored looks the \
             same",
        ),
        judged(
            "Once the deletionTimestamp is set, this value may not be unset or be set further into the future, although it may be \
             shortened or the resource may be deleted prior to this time.",
            &["G-deletion-is-not-put-off", "G-shorter-grace-counts"],
        ),
        judged(
            "The Kubelet will react by sending a graceful termination signal to the containers in the pod.",
            &["G-told-at-once"],
        ),
        judged(
            "After that 30 seconds, the Kubelet will send a hard termination signal (SIGKILL) to the container and after cleanup, \
             remove the pod from the API.",
            &["G-killed-in-time", "G-gone-in-time"],
        ),
        open(
            "In the presence of network partitions, this object may still exist after this timestamp, until an administrator or \
             automated process can determine the resource is fully terminated.",
            NotGenerated,
            "no partition is made",
        ),
        judged(
            "Number of seconds allowed for this object to gracefully terminate before it will be removed from the system. Only set \
             when deletionTimestamp is also set. May only be shortened.",
            &["G-grace-only-shrinks"],
        ),
    ],
};
