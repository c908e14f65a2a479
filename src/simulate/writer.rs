//! The status manager: it writes the newest cached status, one write at a time, and hides terminal phases while
//! containers may run (9.1, WS-1).

use std::rc::Rc;

use super::node::{Event, Node};
use super::status::Published;
use crate::trace::{Phase, UnixMs};

/// The writing goroutine.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    /// Newer than what was written last.
    dirty: bool,
    /// A write is under way, or about to be.
    busy: bool,
    taken: Option<Rc<Published>>,
    phase: Option<Phase>,
    /// The taken status is the last one.
    last: bool,
}

impl Node<'_> {
    /// The cached status changes; equal ones are not written again.
    pub fn set_status(&mut self, status: Published, force: bool) {
        // One that differs only in the generation it was computed for would show nothing new.
        let is_news = force || !status.shows_the_same(&self.cached);
        self.cached = Rc::new(status);
        if !is_news {
            return;
        }
        self.writer.dirty = true;
        self.write_soon();
    }

    /// A result or announcement was written into the cached status.
    pub fn status_touched(&mut self) {
        let status = Published::touched(&self.work.spec, &self.pod, &self.cached, self.now);
        self.set_status(status, false);
    }

    fn write_soon(&mut self) {
        if self.writer.busy {
            return;
        }
        self.writer.busy = true;
        // Mostly at once; now and then other pods are first, and statuses are skipped.
        let delay_ms = self.dice.seldom(&[(4, 400, 2_000), (12, 40, 400)], (0, 4)) * self.load;
        self.after(delay_ms, Event::WriteTake);
    }

    /// The newest status is taken.
    pub fn write_take(&mut self) {
        self.writer.dirty = false;
        self.writer.taken = Some(self.cached.clone());
        self.writer.last = self.worker.finished;
        // The phase is decided only when the API server has answered, which the status does not know of (WS-1).
        const SLOW_MS: UnixMs = 2_000;
        let delay_ms = self.dice.slow(1, 8, SLOW_MS) * self.load;
        self.after(delay_ms, Event::WriteGet);
    }

    /// The pod has been fetched: the phase is decided.
    pub fn write_get(&mut self) {
        let Some(taken) = &self.writer.taken else { return };
        let phase = taken.status.phase;
        let hidden = phase.is_terminal() && self.phase_is_hidden();
        self.writer.phase = Some(if hidden { self.api.view.phase } else { phase });
        let delay_ms = self.write_ms(2, 12);
        self.after(delay_ms, Event::WritePatch);
    }

    /// The patch has been applied.
    pub fn write_patch(&mut self) {
        let (Some(taken), Some(phase)) = (self.writer.taken.take(), self.writer.phase.take()) else {
            return;
        };
        if let Some(view) = self.tampered_view(taken.view(phase, &self.api.view)) {
            let seen = self.tampered_seen(&view, taken.seen.clone());
            let pod_seen = self.tampered_pod_seen(taken.pod_seen.clone());
            self.publish(view, seen, pod_seen);
        }
        self.writer.busy = false;
        if self.writer.last {
            self.kubelet_deletes();
        }
        if self.writer.dirty {
            self.write_soon();
        }
    }

    fn write_ms(&mut self, lo: UnixMs, hi: UnixMs) -> UnixMs {
        if self.dice.is_canonical() {
            0
        } else {
            self.latency(lo, hi)
        }
    }

    /// Every 10 s the API object is compared with the cache.
    pub fn reconcile(&mut self) {
        self.after(10_000, Event::Reconcile);
        let cached = &self.cached;
        if !cached.status.containers.is_empty() && !cached.is_shown_by(&self.api.view) {
            self.write_soon();
        }
    }
}
