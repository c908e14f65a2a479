//! Finding the cluster, and the facts about it that a recording begins with.

mod kubelet_log;

use std::path::PathBuf;
use std::time::Duration;

use k8s_openapi::api::core::v1 as api;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Api, Client, Config};

pub use kubelet_log::{Subject, kubelet_logs};

/// The context that `podcheck cluster up` makes.
pub const DEFAULT_CONTEXT: &str = "kind-podcheck";

/// A cluster that is there answers much faster, even under load.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Where to look for the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterOptions {
    /// Absent: `$KUBECONFIG`, else `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// Absent: [`DEFAULT_CONTEXT`], never the current one, which may be anybody's production.
    pub context: Option<String>,
    /// Also a context that is not of Kind.
    pub allow_any_context: bool,
}

/// Why there is no cluster to work on; the text is for people.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No kubeconfig could be read.
    #[error("cannot read the kubeconfig: {0}; `podcheck cluster up` makes a cluster and its kubeconfig")]
    Kubeconfig(#[source] KubeconfigError),
    /// The context is not in it.
    #[error(
        "the kubeconfig has no context {0}; `podcheck cluster up` makes {DEFAULT_CONTEXT}, --context names another"
    )]
    NoContext(String),
    /// Random pods are for throw-away clusters.
    #[error("context {0} is not a Kind cluster (kind-…); --allow-any-context runs random pods on it all the same")]
    NotKind(String),
    /// The context is there and no client comes of it.
    #[error("context {context} cannot be used: {source}; repair the kubeconfig or run `podcheck cluster up`")]
    Client {
        /// Context name.
        context: String,
        /// What kube says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It does not answer, or not as an API server does.
    #[error("the cluster of context {context} does not answer: {reason}; `podcheck cluster up` makes it anew")]
    Silent {
        /// Context name.
        context: String,
        /// What was seen instead.
        reason: String,
    },
}

/// A client for one context.
#[derive(Clone)]
pub struct Cluster {
    /// Talks to the API server, without retries of its own.
    pub client: Client,
    /// Context name.
    pub context: String,
}

/// Versions and nodes, as the API server tells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterFacts {
    /// Version of the API server (`v1.37.0`).
    pub server: String,
    /// Nodes in order of name.
    pub nodes: Vec<Node>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Name.
    pub name: String,
    /// Kubelet version (`v1.29.2`).
    pub kubelet: String,
    /// Container runtime (`containerd://2.1.9`).
    pub container_runtime: String,
    /// Tells whether the node shares the kernel, and so the uptime, of this machine.
    pub boot_id: String,
    /// Condition `Ready`.
    pub is_ready: bool,
}

/// Opens the context; nothing is sent yet.
pub async fn connect(options: &ClusterOptions) -> Result<Cluster, ClusterError> {
    let kubeconfig = match &options.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    }
    .map_err(ClusterError::Kubeconfig)?;
    let context = options.context.clone().unwrap_or_else(|| DEFAULT_CONTEXT.to_owned());
    if !kubeconfig.contexts.iter().any(|known| known.name == context) {
        return Err(ClusterError::NoContext(context));
    }
    if !context.starts_with("kind-") && !options.allow_any_context {
        return Err(ClusterError::NotKind(context));
    }
    let unusable = |source| ClusterError::Client {
        context: context.clone(),
        source,
    };
    let chosen = KubeConfigOptions {
        context: Some(context.clone()),
        ..KubeConfigOptions::default()
    };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &chosen)
        .await
        .map_err(|error| unusable(error.into()))?;
    // Its retries wait for minutes, which would look like a slow kubelet.
    config.default_retry = false;
    config.connect_timeout = Some(ANSWER_TIMEOUT);
    let client = Client::try_from(config).map_err(|error| unusable(error.into()))?;
    Ok(Cluster { client, context })
}

impl Cluster {
    /// Asks for versions and nodes; an error is the reason why there is no cluster.
    pub async fn probe(&self) -> Result<ClusterFacts, ClusterError> {
        let silent = |reason| ClusterError::Silent {
            context: self.context.clone(),
            reason,
        };
        facts(&self.client).await.map_err(silent)
    }
}

/// Versions and nodes, or what came instead.
pub async fn facts(client: &Client) -> Result<ClusterFacts, String> {
    let nodes: Api<api::Node> = Api::all(client.clone());
    let everything = kube::api::ListParams::default();
    let asked = async { tokio::try_join!(client.apiserver_version(), nodes.list(&everything)) };
    let (server, nodes) = tokio::time::timeout(ANSWER_TIMEOUT, asked)
        .await
        .map_err(|_| format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))?
        .map_err(|error| with_causes(&error))?;
    let mut nodes: Vec<Node> = nodes.items.into_iter().filter_map(node).collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(ClusterFacts {
        server: server.git_version,
        nodes,
    })
}

fn node(node: api::Node) -> Option<Node> {
    let status = node.status.unwrap_or_default();
    let info = status.node_info?;
    let conditions = status.conditions.unwrap_or_default();
    Some(Node {
        name: node.metadata.name?,
        kubelet: info.kubelet_version,
        container_runtime: info.container_runtime_version,
        boot_id: info.boot_id,
        is_ready: conditions
            .iter()
            .any(|condition| condition.type_ == "Ready" && condition.status == "True"),
    })
}

/// The error with its causes: kube's outer text alone is only `client error (Connect)`.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.to_string();
        if !text.contains(&inner) {
            text.push_str(": ");
            text.push_str(&inner);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
