//! How a pod ends, as the model of a kubelet has it.

use podcheck_generators::Scenario;

use crate::model::KubeletVersion;
use crate::simulate::{Fault, Options, Workload, simulate_workload};
use crate::trace::{EventType, Kind, Phase, State, Trace};

/// The end of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It ended by itself.
    Terminal {
        phase: Phase,
        /// What its main containers exited with; empty if one of them never ran.
        exit_codes: Vec<(String, i32)>,
        /// Since its creation.
        after_ms: i64,
    },
    /// It was deleted and its object is gone.
    Gone {
        /// Since the delete.
        after_ms: i64,
    },
}

/// Times that are closer than this are the same: no test on a cluster could tell.
const SAME_MS: i64 = 3_000;

impl End {
    /// When it came.
    pub fn after_ms(&self) -> i64 {
        match self {
            Self::Terminal { after_ms, .. } | Self::Gone { after_ms } => *after_ms,
        }
    }

    /// Can a test that looks only at the end tell it from the other?
    pub fn differs_from(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Terminal { phase, exit_codes, .. },
                Self::Terminal {
                    phase: other_phase,
                    exit_codes: other_codes,
                    ..
                },
            ) if (phase, exit_codes) != (other_phase, other_codes) => true,
            (Self::Terminal { .. }, Self::Gone { .. }) | (Self::Gone { .. }, Self::Terminal { .. }) => true,
            _ => other.after_ms() - self.after_ms() > SAME_MS,
        }
    }
}

/// The end that the model of this version comes to.
pub fn end(scenario: &Scenario, kubelet: KubeletVersion, fault: Option<Fault>) -> Option<End> {
    let canonical = Options {
        seed: None,
        fault,
        ..Options::new(kubelet, 0)
    };
    of(&simulate_workload(&Workload::of(scenario), &canonical))
}

fn of(trace: &Trace) -> Option<End> {
    let created_ms = trace.steps.first()?.at_ms?;
    let terminal = trace.steps.iter().find(|step| step.view.phase.is_terminal());
    let deleted = trace.steps.iter().find(|step| step.deletion.is_some());
    if let Some(terminal) = terminal.filter(|step| step.deletion.is_none()) {
        let last = trace.steps.iter().take_while(|step| step.deletion.is_none()).last()?;
        let mains = trace.spec.containers.iter().zip(&last.view.containers);
        let mains = mains.filter(|(spec, _)| spec.kind == Kind::Main);
        let codes = mains.map(|(spec, view)| match &view.as_ref()?.state {
            State::Terminated(exit) => Some((spec.name.clone(), exit.code)),
            State::Waiting(_) | State::Running => None,
        });
        return Some(End::Terminal {
            phase: terminal.view.phase,
            exit_codes: codes.collect::<Option<Vec<_>>>().unwrap_or_default(),
            after_ms: terminal.at_ms? - created_ms,
        });
    }
    let gone = trace.steps.iter().find(|step| step.event == EventType::Deleted)?;
    Some(End::Gone {
        after_ms: gone.at_ms? - deleted?.at_ms?,
    })
}

#[cfg(test)]
mod tests {
    use podcheck_generators::named;

    use super::*;

    fn ends(name: &str, kubelet: &str) -> End {
        let scenario = named(name).expect("a named scenario");
        let kubelet = kubelet.parse().expect("a version");
        end(&scenario, kubelet, None).expect("every pod ends")
    }

    #[test]
    fn a_promise_about_the_end_tells_the_versions_apart() {
        let kept = ends("deviation/rs-3", "1.37.0");
        assert!(
            matches!(&kept, End::Terminal { phase: Phase::Succeeded, exit_codes, .. } if *exit_codes == [("m0".to_owned(), 0)])
        );
        assert!(kept.differs_from(&ends("deviation/rs-3", "1.34.0")));
        let kept = ends("deviation/125880", "1.34.0");
        assert!(matches!(kept, End::Gone { after_ms } if after_ms < 3_000), "{kept:?}");
        assert!(kept.differs_from(&ends("deviation/125880", "1.29.2")));
    }

    #[test]
    fn a_promise_about_the_way_there_does_not() {
        assert!(!ends("deviation/125404", "1.34.0").differs_from(&ends("deviation/125404", "1.29.2")));
    }
}
