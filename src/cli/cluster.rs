//! `podcheck cluster`: makes, shows and removes the Kind cluster, by the scripts in `node-image/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::output::Output;
use super::run::runtime;
use super::{Exit, Failure};
use crate::cluster::{ClusterOptions, connect};
use crate::model::KubeletVersion;

const EXAMPLES: &str = "\
The cluster is called podcheck (context kind-podcheck). Its nodes are those of kind-config.yaml unless flags name others.
The first time on a machine without an image registry takes long: the node images are built; later it takes half a minute.

Examples:
  podcheck cluster up
  podcheck cluster up --kubernetes v1.37.0 --kubelet v1.34.0 --kubelet v1.29.2
  podcheck cluster up --kubernetes v1.31.0 --kubelet v1.28.15+SidecarContainers=false
  podcheck cluster status
  podcheck cluster down";

/// Make, show or remove a Kind cluster with kubelets of several versions
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make the cluster, or leave it alone if it is there and healthy
    #[command(after_help = EXAMPLES)]
    Up {
        /// Version of the control plane and of the kubelet on its node
        #[arg(long, value_name = "VERSION", value_parser = version)]
        kubernetes: Option<String>,
        /// Version of a worker's kubelet, with feature gates if wanted; may be repeated
        #[arg(long, value_name = "VERSION[+GATE=BOOL,...]", value_parser = kubelet)]
        kubelet: Vec<String>,
    },
    /// Tell which nodes the cluster has and whether they are ready
    #[command(after_help = EXAMPLES)]
    Status,
    /// Remove the cluster
    #[command(after_help = EXAMPLES)]
    Down,
}

/// Runs the script; it says itself what it does.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    if output.is_json() && matches!(args.command, Action::Status) {
        return status(output);
    }
    let (script, arguments) = match &args.command {
        Action::Up { kubernetes, kubelet } => {
            let kubernetes = kubernetes.iter().flat_map(|version| ["--kubernetes", version]);
            let kubelets = kubelet.iter().flat_map(|version| ["--kubelet", version]);
            ("up.sh", kubernetes.chain(kubelets).map(str::to_owned).collect())
        }
        Action::Status => ("status.sh", Vec::new()),
        Action::Down => ("down.sh", Vec::new()),
    };
    let path = scripts()?.join(script);
    let status = Command::new(&path)
        .args(arguments)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| Failure::Environment(format!("cannot run {}: {error}", path.display())))?;
    // The script has said what is missing and how to get it.
    Ok(if status.success() {
        Exit::Conforms
    } else {
        Exit::Environment
    })
}

/// The nodes as one object; the script would draw a table.
fn status(output: &mut Output) -> Result<Exit, Failure> {
    let found = runtime()?.block_on(async {
        let cluster = connect(&ClusterOptions::default()).await?;
        cluster.probe().await
    });
    match found {
        Ok(facts) => {
            let nodes = facts.nodes.iter();
            let nodes = nodes.map(|node| json!({"name": node.name, "kubelet": node.kubelet, "ready": node.is_ready}));
            let nodes: Vec<Value> = nodes.collect();
            output.json(&json!({"up": true, "server": facts.server, "nodes": nodes}))?;
            let ready = facts.nodes.iter().all(|node| node.is_ready);
            Ok(if ready { Exit::Conforms } else { Exit::Environment })
        }
        Err(error) => {
            output.json(&json!({"up": false, "reason": error.to_string()}))?;
            Ok(Exit::Environment)
        }
    }
}

/// `v1.34.0` as node images are named.
fn version(text: &str) -> Result<String, String> {
    let version: KubeletVersion = text
        .parse()
        .map_err(|error: crate::model::VersionError| error.to_string())?;
    Ok(version.to_string())
}

fn kubelet(text: &str) -> Result<String, String> {
    match text.split_once('+') {
        Some((core, gates)) if gates.contains('=') => Ok(format!("{}+{gates}", version(core)?)),
        Some((_, gates)) => Err(format!(
            "{gates:?} is not a feature gate; write it like +SidecarContainers=false"
        )),
        None => version(text),
    }
}

/// The folder `node-image` of this project: beside the working directory, the program, or where it was built.
fn scripts() -> Result<PathBuf, Failure> {
    let here = std::env::current_dir().ok();
    let program = std::env::current_exe().ok();
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let starts = [here, program, Some(built)];
    let found = starts
        .iter()
        .flatten()
        .flat_map(|start| start.ancestors())
        .map(|folder| folder.join("node-image"));
    found.into_iter().find(|folder| is_ours(folder)).ok_or_else(|| {
        Failure::Environment("cannot find the scripts that make the cluster; run this in a checkout of podcheck".into())
    })
}

fn is_ours(folder: &Path) -> bool {
    ["up.sh", "status.sh", "down.sh"]
        .iter()
        .all(|script| folder.join(script).is_file())
}
