//! The page on container lifecycle hooks: prepared, for no pod that is generated has a hook.

use super::{Page, Why::*, open};

const NO_HOOKS: &str = "no hooks are generated yet; a recording of a pod that has one is inconclusive";

/// <https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/>
pub const PAGE: Page = Page {
    title: "Container Lifecycle Hooks",
    link: "https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/",
    sentences: &[
        open(
            "This hook is executed immediately after a container is created.",
            Prepared,
            NO_HOOKS,
        ),
        open(
            "However, there is no guarantee that the hook will execute before the container ENTRYPOINT.",
            NoPromise,
            "denies a promise",
        ),
        open(
            "This hook is called immediately before a container is terminated due to an API request or management event such as a \
             liveness/startup probe failure, preemption, resource contention and others.",
            Prepared,
            NO_HOOKS,
        ),
        open(
            "A call to the `PreStop` hook fails if the container is already in a terminated or completed state and the hook must \
             complete before the TERM signal to stop the container can be sent.",
            Prepared,
            NO_HOOKS,
        ),
        open(
            "The Pod's termination grace period countdown begins before the `PreStop` hook is executed, so regardless of the outcome \
             of the handler, the container will eventually terminate within the Pod's termination grace period.",
            Prepared,
            NO_HOOKS,
        ),
        open(
            "The `PostStart` hook handler call is initiated when a container is created, meaning the container ENTRYPOINT and the \
             `PostStart` hook are triggered simultaneously.",
            Prepared,
            NO_HOOKS,
        ),
        open(
            "However, if the `PostStart` hook takes too long to execute or if it hangs, it can prevent the container from \
             transitioning to a `running` state.",
            Prepared,
            NO_HOOKS,
        ),
        open(
            "`PreStop` hooks are not executed asynchronously from the signal to stop the Container; the hook must complete its \
             execution before the TERM signal can be sent.",
            Prepared,
            NO_HOOKS,
        ),
        open(
            "If a `PreStop` hook hangs during execution, the Pod's phase will be `Terminating` and remain there until the Pod is \
             killed after its `terminationGracePeriodSeconds` expires.",
            Prepared,
            NO_HOOKS,
        ),
        open(
            "This grace period applies to the total time it takes for both the `PreStop` hook to execute and for the Container to \
             stop normally.",
            Prepared,
            NO_HOOKS,
        ),
        open(
            "If either a `PostStart` or `PreStop` hook fails, it kills the Container.",
            Prepared,
            NO_HOOKS,
        ),
        open(
            "Hook delivery is intended to be *at least once*, which means that a hook may be called multiple times for any given \
             event, such as for `PostStart` or `PreStop`.",
            Prepared,
            NO_HOOKS,
        ),
        open(
            "If a handler fails for some reason, it broadcasts an event.",
            NotVisible,
            "a recording holds pods, not events",
        ),
    ],
};
