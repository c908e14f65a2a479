//! The enhancement proposals: KEP-753, which made sidecars, and KEP-5307 and KEP-5532, prepared.

use super::{Page, Why::*, judged, open};

const RULES: &str = "restartPolicyRules are not generated yet; a recording of a pod that has them is inconclusive";

/// KEP-753
pub const SIDECARS: Page = Page {
    title: "KEP-753: Sidecar containers",
    link: "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/753-sidecar-containers",
    sentences: &[
        judged(
            "Kubelet makes a best effort to keep them alive and running while other containers are running.",
            &["G-sidecar-restarted"],
        ),
        judged(
            "Kubelet will start init containers with `restartPolicy=Always` in the order with other init containers, but instead of \
             waiting for its completion, it will wait for the container startup completion.",
            &["G-sidecar-first", "G-sidecar-opens"],
        ),
        judged(
            "The condition for startup completion will be that the startup probe succeeded (or if no startup probe defined) and \
             `postStart` handler completed.",
            &["G-startup-gates-started", "G-started-without-probe"],
        ),
        open(
            "The field `restartPolicy` will only be accepted on init containers as part of this KEP.",
            OtherComponent,
            "the API server validates",
        ),
        judged(
            "Sidecar containers will not block Pod completion - if all regular containers complete, sidecar containers will be \
             terminated.",
            &["G-sidecar-never-blocks-the-end"],
        ),
        judged(
            "As a result, even if the Pod's `restartPolicy` is set to `Never` or `OnFailure`, sidecar containers will still be \
             restarted.",
            &["G-sidecar-restarted"],
        ),
        open(
            "In order to minimize OOM kills of sidecar containers, the OOM adjustment for these containers will match or fall below \
             the OOM score adjustment of regular containers in the Pod.",
            NotVisible,
            "a recording does not show OOM scores",
        ),
        open(
            "`PostStart` and `PreStop` lifecycle handlers for sidecar containers",
            Prepared,
            "no hooks are generated yet",
        ),
        judged(
            "Readiness probes of sidecars will contribute to determine the whole Pod readiness.",
            &["G-ready-means-all-ready"],
        ),
        judged(
            "As sidecar will not be marked as startup completed, other init containers will not run and Pod will be stuck on \
             initialization.",
            &["G-sidecar-first"],
        ),
        open(
            "The new field means that any Pod that is not using this field will behave the same way as before.",
            NoPromise,
            "before there was no such table to compare with",
        ),
        open(
            "The `kubectl get pods` filters all the Init containers from output when Pod is Running.",
            OtherComponent,
            "the API server's printer; podcheck's own is compared with it by tests",
        ),
        open(
            "Sidecar containers will be used for Pod QoS calculation as all other containers.",
            NotGenerated,
            "our containers ask for no resources",
        ),
        open(
            "Sidecar containers that have a `PreStop` hook will be notified when the Pod has begun terminating by executing the \
             `PreStop` hook.",
            Prepared,
            "no hooks are generated yet",
        ),
        judged(
            "Once the last primary container terminates, the last started sidecar container is notified by sending a `SIGTERM` \
             signal.",
            &[
                "G-told-at-once",
                "G-sidecar-outlives-mains",
                "G-sidecar-never-blocks-the-end",
            ],
        ),
        judged(
            "The next sidecar (in reverse order) is notified by sending a `SIGTERM` signal after the previous sidecar container \
             terminates.",
            &["G-sidecar-stop-order", "G-told-at-once"],
        ),
        judged(
            "This continues until all sidecar containers have terminated, or the Pod's termination grace period expires.",
            &["G-killed-in-time"],
        ),
        open(
            "In the latter case, all remaining containers are notified by a `SIGTERM`, followed by a fixed grace period of 2s and \
             finally terminated.",
            NotYet,
            "that sidecars are not told one after the other then needs two that are both told and both outlive their grace; each of \
             them is judged by G-killed-in-time",
        ),
        judged("The Pod will be terminated after that.", &["G-gone-in-time"]),
        open(
            "It is worth noting that, like with regular containers, `PreStop` hook must complete before the `SIGTERM` signal to stop \
             the sidecar container can be sent.",
            Prepared,
            "no hooks are generated yet",
        ),
        open(
            "Sidecars continue to be restarted until they enter the `Terminated` state which they are notified by a `SIGTERM` signal.",
            NotYet,
            "KEP-4438 moved restarts in a shutdown out of this proposal; no version restarts there, which G-no-start-in-shutdown \
             judges",
        ),
        judged(
            "Sidecars should not begin termination until all primary containers have terminated.",
            &["G-sidecar-outlives-mains"],
        ),
        open(
            "Implicit in this is that sidecars should continue to be restarted until all primary containers have terminated.",
            NotYet,
            "KEP-4438 moved restarts in a shutdown out of this proposal",
        ),
        judged(
            "Sidecars should terminate serially and in reverse order.",
            &["G-sidecar-stop-order"],
        ),
        judged(
            "There is absolutely no change in behavior of main containers - they start graceful termination at exact same time as \
             before and can utilize as much of the graceful termination period as they need.",
            &["G-told-at-once", "G-grace-is-given"],
        ),
        judged(
            "Init containers should start after the previous restartable init container has started",
            &["G-sidecar-first", "G-sidecar-hands-over"],
        ),
        judged(
            "Regular containers should start in parallel after all regular init containers have completed and all restartable init \
             containers have started",
            &["G-init-in-order", "G-sidecar-first", "G-init-hands-over"],
        ),
        judged(
            "Restartable init containers should restart always",
            &["G-sidecar-restarted", "G-first-restart-at-once"],
        ),
        open(
            "It should restart the containers in the right order after the node reboot",
            NotGenerated,
            "no node reboots in a campaign",
        ),
        open(
            "It should not restart any completed init containers after the kubelet restart",
            NotGenerated,
            "no kubelet is restarted in a campaign",
        ),
    ],
};

/// KEP-5307
pub const RESTART_RULES: Page = Page {
    title: "KEP-5307: Container Restart Policy",
    link: "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/5307-container-restart-policy",
    sentences: &[
        open(
            "The user has the ability to specify a `restartPolicy` on the container, which will override the `restartPolicy` from the \
             Pod.",
            Prepared,
            "container-level restart policies other than a sidecar's are not generated yet",
        ),
        open(
            "If the container `restartPolicy` is not specified, the pod `restartPolicy` will be used.",
            NoPromise,
            "what is judged of every container without one",
        ),
        open(
            "If the `restartPolicyRules` field is specified, then the user must also specify the container `restartPolicy` which is \
             defined next to it.",
            OtherComponent,
            "the API server validates",
        ),
        open(
            "The rules will be evaluated in order; if none of the rules’ conditions matched, the default action will fallback to \
             container’s `restartPolicy`.",
            Prepared,
            RULES,
        ),
        open(
            "The container restart will still follow the exponential backoff to avoid excessive resource consumption due to \
             restarts.",
            Prepared,
            RULES,
        ),
        open(
            "For the containers with the `restartPolicy=Never`, it will allow restarting the container for the subset of exit codes.",
            Prepared,
            RULES,
        ),
        open(
            "Similarly for sidecar init containers with `restartPolicy=Always`, setting `restartPolicyRules` has no effect because the \
             only action is `Restart`.",
            Prepared,
            RULES,
        ),
        open(
            "For init containers, this API will repeatedly restart the init container if it failed with the exit code specified in the \
             restartPolicyRules until it succeeds (exit=0).",
            Prepared,
            RULES,
        ),
        open(
            "A container restart will not change the Pod's phase.",
            Prepared,
            "under restart rules; for pod-level policies it is judged by G-phase-goes-forward",
        ),
    ],
};

/// KEP-5532
pub const RESTART_ALL: Page = Page {
    title: "KEP-5532: Restart All Containers on Container Exits",
    link: "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/5532-restart-all-containers-on-container-exits",
    sentences: &[
        open(
            "Restart the pod within 1 minute after the CRI detects the container terminated with matching exit code and rule.",
            Prepared,
            RULES,
        ),
        open(
            "This same backoff mechanism will be applied to pod restarts triggered by this feature.",
            Prepared,
            RULES,
        ),
        open(
            "This will introduce increasing delays between restart attempts, preventing rapid, resource-intensive restart loops.",
            Prepared,
            "nothing restarts all containers yet; by hand on v1.37.0 there was no delay at all, 40 restarts in 24 s",
        ),
        open(
            "The restart count of all containers and pod will increment as well.",
            Prepared,
            RULES,
        ),
        open(
            "If the pod restart policy is \"Never\", and the init container fails after the `RestartAllContainers` action requested, \
             the Pod will be marked as Failed.",
            Prepared,
            RULES,
        ),
        open(
            "The sandbox is preserved to keep the pod IP, UID, devices, and network namespace.",
            Prepared,
            RULES,
        ),
        open("The `TerminationGracePeriodSeconds` is not respected.", Prepared, RULES),
        open(
            "Init containers are started in order, including sidecar containers.",
            Prepared,
            RULES,
        ),
        open(
            "All regular containers will be restarted during a RestartAllContainers action.",
            Prepared,
            RULES,
        ),
        open(
            "The failure of probes should not trigger another pod restart.",
            Prepared,
            RULES,
        ),
        open(
            "The kubelet will set this condition to `True` at the beginning of the termination phase.",
            Prepared,
            RULES,
        ),
        open(
            "When a container is stopped, pod condition `Ready` and `ContainersReady` will be marked as False.",
            Prepared,
            "in a restart of all containers; for a single one it is judged by G-ready-means-all-ready",
        ),
        open(
            "However, pod condition `Initialized` will not be marked as false, because currently it is assumed that once a pod is \
             initialized, it cannot be “uninitialized”.",
            Prepared,
            "in a restart of all containers; what holds otherwise is judged by G-initialized-with-mains",
        ),
        open(
            "The pod pod should be in the `Pending` phase throughout the restart.",
            Prepared,
            RULES,
        ),
    ],
};
