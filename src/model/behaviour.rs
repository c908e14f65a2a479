//! What a kubelet version does, as named switches; each one names the change that flipped it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kubelet's (or API server's) version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KubeletVersion {
    pub minor: u32,
    pub patch: u32,
}

/// A version string that the model cannot use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    #[error("`{0}` is not a Kubernetes version; write it like v1.34.0 or 1.34")]
    Malformed(String),
    #[error("the model covers kubelets 1.28 to 1.37, not {0}; use a version in that range")]
    NotCovered(KubeletVersion),
}

impl FromStr for KubeletVersion {
    type Err = VersionError;

    /// Accepts `v1.34.0`, `1.34` (the patch is 0 then) and vendor suffixes (`v1.34.0-gke.1`, `v1.29.2+k3s1`).
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let malformed = || VersionError::Malformed(text.to_string());
        let core = text
            .trim()
            .trim_start_matches('v')
            .split(['-', '+'])
            .next()
            .unwrap_or_default();
        let numbers: Vec<u32> = core
            .split('.')
            .map(|part| part.parse().map_err(|_| malformed()))
            .collect::<Result<_, _>>()?;
        let version = match numbers[..] {
            [1, minor] => Self { minor, patch: 0 },
            [1, minor, patch] => Self { minor, patch },
            _ => return Err(malformed()),
        };
        if (28..=37).contains(&version.minor) {
            Ok(version)
        } else {
            Err(VersionError::NotCovered(version))
        }
    }
}

impl fmt::Display for KubeletVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1.{}.{}", self.minor, self.patch)
    }
}

/// RS-1: which main instances make the pod count as initialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MainLookup {
    /// 1.28: a main in any state.
    AnyState,
    /// 1.29 to 1.36 (#120269): a main that is created or running; exited ones do not count.
    Running,
    /// 1.37 (#138514): a main in any state in the current sandbox.
    AnyStateInSandbox,
}

/// BO-5: when a refused start is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackoffRetry {
    /// Up to 1.34: the worker's error tick, every 10 to 15 s.
    ErrorTick,
    /// 1.35 (#133066): when the back-off runs out (times 1.0 to 1.5), at most 60 s apart.
    AtExpiry,
}

/// What one kubelet version does where versions differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    pub version: KubeletVersion,
    /// TO-1, #120620 (1.29): sidecars stop after the mains, in reverse order.
    pub ordered_sidecar_termination: bool,
    /// TO-3, #125880: a later sidecar that is not running blocks the earlier ones for the whole grace period.
    pub absent_sidecar_blocks_earlier: bool,
    /// RS-1.
    pub main_lookup: MainLookup,
    /// KEP-3085: the condition PodReadyToStartContainers exists (beta since 1.29).
    pub ready_to_start_condition: bool,
    /// #134660 (1.36): PodReadyToStartContainers turns true in an update of its own, right after sandbox creation.
    pub ready_to_start_announced: bool,
    /// #135300 (1.37): PodReadyToStartContainers=False carries a reason.
    pub sandbox_not_ready_reason: bool,
    /// WR-1, KEP-5307 (1.35): a sidecar's own restartPolicy decides whether CrashLoopBackOff is shown for it.
    pub sidecar_waiting_by_own_policy: bool,
    /// #126653 (1.32): an init container that runs makes the pod Pending even after a main has run.
    pub init_running_is_pending: bool,
    /// #128516 (1.33): "has begun" looks at the runtime's mains, not at the published ones.
    pub begun_by_runtime: bool,
    /// CO-1, KEP-5532 (1.36): Initialized stays true once it was true.
    pub initialized_is_latched: bool,
    /// RS-9, KEP-5532 (1.36): lastState falls back to the cached status instead of vanishing.
    pub last_state_is_sticky: bool,
    /// PB-7, #134746 (1.35 to 1.37): `started` is inherited by container name.
    pub started_is_inherited: bool,
    /// PB-5, up to 1.31 (#121206): a startup probe that has passed is asked again while the status says that it has not.
    pub startup_probe_is_asked_again: bool,
    /// PB-6, #132826: probe workers of a sidecar in a Never pod end with its first life.
    pub never_pod_loses_probe_workers: bool,
    /// PB-6 (1.37): a missing probe worker behind an existing one is made again.
    pub probe_workers_are_completed: bool,
    /// #125404: podIP vanishes for a moment at the terminal transition.
    pub pod_ip_vanishes_at_end: bool,
    /// #137362 (1.36): a start is followed by an immediate relist of the pod.
    pub relist_on_demand: bool,
    /// BO-5.
    pub backoff_retry: BackoffRetry,
}

impl Behaviour {
    /// The switches of `version` with the gates' defaults (1.28: with `SidecarContainers=true`).
    pub fn of(version: KubeletVersion) -> Self {
        let KubeletVersion { minor, patch } = version;
        let fixed_in = |fixes: &[(u32, u32)], since_minor: u32| {
            minor >= since_minor || fixes.iter().any(|&(m, p)| m == minor && patch >= p)
        };
        Self {
            version,
            ordered_sidecar_termination: minor >= 29,
            absent_sidecar_blocks_earlier: minor >= 29 && !fixed_in(&[(29, 8), (30, 4)], 31),
            main_lookup: match minor {
                ..=28 => MainLookup::AnyState,
                29..=36 => MainLookup::Running,
                _ => MainLookup::AnyStateInSandbox,
            },
            ready_to_start_condition: minor >= 29,
            ready_to_start_announced: minor >= 36,
            sandbox_not_ready_reason: minor >= 37,
            sidecar_waiting_by_own_policy: minor >= 35,
            init_running_is_pending: minor >= 32,
            begun_by_runtime: minor >= 33,
            initialized_is_latched: minor >= 36,
            last_state_is_sticky: minor >= 36,
            started_is_inherited: minor >= 35,
            startup_probe_is_asked_again: minor < 32,
            never_pod_loses_probe_workers: !fixed_in(&[(33, 6), (34, 2)], 35),
            probe_workers_are_completed: minor >= 37,
            pod_ip_vanishes_at_end: !fixed_in(&[(28, 13), (29, 8), (30, 4)], 31),
            relist_on_demand: minor >= 36,
            backoff_retry: if minor >= 35 {
                BackoffRetry::AtExpiry
            } else {
                BackoffRetry::ErrorTick
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Behaviour {
        Behaviour::of(text.parse().unwrap())
    }

    #[test]
    fn versions_are_read_with_and_without_suffixes() {
        assert_eq!("v1.29.2".parse(), Ok(KubeletVersion { minor: 29, patch: 2 }));
        assert_eq!("1.34".parse(), Ok(KubeletVersion { minor: 34, patch: 0 }));
        assert_eq!("v1.30.4+k3s1".parse(), Ok(KubeletVersion { minor: 30, patch: 4 }));
        assert!(matches!(
            "1.27.3".parse::<KubeletVersion>(),
            Err(VersionError::NotCovered(_))
        ));
        assert!(matches!(
            "latest".parse::<KubeletVersion>(),
            Err(VersionError::Malformed(_))
        ));
    }

    #[test]
    fn patch_releases_flip_the_switches_of_their_picks() {
        assert!(of("v1.29.7").absent_sidecar_blocks_earlier && !of("v1.29.8").absent_sidecar_blocks_earlier);
        assert!(of("v1.34.1").never_pod_loses_probe_workers && !of("v1.34.2").never_pod_loses_probe_workers);
        assert!(of("v1.32.9").never_pod_loses_probe_workers);
        assert!(!of("v1.28.15").absent_sidecar_blocks_earlier);
    }
}
