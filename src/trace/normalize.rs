//! Watch events to [`Trace`](super::Trace).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::journal::NodeClock;
use super::life::Life;
use super::{EventType, Gap, Trace, UnixMs};
use crate::recording::object::Metadata;
use crate::recording::{ClockReading, Entry, Header, Notes, PodEvent, Reader, RecordingError};

/// What the recording itself may not say.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Kubelet version of pods whose node the recording does not describe.
    pub kubelet: Option<String>,
}

/// A whole recording in memory.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Header, when the recording is in our own format.
    pub header: Option<Header>,
    /// Every pod's life, in order of its end.
    pub traces: Vec<Trace>,
    /// What was noticed beside them.
    pub notes: Notes,
}

/// Reads a whole recording.
pub fn read_traces(path: &Path, options: &Options) -> Result<Recorded, RecordingError> {
    collect(Traces::open(path, options)?)
}

/// Reads all of `traces`.
pub fn collect<R: BufRead>(mut traces: Traces<R>) -> Result<Recorded, RecordingError> {
    let list = traces.by_ref().collect::<Result<_, _>>()?;
    Ok(Recorded {
        header: traces.header().cloned(),
        traces: list,
        notes: traces.notes().clone(),
    })
}

/// The traces of a recording, each as soon as its pod is deleted, the others at the end.
///
/// Memory is bounded by the pods that are alive (and 8 bytes for each that was deleted). After an error in the
/// middle, what was read of the pods alive still comes, marked as incomplete.
pub struct Traces<R> {
    reader: Reader<R>,
    options: Options,
    header: Option<Header>,
    clocks: BTreeMap<String, NodeClock>,
    alive: BTreeMap<String, Life>,
    ended: BTreeSet<u64>,
    last_at_ms: Option<UnixMs>,
    rest: Option<std::vec::IntoIter<Life>>,
}

/// The traces of `input`, which messages call `name`.
pub fn traces<R: BufRead>(input: R, name: &str, options: &Options) -> Traces<R> {
    Traces::new(Reader::new(input, name), options)
}

impl Traces<BufReader<File>> {
    /// Opens a file.
    pub fn open(path: &Path, options: &Options) -> Result<Self, RecordingError> {
        Ok(Self::new(Reader::open(path)?, options))
    }
}

impl<R: BufRead> Traces<R> {
    /// Takes what is left of `reader`.
    pub fn new(reader: Reader<R>, options: &Options) -> Self {
        Self {
            reader,
            options: options.clone(),
            header: None,
            clocks: BTreeMap::new(),
            alive: BTreeMap::new(),
            ended: BTreeSet::new(),
            last_at_ms: None,
            rest: None,
        }
    }

    /// The header, once it was read.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// What was noticed so far.
    pub fn notes(&self) -> &Notes {
        self.reader.notes()
    }

    fn entry(&mut self, entry: Entry) -> Option<Trace> {
        match entry {
            Entry::Header(header) => self.take_header(header),
            Entry::Gap { at_ms, unreadable } => {
                self.see_time(at_ms);
                self.gap(if unreadable {
                    Gap::Unreadable
                } else {
                    Gap::WatchInterrupted
                });
            }
            Entry::Clock(ClockReading {
                node,
                uptime_ms,
                unix_ms,
            }) => {
                self.clocks.entry(node).or_default().readings.push((uptime_ms, unix_ms));
            }
            Entry::End { at_ms } => self.see_time(at_ms),
            Entry::Pod(event) => {
                self.see_time(event.at_ms);
                return self.pod_event(*event);
            }
        }
        None
    }

    fn see_time(&mut self, at_ms: Option<UnixMs>) {
        self.last_at_ms = self.last_at_ms.max(at_ms);
    }

    fn take_header(&mut self, header: Header) {
        // A second header: recordings joined end to end, with nothing known about the time between.
        self.gap(Gap::WatchInterrupted);
        for (node, facts) in &header.nodes {
            self.clocks.entry(node.clone()).or_default().boot_unix_ms = facts.boot_unix_ms;
        }
        self.header = Some(header);
    }

    fn gap(&mut self, gap: Gap) {
        for life in self.alive.values_mut() {
            life.add_gap(gap);
        }
    }

    fn pod_event(&mut self, event: PodEvent) -> Option<Trace> {
        let uid = identity(&event.pod.metadata);
        let mut life = self.alive.remove(&uid).unwrap_or_else(|| self.begin(&event));
        let is_new = life.trace.steps.is_empty();
        if is_new && self.ended.contains(&hash(&uid)) {
            self.out_of_order(&mut life, &event, "an event after its pod was deleted");
        }
        if let Some(before) = life.trace.steps.last()
            && is_older(&event.pod.metadata.resource_version, &before.resource_version)
        {
            let before = format!("resourceVersion after {}", before.resource_version);
            self.out_of_order(&mut life, &event, &before);
        }
        let deleted = event.event == Some(EventType::Deleted);
        life.see(event);
        if deleted {
            self.ended.insert(hash(&uid));
            return Some(self.finish(life));
        }
        self.alive.insert(uid, life);
        None
    }

    fn out_of_order(&mut self, life: &mut Life, event: &PodEvent, why: &str) {
        life.add_gap(Gap::OutOfOrder);
        let metadata = &event.pod.metadata;
        self.reader.notes_mut().out_of_order.add(|| {
            format!(
                "line {}: pod {}, resourceVersion {}: {why}",
                event.line, metadata.name, metadata.resource_version
            )
        });
    }

    fn begin(&mut self, event: &PodEvent) -> Life {
        let (life, bad_scenario) = Life::begin(&event.pod);
        if let Some(error) = bad_scenario {
            let name = &event.pod.metadata.name;
            self.reader
                .notes_mut()
                .bad_scenarios
                .add(|| format!("line {}: pod {name}: {error}", event.line));
        }
        life
    }

    fn finish(&self, life: Life) -> Trace {
        let node = life.trace.node.as_ref();
        let facts = node.and_then(|node| self.header.as_ref()?.nodes.get(node));
        let kubelet = facts
            .and_then(|facts| facts.kubelet.clone())
            .or_else(|| self.options.kubelet.clone());
        let clock = node.and_then(|node| self.clocks.get(node)).cloned().unwrap_or_default();
        let mut trace = life.finish(kubelet, &clock, self.last_at_ms);
        trace.server = self.header.as_ref().and_then(|header| header.server.clone());
        trace
    }

    fn end(&mut self, failed: bool) {
        if failed {
            self.gap(Gap::Unreadable);
        }
        let mut rest: Vec<Life> = std::mem::take(&mut self.alive).into_values().collect();
        rest.sort_by_key(|life| life.trace.steps.first().map(|step| step.event_index));
        self.rest = Some(rest.into_iter());
    }
}

impl<R: BufRead> Iterator for Traces<R> {
    type Item = Result<Trace, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(rest) = &mut self.rest {
                let life = rest.next()?;
                return Some(Ok(self.finish(life)));
            }
            match self.reader.next() {
                Some(Ok(entry)) => {
                    if let Some(trace) = self.entry(entry) {
                        return Some(Ok(trace));
                    }
                }
                Some(Err(error)) => {
                    self.end(true);
                    return Some(Err(error));
                }
                None => self.end(false),
            }
        }
    }
}

/// The uid: a name that is used again is another pod. Hand-written objects have none.
fn identity(metadata: &Metadata) -> String {
    match metadata.uid.as_str() {
        "" => format!("{}/{}", metadata.namespace, metadata.name),
        uid => uid.to_owned(),
    }
}

/// Resource versions of one kind are decimal numbers of any length that grow; others cannot be compared.
fn is_older(version: &str, before: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    number(version) && number(before) && (version.len(), version) < (before.len(), before)
}

fn hash(uid: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    uid.hash(&mut hasher);
    hasher.finish()
}
