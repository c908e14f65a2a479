//! Plays scenarios on a real cluster, many at once, and records what its API server publishes.
//!
//! One task watches; this loop writes each event down before anything else and then does what each pod is owed.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use kube::Client;
use podcheck_generators::Scenario;
use serde_json::Value;

pub use super::lifecycle::Ending;
use super::run::Run;
use crate::trace::UnixMs;

/// One pod of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Case id; with the node it names the pod, and both together must be unique in the plan.
    pub case: String,
    /// What it does.
    pub scenario: Scenario,
    /// Node to pin it to; absent: the scheduler chooses.
    pub node: Option<String>,
}

/// How many pods at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InFlight {
    /// As many as each node starts and hands over in good time.
    #[default]
    Adaptive,
    /// So many, on all nodes together.
    Fixed(usize),
}

/// How to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOptions {
    /// The file to write; it must not exist yet.
    pub recording: PathBuf,
    /// Absent: an own one, removed at the end.
    pub namespace: Option<String>,
    /// How many pods at once.
    pub in_flight: InFlight,
    /// The campaign's seed, for the recording's header.
    pub seed: Option<u64>,
    /// After this no pod is created any more; those in flight go on to their end.
    pub create_for: Option<Duration>,
    /// Where to keep the API's Events about the pods; absent: nowhere.
    pub api_events: Option<PathBuf>,
}

/// What happens, for whoever shows or judges it meanwhile.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// The run works in this namespace.
    Namespace(&'a str),
    /// A pod is there.
    Created {
        case: &'a str,
        pod: &'a str,
        node: Option<&'a str>,
        in_flight: usize,
    },
    /// An event is written.
    Event {
        at_ms: UnixMs,
        event_type: &'a str,
        object: &'a Value,
    },
    /// A pod's observation is over.
    Finished { outcome: &'a PodOutcome, in_flight: usize },
    /// The adaptive limit of a node moved.
    Limit { node: &'a str, pods: usize },
    /// Events are missing.
    Gap(&'a str),
}

/// One pod's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodOutcome {
    /// Case id.
    pub case: String,
    /// Pod name.
    pub pod: String,
    /// Node of the plan.
    pub node: Option<String>,
    /// How it ended.
    pub ending: PodEnding,
}

/// How a pod of the plan ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodEnding {
    /// It was observed.
    Observed(Ending),
    /// The API server would not have it; the reason is its message.
    Refused(String),
}

/// A run that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveOutcome {
    /// The namespace it worked in.
    pub namespace: String,
    /// Pods in order of their end.
    pub pods: Vec<PodOutcome>,
    /// Planned and never created.
    pub not_created: usize,
    /// Created, and not at their end when the run was stopped.
    pub unfinished: usize,
    /// How often events were lost.
    pub gaps: usize,
    /// From the first create to the last end.
    pub elapsed: Duration,
}

/// The environment failed; the recording holds everything up to there.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The run could not begin.
    #[error("the cluster cannot be used: {0}; `podcheck cluster status` shows its state")]
    Begin(String),
    /// The recording cannot be written.
    #[error("cannot write the recording {path}: {source}; choose another --output")]
    Recording {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The cluster went away in the middle.
    #[error("the cluster is gone: {why}; what was seen before is in {path}, `podcheck cluster up` makes it anew")]
    Lost {
        /// Last error.
        why: String,
        /// The recording.
        path: PathBuf,
    },
}

/// Runs the plan until every pod has ended or `stop` is ready, e.g. [`tokio::signal::ctrl_c`].
///
/// Stopping ends the recording where it is and leaves nothing behind in the cluster.
pub async fn run(
    client: Client,
    plan: Vec<Planned>,
    options: LiveOptions,
    observer: &mut (dyn FnMut(Progress<'_>) + Send),
    stop: impl Future<Output = ()> + Send,
) -> Result<LiveOutcome, LiveError> {
    let mut run = Run::begin(client, plan, options, observer).await?;
    let result = run.play(stop).await;
    run.end(result).await
}
