//! The two ends of a live run: what it needs in the cluster, and that nothing of it stays there.

use std::collections::BTreeMap;
use std::time::Duration;

use kube::{Api, Client};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::clock::{readings, unix_ms};
use super::events;
use super::live::{LiveError, LiveOptions, LiveOutcome, Planned, Progress};
use super::namespace;
use super::queue::Queue;
use super::requests;
use super::run::Run;
use super::watch::Watch;
use crate::cluster::{self, Node, with_causes};
use crate::recording::{Header, NodeFacts, RecordingWriter};

impl<'o> Run<'o> {
    /// Makes the namespace, the watch and the recording.
    pub(super) async fn begin(
        client: Client,
        plan: Vec<Planned>,
        options: LiveOptions,
        observer: &'o mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<Self, LiveError> {
        let refused = |error: kube::Error| LiveError::Begin(with_causes(&error));
        let facts = cluster::facts(&client).await.map_err(LiveError::Begin)?;
        if let Some(node) = plan
            .iter()
            .filter_map(|p| p.node.as_ref())
            .find(|n| !facts.nodes.iter().any(|f| f.name == **n))
        {
            return Err(LiveError::Begin(format!("it has no node {node}")));
        }
        // Before the namespace, so that an output that cannot be written leaves nothing behind.
        let header = header(&facts, options.seed);
        let recording =
            RecordingWriter::create(&options.recording, &header).map_err(|source| LiveError::Recording {
                path: options.recording.clone(),
                source,
            })?;
        let namespace = match &options.namespace {
            Some(namespace) => namespace.clone(),
            None => {
                namespace::sweep(&client).await.map_err(refused)?;
                namespace::create(&client).await.map_err(refused)?
            }
        };
        let watch = Watch::begin(client.clone(), namespace.clone()).await.map_err(refused)?;
        let (sender, watched) = unbounded_channel();
        let watching = tokio::spawn(watch.run(sender));
        observer(Progress::Namespace(&namespace));
        let now = Instant::now();
        let outcome = LiveOutcome {
            namespace: namespace.clone(),
            pods: Vec::new(),
            not_created: 0,
            unfinished: 0,
            gaps: 0,
            elapsed: Duration::ZERO,
        };
        let mut run = Self {
            pods: Api::namespaced(client.clone(), &namespace),
            client,
            queue: Queue::new(plan, options.in_flight, now),
            options,
            observer,
            nodes: facts.nodes,
            namespace,
            recording,
            watched,
            watching,
            requests: JoinSet::new(),
            flights: BTreeMap::new(),
            begin: now,
            outcome,
        };
        run.write_clocks()?;
        Ok(run)
    }

    /// Ends the recording and leaves nothing of the run in the cluster.
    pub(super) async fn end(mut self, result: Result<&'static str, LiveError>) -> Result<LiveOutcome, LiveError> {
        self.outcome.elapsed = self.begin.elapsed();
        self.outcome.not_created += self.queue.close();
        self.outcome.unfinished = self.flights.len();
        self.watching.abort();
        let why = match &result {
            Ok(why) => (*why).to_owned(),
            Err(error) => error.to_string(),
        };
        let ended = self
            .write_clocks()
            .and_then(|()| self.written(|writer, at_ms| writer.end(at_ms, &why)));
        if let (Some(path), Err(error @ LiveError::Lost { .. })) = (&self.options.api_events, &result) {
            events::keep_reason(path, &error.to_string());
        }
        if !matches!(result, Err(LiveError::Lost { .. })) {
            if let Some(path) = &self.options.api_events {
                // They go with the namespace.
                events::keep(&self.client, &self.namespace, path).await;
            }
            // Creates first, or a pod could come after the others have been let go.
            while tokio::time::timeout(requests::PATIENCE, self.requests.join_next())
                .await
                .is_ok_and(|one| one.is_some())
            {}
            let cleaned = match self.options.namespace {
                Some(_) => namespace::empty(&self.client, &self.namespace).await,
                None => namespace::remove(&self.client, &self.namespace).await,
            };
            // What stays is met by the next run's sweep.
            drop(cleaned);
        }
        result.and(ended).map(|()| self.outcome)
    }

    fn write_clocks(&mut self) -> Result<(), LiveError> {
        let readings = readings(&self.nodes);
        readings
            .iter()
            .try_for_each(|reading| self.written(|writer, at_ms| writer.clock(at_ms, reading)))
    }
}

fn header(facts: &cluster::ClusterFacts, seed: Option<u64>) -> Header {
    let node = |node: &Node| {
        let facts = NodeFacts {
            kubelet: Some(node.kubelet.clone()),
            container_runtime: Some(node.container_runtime.clone()),
            boot_unix_ms: None,
        };
        (node.name.clone(), facts)
    };
    Header {
        server: Some(facts.server.clone()),
        nodes: facts.nodes.iter().map(node).collect(),
        seed,
        started: Some(unix_ms()),
    }
}
