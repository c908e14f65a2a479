//! The loop of a live run.

use std::collections::BTreeMap;
use std::fs::File;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use k8s_openapi::api::core::v1 as api;
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::clock::{readings, unix_ms};
use super::facts::PodFacts;
use super::flight::Flight;
use super::lifecycle::Action;
use super::live::{LiveError, LiveOptions, LiveOutcome, Planned, PodEnding, PodOutcome, Progress};
use super::namespace;
use super::queue::Queue;
use super::requests::{self, Answer};
use super::watch::{Watch, Watched};
use crate::cluster::{self, Node, with_causes};
use crate::manifest::{Placement, pod, pod_name};
use crate::recording::{Header, NodeFacts, RecordingWriter};
use crate::trace::UnixMs;

/// With nothing due the loop still looks at the clock this often.
const IDLE: Duration = Duration::from_secs(1);

/// A run in progress.
pub(super) struct Run<'o> {
    client: Client,
    pods: Api<api::Pod>,
    options: LiveOptions,
    observer: &'o mut (dyn FnMut(Progress<'_>) + Send),
    nodes: Vec<Node>,
    namespace: String,
    recording: RecordingWriter<File>,
    watched: UnboundedReceiver<Watched>,
    watching: JoinHandle<()>,
    requests: JoinSet<(String, Request, Answer)>,
    queue: Queue,
    flights: BTreeMap<String, Flight>,
    begin: Instant,
    outcome: LiveOutcome,
}

/// What was asked of the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Create,
    Other,
}

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

    /// Runs until nothing is left, or the stop, or an error.
    pub(super) async fn play(&mut self, stop: impl Future<Output = ()> + Send) -> Result<&'static str, LiveError> {
        let mut stop = pin!(stop);
        loop {
            let now = Instant::now();
            if self.options.create_for.is_some_and(|limit| now >= self.begin + limit) {
                self.outcome.not_created += self.queue.close();
            }
            while let Some(planned) = self.queue.take(now) {
                self.create(planned, now);
            }
            self.act(now);
            if self.queue.is_empty() && self.flights.is_empty() {
                return Ok("done");
            }
            let wake = self.next_due().unwrap_or(now + IDLE).min(now + IDLE);
            tokio::select! {
                // Events first: what they say decides what is due.
                biased;
                watched = self.watched.recv() => self.take_in(watched)?,
                Some(answered) = self.requests.join_next() => {
                    if let Ok((name, request, answer)) = answered {
                        self.answered(&name, request, answer)?;
                    }
                }
                () = &mut stop => return Ok("stopped"),
                () = tokio::time::sleep_until(wake) => {}
            }
        }
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
        if !matches!(result, Err(LiveError::Lost { .. })) {
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

    fn create(&mut self, planned: Planned, now: Instant) {
        let suffix = planned
            .node
            .as_deref()
            .map(|node| node.strip_prefix("podcheck-").unwrap_or(node));
        let mut name = pod_name(&planned.case, suffix);
        while self.flights.contains_key(&name) || self.outcome.pods.iter().any(|done| done.pod == name) {
            name = pod_name(
                &planned.case,
                Some(&format!("{}-{}", suffix.unwrap_or_default(), self.outcome.pods.len())),
            );
        }
        let placement = Placement {
            name: name.clone(),
            namespace: Some(self.namespace.clone()),
            node: planned.node.clone(),
        };
        let pod = pod(&planned.case, &planned.scenario, &placement);
        self.flights.insert(name.clone(), Flight::new(planned, now));
        let pods = self.pods.clone();
        self.requests.spawn(async move {
            let answer = requests::create(&pods, &pod).await;
            (name, Request::Create, answer)
        });
    }

    fn act(&mut self, now: Instant) {
        let mut finished = Vec::new();
        let mut wanted = Vec::new();
        for (name, flight) in &mut self.flights {
            for action in flight.due(now) {
                match action {
                    Action::Finish(ending) => finished.push((name.clone(), PodEnding::Observed(ending))),
                    action => wanted.push((name.clone(), action)),
                }
            }
        }
        for (name, action) in wanted {
            self.request(name, action);
        }
        for (name, ending) in finished {
            // Its kubelet has done with it; the object only costs the watch.
            if !matches!(
                ending,
                PodEnding::Observed(super::live::Ending::Deleted | super::live::Ending::Vanished)
            ) {
                self.request(name.clone(), Action::RemoveFinalizer);
                self.request(name.clone(), Action::Delete { grace_seconds: Some(0) });
            }
            self.finish(&name, ending);
        }
    }

    fn request(&mut self, name: String, action: Action) {
        let pods = self.pods.clone();
        self.requests.spawn(async move {
            let answer = match action {
                Action::Delete { grace_seconds } => requests::delete(&pods, &name, grace_seconds).await,
                Action::RemoveFinalizer => requests::remove_finalizer(&pods, &name).await,
                Action::Finish(_) => Answer::Done,
            };
            (name, Request::Other, answer)
        });
    }

    fn answered(&mut self, name: &str, request: Request, answer: Answer) -> Result<(), LiveError> {
        match (request, answer) {
            (Request::Create, Answer::Done) => {
                if let Some(flight) = self.flights.get_mut(name) {
                    flight.is_created(Instant::now());
                    let (case, node) = (flight.planned.case.as_str(), flight.planned.node.as_deref());
                    (self.observer)(Progress::Created { case, pod: name, node });
                }
            }
            (Request::Create, Answer::Refused(why)) => self.finish(name, PodEnding::Refused(why)),
            // A delete that is refused shows as a pod that does not go.
            (Request::Other, Answer::Done | Answer::Refused(_)) => {}
            (_, Answer::Lost(why)) => return Err(self.lost(why)?),
        }
        Ok(())
    }

    fn finish(&mut self, name: &str, ending: PodEnding) {
        let Some(flight) = self.flights.remove(name) else {
            return;
        };
        self.queue.finished(&flight.lane, flight.has_started);
        let Planned { case, node, .. } = flight.planned;
        let outcome = PodOutcome {
            case,
            pod: name.to_owned(),
            node,
            ending,
        };
        let in_flight = self.flights.len();
        (self.observer)(Progress::Finished {
            outcome: &outcome,
            left: self.queue.len(),
            in_flight,
        });
        self.outcome.pods.push(outcome);
    }

    fn take_in(&mut self, watched: Option<Watched>) -> Result<(), LiveError> {
        match watched {
            Some(Watched::Event {
                at_ms,
                event_type,
                object,
            }) => self.event(at_ms, event_type, object),
            Some(Watched::Gap { at_ms, why, present }) => {
                self.outcome.gaps += 1;
                self.written(|writer, _| writer.gap(at_ms, &why))?;
                (self.observer)(Progress::Gap(&why));
                let now = Instant::now();
                let is_there = |name: &str| {
                    present
                        .iter()
                        .any(|pod| pod.pointer("/metadata/name").and_then(Value::as_str) == Some(name))
                };
                for (_, flight) in self
                    .flights
                    .iter_mut()
                    .filter(|(name, flight)| flight.was_created() && !is_there(name))
                {
                    flight.observe(
                        &PodFacts {
                            is_gone: true,
                            ..PodFacts::default()
                        },
                        now,
                    );
                }
                present
                    .into_iter()
                    .try_for_each(|object| self.event(at_ms, "MODIFIED", object))
            }
            Some(Watched::Lost { why }) => Err(self.lost(why)?),
            None => Err(self.lost("the watch ended".to_owned())?),
        }
    }

    fn event(&mut self, at_ms: UnixMs, event_type: &'static str, mut object: Value) -> Result<(), LiveError> {
        // Half of the bytes, and nothing about the pod's life.
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        let event = json!({"type": event_type, "object": object});
        self.written(|writer, _| writer.event(at_ms, &event))?;
        let object = &event["object"];
        (self.observer)(Progress::Event {
            at_ms,
            event_type,
            object,
        });
        let now = Instant::now();
        let Some(facts) = PodFacts::read(event_type, object) else {
            return Ok(());
        };
        let Some(flight) = self.flights.get_mut(&facts.name) else {
            return Ok(());
        };
        let had_started = flight.has_started;
        let delay = flight.observe(&facts, now);
        if flight.has_started && !had_started {
            self.queue.started(&flight.lane);
        }
        if let Some(pods) = delay.and_then(|delay| self.queue.sample(&flight.lane, delay, now)) {
            (self.observer)(Progress::Limit {
                node: &flight.lane,
                pods,
            });
        }
        Ok(())
    }

    /// Writes that the cluster is gone and gives the error to end with.
    fn lost(&mut self, why: String) -> Result<LiveError, LiveError> {
        self.outcome.gaps += 1;
        self.written(|writer, at_ms| writer.gap(at_ms, &why))?;
        Ok(LiveError::Lost {
            why,
            path: self.options.recording.clone(),
        })
    }

    fn next_due(&self) -> Option<Instant> {
        let flights = self.flights.values().filter_map(Flight::next_due);
        flights.chain(self.queue.next_due()).min()
    }

    fn write_clocks(&mut self) -> Result<(), LiveError> {
        let readings = readings(&self.nodes);
        readings
            .iter()
            .try_for_each(|reading| self.written(|writer, at_ms| writer.clock(at_ms, reading)))
    }

    fn written(
        &mut self,
        write: impl FnOnce(&mut RecordingWriter<File>, UnixMs) -> std::io::Result<()>,
    ) -> Result<(), LiveError> {
        write(&mut self.recording, unix_ms()).map_err(|source| LiveError::Recording {
            path: self.options.recording.clone(),
            source,
        })
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
