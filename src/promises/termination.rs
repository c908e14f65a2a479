//! The same page's part on the termination of pods.

use super::{Page, Why::*, judged, open};

/// <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>
pub const PAGE: Page = Page {
    title: "Pod Lifecycle: Termination of Pods",
    link: "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
    sentences: &[
        open(
            "The design aim is for you to be able to request deletion and know when processes terminate, but also be able to \
             ensure that deletes eventually complete.",
            NoPromise,
            "an aim; that deletes complete in time is judged by G-gone-in-time",
        ),
        open(
            "When you request deletion of a Pod, the cluster records and tracks the intended grace period before the Pod is \
             allowed to be forcefully killed.",
            NoPromise,
            "said again, with what follows from it, below",
        ),
        open(
            "Typically, with this graceful termination of the pod, kubelet makes requests to the container runtime to attempt to \
             stop the containers in the pod by first sending a TERM (aka. SIGTERM) signal, with a grace period timeout, to the \
             main process in each container.",
            NotVisible,
            "a process that was killed leaves no line, and lines can be lost: that no TERM came cannot be told",
        ),
        open(
            "There is no guarantee to the order of processing for these requests.",
            NoPromise,
            "denies a promise",
        ),
        open(
            "Many container runtimes respect the `STOPSIGNAL` value defined in the container image and, if different, send the \
             container image configured STOPSIGNAL instead of TERM.",
            NotGenerated,
            "the image has no STOPSIGNAL",
        ),
        judged(
            "Once the grace period has expired, the KILL signal is sent to any remaining processes, and the Pod is then deleted \
             from the API Server.",
            &["G-grace-is-given", "G-gone-in-time"],
        ),
        open(
            "If the kubelet or the container runtime's management service is restarted while waiting for processes to terminate, \
             the cluster retries from the start including the full original grace period.",
            NotGenerated,
            "neither is restarted in a campaign",
        ),
        open(
            "If no stop signal is defined in the image, the default signal of the container runtime (SIGTERM for both containerd \
             and CRI-O) would be used to kill the container.",
            NotVisible,
            "the scripts trap TERM only; another signal would look like a kill",
        ),
        open(
            "If a stop signal is defined in the lifecycle, this will override the signal defined in the container image.",
            NotGenerated,
            "no stop signals are generated",
        ),
        open(
            "The Pod in the API server is updated with the time beyond which the Pod is considered \"dead\" along with the grace \
             period.",
            OtherComponent,
            "the API server; that the time is not moved later is judged by G-deletion-is-not-put-off",
        ),
        judged(
            "as soon as the kubelet sees that a Pod has been marked as terminating (a graceful shutdown duration has been set), \
             the kubelet begins the local Pod shutdown process.",
            &["G-told-at-once", "G-delete-comes-first", "G-no-start-in-shutdown"],
        ),
        open(
            "If one of the Pod's containers has defined a `preStop` hook and the `terminationGracePeriodSeconds` in the Pod spec \
             is not set to 0, the kubelet runs that hook inside of the container.",
            Prepared,
            "no hooks are generated yet",
        ),
        open(
            "If the `preStop` hook is still running after the grace period expires, the kubelet requests a small, one-off grace \
             period extension of 2 seconds.",
            Prepared,
            "no hooks are generated yet",
        ),
        judged(
            "The kubelet triggers the container runtime to send a TERM signal to process 1 inside each container.",
            &["G-told-at-once"],
        ),
        open(
            "Otherwise, the containers in the Pod receive the TERM signal at different times and in an arbitrary order.",
            NoPromise,
            "denies a promise",
        ),
        open(
            "At the same time as the kubelet is starting graceful shutdown of the Pod, the control plane evaluates whether to \
             remove that shutting-down Pod from EndpointSlice objects, where those objects represent a Service with a \
             configured selector.",
            OtherComponent,
            "the EndpointSlice controller",
        ),
        open(
            "Terminating endpoints always have their `ready` status as `false` (for backward compatibility with versions before \
             1.26), so load balancers will not use it for regular traffic.",
            OtherComponent,
            "the EndpointSlice controller",
        ),
        judged(
            "When the grace period expires, if there is still any container running in the Pod, the kubelet triggers forcible \
             shutdown.",
            &["G-killed-in-time"],
        ),
        judged(
            "The container runtime sends `SIGKILL` to any processes still running in any container in the Pod.",
            &["G-killed-in-time"],
        ),
        open(
            "The kubelet also cleans up a hidden `pause` container if that container runtime uses one.",
            NotVisible,
            "a status does not show the sandbox's process",
        ),
        judged(
            "The kubelet transitions the Pod into a terminal phase (`Failed` or `Succeeded` depending on the end state of its \
             containers).",
            &["G-deleted-ends-first", "G-succeeded-is-success"],
        ),
        judged(
            "The kubelet triggers forcible removal of the Pod object from the API server, by setting grace period to 0 (immediate \
             deletion).",
            &["G-gone-in-time"],
        ),
        open(
            "The API server deletes the Pod's API object, which is then no longer visible from any client.",
            OtherComponent,
            "the API server; an event after DELETED makes a recording inconclusive",
        ),
        open(
            "By default, all deletes are graceful within 30 seconds.",
            OtherComponent,
            "the API server fills in the default",
        ),
        open(
            "Setting the grace period to `0` forcibly and immediately deletes the Pod from the API server.",
            OtherComponent,
            "the API server",
        ),
        open(
            "If the Pod was still running on a node, that forcible deletion triggers the kubelet to begin immediate cleanup.",
            NotVisible,
            "the object is gone, and with it everything that would tell",
        ),
        open(
            "When a force deletion is performed, the API server does not wait for confirmation from the kubelet that the Pod has \
             been terminated on the node it was running on.",
            OtherComponent,
            "the API server",
        ),
        open(
            "On the node, Pods that are set to terminate immediately will still be given a small grace period before being force \
             killed.",
            NotVisible,
            "the object is gone, and with it everything that would tell",
        ),
        judged(
            "the kubelet will delay sending the TERM signal to these sidecar containers until the last main container has fully \
             terminated.",
            &["G-sidecar-outlives-mains"],
        ),
        judged(
            "The sidecar containers will be terminated in the reverse order they are defined in the Pod spec.",
            &["G-sidecar-stop-order"],
        ),
        judged(
            "This ensures that sidecar containers continue serving the other containers in the Pod until they are no longer \
             needed.",
            &["G-sidecar-outlives-mains", "G-sidecar-outlives-inits"],
        ),
        open(
            "This means that slow termination of a main container will also delay the termination of the sidecar containers.",
            NoPromise,
            "follows from the order",
        ),
        open(
            "If the grace period expires before the termination process is complete, the Pod may enter forced termination.",
            NoPromise,
            "may; that everything is gone then is judged by G-killed-in-time",
        ),
        open(
            "In this case, all remaining containers in the Pod will be terminated simultaneously with a short grace period.",
            NotYet,
            "that sidecars are not told one after the other then needs two that are both told and both outlive their grace; \
             each of them is judged by G-killed-in-time",
        ),
        open(
            "Similarly, if the Pod has a `preStop` hook that exceeds the termination grace period, emergency termination may \
             occur.",
            Prepared,
            "no hooks are generated yet",
        ),
        open(
            "For failed Pods, the API objects remain in the cluster's API until a human or controller process explicitly removes \
             them.",
            NotVisible,
            "a recording does not tell who removed an object",
        ),
        open(
            "The Pod garbage collector (PodGC), which is a controller in the control plane, cleans up terminated Pods (with a \
             phase of `Succeeded` or `Failed`), when the number of Pods exceeds the configured threshold (determined by \
             `terminated-pod-gc-threshold` in the kube-controller-manager).",
            OtherComponent,
            "PodGC",
        ),
        open(
            "Along with cleaning up the Pods, PodGC will also mark them as failed if they are in a non-terminal phase.",
            OtherComponent,
            "PodGC",
        ),
    ],
};
