//! The pages on Jobs: what they need of a pod. The Job controller's own promises are another component's.

use super::{Page, Why::*, judged, open};

/// <https://kubernetes.io/docs/concepts/workloads/controllers/job/>
pub const PAGE: Page = Page {
    title: "Jobs",
    link: "https://kubernetes.io/docs/concepts/workloads/controllers/job/",
    sentences: &[
        open(
            "A Job creates one or more Pods and will continue to retry execution of the Pods until a specified number of them \
             successfully terminate.",
            OtherComponent,
            "the Job controller; pods of Jobs are generated without one",
        ),
        open(
            "Deleting a Job will clean up the Pods it created.",
            OtherComponent,
            "the garbage collector",
        ),
        open(
            "Only a `RestartPolicy` equal to `Never` or `OnFailure` is allowed.",
            OtherComponent,
            "the API server validates",
        ),
        judged(
            "the Job is complete as soon as its Pod terminates successfully.",
            &["G-sidecar-never-blocks-the-end", "G-succeeded-is-success"],
        ),
        judged(
            "If this happens, and the `.spec.template.spec.restartPolicy = \"OnFailure\"`, then the Pod stays on the node, but the \
             container is re-run.",
            &["G-on-failure-restarts", "G-host-stays"],
        ),
        judged(
            "An entire Pod can also fail, for a number of reasons, such as when the pod is kicked off the node (node is upgraded, \
             rebooted, deleted, etc.), or if a container of the Pod fails and the `.spec.template.spec.restartPolicy = \"Never\"`.",
            &["G-never-means-never", "G-succeeded-is-success"],
        ),
        open(
            "When a Pod fails, then the Job controller starts a new Pod.",
            OtherComponent,
            "the Job controller",
        ),
        open(
            "Note that even if you specify `.spec.parallelism = 1` and `.spec.completions = 1` and \
             `.spec.template.spec.restartPolicy = \"Never\"`, the same program may sometimes be started twice.",
            OtherComponent,
            "about a second pod; that one pod starts it once is judged by G-never-means-never",
        ),
        open(
            "Failed Pods associated with the Job are recreated by the Job controller with an exponential back-off delay (10s, 20s, \
             40s ...) capped at six minutes.",
            OtherComponent,
            "the Job controller",
        ),
        judged(
            "When using `restartPolicy = \"OnFailure\"`, the number of retries in all the containers of Pods with `.status.phase` \
             equal to `Pending` or `Running`.",
            &["G-restart-counts", "G-restart-count-grows"],
        ),
        open(
            "When a Job completes, no more Pods are created, but the Pods are usually not deleted either.",
            OtherComponent,
            "the Job controller",
        ),
        open(
            "Once a Job reaches `activeDeadlineSeconds`, all of its running Pods are terminated and the Job status will become `type: \
             Failed` with `reason: DeadlineExceeded`.",
            OtherComponent,
            "the Job controller",
        ),
        open(
            "Keep in mind that the `restartPolicy` applies to the Pod, and not to the Job itself: there is no automatic Job restart \
             once the Job status is `type: Failed`.",
            OtherComponent,
            "the Job controller",
        ),
    ],
};

/// <https://kubernetes.io/docs/tasks/job/pod-failure-policy/>
pub const FAILURE_POLICY: Page = Page {
    title: "Handling retriable and non-retriable pod failures with Pod failure policy",
    link: "https://kubernetes.io/docs/tasks/job/pod-failure-policy/",
    sentences: &[open(
        "FailJob: indicates that the pod's job is marked as Failed and all running pods are terminated.",
        OtherComponent,
        "the Job controller; that the exit codes it looks at are true is judged by G-exit-is-the-process's",
    )],
};
