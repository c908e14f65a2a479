//! Where pods run: the live cluster, or the simulated node.

use std::path::PathBuf;

use clap::ValueEnum;
use tokio::runtime::Runtime;

use super::Failure;
use crate::cluster::{Cluster, ClusterError, ClusterFacts, ClusterOptions, Node, connect};
use crate::model::KubeletVersion;
use crate::simulate::Fault;

/// Which target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wanted {
    /// The cluster if it is up, else simulated
    Auto,
    /// The live cluster
    Cluster,
    /// The embedded simulated node
    Simulated,
}

/// Arguments that choose the target.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// Where the pods run
    #[arg(long, value_enum, default_value_t = Wanted::Auto)]
    target: Wanted,

    /// Node, or kubelet version, to run on; may be repeated, then every scenario runs on each [default: all]
    #[arg(long, value_name = "NAME")]
    node: Vec<String>,

    /// Kubeconfig [default: $KUBECONFIG, else ~/.kube/config]
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    kubeconfig: Option<PathBuf>,

    /// Context in the kubeconfig [default: kind-podcheck]
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    context: Option<String>,

    /// Namespace that is there already [default: a new one, removed at the end]
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    pub namespace: Option<String>,

    /// Run random pods also on a context that is not of Kind (kind-…)
    #[arg(long, alias = "allow-context", help_heading = "Cluster")]
    allow_any_context: bool,

    /// Plant this fault in the simulated node, to see it caught
    #[arg(long, value_name = "NAME", help_heading = "Simulated node")]
    fault: Option<Fault>,
}

/// The target, ready to use.
pub enum Target {
    /// A cluster and the nodes to use.
    Cluster {
        /// Its client.
        cluster: Cluster,
        /// Its server and nodes.
        facts: ClusterFacts,
        /// Nodes to run on.
        nodes: Vec<Node>,
    },
    /// Simulated nodes of these versions.
    Simulated {
        /// Kubelet versions.
        versions: Vec<KubeletVersion>,
        /// The planted fault.
        fault: Option<Fault>,
        /// Why it is not the cluster; absent: it was asked for.
        instead: Option<String>,
    },
}

/// What is simulated unless somebody names versions: those of the default cluster.
const SIMULATED: [KubeletVersion; 3] = [
    KubeletVersion { minor: 37, patch: 0 },
    KubeletVersion { minor: 34, patch: 0 },
    KubeletVersion { minor: 29, patch: 2 },
];

impl Place {
    /// Decides, asking the cluster whether it is there.
    pub fn choose(&self, runtime: &Runtime) -> Result<Target, Failure> {
        let named = self.kubeconfig.is_some() || self.context.is_some();
        if self.fault.is_some() && self.target == Wanted::Cluster {
            return Err(Failure::Usage(
                "--fault is for --target simulated; a real kubelet has its own".into(),
            ));
        }
        if self.target == Wanted::Simulated || self.fault.is_some() {
            return self.simulated(None);
        }
        match runtime.block_on(self.look()) {
            Ok((cluster, facts)) => {
                let nodes = self.nodes(&facts)?;
                Ok(Target::Cluster { cluster, facts, nodes })
            }
            // Whoever names a cluster does not want to be given something else.
            Err(error) if self.target == Wanted::Cluster || named => Err(failure(&error)),
            Err(error) => self.simulated(Some(error.to_string())),
        }
    }

    async fn look(&self) -> Result<(Cluster, ClusterFacts), ClusterError> {
        let cluster = connect(&self.options()).await?;
        let facts = cluster.probe().await?;
        Ok((cluster, facts))
    }

    fn options(&self) -> ClusterOptions {
        ClusterOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            allow_any_context: self.allow_any_context,
        }
    }

    fn nodes(&self, facts: &ClusterFacts) -> Result<Vec<Node>, Failure> {
        let ready: Vec<Node> = facts.nodes.iter().filter(|node| node.is_ready).cloned().collect();
        if ready.is_empty() {
            return Err(Failure::Environment(
                "no node of the cluster is ready; podcheck cluster status shows them".into(),
            ));
        }
        if self.node.is_empty() {
            return Ok(ready);
        }
        let mut chosen: Vec<Node> = Vec::new();
        for wanted in &self.node {
            let version = wanted.parse::<KubeletVersion>().ok().map(|version| version.to_string());
            let fits = |node: &&Node| node.name == *wanted || version.as_ref() == Some(&node.kubelet);
            let Some(node) = ready.iter().find(fits) else {
                return Err(no_such_node(wanted, facts));
            };
            if !chosen.contains(node) {
                chosen.push(node.clone());
            }
        }
        Ok(chosen)
    }

    fn simulated(&self, instead: Option<String>) -> Result<Target, Failure> {
        let mut versions: Vec<KubeletVersion> = Vec::new();
        for wanted in &self.node {
            let version =
                wanted
                    .strip_prefix("simulated-")
                    .unwrap_or(wanted)
                    .parse()
                    .map_err(|error| match &instead {
                        None => Failure::Usage(format!("--node {wanted}: {error}")),
                        Some(reason) => Failure::Environment(format!("no cluster with a node {wanted}: {reason}")),
                    })?;
            if !versions.contains(&version) {
                versions.push(version);
            }
        }
        if versions.is_empty() {
            versions = SIMULATED.to_vec();
        }
        Ok(Target::Simulated {
            versions,
            fault: self.fault,
            instead,
        })
    }
}

impl Target {
    /// Which target, with its nodes.
    pub fn name(&self) -> String {
        match self {
            Self::Cluster { cluster, facts, nodes } => {
                let nodes = nodes.iter().map(|node| format!("{} ({})", node.name, node.kubelet));
                let nodes: Vec<String> = nodes.collect();
                format!(
                    "cluster {} (API server {}), on {}",
                    cluster.context,
                    facts.server,
                    nodes.join(", ")
                )
            }
            Self::Simulated { versions, fault, .. } => {
                let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
                let fault = fault.map_or_else(String::new, |fault| format!(" with the fault {}", fault.name()));
                format!("simulated nodes {}{fault}", versions.join(", "))
            }
        }
    }

    /// Which target, and how to get the other one.
    pub fn describe(&self) -> String {
        let other = match self {
            Self::Cluster { .. } => "--target simulated needs no cluster".to_owned(),
            Self::Simulated { instead: None, .. } => "--target cluster runs on real kubelets".to_owned(),
            Self::Simulated {
                instead: Some(reason), ..
            } => format!("no real kubelets: {reason}"),
        };
        format!("target: {}; {other}", self.name())
    }
}

fn failure(error: &ClusterError) -> Failure {
    match error {
        ClusterError::NotKind(_) => Failure::Usage(error.to_string()),
        _ => Failure::Environment(error.to_string()),
    }
}

fn no_such_node(wanted: &str, facts: &ClusterFacts) -> Failure {
    let list = |node: &Node| {
        let state = if node.is_ready { "" } else { ", not ready" };
        format!("{} ({}{state})", node.name, node.kubelet)
    };
    let nodes: Vec<String> = facts.nodes.iter().map(list).collect();
    let text = format!("no ready node is {wanted}; there are {}", nodes.join(", "));
    match facts.nodes.iter().any(|node| node.name == wanted) {
        true => Failure::Environment(text),
        false => Failure::Usage(text),
    }
}
