//! How each known deviation comes to a simulated node: by itself, because the kubelet of a version does it, or planted.

use crate::simulate::Fault;

/// A known deviation on a simulated node.
#[derive(Clone, Copy, Debug)]
pub struct Twin {
    /// Name of the deviation.
    pub deviation: &'static str,
    /// A version that has it.
    pub version: &'static str,
    /// What has to be planted there; `None`: the model of that version, or of the API server, does it.
    pub fault: Option<Fault>,
    /// Planted in a version that is rid of it, it is an unknown divergence; `None`: no version is.
    pub regression: Option<(Fault, &'static str)>,
}

/// One entry for each known deviation that a simulated node can have.
pub const TWINS: &[Twin] = &[
    by_itself("kubernetes#125404", "1.29.2").regressed(Fault::PodIpVanishes, "1.34.0"),
    by_itself("kubernetes#125880", "1.29.2").regressed(Fault::AbsentSidecarBlocks, "1.34.0"),
    by_itself("kubernetes#132826", "1.34.0").regressed(Fault::ProbeWorkersLost, "1.37.0"),
    planted("kubernetes#123323", "1.29.2", Fault::RestartedSidecarRefused)
        .regressed(Fault::RestartedSidecarRefused, "1.37.0"),
    by_itself("kubernetes#141342", "1.37.0").regressed(Fault::StartedInherited, "1.34.0"),
    planted("containerd/exit-code-2", "1.37.0", Fault::StartInterrupted),
    by_itself("kubernetes#128516", "1.29.2").regressed(Fault::PendingAgain, "1.34.0"),
    planted("kubernetes#101044", "1.34.0", Fault::LastStateLost).regressed(Fault::LastStateLost, "1.37.0"),
    planted("podcheck/RS-9", "1.37.0", Fault::LastStateCollected),
    planted("containerd/started-after-its-end", "1.37.0", Fault::StartedAfterItsEnd),
    by_itself("kubernetes#87039", "1.37.0"),
    by_itself("kubernetes#113606", "1.37.0"),
    by_itself("kubernetes#121398", "1.37.0"),
    by_itself("kubernetes#83916", "1.37.0"),
    by_itself("kubernetes#134660", "1.34.0"),
    by_itself("kubernetes#119617", "1.37.0"),
    planted("podcheck/IP-GC", "1.37.0", Fault::PodIpCollected),
    by_itself("podcheck/TO-3", "1.37.0"),
    by_itself("podcheck/RS-2", "1.34.0").regressed(Fault::CompletionBlockedByLastSidecar, "1.37.0"),
    by_itself("podcheck/RS-10", "1.37.0"),
    by_itself("podcheck/RS-3", "1.34.0").regressed(Fault::CompletionBlockedByLastSidecar, "1.37.0"),
    by_itself("podcheck/WR-5", "1.37.0"),
    by_itself("podcheck/never-ran-137", "1.37.0"),
    planted("podcheck/WS-1", "1.37.0", Fault::TerminalPhaseTooEarly),
    by_itself("podcheck/PB-10", "1.37.0"),
    by_itself("podcheck/PB-12", "1.34.0"),
    by_itself("podcheck/PB-13", "1.37.0"),
    by_itself("podcheck/RS-11", "1.37.0"),
    by_itself("podcheck/PB-14", "1.37.0"),
    by_itself("podcheck/WR-4", "1.37.0"),
    by_itself("podcheck/PH-1", "1.37.0"),
    by_itself("podcheck/TO-INIT", "1.37.0"),
    by_itself("kubernetes#109537", "1.37.0"),
    planted("podcheck/WR-7", "1.37.0", Fault::CreatedSaysNothing),
    by_itself("kubernetes#22240", "1.37.0"),
    by_itself("podcheck/TO-0", "1.37.0"),
    by_itself("podcheck/WS-4", "1.34.0"),
    planted("podcheck/PB-15", "1.37.0", Fault::LateReadiness),
    // The simulated node's cgroups are of version 2.
    planted("podcheck/NO-LIMIT", "1.37.0", Fault::NoLimitTold).regressed(Fault::NoLimitTold, "1.34.0"),
];

/// Known deviations that no simulated node has, and why.
pub const WITHOUT_TWIN: &[(&str, &str)] = &[
    (
        "podcheck/LIFE-GC",
        "no simulated kubelet collects a pod's containers before it has finished with it",
    ),
    ("podcheck/SB-1", "no simulated node loses a sandbox"),
    ("podcheck/PH-2", "pods with activeDeadlineSeconds are not simulated"),
];

const fn by_itself(deviation: &'static str, version: &'static str) -> Twin {
    Twin {
        deviation,
        version,
        fault: None,
        regression: None,
    }
}

const fn planted(deviation: &'static str, version: &'static str, fault: Fault) -> Twin {
    Twin {
        fault: Some(fault),
        ..by_itself(deviation, version)
    }
}

impl Twin {
    const fn regressed(self, fault: Fault, version: &'static str) -> Self {
        Self {
            regression: Some((fault, version)),
            ..self
        }
    }
}

/// Is a pod that shows this deviation what the planted fault was meant to bring about?
pub fn is_twin(fault: Fault, deviation: &str) -> bool {
    TWINS
        .iter()
        .any(|twin| twin.fault == Some(fault) && twin.deviation == deviation)
}
