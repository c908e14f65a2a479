//! The page on the pod lifecycle, from its beginning to the container probes.

use super::{Page, Why::*, judged, open};

/// <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/>
pub const PAGE: Page = Page {
    title: "Pod Lifecycle",
    link: "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/",
    sentences: &[
        judged(
            "Pods follow a defined lifecycle, starting in the `Pending` phase, moving through `Running` if at least one of its \
             primary containers starts OK, and then through either the `Succeeded` or `Failed` phases depending on whether \
             any container in the Pod terminated in failure.",
            &["G-phase-goes-forward"],
        ),
        open(
            "Pods are created, assigned a unique ID (UID), and scheduled to run on nodes where they remain until termination \
             (according to restart policy) or deletion.",
            OtherComponent,
            "the API server assigns the UID; that the pod stays on its node is judged where it is said again below",
        ),
        open(
            "If a node dies, the Pods running on (or scheduled to run on) that node are marked for deletion.",
            OtherComponent,
            "the control plane does this, and no node dies in a campaign",
        ),
        open(
            "Whilst a Pod is running, the kubelet is able to restart containers to handle some kind of faults.",
            NoPromise,
            "says what is possible; the restarts that are owed are judged under the restart policy",
        ),
        open(
            "Pods are only scheduled once in their lifetime; assigning a Pod to a specific node is called _binding_, and the \
             process of selecting which node to use is called _scheduling_.",
            OtherComponent,
            "the scheduler's promise; a recording would show a second node, which G-host-stays judges",
        ),
        open(
            "Once a Pod has been scheduled and is bound to a node, Kubernetes tries to run that Pod on the node.",
            NoPromise,
            "a try has no bound",
        ),
        open(
            "The Pod runs on that node until it stops, or until the Pod is terminated; if Kubernetes isn't able to start the \
             Pod on the selected node (for example, if the node crashes before the Pod starts), then that particular Pod \
             never starts.",
            NotGenerated,
            "no node crashes in a campaign",
        ),
        open(
            "If one of the containers in the Pod fails, then Kubernetes may try to restart that specific container.",
            NoPromise,
            "may",
        ),
        open(
            "A Pod won't survive an eviction due to a lack of resources or Node maintenance.",
            NotGenerated,
            "no pod is evicted",
        ),
        judged(
            "A given Pod (as defined by a UID) is never \"rescheduled\" to a different node; instead, that Pod can be \
             replaced by a new, near-identical Pod.",
            &["G-host-stays"],
        ),
        open(
            "When something is said to have the same lifetime as a Pod, such as a volume, that means that the thing exists as \
             long as that specific Pod (with that exact UID) exists.",
            NotVisible,
            "the status does not show volumes; the scripts' attempt counters live in one and would restart at 0",
        ),
        open(
            "Other than what is documented here, nothing should be assumed about Pods that have a given `phase` value.",
            NoPromise,
            "limits what may be promised",
        ),
        judged(
            "The Pod has been accepted by the Kubernetes cluster, but one or more of the containers has not been set up and \
             made ready to run.",
            &["G-running-when-up"],
        ),
        open(
            "This includes time a Pod spends waiting to be scheduled as well as the time spent downloading container images \
             over the network.",
            NotGenerated,
            "images are there before a pod is made",
        ),
        judged(
            "The Pod has been bound to a node, and all of the containers have been created.",
            &["G-running-means-created"],
        ),
        open(
            "At least one container is still running, or is in the process of starting or restarting.",
            NotVisible,
            "a pod between its last exit and its terminal status is published as Running by design; how long that may last is \
             judged by G-sidecar-never-blocks-the-end",
        ),
        judged(
            "All containers in the Pod have terminated in success, and will not be restarted.",
            &["G-succeeded-is-success", "G-terminal-stays"],
        ),
        judged(
            "All containers in the Pod have terminated, and at least one container has terminated in failure.",
            &["G-terminal-nothing-runs"],
        ),
        judged(
            "That is, the container either exited with non-zero status or was terminated by the system, and is not set for \
             automatic restarting.",
            &["G-ends-when-over"],
        ),
        open(
            "For some reason the state of the Pod could not be obtained.",
            NotGenerated,
            "no kubelet sets this phase (see PodPhase)",
        ),
        open(
            "A Pod is granted a term to terminate gracefully, which defaults to 30 seconds.",
            OtherComponent,
            "the API server fills in the default; the term that the pod has is judged by G-grace-is-given",
        ),
        judged(
            "Since Kubernetes 1.27, the kubelet transitions deleted Pods, except for static Pods and force-deleted Pods without \
             a finalizer, to a terminal phase (`Failed` or `Succeeded` depending on the exit statuses of the pod containers) \
             before their deletion from the API server.",
            &["G-deleted-ends-first"],
        ),
        open(
            "If a node dies or is disconnected from the rest of the cluster, Kubernetes applies a policy for setting the `phase` \
             of all Pods on the lost node to Failed.",
            OtherComponent,
            "the node lifecycle controller",
        ),
        open(
            "Once the scheduler assigns a Pod to a Node, the kubelet starts creating containers for that Pod using a container \
             runtime.",
            NotYet,
            "there is no bound for sandbox, volumes and network together",
        ),
        open(
            "If a container is not in either the `Running` or `Terminated` state, it is `Waiting`.",
            NoPromise,
            "true of every status by its form: the three are read as alternatives",
        ),
        open(
            "A container in the `Waiting` state is still running the operations it requires in order to complete start up: for \
             example, pulling the container image from a container image registry, or applying Secret data.",
            NotVisible,
            "a status does not show operations",
        ),
        judged(
            "When you use `kubectl` to query a Pod with a container that is `Waiting`, you also see a Reason field to summarize \
             why the container is in that state.",
            &["G-waiting-tells-why"],
        ),
        judged(
            "The `Running` status indicates that a container is executing without issues.",
            &["G-running-executes"],
        ),
        open(
            "If there was a `postStart` hook configured, it has already executed and finished.",
            Prepared,
            "no hooks are generated yet",
        ),
        judged(
            "When you use `kubectl` to query a Pod with a container that is `Running`, you also see information about when the \
             container entered the `Running` state.",
            &["G-running-tells-since"],
        ),
        judged(
            "A container in the `Terminated` state began execution and then either ran to completion or failed for some reason.",
            &["G-terminated-has-run", "G-reason-fits-code", "G-dead-stays-dead"],
        ),
        judged(
            "you see a reason, an exit code, and the start and finish time for that container's period of execution.",
            &["G-terminated-tells-times"],
        ),
        open(
            "If a container has a `preStop` hook configured, this hook runs before the container enters the `Terminated` state.",
            Prepared,
            "no hooks are generated yet",
        ),
        judged(
            "**Initial crash**: Kubernetes attempts an immediate restart based on the Pod `restartPolicy`.",
            &["G-first-restart-at-once"],
        ),
        judged(
            "**Repeated crashes**: After the initial crash Kubernetes applies an exponential backoff delay for subsequent \
             restarts, described in `restartPolicy`.",
            &["G-back-off"],
        ),
        judged(
            "**CrashLoopBackOff state**: This indicates that the backoff delay mechanism is currently in effect for a given \
             container that is in a crash loop, failing and restarting repeatedly.",
            &["G-crash-loop-has-crashed"],
        ),
        open(
            "**Backoff reset**: If a container runs successfully for a certain duration (e.g., 10 minutes), Kubernetes resets the \
             backoff delay, treating any new crash as the first one.",
            NotGenerated,
            "no generated pod lives so long",
        ),
        open(
            "A restart isn't always appropriate; for example, init containers run only once, during Pod startup.",
            NoPromise,
            "an example; that a completed init container is not run again is judged by G-success-is-not-restarted",
        ),
        open(
            "The `spec` of a Pod has a `restartPolicy` field with possible values Always, OnFailure, and Never.",
            OtherComponent,
            "the API server validates",
        ),
        open(
            "The `restartPolicy` for a Pod applies to app containers in the Pod and to regular init containers.",
            NoPromise,
            "says for whom the policies below are promised; each is judged for both",
        ),
        judged(
            "Sidecar containers ignore the Pod-level `restartPolicy` field: in Kubernetes, a sidecar is defined as an entry \
             inside `initContainers` that has its container-level `restartPolicy` set to `Always`.",
            &["G-sidecar-restarted"],
        ),
        judged(
            "For init containers that exit with an error, the kubelet restarts the init container if the Pod level \
             `restartPolicy` is either `OnFailure` or `Always`",
            &["G-init-retried"],
        ),
        judged(
            "`Always`: Automatically restarts the container after any termination.",
            &["G-always-restarts"],
        ),
        judged(
            "`OnFailure`: Only restarts the container if it exits with an error (non-zero exit status).",
            &["G-success-is-not-restarted", "G-on-failure-restarts"],
        ),
        judged(
            "`Never`: Does not automatically restart the terminated container.",
            &["G-never-means-never"],
        ),
        open(
            "When the kubelet is handling container restarts according to the configured restart policy, that only applies to \
             restarts that make replacement containers inside the same Pod and running on the same node.",
            NoPromise,
            "limits what the policies promise",
        ),
        judged(
            "After containers in a Pod exit, the kubelet restarts them with an exponential backoff delay (10s, 20s, 40s, …), \
             that is capped at 300 seconds (5 minutes).",
            &["G-back-off", "G-back-off-ends"],
        ),
        open(
            "Once a container has executed for 10 minutes without any problems, the kubelet resets the restart backoff timer for \
             that container.",
            NotGenerated,
            "no generated pod lives so long",
        ),
        open(
            "The container restarts will follow the same exponential backoff as pod restart policy described above.",
            Prepared,
            "container-level restart policies are not generated yet (KEP-5307)",
        ),
        open(
            "With the alpha feature gate `ReduceDefaultCrashLoopBackOffDecay` enabled, container start retries across your \
             cluster will be reduced to begin at 1s (instead of 10s) and increase exponentially by 2x each restart until a \
             maximum delay of 60s (instead of 300s which is 5 minutes).",
            NotGenerated,
            "an alpha gate that no profile turns on",
        ),
        open(
            "As described above in Container restart policy, delays on that node will still start at 10s and increase \
             exponentially by 2x each restart, but will now be capped at your configured maximum.",
            NotGenerated,
            "a kubelet configuration that no node image has",
        ),
        judged(
            "`PodScheduled`: the Pod has been scheduled to a node.",
            &["G-scheduled"],
        ),
        judged(
            "`PodReadyToStartContainers`: (beta feature; enabled by default) the Pod sandbox has been successfully created and \
             networking configured.",
            &["G-sandbox-while-running"],
        ),
        judged(
            "`ContainersReady`: all containers in the Pod are ready.",
            &["G-ready-means-all-ready", "G-all-ready-means-ready"],
        ),
        judged(
            "`Initialized`: all init containers have completed successfully.",
            &["G-initialized-with-mains"],
        ),
        judged(
            "`Ready`: the Pod is able to serve requests and should be added to the load balancing pools of all matching \
             Services.",
            &["G-ready-since", "G-ended-is-not-ready"],
        ),
        open(
            "`DisruptionTarget`: the pod is about to be terminated due to a disruption (such as preemption, eviction or \
             garbage-collection).",
            NotGenerated,
            "no pod is disrupted",
        ),
        open(
            "`PodResizePending`: a pod resize was requested but cannot be applied.",
            NotGenerated,
            "no pod is resized",
        ),
        open(
            "`PodResizeInProgress`: the pod is in the process of resizing.",
            NotGenerated,
            "no pod is resized",
        ),
        judged(
            "Timestamp for when the Pod last transitioned from one status to another.",
            &["G-transition-time"],
        ),
        open(
            "Machine-readable, UpperCamelCase text indicating the reason for the condition's last transition.",
            NotYet,
            "which reason belongs to which transition is written nowhere; the model compares reasons",
        ),
        open(
            "For a Pod that uses custom conditions, that Pod is evaluated to be ready **only** when both the following statements \
             apply:",
            NotGenerated,
            "no readiness gates are generated",
        ),
        open(
            "When a Pod's containers are Ready but at least one custom condition is missing or `False`, the kubelet sets the \
             Pod's condition to `ContainersReady`.",
            NotGenerated,
            "no readiness gates are generated",
        ),
        open(
            "After a Pod gets scheduled on a node, it needs to be admitted by the kubelet and to have any required storage \
             volumes mounted.",
            NotVisible,
            "a status shows neither admission nor mounts",
        ),
        open(
            "The `PodReadyToStartContainers` condition is set to `False` by the Kubelet when it detects a Pod does not have a \
             runtime sandbox with networking configured.",
            NotVisible,
            "a status does not show the sandbox beside this condition",
        ),
        open(
            "The `PodReadyToStartContainers` condition is set to `True` by the kubelet after the successful completion of sandbox \
             creation and network configuration for the Pod by the runtime plugin.",
            NotVisible,
            "a status does not show the sandbox beside this condition; a container that runs proves one, which \
             G-sandbox-while-running judges",
        ),
        judged(
            "The kubelet can start pulling container images and create containers after `PodReadyToStartContainers` condition has \
             been set to `True`.",
            &["G-network-announced"],
        ),
        judged(
            "For a Pod with init containers, the kubelet sets the `Initialized` condition to `True` after the init containers \
             have successfully completed",
            &["G-initialized-means-done", "G-initialized-since"],
        ),
        judged(
            "For a Pod without init containers, the kubelet sets the `Initialized` condition to `True` before sandbox creation \
             and network configuration starts.",
            &["G-initialized-without-init"],
        ),
    ],
};
