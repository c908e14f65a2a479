//! Failure classes: what makes two divergences the same fault, whichever pod showed it.

use std::collections::BTreeSet;
use std::fmt;

use podcheck_generators::RestartPolicy;
use serde::{Deserialize, Serialize};

use crate::check::{Divergence, Verdict};
use crate::trace::{ContainerView, Exit, Kind, State, Step, Trace};

/// What is broken, of what kind of container, and when in the pod's life.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Class {
    /// Id of the rule or guarantee.
    pub rule: String,
    /// Kind of the container that it is about.
    pub part: Part,
    /// When it showed.
    pub stage: Stage,
    /// The known deviation that covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_deviation: Option<String>,
}

/// What a divergence is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    /// An init container.
    Init,
    /// A native sidecar.
    Sidecar,
    /// A main container.
    Main,
    /// The pod as a whole.
    Pod,
}

/// Phase of a pod's life; coarse, so that a status that was skipped does not make another class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// No main container has run yet.
    Starting,
    /// The work goes on.
    Running,
    /// The pod is being deleted, its work is done, or its phase is terminal.
    Ending,
}

impl Class {
    /// The class of a divergence of this pod.
    pub fn of(trace: &Trace, divergence: &Divergence) -> Self {
        let part = divergence.container.and_then(|index| trace.spec.containers.get(index));
        let before = |step: &&Step| step.event_index <= divergence.event_index;
        Self {
            rule: divergence.rule.clone(),
            part: part.map_or(Part::Pod, |container| match container.kind {
                Kind::Init => Part::Init,
                Kind::Sidecar => Part::Sidecar,
                Kind::Main => Part::Main,
            }),
            stage: stage(trace, trace.steps.iter().take_while(before)),
            known_deviation: divergence.known_deviation.clone(),
        }
    }

    /// The classes that a verdict shows.
    pub fn all_of(trace: &Trace, verdict: &Verdict) -> BTreeSet<Self> {
        match verdict {
            Verdict::Diverges(found) | Verdict::KnownDeviation(found) => {
                found.iter().map(|divergence| Self::of(trace, divergence)).collect()
            }
            Verdict::Conforms | Verdict::Inconclusive(_) => BTreeSet::new(),
        }
    }

    /// Is it the same failure? Another version can show it without having it in the table of known deviations.
    pub fn is_same_failure(&self, other: &Self) -> bool {
        let names = self.known_deviation.as_ref().zip(other.known_deviation.as_ref());
        (&self.rule, self.part, self.stage) == (&other.rule, other.part, other.stage)
            && names.is_none_or(|(one, other)| one == other)
    }

    /// Words of letters, digits and dashes, for names of files and tests.
    pub fn slug(&self) -> String {
        let name = self.known_deviation.as_ref().unwrap_or(&self.rule);
        let text = format!("{name}-{}-{}", self.part, self.stage).to_lowercase();
        let dashed = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
        dashed.collect()
    }
}

fn stage<'a>(trace: &Trace, steps: impl Iterator<Item = &'a Step>) -> Stage {
    let mut stage = Stage::Starting;
    for step in steps {
        if is_ending(trace, step) {
            return Stage::Ending;
        }
        let mains = views(trace, step, Kind::Main);
        if mains
            .flatten()
            .any(|view| !matches!(view.state, State::Waiting(_)) || view.restart_count > 0)
        {
            stage = Stage::Running;
        }
    }
    stage
}

fn is_ending(trace: &Trace, step: &Step) -> bool {
    let policy = trace.spec.restart_policy;
    let is_done = |exit: &Exit| match policy {
        RestartPolicy::Never => true,
        RestartPolicy::OnFailure => exit.code == 0,
        RestartPolicy::Always => false,
    };
    let exit = |view: Option<&ContainerView>| match view.map(|view| &view.state) {
        Some(State::Terminated(exit)) => Some(exit.clone()),
        _ => None,
    };
    let failed_init = policy == RestartPolicy::Never
        && views(trace, step, Kind::Init).any(|view| exit(view).is_some_and(|exit| exit.code != 0));
    let mains_done = views(trace, step, Kind::Main).all(|view| exit(view).is_some_and(|exit| is_done(&exit)));
    step.deletion.is_some() || step.view.phase.is_terminal() || failed_init || mains_done
}

fn views<'a>(trace: &'a Trace, step: &'a Step, kind: Kind) -> impl Iterator<Item = Option<&'a ContainerView>> {
    let containers = trace.spec.containers.iter().zip(&step.view.containers);
    containers
        .filter(move |(spec, _)| spec.kind == kind)
        .map(|(_, view)| view.as_ref())
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Init => "init",
            Self::Sidecar => "sidecar",
            Self::Main => "main",
            Self::Pod => "pod",
        })
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Ending => "ending",
        })
    }
}

/// `kubernetes#125880 (G-sidecar-stop-order), sidecar, ending`.
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.known_deviation {
            Some(name) => write!(f, "{name} ({})", self.rule)?,
            None => f.write_str(&self.rule)?,
        }
        write!(f, ", {}, {}", self.part, self.stage)
    }
}
