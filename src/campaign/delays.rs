//! How late the machine was and when, as the pods of the run themselves show it, and the bounds that follow.
//!
//! A pod is judged by the delays of the *other* pods that lived at the same time: a load that holds one kubelet up holds
//! its neighbours up too, and what holds up only this pod is the kubelet's own doing.

pub mod samples;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::check::Bounds;
use crate::trace::{Trace, UnixMs};
pub use samples::Sample;

/// What the bounds allow for in any case: latencies are never measured completely.
const FLOOR_MS: i64 = 2_000;
/// A machine that is later than this cannot be judged by times; the bounds stop growing here.
const CEILING_MS: i64 = 60_000;
/// With fewer samples around a pod, what is allowed does not go below the bounds of an unknown machine.
const SAMPLES_MIN: usize = 30;
/// Delays are kept by time in steps of this length.
const BUCKET_MS: i64 = 5_000;
/// A pod is affected by what happened this long before its first event.
const BEFORE_MS: i64 = 5_000;

/// Delays of a run, by time. All nodes count together: those of a Kind cluster share their machine.
#[derive(Clone, Debug, Default)]
pub struct Delays {
    /// Steps of time.
    buckets: BTreeMap<i64, Bucket>,
    /// Known beforehand.
    fixed_ms: Option<i64>,
}

/// A step of time: the largest delays of two different pods, and how many there were.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    slots: [Slot; 2],
    samples: usize,
}

/// A pod's largest delay in a step of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    excess_ms: i64,
    pod: u64,
}

impl Delays {
    /// Those of a machine of which they are known.
    pub fn fixed(delay_ms: i64) -> Self {
        Self {
            fixed_ms: Some(delay_ms),
            ..Self::default()
        }
    }

    /// Takes the delays that a pod shows.
    pub fn see(&mut self, trace: &Trace) {
        if !trace.gaps.is_empty() {
            return;
        }
        let pod = identity(trace);
        for Sample {
            from_ms,
            until_ms,
            idle_ms,
        } in samples::of(trace)
        {
            let excess_ms = (until_ms - from_ms - idle_ms).max(0);
            // What takes longer than the ceiling is no delay but a thing that never happened.
            let steps = from_ms.max(until_ms - CEILING_MS) / BUCKET_MS..=until_ms / BUCKET_MS;
            for step in steps {
                let bucket = self.buckets.entry(step).or_default();
                bucket.samples += 1;
                put(&mut bucket.slots, Slot { excess_ms, pod });
            }
        }
    }

    /// The bounds for judging this pod: wide ones if nothing tells how late the machine was.
    pub fn bounds(&self, trace: &Trace) -> Bounds {
        self.delay_ms(trace).map_or_else(Bounds::default, Bounds::with_delay)
    }

    /// What is allowed for while this pod lived; absent: no other pod tells.
    pub fn delay_ms(&self, trace: &Trace) -> Option<i64> {
        if self.fixed_ms.is_some() {
            return self.fixed_ms;
        }
        let pod = identity(trace);
        let (first_ms, last_ms) = (trace.steps.first()?.at_ms?, trace.steps.last()?.at_ms?);
        let steps = (first_ms - BEFORE_MS) / BUCKET_MS..=last_ms.max(first_ms) / BUCKET_MS;
        let lived = || self.buckets.range(steps.clone()).map(|(_, bucket)| bucket);
        let others = lived().flat_map(|bucket| &bucket.slots);
        let others = others.filter(|slot| slot.pod != pod && **slot != Slot::default());
        let measured_ms = FLOOR_MS + others.map(|slot| slot.excess_ms).max()? * 5 / 4;
        let samples: usize = lived().map(|bucket| bucket.samples).sum();
        let floor_ms = if samples < SAMPLES_MIN {
            Bounds::default().delay_ms
        } else {
            0
        };
        Some(measured_ms.max(floor_ms).min(CEILING_MS))
    }
}

/// Keeps the two largest of different pods, the larger one first.
fn put(slots: &mut [Slot; 2], new: Slot) {
    let [first, second] = *slots;
    *slots = if new.pod == first.pod {
        [if new.excess_ms > first.excess_ms { new } else { first }, second]
    } else if new.excess_ms > first.excess_ms || first == Slot::default() {
        [new, first]
    } else if new.excess_ms > second.excess_ms || second == Slot::default() {
        [first, new]
    } else {
        [first, second]
    };
}

fn identity(trace: &Trace) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&trace.uid, &trace.name).hash(&mut hasher);
    hasher.finish()
}

/// When something happened, on the clock of the recording.
type At = UnixMs;

#[cfg(test)]
mod tests {
    use podcheck_generators::{Profile, cases};

    use super::*;
    use crate::model::KubeletVersion;
    use crate::simulate::{Options, simulate};

    #[test]
    fn the_two_largest_of_different_pods_are_kept() {
        let slot = |excess_ms, pod| Slot { excess_ms, pod };
        let mut slots = [Slot::default(); 2];
        for new in [slot(0, 1), slot(5, 1), slot(3, 2), slot(4, 3), slot(2, 1), slot(9, 2)] {
            put(&mut slots, new);
        }
        assert_eq!(slots, [slot(9, 2), slot(5, 1)]);
        put(&mut slots, slot(7, 1));
        assert_eq!(slots, [slot(9, 2), slot(7, 1)]);
    }

    fn crowd(load: u32) -> (Delays, Vec<Trace>) {
        let kubelet = KubeletVersion { minor: 34, patch: 0 };
        let simulated = cases(Profile::Init, 1).take(40).map(|(id, scenario)| {
            let options = Options {
                load,
                ..Options::new(kubelet, id.index)
            };
            simulate(&scenario, &options)
        });
        let traces: Vec<Trace> = simulated.collect();
        let mut delays = Delays::default();
        traces.iter().for_each(|trace| delays.see(trace));
        (delays, traces)
    }

    #[test]
    fn a_loaded_machine_is_allowed_more() {
        let most_ms = |load| {
            let (delays, traces) = crowd(load);
            traces
                .iter()
                .filter_map(|trace| delays.delay_ms(trace))
                .max()
                .expect("samples")
        };
        let (idle_ms, loaded_ms) = (most_ms(1), most_ms(10));
        assert!(idle_ms < 5_000, "{idle_ms}");
        assert!(loaded_ms > 2 * idle_ms && loaded_ms <= CEILING_MS, "{loaded_ms}");
    }

    #[test]
    fn a_pod_does_not_excuse_itself() {
        let (_, traces) = crowd(1);
        let mut alone = Delays::default();
        alone.see(&traces[0]);
        assert_eq!(alone.delay_ms(&traces[0]), None);
        assert_eq!(alone.bounds(&traces[0]), Bounds::default());
    }
}
