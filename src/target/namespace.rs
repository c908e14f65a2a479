//! The run's own namespace: made, swept when its owner is dead, removed at the end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use k8s_openapi::api::core::v1 as api;
use kube::api::{DeleteParams, ListParams, ObjectMeta, PostParams};
use kube::{Api, Client};
use tokio::time::Instant;

use super::clock::{boot_id, unix_ms};
use super::requests;
use crate::manifest::pod::{FINALIZER, MANAGED_BY, MANAGED_BY_LABEL};

/// Annotation of a namespace: kernel, PID namespace and PID of the run that it belongs to.
const OWNER_ANNOTATION: &str = "podcheck.dev/owner";
/// A namespace of a run on another machine is taken for forgotten after this.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(6 * 3600);
const ACCOUNT_TIMEOUT: Duration = Duration::from_secs(20);

/// Makes a namespace that bears the mark of this process and waits until pods can be created in it.
pub(super) async fn create(client: &Client) -> Result<String, kube::Error> {
    // Several runs of one process can begin in the same millisecond.
    static MADE: AtomicU64 = AtomicU64::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("podcheck-{:x}-{:x}-{number:x}", unix_ms(), std::process::id());
    let namespace = api::Namespace {
        metadata: ObjectMeta {
            name: Some(name.clone()),
            labels: Some(BTreeMap::from([(MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned())])),
            annotations: Some(BTreeMap::from([(OWNER_ANNOTATION.to_owned(), owner())])),
            ..ObjectMeta::default()
        },
        ..api::Namespace::default()
    };
    Api::<api::Namespace>::all(client.clone())
        .create(&PostParams::default(), &namespace)
        .await?;
    // Admission refuses pods before the controller has made the account, although they do not use it.
    let accounts: Api<api::ServiceAccount> = Api::namespaced(client.clone(), &name);
    let begin = Instant::now();
    while accounts.get_opt("default").await?.is_none() && begin.elapsed() < ACCOUNT_TIMEOUT {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(name)
}

/// Removes namespaces of runs that are no more; one that cannot be removed now is met again by the next sweep.
pub(super) async fn sweep(client: &Client) -> Result<(), kube::Error> {
    let all: Api<api::Namespace> = Api::all(client.clone());
    let ours = ListParams::default().labels(&format!("{MANAGED_BY_LABEL}={MANAGED_BY}"));
    for namespace in all.list(&ours).await?.items {
        if is_left_over(&namespace)
            && let Some(name) = &namespace.metadata.name
        {
            let _ = remove(client, name).await;
        }
    }
    Ok(())
}

/// Releases what our finalizers hold and deletes the namespace, without waiting for its end.
pub(super) async fn remove(client: &Client, name: &str) -> Result<(), kube::Error> {
    release(client, name).await?;
    Api::<api::Namespace>::all(client.clone())
        .delete(name, &DeleteParams::default())
        .await
        .map(drop)
}

/// Deletes the pods of this program in a namespace that is not its own.
pub(super) async fn empty(client: &Client, name: &str) -> Result<(), kube::Error> {
    release(client, name).await?;
    let pods: Api<api::Pod> = Api::namespaced(client.clone(), name);
    pods.delete_collection(&DeleteParams::default(), &our_pods())
        .await
        .map(drop)
}

/// Selects the pods of this program.
pub(super) fn our_pods() -> ListParams {
    ListParams::default().labels(&format!("{MANAGED_BY_LABEL}={MANAGED_BY}"))
}

async fn release(client: &Client, name: &str) -> Result<(), kube::Error> {
    let pods: Api<api::Pod> = Api::namespaced(client.clone(), name);
    for pod in pods.list(&our_pods()).await?.items {
        let finalizers = pod.metadata.finalizers.unwrap_or_default();
        if finalizers.iter().any(|finalizer| finalizer == FINALIZER)
            && let Some(name) = pod.metadata.name
        {
            requests::remove_finalizer(&pods, &name).await;
        }
    }
    Ok(())
}

/// Kernel and PID namespace, then the PID: only a reader with the same first part can tell whether the PID is alive.
fn owner() -> String {
    format!("{}/{}", neighbourhood(), std::process::id())
}

fn neighbourhood() -> String {
    let pid_namespace = std::fs::read_link("/proc/self/ns/pid").map(|path| path.display().to_string());
    format!(
        "{}/{}",
        boot_id().unwrap_or_default(),
        pid_namespace.unwrap_or_default()
    )
}

fn is_left_over(namespace: &api::Namespace) -> bool {
    let owner = namespace
        .metadata
        .annotations
        .as_ref()
        .and_then(|all| all.get(OWNER_ANNOTATION));
    let neighbour = owner.and_then(|owner| owner.strip_prefix(&format!("{}/", neighbourhood())));
    if let Some(pid) = neighbour.and_then(|pid| pid.parse::<u32>().ok())
        && std::path::Path::new("/proc/self").exists()
    {
        return !std::path::Path::new(&format!("/proc/{pid}")).exists();
    }
    let created_ms = namespace
        .metadata
        .creation_timestamp
        .as_ref()
        .map(|time| time.0.as_millisecond());
    let age_ms = created_ms.map_or(0, |created_ms| unix_ms() - created_ms);
    u128::try_from(age_ms).is_ok_and(|age_ms| age_ms > FORGOTTEN_AFTER.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned_by(owner: &str, age_ms: i64) -> api::Namespace {
        let mut namespace = api::Namespace::default();
        namespace.metadata.annotations = Some(BTreeMap::from([(OWNER_ANNOTATION.to_owned(), owner.to_owned())]));
        let created = k8s_openapi::jiff::Timestamp::from_millisecond(unix_ms() - age_ms).expect("a time");
        namespace.metadata.creation_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(created));
        namespace
    }

    #[test]
    fn only_what_nobody_owns_any_more_is_swept() {
        let old_ms = 7 * 3_600_000;
        assert!(!is_left_over(&owned_by(&owner(), old_ms)), "this process is alive");
        assert!(!is_left_over(&owned_by("elsewhere/pid:[1]/7", 3_600_000)));
        assert!(is_left_over(&owned_by("elsewhere/pid:[1]/7", old_ms)));
        if std::path::Path::new("/proc/self").exists() {
            // Above the largest PID that Linux gives.
            assert!(is_left_over(&owned_by(&format!("{}/4194999", neighbourhood()), 0)));
        }
    }
}
