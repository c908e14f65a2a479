//! The loop of a live run.

use std::collections::BTreeMap;
use std::fs::File;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use k8s_openapi::api::core::v1 as api;
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::clock::unix_ms;
use super::facts::PodFacts;
use super::flight::Flight;
use super::lifecycle::Action;
use super::live::{Ending, LiveError, LiveOptions, LiveOutcome, Planned, PodEnding, PodOutcome, Progress};
use super::queue::Queue;
use super::requests::{self, Answer};
use super::watch::Watched;
use crate::cluster::Node;
use crate::manifest::{Placement, pod, pod_name};
use crate::recording::RecordingWriter;
use crate::trace::UnixMs;

/// With nothing due the loop still looks at the clock this often.
const IDLE: Duration = Duration::from_secs(1);

/// A run in progress.
pub(super) struct Run<'o> {
    pub(super) client: Client,
    pub(super) pods: Api<api::Pod>,
    pub(super) options: LiveOptions,
    pub(super) observer: &'o mut (dyn FnMut(Progress<'_>) + Send),
    pub(super) nodes: Vec<Node>,
    pub(super) namespace: String,
    pub(super) recording: RecordingWriter<File>,
    pub(super) watched: UnboundedReceiver<Watched>,
    pub(super) watching: JoinHandle<()>,
    pub(super) requests: JoinSet<(String, Request, Answer)>,
    pub(super) queue: Queue,
    pub(super) flights: BTreeMap<String, Flight>,
    pub(super) begin: Instant,
    pub(super) outcome: LiveOutcome,
}

/// What was asked of the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Create,
    Other,
}

impl Run<'_> {
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

    fn create(&mut self, planned: Planned, now: Instant) {
        let suffix = planned
            .node
            .as_deref()
            .map(|node| node.strip_prefix("podcheck-").unwrap_or(node));
        let is_taken =
            |name: &String| self.flights.contains_key(name) || self.outcome.pods.iter().any(|done| done.pod == *name);
        let mut numbers = self.outcome.pods.len()..;
        let mut name = pod_name(&planned.case, suffix);
        while is_taken(&name)
            && let Some(number) = numbers.next()
        {
            name = pod_name(&planned.case, Some(&format!("{}-{number}", suffix.unwrap_or_default())));
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
            if !matches!(ending, PodEnding::Observed(Ending::Deleted | Ending::Vanished)) {
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
                let in_flight = self.flights.len();
                if let Some(flight) = self.flights.get_mut(name) {
                    flight.is_created(Instant::now());
                    (self.observer)(Progress::Created {
                        case: &flight.planned.case,
                        pod: name,
                        node: flight.planned.node.as_deref(),
                        in_flight,
                    });
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

    pub(super) fn written(
        &mut self,
        write: impl FnOnce(&mut RecordingWriter<File>, UnixMs) -> std::io::Result<()>,
    ) -> Result<(), LiveError> {
        write(&mut self.recording, unix_ms()).map_err(|source| LiveError::Recording {
            path: self.options.recording.clone(),
            source,
        })
    }
}
