//! CPU time of this program and of the cluster's, where both run on this machine (a Kind cluster's do).

use std::collections::BTreeMap;

use serde::Serialize;

/// Programs of a node that work for pods.
const NODE_PROGRAMS: [&str; 3] = ["kubelet", "containerd", "kube-apiserver"];

/// CPU time in seconds, user and system together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CpuTimes {
    /// This process.
    pub own_s: f64,
    /// The node's programs that run on this machine, by name, all processes of a name together.
    pub node_s: BTreeMap<&'static str, f64>,
}

impl CpuTimes {
    /// Since the processes were started; `None` where the system does not tell.
    #[cfg(target_os = "linux")]
    pub fn now() -> Option<Self> {
        use procfs::process::{Process, Stat, all_processes};
        let ticks_per_s = procfs::ticks_per_second() as f64;
        let seconds = |stat: &Stat| (stat.utime + stat.stime) as f64 / ticks_per_s;
        let mut times = Self {
            own_s: seconds(&Process::myself().ok()?.stat().ok()?),
            ..Self::default()
        };
        // A process that ends while it is looked at is none of the long-lived ones.
        for stat in all_processes().ok()?.filter_map(|process| process.ok()?.stat().ok()) {
            if let Some(name) = NODE_PROGRAMS.into_iter().find(|name| *name == stat.comm) {
                *times.node_s.entry(name).or_default() += seconds(&stat);
            }
        }
        Some(times)
    }

    /// Since the processes were started; `None` where the system does not tell.
    #[cfg(not(target_os = "linux"))]
    pub fn now() -> Option<Self> {
        None
    }

    /// What was used since `earlier`; a program that has been started again counts from its start.
    pub fn since(&self, earlier: &Self) -> Self {
        let used = |now: f64, then: f64| if now < then { now } else { now - then };
        let then = |name| earlier.node_s.get(name).copied().unwrap_or_default();
        Self {
            own_s: used(self.own_s, earlier.own_s),
            node_s: self
                .node_s
                .iter()
                .map(|(&name, &now)| (name, used(now, then(name))))
                .collect(),
        }
    }

    /// Own time as a share of the node's programs'; `None` if none of them runs here.
    pub fn share(&self) -> Option<f64> {
        let node_s: f64 = self.node_s.values().sum();
        (node_s > 0.0).then(|| self.own_s / node_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(own_s: f64, kubelet_s: f64) -> CpuTimes {
        CpuTimes {
            own_s,
            node_s: BTreeMap::from([("kubelet", kubelet_s)]),
        }
    }

    #[test]
    fn what_was_used_is_the_difference() {
        let used = times(3.0, 110.0).since(&times(1.0, 10.0));
        assert_eq!(used, times(2.0, 100.0));
        assert_eq!(used.share(), Some(0.02));
        assert_eq!(
            times(3.0, 4.0).since(&times(1.0, 10.0)).node_s["kubelet"],
            4.0,
            "started again"
        );
        assert_eq!(CpuTimes::default().share(), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_used_some() {
        assert!(CpuTimes::now().is_some_and(|times| times.own_s >= 0.0));
    }
}
