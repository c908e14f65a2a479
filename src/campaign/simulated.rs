//! Scenarios on simulated nodes, on all processors at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use podcheck_generators::Scenario;

use super::verdict::{Judged, judge_as};
use crate::check::Bounds;
use crate::manifest::pod_name;
use crate::model::KubeletVersion;
use crate::simulate::{CREATED_MS, Fault, Options, simulate};
use crate::trace::Trace;

/// Nodes that are simulated, and how their pods are judged.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// Kubelet versions; every scenario runs on each.
    pub versions: Vec<KubeletVersion>,
    /// A planted fault.
    pub fault: Option<Fault>,
    /// Known deviations count as divergences.
    pub strict: bool,
}

/// Which scenarios: the first `count` that `case` gives, until it is time to stop.
pub struct Draw<'a> {
    /// Name and scenario of a number.
    pub case: &'a (dyn Fn(u64) -> (String, Scenario) + Sync),
    /// How many.
    pub count: u64,
    /// No new one after this.
    pub until: Option<Instant>,
}

/// A simulated pod's end.
#[derive(Debug)]
pub struct Played {
    /// What was played.
    pub case: String,
    /// Its life.
    pub trace: Trace,
    /// What the judge says.
    pub judged: Judged,
}

/// A simulated node is as idle as a node can be.
pub const IDLE_MS: i64 = 2_000;

/// Cases that a thread takes at a time.
const CHUNK: u64 = 8;

/// A case's pods, one for each version.
type Batch = (u64, Vec<Played>);

/// Simulates and judges; `each` gets the pods in the order of their cases and says whether to go on.
pub fn simulate_all<E>(
    simulation: &Simulation,
    draw: &Draw<'_>,
    mut each: impl FnMut(Played) -> Result<(), E>,
) -> Result<(), E> {
    let next = AtomicU64::new(0);
    let stopped = AtomicBool::new(false);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let (sender, receiver) = sync_channel::<Batch>(4 * threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            scope.spawn(|| work(simulation, draw, &next, &stopped, sender));
        }
        drop(sender);
        let result = in_order(receiver.iter(), &mut each);
        stopped.store(true, Ordering::Relaxed);
        // Threads that wait for room find the channel closed.
        drop(receiver);
        result
    })
}

/// Threads finish in any order, which nobody must notice: what is early waits.
fn in_order<E>(batches: impl Iterator<Item = Batch>, each: &mut impl FnMut(Played) -> Result<(), E>) -> Result<(), E> {
    let mut early: BTreeMap<u64, Vec<Played>> = BTreeMap::new();
    let mut next = 0;
    for (index, pods) in batches {
        early.insert(index, pods);
        while let Some(pods) = early.remove(&next) {
            pods.into_iter().try_for_each(&mut *each)?;
            next += 1;
        }
    }
    // Time was over for what is missing between them.
    early.into_values().flatten().try_for_each(each)
}

fn work(simulation: &Simulation, draw: &Draw<'_>, next: &AtomicU64, stopped: &AtomicBool, sender: SyncSender<Batch>) {
    loop {
        let first = next.fetch_add(CHUNK, Ordering::Relaxed);
        if first >= draw.count {
            return;
        }
        for index in first..(first + CHUNK).min(draw.count) {
            let is_late = draw.until.is_some_and(|until| Instant::now() >= until);
            if is_late || stopped.load(Ordering::Relaxed) {
                return;
            }
            let (case, scenario) = (draw.case)(index);
            let versions = simulation.versions.iter();
            let pods = versions
                .map(|version| simulation.play(&case, &scenario, *version))
                .collect();
            if sender.send((index, pods)).is_err() {
                return;
            }
        }
    }
}

impl Simulation {
    /// One pod, judged.
    pub fn play(&self, case: &str, scenario: &Scenario, version: KubeletVersion) -> Played {
        let trace = live(case, scenario, version, self.fault);
        let judged = judge_as(&trace, Some(version), &Bounds::with_delay(IDLE_MS), self.strict);
        Played {
            case: case.to_owned(),
            trace,
            judged,
        }
    }
}

/// One pod's life; the same case on the same version is always the same pod.
pub(super) fn live(case: &str, scenario: &Scenario, version: KubeletVersion, fault: Option<Fault>) -> Trace {
    let node = format!("simulated-{version}");
    let options = Options {
        fault,
        created_ms: CREATED_MS,
        ..Options::new(version, seed(case, &node))
    };
    let mut trace = simulate(scenario, &options);
    trace.name = pod_name(case, Some(&version.to_string()));
    trace.node = Some(node);
    trace
}

/// A stable seed (FNV-1a): what a case does must not depend on what else runs.
fn seed(case: &str, node: &str) -> u64 {
    let bytes = case.bytes().chain([0]).chain(node.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
