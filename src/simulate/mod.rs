//! The simulated node: a kubelet of a given version, its runtime, an API object and a client, in simulated time.
//!
//! It uses the reference model's step functions, so it cannot drift from the oracle; what it adds is time, concurrency and
//! chance. Everything is drawn from one seed: the same seed gives the same trace.

mod act;
mod api;
mod dice;
mod faults;
mod forge;
mod masks;
mod node;
mod prober;
mod runtime;
mod status;
mod tamper;
mod tape;
mod teardown;
mod worker;
mod workload;
mod writer;

use podcheck_generators::Scenario;

pub use faults::{Fault, UnknownFault};
pub use tape::Unusual;
pub use workload::{Workload, spec_of};

use crate::model::{Behaviour, KubeletVersion, State};
use crate::trace::{JournalEntry, Trace, UnixMs};
use dice::Dice;
use node::Node;

/// Minor versions from which the simulated node itself does otherwise, beside the switches of [`Behaviour`]: PB-1 and
/// KEP-5067.
pub const OWN_MINORS: [u32; 2] = [prober::RESETS_SINCE_MINOR, worker::OBSERVED_GENERATION_SINCE];

/// How a pod is simulated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Kubelet version.
    pub kubelet: KubeletVersion,
    /// Every choice is drawn from it; absent: the canonical choices.
    pub seed: Option<u64>,
    /// Factor of all latencies: 1 is an idle node.
    pub load: u32,
    /// A planted fault.
    pub fault: Option<Fault>,
    /// When the pod is created.
    pub created_ms: UnixMs,
}

impl Options {
    /// A healthy idle node of this version.
    pub fn new(kubelet: KubeletVersion, seed: u64) -> Self {
        Self {
            kubelet,
            seed: Some(seed),
            load: 1,
            fault: None,
            created_ms: CREATED_MS,
        }
    }
}

/// 2026-01-01T00:00:00.250Z: where simulated time begins unless somebody says otherwise.
pub const CREATED_MS: UnixMs = 1_767_225_600_250;

/// Simulates the pod of a scenario.
pub fn simulate(scenario: &Scenario, options: &Options) -> Trace {
    simulate_owned(Workload::of(scenario), options)
}

/// Simulates any pod.
pub fn simulate_workload(work: &Workload, options: &Options) -> Trace {
    simulate_owned(work.clone(), options)
}

fn simulate_owned(work: Workload, options: &Options) -> Trace {
    let dice = options.seed.map_or_else(Dice::canonical, Dice::seeded);
    live(work, options, dice).0
}

/// A life with the choices by which it departs from the canonical one, and how many ways each of its choices could go.
#[derive(Clone, Debug)]
pub struct Explored {
    pub trace: Trace,
    pub ways: Vec<u8>,
}

/// Simulates a pod on a healthy node with the canonical choices but for these, which are in order.
pub fn explore(work: &Workload, kubelet: KubeletVersion, unusual: &[Unusual]) -> Explored {
    let options = Options {
        seed: None,
        ..Options::new(kubelet, 0)
    };
    let (trace, dice) = live(work.clone(), &options, Dice::taped(unusual.to_vec()));
    Explored {
        trace,
        ways: dice.into_ways(),
    }
}

fn live(work: Workload, options: &Options, dice: Dice) -> (Trace, Dice) {
    let mut behaviour = Behaviour::of(options.kubelet);
    if let Some(fault) = options.fault {
        fault.bend(&mut behaviour);
    }
    let load = UnixMs::from(options.load.max(1));
    let mut node = Node::new(&behaviour, &work, options.fault, load, dice, options.created_ms);
    let watched_until_ms = node.run();
    let journal = work.scenario.is_some().then(|| published_journal(&node));
    let (uid, steps, dice) = (node.uid, node.api.steps, node.dice);
    let trace = Trace {
        namespace: "podcheck".to_string(),
        name: format!("p{:x}", uid & 0xffff_ffff),
        uid: uid_text(uid),
        node: Some(format!("simulated-{}", options.kubelet)),
        kubelet: Some(options.kubelet.to_string()),
        server: None,
        spec: work.spec,
        scenario: work.scenario,
        steps,
        journal,
        gaps: Vec::new(),
        watched_until_ms: Some(watched_until_ms),
    };
    (trace, dice)
}

/// The journal as far as a published termination message carries it: each holds all lines written before it.
fn published_journal(node: &Node<'_>) -> Vec<JournalEntry> {
    let mut until_ms = None;
    for step in &node.api.steps {
        for (index, view) in step.view.containers.iter().enumerate() {
            let Some(view) = view else { continue };
            let shown = match (&view.state, &view.last) {
                (State::Terminated(_), _) | (State::Waiting(_), Some(_)) => Some(view.restart_count),
                (State::Running, Some(_)) => view.restart_count.checked_sub(1),
                _ => None,
            };
            until_ms = until_ms.max(shown.and_then(|n| node.runtime.message_ms(index, n)));
        }
    }
    until_ms
        .map(|until_ms| node.runtime.journal(until_ms))
        .unwrap_or_default()
}

fn uid_text(uid: u64) -> String {
    format!(
        "{:08x}-{:04x}-4000-8000-{:012x}",
        uid >> 32,
        (uid >> 16) & 0xffff,
        uid & 0xffff
    )
}
