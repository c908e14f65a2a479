//! The life of a pod that shows what is exported: from its recording, or from a simulated node.

use std::path::Path;

use podcheck_generators::{Scenario, named};

use super::Subject;
use crate::campaign::{Class, Judged, Simulation, TWINS, judge_each};
use crate::check::{Divergence, Verdict};
use crate::deviations;
use crate::model::KubeletVersion;
use crate::recording::RecordingError;
use crate::simulate::Fault;
use crate::trace::Trace;

/// Most classes are races: so many lives are simulated to see one.
const LIVES: usize = 60;

/// A pod's life and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub trace: Trace,
    pub divergence: Divergence,
    /// The version it was judged as.
    pub kubernetes: String,
    /// What the bounds allowed for the machine's load.
    pub delay_ms: i64,
    /// No real kubelet did this.
    pub is_simulated: bool,
}

/// The pod of a recording that shows the class.
///
/// A recording of one pod tells too little about its machine to judge every delay again: what was `told` when the whole
/// run was judged counts then.
pub fn recorded(path: &Path, class: &Class, told: &[Divergence]) -> Result<Option<Evidence>, RecordingError> {
    let mut found = None;
    judge_each(path, None, true, |trace, judged| {
        if found.is_none() {
            found = of_class(&trace, &judged, class)
                .or_else(|| remembered(&trace, class, told))
                .map(|divergence| evidence(trace, judged, divergence));
        }
    })?;
    Ok(found)
}

/// A simulated pod that shows it, on the newest version that does.
pub fn simulated(subject: &Subject) -> Option<Evidence> {
    let class = subject.class.as_ref()?;
    lives(&subject.scenario, subject.shown_by()?, subject.planted()).find_map(|(trace, judged)| {
        let divergence = of_class(&trace, &judged, class)?;
        Some(Evidence {
            is_simulated: true,
            ..evidence(trace, judged, divergence)
        })
    })
}

/// The class of the known deviation that a scenario is the smallest pod of.
///
/// Of others it is not asked: nearly every pod meets some deviation of an old version, which is not what it is for.
pub fn known_class(scenario: &Scenario) -> Option<Class> {
    let is_its = |name: &str| named(name).is_some_and(|smallest| smallest == *scenario);
    let deviation = deviations::all().find(|it| it.smallest_pod.is_some_and(is_its))?;
    let twin = TWINS.iter().find(|twin| twin.deviation == deviation.name)?;
    lives(scenario, twin.version.parse().ok()?, twin.fault).find_map(|(trace, judged)| {
        let mut classes = Class::all_of(&trace, &judged.verdict).into_iter();
        classes.find(|class| class.known_deviation.as_deref() == Some(deviation.name))
    })
}

fn lives(scenario: &Scenario, version: KubeletVersion, fault: Option<Fault>) -> impl Iterator<Item = (Trace, Judged)> {
    let simulation = Simulation {
        versions: vec![version],
        fault,
        strict: true,
    };
    (0..LIVES).map(move |life| {
        let played = simulation.play(&format!("export.{life}"), scenario, version);
        (played.trace, played.judged)
    })
}

fn of_class(trace: &Trace, judged: &Judged, class: &Class) -> Option<Divergence> {
    let (Verdict::Diverges(found) | Verdict::KnownDeviation(found)) = &judged.verdict else {
        return None;
    };
    let is_it = |it: &&Divergence| Class::of(trace, it).is_same_failure(class);
    found.iter().find(is_it).cloned()
}

/// What was said of this pod before, at the event that it has here.
fn remembered(trace: &Trace, class: &Class, told: &[Divergence]) -> Option<Divergence> {
    let told = told.iter().find(|it| it.rule == class.rule)?;
    let mut steps = trace.steps.iter();
    let step = steps.find(|step| step.resource_version == told.resource_version)?;
    Some(Divergence {
        event_index: step.event_index,
        ..told.clone()
    })
}

fn evidence(trace: Trace, judged: Judged, divergence: Divergence) -> Evidence {
    Evidence {
        trace,
        divergence,
        kubernetes: judged.kubernetes.unwrap_or_default(),
        delay_ms: judged.delay_ms,
        is_simulated: false,
    }
}
