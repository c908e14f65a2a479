//! One kubelet with one pod, its runtime, the API object and the client that watches it: discrete events in milliseconds.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::rc::Rc;

use super::api::{Api, Client};
use super::dice::Dice;
use super::faults::Fault;
use super::prober::Prober;
use super::runtime::Runtime;
use super::status::Published;
use super::worker::PodWorker;
use super::workload::Workload;
use super::writer::Writer;
use crate::model::{Behaviour, PodState};
use crate::trace::UnixMs;

/// Something that happens at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// PLEG lists the runtime; the periodic one comes again a second later.
    Relist {
        periodic: bool,
    },
    /// The work queue hands the pod to its worker again.
    Queue {
        generation: u32,
        /// How much later it can come, where that is decided only now.
        slack_ms: u32,
    },
    /// The worker's action has taken its time.
    Resume,
    /// A probe worker's ticker.
    Probe {
        prober: u32,
        generation: u32,
    },
    /// The status manager takes the newest status, decides about its phase, and has written it.
    WriteTake,
    WriteGet,
    WritePatch,
    /// The status manager compares the API object with its cache.
    Reconcile,
    /// The scheduler binds the pod.
    Bind,
    /// The kubelet's own watch shows it the pod, or its deletion.
    KubeletSees,
    /// The client's requests.
    Delete {
        grace_s: Option<u32>,
    },
    Budget,
    CleanUp,
    RemoveFinalizer,
}

/// Events that are due at some time, of most pods.
const EVENTS_MOSTLY: usize = 16;

/// An event with its time; the soonest is the greatest, and of equally soon ones that which was set up first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Due {
    at: UnixMs,
    number: u32,
    event: Event,
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The simulation of one pod.
pub struct Node<'a> {
    pub behaviour: &'a Behaviour,
    pub work: &'a Workload,
    pub fault: Option<Fault>,
    /// Factor of all latencies: 1 is an idle node.
    pub load: UnixMs,
    pub dice: Dice,
    pub now: UnixMs,
    pub pod: PodState,
    pub cached: Rc<Published>,
    pub runtime: Runtime,
    pub worker: PodWorker,
    pub probers: Vec<Prober>,
    pub writer: Writer,
    pub api: Api,
    pub client: Client,
    pub uid: u64,
    /// Timestamp of the newest relist, and what it saw of each container: instances started and ended.
    pub cache_at: Option<UnixMs>,
    relisted: Vec<(usize, usize)>,
    /// What is to happen.
    events: BinaryHeap<Due>,
    next_event: u32,
}

impl<'a> Node<'a> {
    /// A pod that a client creates at `created_ms`.
    pub fn new(
        behaviour: &'a Behaviour,
        work: &'a Workload,
        fault: Option<Fault>,
        load: UnixMs,
        mut dice: Dice,
        created_ms: UnixMs,
    ) -> Self {
        let containers = work.spec.containers.len();
        let api = Api::new(containers);
        let uid = dice.aside(1, i64::MAX - 1) as u64;
        let mut node = Self {
            behaviour,
            work,
            fault,
            load,
            dice,
            now: created_ms,
            pod: PodState::new(&work.spec),
            cached: Rc::new(Published::unseen()),
            runtime: Runtime::new(uid, containers, load),
            worker: PodWorker::new(containers, &api.view),
            probers: Vec::new(),
            writer: Writer::default(),
            api,
            client: Client::default(),
            uid,
            cache_at: None,
            relisted: vec![(0, 0); containers],
            events: BinaryHeap::with_capacity(EVENTS_MOSTLY),
            next_event: 0,
        };
        let phase_ms = node.dice.phase(0, 999);
        node.after(phase_ms, Event::Relist { periodic: true });
        let reconcile_ms = node.dice.between(0, 9_999);
        node.after(reconcile_ms, Event::Reconcile);
        node.created();
        node
    }

    /// Runs until the object is gone, or until nothing more is to be expected of it. Returns the time of the end.
    pub fn run(&mut self) -> UnixMs {
        const AFTERMATH_MS: UnixMs = 60_000;
        let grace_ms = UnixMs::from(self.work.spec.grace_s) * 1_000;
        let limit = self.now + UnixMs::from(self.work.observe_ms_max) + 2 * grace_ms + AFTERMATH_MS * self.load;
        while let Some(&Due { at, event, .. }) = self.events.peek() {
            if at > limit {
                return limit;
            }
            self.now = at;
            if event == (Event::Relist { periodic: true }) {
                self.relist_again();
            } else {
                self.events.pop();
                self.handle(event);
            }
            if self.api.is_gone() {
                return self.api.last_at();
            }
        }
        self.now
    }

    /// Lets something happen `delay_ms` from now.
    pub fn after(&mut self, delay_ms: UnixMs, event: Event) {
        let due = self.due(delay_ms, event);
        self.events.push(due);
    }

    fn due(&mut self, delay_ms: UnixMs, event: Event) -> Due {
        let number = self.next_event;
        self.next_event += 1;
        let at = self.now + delay_ms;
        Due { at, number, event }
    }

    /// A latency between the bounds, times the load.
    pub fn latency(&mut self, lo: UnixMs, hi: UnixMs) -> UnixMs {
        self.dice.between(lo, hi) * self.load
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Relist { .. } => self.relist(),
            Event::Queue { generation, slack_ms } => self.queue_due(generation, slack_ms),
            Event::Resume => self.resume(),
            Event::Probe { prober, generation } => self.probe_tick(prober, generation),
            Event::WriteTake => self.write_take(),
            Event::WriteGet => self.write_get(),
            Event::WritePatch => self.write_patch(),
            Event::Reconcile => self.reconcile(),
            Event::Bind => self.bind(),
            Event::KubeletSees => self.kubelet_sees(),
            Event::Delete { grace_s } => self.delete(grace_s),
            Event::Budget => self.budget_over(),
            Event::CleanUp => self.clean_up(),
            Event::RemoveFinalizer => self.remove_finalizer(),
        }
    }

    /// PLEG's own relist, which is the next event, takes place, and comes again: there and back on the heap once a second is
    /// what the simulation does most, so it is moved once.
    fn relist_again(&mut self) {
        let took_ms = self.latency(3, 40);
        let again = self.due(1_000 + took_ms, Event::Relist { periodic: true });
        if let Some(mut soonest) = self.events.peek_mut() {
            *soonest = again;
        }
        self.relist();
    }

    /// PLEG: compares the runtime with what it saw last, and wakes the worker once for each change.
    fn relist(&mut self) {
        self.cache_at = Some(self.now);
        let mut wakes = 0;
        for index in 0..self.relisted.len() {
            let (started, ended) = self.runtime.counts(index, self.now);
            let (started_before, ended_before) = self.relisted[index];
            self.relisted[index] = (started, ended);
            let new_ends = ended - ended_before;
            // What started and ended between two relists is only seen to have ended.
            let unseen_lives = new_ends.saturating_sub(started_before - ended_before);
            wakes += new_ends + (started - started_before).saturating_sub(unseen_lives);
            if new_ends > 0 {
                self.runtime.prune(index, self.now, &mut self.dice);
            }
        }
        self.try_begin();
        for _ in 0..wakes {
            self.wake();
        }
    }
}
