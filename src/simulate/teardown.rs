//! Stopping everything: order and grace accounting (spec 3.2).

use super::faults::Fault;
use super::node::Node;
use crate::model::Kind;
use crate::trace::UnixMs;

/// TO-5: the runtime is never given less than this.
const STOP_TIMEOUT_S_MIN: u32 = 2;

impl Node<'_> {
    /// Stops all that runs in the newest snapshot, then the sandbox; returns how long that takes.
    ///
    /// Nothing else can change an end while the worker is busy, so the whole course is known at once.
    pub fn stop_all(&mut self, grace_s: u32) -> UnixMs {
        let late_ms = if self.fault == Some(Fault::TermLate) { 25_000 } else { 0 };
        let begin = self.now + late_ms;
        let ordered = self.behaviour.ordered_sidecar_termination && self.fault != Some(Fault::SidecarsStoppedAtOnce);
        let count = self.pod.containers.len();
        let mut running: Vec<usize> = (0..count)
            .filter(|&index| self.pod.containers[index].is_running())
            .collect();
        if self.fault == Some(Fault::ContainerLeftRunning) {
            // The first main is forgotten, and lives on.
            if let Some(position) = running.iter().position(|&index| self.kind(index) == Kind::Main) {
                self.runtime.instances[running.remove(position)]
                    .last_mut()
                    .into_iter()
                    .for_each(|p| p.escape());
            }
        }
        let is_sidecar = |index: usize| self.work.spec.containers[index].kind == Kind::Sidecar;
        let mut done = begin;
        let mut mains_gone = begin;
        for &index in running.iter().filter(|&&index| !(ordered && is_sidecar(index))) {
            let gone = self.stop_one(index, begin, grace_s);
            done = done.max(gone);
            if self.kind(index) == Kind::Main {
                mains_gone = mains_gone.max(gone);
            }
        }
        let grace_end = begin + UnixMs::from(grace_s) * 1_000;
        // Each waits for the mains and for the sidecar that follows it directly, not for those behind.
        let mut order: Vec<usize> = (0..count).filter(|&index| is_sidecar(index)).collect();
        if self.fault != Some(Fault::SidecarsStoppedInListOrder) {
            order.reverse();
        }
        let mut before = begin;
        for (position, index) in order.into_iter().enumerate().filter(|_| ordered) {
            if !running.contains(&index) {
                let blocks = self.behaviour.absent_sidecar_blocks_earlier;
                before = if blocks { grace_end } else { begin };
                continue;
            }
            let its_turn = match self.fault {
                Some(Fault::SidecarsStoppedBeforeMains) if position == 0 => begin,
                Some(Fault::SidecarsStoppedBeforeMains) => before,
                _ => before.max(mains_gone),
            };
            let its_turn = its_turn.min(grace_end);
            let waited_s = ((its_turn - begin) / 1_000) as u32;
            let gone = self.stop_one(index, its_turn, grace_s.saturating_sub(waited_s));
            before = gone;
            done = done.max(gone);
        }
        let sandbox_ms = self.latency(40, 400);
        done + sandbox_ms - self.now
    }

    /// Stops one container; returns when the kubelet has noticed that it is gone.
    fn stop_one(&mut self, index: usize, at: UnixMs, grace_s: u32) -> UnixMs {
        let begin = at + self.latency(1, 15);
        let grace_ms = UnixMs::from(self.tampered_grace_s(grace_s.max(STOP_TIMEOUT_S_MIN))) * 1_000;
        if self.fault == Some(Fault::StartInterrupted) {
            self.runtime.interrupt_start(index, begin);
        }
        let end = self.runtime.stop(index, begin, grace_ms, &mut self.dice);
        end.max(begin) + self.latency(3, 40)
    }
}
