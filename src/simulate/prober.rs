//! Probe workers (spec 5): they look at the cached status, so they see a container only once a status shows it.

use podcheck_generators::{Probe, ProbeHandler};

use super::faults::Fault;
use super::node::{Event, Node};
use crate::model::{self, Kind, Probed, RestartPolicy, State, Worker};
use crate::trace::UnixMs;

/// One probe worker.
#[derive(Clone, Debug)]
pub struct Prober {
    index: usize,
    worker: Worker,
    alive: bool,
    generation: u32,
    /// The instance whose result it holds.
    looks_at: Option<u32>,
    on_hold: bool,
    last: Option<bool>,
    run: u32,
    /// The stored result; the undecided one is a startup worker's first.
    stored: Option<Probed>,
}

/// PB-1 (#119089): from here on an answer out of turn begins the readiness worker's period anew.
pub(super) const RESETS_SINCE_MINOR: u32 = 32;

impl Node<'_> {
    /// Makes the workers that the model has added.
    pub fn add_probers(&mut self) {
        for kind in [Kind::Main, Kind::Sidecar] {
            for index in (0..self.pod.containers.len()).filter(|&index| self.work.spec.containers[index].kind == kind) {
                for worker in [Worker::Startup, Worker::Readiness, Worker::Liveness] {
                    let exists = |p: &Prober| p.alive && p.index == index && p.worker == worker;
                    if self.pod.containers[index].has_worker(worker) && !self.probers.iter().any(exists) {
                        self.probers.push(Prober {
                            index,
                            worker,
                            alive: true,
                            generation: 0,
                            looks_at: None,
                            on_hold: false,
                            last: None,
                            run: 0,
                            stored: None,
                        });
                        self.after(
                            0,
                            Event::Probe {
                                prober: self.probers.len() as u32 - 1,
                                generation: 0,
                            },
                        );
                    }
                }
            }
        }
    }

    /// PB-1: a computed status of a started container that is not ready asks its readiness worker at once.
    pub fn trigger_readiness(&mut self) {
        for number in 0..self.probers.len() {
            let prober = &self.probers[number];
            let Some(view) = self.pod.status.containers.get(prober.index) else {
                continue;
            };
            let asked = view.state == State::Running && view.started && !view.ready;
            if prober.alive && prober.worker == Worker::Readiness && asked {
                let resets = self.behaviour.version.minor >= RESETS_SINCE_MINOR;
                if resets {
                    self.probers[number].generation += 1;
                }
                let generation = if resets {
                    self.probers[number].generation
                } else {
                    u32::MAX
                };
                self.after(
                    0,
                    Event::Probe {
                        prober: number as u32,
                        generation,
                    },
                );
            }
        }
    }

    /// All workers end.
    pub fn stop_probers(&mut self) {
        for prober in &mut self.probers {
            prober.alive = false;
        }
    }

    /// TP-B: the startup and liveness workers of mains end when the termination begins.
    pub fn stop_main_probers(&mut self) {
        for number in 0..self.probers.len() {
            let prober = &self.probers[number];
            if self.kind(prober.index) == Kind::Main && prober.worker != Worker::Readiness {
                self.end_prober(number);
            }
        }
    }

    fn end_prober(&mut self, number: usize) {
        let prober = &mut self.probers[number];
        if std::mem::take(&mut prober.alive) {
            let (index, worker) = (prober.index, prober.worker);
            model::worker_lost(&mut self.pod, index, worker);
        }
    }

    /// A tick, or a request out of turn (generation `MAX`).
    pub fn probe_tick(&mut self, prober: u32, generation: u32) {
        let number = prober as usize;
        let prober = &self.probers[number];
        let manual = generation == u32::MAX;
        if !prober.alive || (!manual && generation != prober.generation) {
            return;
        }
        let probe = *self.probe(number);
        if !self.probe_once(number, &probe) {
            self.end_prober(number);
        } else if !manual {
            self.after(
                UnixMs::from(probe.period_seconds) * 1_000,
                Event::Probe {
                    prober: number as u32,
                    generation,
                },
            );
        }
    }

    fn probe(&self, number: usize) -> &Probe {
        let prober = &self.probers[number];
        let container = &self.work.containers[prober.index];
        let probe = match prober.worker {
            Worker::Startup => &container.startup,
            Worker::Readiness => &container.readiness,
            Worker::Liveness => &container.liveness,
        };
        probe
            .as_ref()
            .expect("workers are made for probes that the specification has")
    }

    /// Returns whether the worker goes on.
    fn probe_once(&mut self, number: usize, probe: &Probe) -> bool {
        if self.pod.status.phase.is_terminal() {
            return false;
        }
        let (index, worker) = (self.probers[number].index, self.probers[number].worker);
        let status = self.pod.status.clone();
        let Some(view) = status.containers.get(index) else {
            return true;
        };
        let Some(seen) = self.cached.seen.get(index).filter(|seen| seen.container_id.is_some()) else {
            return true;
        };
        let started_at = seen.started_at.unwrap_or(self.now);
        let n = view.restart_count;
        if self.probers[number].looks_at != Some(n) {
            self.probers[number].looks_at = Some(n);
            self.probers[number].stored = None;
            self.probers[number].on_hold = false;
            self.store(
                number,
                match worker {
                    Worker::Startup => Probed::Pending,
                    Worker::Readiness => Probed::Failure,
                    Worker::Liveness => Probed::Success,
                },
            );
        }
        if self.probers[number].on_hold {
            return true;
        }
        if view.state != State::Running {
            let late = self.fault == Some(Fault::LateReadiness) && worker == Worker::Readiness;
            self.store(number, if late { Probed::Success } else { Probed::Failure });
            return !matches!(view.state, State::Terminated(_)) || self.restarts_some_time(index);
        }
        let waits = self.fault != Some(Fault::InitialDelayIgnored);
        if waits && (self.now - started_at) / 1_000 < UnixMs::from(probe.initial_delay_seconds) {
            return true;
        }
        let early = self.fault == Some(Fault::LivenessBeforeStartup) && worker == Worker::Liveness;
        if view.started == (worker == Worker::Startup) && !early {
            return true;
        }
        let Some(passes) = self.ask(index, n, probe) else {
            return true;
        };
        self.count(number, probe, passes);
        true
    }

    /// PB-6: does the worker wait for another life of a container that it sees terminated?
    fn restarts_some_time(&self, index: usize) -> bool {
        let sidecar = self.kind(index) == Kind::Sidecar && !self.behaviour.never_pod_loses_probe_workers;
        self.work.spec.restart_policy != RestartPolicy::Never || sidecar
    }

    /// One probe; nothing if it could not be made.
    fn ask(&self, index: usize, n: u32, probe: &Probe) -> Option<bool> {
        let instances = &self.runtime.instances[index];
        let (mut n, mut process) = (n, instances.get(n as usize)?);
        if !process.runs_at(self.now) {
            // A command cannot be run in what has ended.
            if probe.handler == ProbeHandler::Exec {
                return None;
            }
            // Over the network whatever has the pod's address answers: nobody, or the next life (PB-12).
            let newest = instances.last().filter(|newest| newest.runs_at(self.now));
            let Some(newest) = newest else { return Some(false) };
            (n, process) = (instances.len() as u32 - 1, newest);
        }
        let since_ms = self.now - process.script_ms;
        Some(since_ms >= 0 && probe.outcome.passes(n, since_ms as u32))
    }

    fn count(&mut self, number: usize, probe: &Probe, passes: bool) {
        let failures = self.tampered_failure_threshold(self.probers[number].worker, probe.failure_threshold);
        let successes = match self.fault {
            Some(Fault::SuccessThresholdIgnored) => 1,
            _ => probe.success_threshold,
        };
        let prober = &mut self.probers[number];
        prober.run = if prober.last == Some(passes) { prober.run + 1 } else { 1 };
        prober.last = Some(passes);
        if prober.run < if passes { successes } else { failures } {
            return;
        }
        let quiet = match (prober.worker, passes) {
            (Worker::Liveness, false) | (Worker::Startup, false) => true,
            (Worker::Startup, true) => !self.behaviour.startup_probe_is_asked_again,
            _ => false,
        };
        if quiet {
            prober.on_hold = true;
            prober.run = 0;
        }
        self.store(number, if passes { Probed::Success } else { Probed::Failure });
    }

    /// Stores a result; a change is written into the status and wakes the worker (PB-11, WS-3).
    fn store(&mut self, number: usize, result: Probed) {
        let prober = &mut self.probers[number];
        if prober.stored == Some(result) {
            return;
        }
        prober.stored = Some(result);
        let (index, worker, n) = (prober.index, prober.worker, prober.looks_at);
        let newest = self.pod.containers[index].newest.as_ref().map(|newest| newest.n);
        let published = self.pod.status.containers.get(index).map(|view| view.restart_count);
        if worker == Worker::Readiness && published == n {
            model::readiness_result(&self.work.spec, &mut self.pod, index, result == Probed::Success);
            self.status_touched();
        } else if newest == n {
            match worker {
                Worker::Startup => {
                    self.worker.passed_at[index] = Some(self.now);
                    model::startup_result(&mut self.pod, index, result);
                }
                Worker::Liveness if result == Probed::Failure => model::liveness_failed(&mut self.pod, index),
                Worker::Liveness | Worker::Readiness => {}
            }
            self.status_touched();
        }
        if worker != Worker::Liveness || result == Probed::Failure {
            self.wake();
        }
    }
}
