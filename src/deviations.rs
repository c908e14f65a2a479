//! The table of known deviations: promises that some versions are known to break.
//!
//! An entry covers a breach only for its versions, its guarantees and where its own mark is to be seen, so that it
//! cannot absorb another bug.

use std::fmt;

use crate::guarantees::{Breach, Case};
use crate::model::KubeletVersion;
use crate::trace::{Kind, Reason, RestartPolicy, State};

/// One known deviation.
#[derive(Clone, Copy, Debug)]
pub struct Deviation {
    /// `kubernetes#125404`, `podcheck/RS-3`.
    pub name: &'static str,
    pub title: &'static str,
    /// The issue, or where the finding is described.
    pub link: &'static str,
    pub versions: Versions,
    /// Ids of the guarantees that it breaks.
    pub guarantees: &'static [&'static str],
    /// Is this breach its doing?
    pub is_its_doing: fn(&Case, &Breach) -> bool,
    /// Name of the smallest pod in the corpus.
    pub smallest_pod: Option<&'static str>,
}

/// Versions of the kubelet that have a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// First minor version (1.x) that has it.
    pub since_minor: u32,
    /// First patch (minor, patch) of a release line that does not have it any more.
    pub fixed_patches: &'static [(u32, u32)],
    /// First minor version that never had it; absent: not fixed.
    pub fixed_minor: Option<u32>,
}

impl Versions {
    /// Does this version have it?
    pub fn contain(&self, version: KubeletVersion) -> bool {
        let KubeletVersion { minor, patch } = version;
        minor >= self.since_minor
            && self.fixed_minor.is_none_or(|fixed| minor < fixed)
            && !self
                .fixed_patches
                .iter()
                .any(|&(line, fixed)| minor == line && patch >= fixed)
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "since 1.{}", self.since_minor)?;
        let patches = self
            .fixed_patches
            .iter()
            .map(|(minor, patch)| format!("1.{minor}.{patch}"));
        let fixed: Vec<String> = patches
            .chain(self.fixed_minor.map(|minor| format!("1.{minor}")))
            .collect();
        if fixed.is_empty() {
            f.write_str(", not fixed")
        } else {
            write!(f, ", fixed in {}", fixed.join(", "))
        }
    }
}

/// The entry that covers a breach of a guarantee by a kubelet of this version.
pub fn covering(version: KubeletVersion, guarantee: &str, case: &Case, breach: &Breach) -> Option<&'static Deviation> {
    DEVIATIONS.iter().find(|deviation| {
        deviation.versions.contain(version)
            && deviation.guarantees.contains(&guarantee)
            && (deviation.is_its_doing)(case, breach)
    })
}

/// All known deviations.
pub const DEVIATIONS: &[Deviation] = &[
    Deviation {
        name: "kubernetes#125404",
        title: "podIP and podIPs vanish for a moment when a pod becomes terminal",
        link: "https://github.com/kubernetes/kubernetes/issues/125370",
        versions: Versions {
            since_minor: 27,
            fixed_patches: &[(28, 13), (29, 8), (30, 4)],
            fixed_minor: Some(31),
        },
        guarantees: &["G-ip-stays"],
        is_its_doing: |case, breach| step_of(case, breach).is_some_and(|step| all_ended(case, step)),
        smallest_pod: Some("deviation/125404"),
    },
    Deviation {
        name: "kubernetes#132826",
        title: "Under Never the probes of a sidecar end with its first life, so what follows it may never start",
        link: "https://github.com/kubernetes/kubernetes/issues/132826",
        versions: Versions {
            since_minor: 28,
            fixed_patches: &[(33, 6), (34, 2)],
            fixed_minor: Some(35),
        },
        guarantees: &["G-sidecar-opens"],
        is_its_doing: |case, _| {
            case.trace.spec.restart_policy == RestartPolicy::Never
                && case
                    .of_kind(Kind::Sidecar)
                    .any(|index| case.trace.spec.containers[index].startup.is_some() && case.facts.instances(index) > 1)
        },
        smallest_pod: Some("deviation/132826"),
    },
    Deviation {
        name: "kubernetes#123323",
        title: "The API server refuses the status of a sidecar that was restarted, so it stays at its first end",
        link: "https://github.com/kubernetes/kubernetes/issues/122902",
        versions: Versions {
            since_minor: 28,
            fixed_patches: &[(28, 8), (29, 3)],
            fixed_minor: Some(30),
        },
        guarantees: &["G-sidecar-restarted"],
        is_its_doing: |case, breach| {
            let frozen = |index: usize| {
                case.views(index)
                    .last()
                    .is_some_and(|(_, view)| is_terminated(&view.state))
            };
            case.trace.spec.restart_policy != RestartPolicy::Always && breach.container.is_some_and(frozen)
        },
        smallest_pod: Some("deviation/123323"),
    },
    Deviation {
        name: "kubernetes#141342",
        title: "A container restarted by its liveness probe inherits `started` from the life before",
        link: "https://github.com/kubernetes/kubernetes/issues/141155",
        versions: Versions {
            since_minor: 35,
            fixed_patches: &[],
            fixed_minor: None,
        },
        guarantees: &["G-started-once", "G-started-before-ready"],
        is_its_doing: |case, breach| {
            breach.container.is_some_and(|index| {
                let restarted = step_of(case, breach)
                    .and_then(|step| case.trace.steps[step].view.containers[index].as_ref())
                    .is_some_and(|view| view.restart_count > 0);
                restarted && case.trace.spec.containers[index].startup.is_some()
            })
        },
        smallest_pod: Some("deviation/pb-7"),
    },
    Deviation {
        name: "podcheck/RS-3",
        title: "A pod whose work is done does not end while its last sidecar is not up",
        link: "https://github.com/kubernetes/kubernetes/pull/138514",
        versions: Versions {
            since_minor: 29,
            fixed_patches: &[],
            fixed_minor: Some(37),
        },
        guarantees: &["G-sidecar-never-blocks-the-end"],
        is_its_doing: |case, _| last_sidecar_was_not_up_after(case, case.mains_done().map(|done| done.lo)),
        smallest_pod: Some("deviation/rs-3"),
    },
    Deviation {
        name: "podcheck/WR-5",
        title: "A container that waits in back-off when its pod ends is said to have exited with 137",
        link: "https://github.com/kubernetes/kubernetes/issues/108733",
        versions: Versions {
            since_minor: 28,
            fixed_patches: &[],
            fixed_minor: None,
        },
        guarantees: &["G-exit-is-what-happened"],
        is_its_doing: |case, breach| {
            let state = step_of(case, breach)
                .and_then(|step| case.trace.steps[step].view.containers[breach.container?].as_ref())
                .map(|view| &view.state);
            matches!(state, Some(State::Terminated(exit)) if exit.reason == Reason::ContainerStatusUnknown)
        },
        smallest_pod: Some("deviation/wr-5"),
    },
];

/// The step that a breach points to.
fn step_of(case: &Case, breach: &Breach) -> Option<usize> {
    case.trace
        .steps
        .iter()
        .position(|step| step.event_index == breach.event_index)
}

fn is_terminated(state: &State) -> bool {
    matches!(state, State::Terminated(_))
}

/// Does a step show no container running?
fn all_ended(case: &Case, step: usize) -> bool {
    let containers = &case.trace.steps[step].view.containers;
    containers.iter().flatten().all(|view| view.state != State::Running)
}

/// RS-2, RS-3: was the last element of the init list a sidecar that had ended or not started, at or after a moment?
fn last_sidecar_was_not_up_after(case: &Case, moment: Option<i64>) -> bool {
    let last = (0..case.trace.spec.containers.len()).rfind(|&index| case.kind(index) != Kind::Main);
    let Some((last, moment)) = last.filter(|&index| case.kind(index) == Kind::Sidecar).zip(moment) else {
        return false;
    };
    let shown_after = |step: usize| case.not_after(step).is_none_or(|at| at >= moment);
    case.views(last)
        .any(|(step, view)| shown_after(step) && !(view.state == State::Running && view.started))
}
