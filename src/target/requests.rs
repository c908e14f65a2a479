//! The runner's requests, each bounded in time and repeated while the API server is away or busy.

use std::time::Duration;

use k8s_openapi::api::core::v1 as api;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::time::Instant;

use crate::cluster::with_causes;
use crate::manifest::pod::FINALIZER;

/// After this long without an answer the cluster counts as gone: an API server whose etcd waits for a busy disk has been
/// seen to be away for 9 s and to come back.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// A request that is not answered for this long is asked again.
pub(super) const ANSWER_MAX: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_millis(250);

/// What a request came to.
#[derive(Debug)]
pub(super) enum Answer {
    /// Done, or already so.
    Done,
    /// The API server refuses it, and would again.
    Refused(String),
    /// No answer within [`PATIENCE`].
    Lost(String),
}

/// Creates the pod; one that exists already is the answer to a lost first try.
pub(super) async fn create(pods: &Api<api::Pod>, pod: &api::Pod) -> Answer {
    let is_fine = |status: &kube::core::Status| status.code == 409;
    patiently(
        || async { pods.create(&PostParams::default(), pod).await.map(drop) },
        is_fine,
    )
    .await
}

/// Deletes the pod with this grace, or its own.
pub(super) async fn delete(pods: &Api<api::Pod>, name: &str, grace_seconds: Option<u32>) -> Answer {
    let parameters = DeleteParams {
        grace_period_seconds: grace_seconds,
        ..DeleteParams::default()
    };
    patiently(
        || async { pods.delete(name, &parameters).await.map(drop) },
        is_not_found,
    )
    .await
}

/// Takes our finalizer off the pod and leaves others.
pub(super) async fn remove_finalizer(pods: &Api<api::Pod>, name: &str) -> Answer {
    let patch = Patch::Strategic(json!({"metadata": {"$deleteFromPrimitiveList/finalizers": [FINALIZER]}}));
    let parameters = PatchParams::default();
    patiently(
        || async { pods.patch(name, &parameters, &patch).await.map(drop) },
        is_not_found,
    )
    .await
}

fn is_not_found(status: &kube::core::Status) -> bool {
    status.code == 404
}

/// Is the API server, or a controller that it waits for, only busy? A new namespace gets its service account from the
/// controller manager, and refuses pods until then.
fn may_be_answered_better(status: &kube::core::Status) -> bool {
    let waits_for_account = status.code == 403 && status.message.contains("error looking up service account");
    status.code >= 500 || status.code == 429 || waits_for_account
}

/// Repeats what may be answered better next time.
async fn patiently<F: Future<Output = Result<(), kube::Error>>>(
    mut request: impl FnMut() -> F,
    is_fine: impl Fn(&kube::core::Status) -> bool,
) -> Answer {
    let begin = Instant::now();
    loop {
        let why = match tokio::time::timeout(ANSWER_MAX, request()).await {
            Ok(Ok(())) => return Answer::Done,
            Ok(Err(kube::Error::Api(status))) if is_fine(&status) => return Answer::Done,
            Ok(Err(kube::Error::Api(status))) if !may_be_answered_better(&status) => {
                return Answer::Refused(status.message.clone());
            }
            Ok(Err(error)) => with_causes(&error),
            Err(_) => "no answer".to_owned(),
        };
        if begin.elapsed() + BETWEEN > PATIENCE {
            return Answer::Lost(why);
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn status(code: u16, message: &str) -> Status {
        Status::failure(message, "").with_code(code)
    }

    #[test]
    fn what_a_busy_cluster_answers_is_asked_again() {
        let no_account =
            "pods \"a\" is forbidden: error looking up service account n/default: serviceaccount \"default\" not found";
        assert!(may_be_answered_better(&status(403, no_account)));
        assert!(may_be_answered_better(&status(503, "apiserver not ready")));
        assert!(may_be_answered_better(&status(429, "too many requests")));
        assert!(!may_be_answered_better(&status(
            403,
            "pods is forbidden: exceeded quota"
        )));
        assert!(!may_be_answered_better(&status(422, "Pod \"a\" is invalid")));
    }
}
