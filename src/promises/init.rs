//! The page on init containers.

use super::{Page, Why::*, judged, open};

/// <https://kubernetes.io/docs/concepts/workloads/pods/init-containers/>
pub const PAGE: Page = Page {
    title: "Init Containers",
    link: "https://kubernetes.io/docs/concepts/workloads/pods/init-containers/",
    sentences: &[
        judged(
            "Init containers always run to completion.",
            &["G-init-runs-to-completion"],
        ),
        judged(
            "Each init container must complete successfully before the next one starts.",
            &["G-init-in-order"],
        ),
        judged(
            "If a Pod's init container fails, the kubelet repeatedly restarts that init container until it succeeds.",
            &["G-init-retried"],
        ),
        judged(
            "However, if the Pod has a `restartPolicy` of Never, and an init container fails during startup of that Pod, \
             Kubernetes treats the overall Pod as failed.",
            &["G-init-failure-ends-never-pod"],
        ),
        judged(
            "The status of the init containers is returned in `.status.initContainerStatuses` field as an array of the container \
             statuses (similar to the `.status.containerStatuses` field).",
            &["G-every-container-has-a-status"],
        ),
        open(
            "However, the resource requests and limits for an init container are handled differently, as documented in Resources.",
            NotGenerated,
            "our containers ask for no resources",
        ),
        open(
            "Also, init containers do not support `lifecycle`, `livenessProbe`, `readinessProbe`, or `startupProbe` because they \
             must run to completion before the Pod can be ready.",
            OtherComponent,
            "the API server validates",
        ),
        judged(
            "If you specify multiple init containers for a Pod, Kubelet runs each init container sequentially.",
            &["G-init-in-order"],
        ),
        judged(
            "When all of the init containers have run to completion, Kubelet initializes the application containers for the Pod \
             and runs them as usual.",
            &["G-init-opens", "G-init-hands-over"],
        ),
        open(
            "Because init containers run to completion before any app containers start, init containers offer a mechanism to \
             block or delay app container startup until a set of preconditions are met.",
            NoPromise,
            "a use of the order that is judged above",
        ),
        judged(
            "Once preconditions are met, all of the app containers in a Pod can start in parallel.",
            &["G-init-hands-over"],
        ),
        judged(
            "During Pod startup, the kubelet delays running init containers until the networking and storage are ready.",
            &["G-network-first"],
        ),
        judged(
            "Then the kubelet runs the Pod's init containers in the order they appear in the Pod's spec.",
            &["G-init-in-order"],
        ),
        judged(
            "Each init container must exit successfully before the next container starts.",
            &["G-init-in-order"],
        ),
        judged(
            "If a container fails to start due to the runtime or exits with failure, it is retried according to the Pod \
             `restartPolicy`.",
            &["G-init-retried"],
        ),
        judged(
            "However, if the Pod `restartPolicy` is set to Always, the init containers use `restartPolicy` OnFailure.",
            &["G-success-is-not-restarted"],
        ),
        judged(
            "A Pod cannot be `Ready` until all init containers have succeeded.",
            &["G-ready-after-init"],
        ),
        open(
            "The ports on an init container are not aggregated under a Service.",
            OtherComponent,
            "the EndpointSlice controller",
        ),
        judged(
            "A Pod that is initializing is in the `Pending` state but should have a condition `Initialized` set to false.",
            &["G-pending-while-initializing", "G-initialized-means-done"],
        ),
        open(
            "If the Pod restarts, or is restarted, all init containers must execute again.",
            NotGenerated,
            "no sandbox is lost in a campaign",
        ),
        open(
            "Changes to the init container spec are limited to the container image field.",
            OtherComponent,
            "the API server validates",
        ),
        open(
            "Altering an init container image field is equivalent to restarting the Pod.",
            NotGenerated,
            "no image is changed",
        ),
        open(
            "Init containers have all of the fields of an app container.",
            OtherComponent,
            "the API's form",
        ),
        open(
            "However, Kubernetes prohibits `readinessProbe` from being used because init containers cannot define readiness \
             distinct from completion.",
            OtherComponent,
            "the API server validates",
        ),
        open(
            "The active deadline includes init containers.",
            NotGenerated,
            "no active deadline is generated",
        ),
        open(
            "The name of each app and init container in a Pod must be unique; a validation error is thrown for any container \
             sharing a name with another.",
            OtherComponent,
            "the API server validates",
        ),
        open(
            "The highest of any particular resource request or limit defined on all init containers is the *effective init \
             request/limit*.",
            NotGenerated,
            "our containers ask for no resources",
        ),
        open(
            "The QoS (quality of service) tier of the Pod's *effective QoS tier* is the QoS tier for init containers and app \
             containers alike.",
            NotGenerated,
            "our containers ask for no resources; that the class stays is judged by G-qos-stays",
        ),
        open(
            "The Pod infrastructure container is restarted.",
            NotGenerated,
            "no sandbox is lost in a campaign",
        ),
        open(
            "All containers in a Pod are terminated while `restartPolicy` is set to Always, forcing a restart, and the init \
             container completion record has been lost due to garbage collection.",
            NotGenerated,
            "no generated pod lives long enough for its records to be collected",
        ),
    ],
};
