//! Candidates on simulated nodes.

use std::cell::Cell;
use std::path::Path;

use crate::campaign::{Class, Played, Simulation, rerecord};
use crate::check::Verdict;
use crate::model::KubeletVersion;
use crate::recording::{Header, NodeFacts, RecordingWriter};

use super::lab::{Keep, Lab, Shown, Stop, Trial};

/// Simulated nodes, one for each version.
#[derive(Debug)]
pub struct SimulatedLab {
    simulation: Simulation,
    nodes: Vec<(String, String)>,
    /// Waves so far: every pod has a seed of its own.
    waves: Cell<u64>,
}

impl SimulatedLab {
    /// These nodes.
    pub fn new(simulation: Simulation) -> Self {
        let node = |version: &KubeletVersion| (format!("simulated-{version}"), version.to_string());
        Self {
            nodes: simulation.versions.iter().map(node).collect(),
            simulation,
            waves: Cell::new(0),
        }
    }
}

impl Lab for SimulatedLab {
    fn nodes(&self) -> &[(String, String)] {
        &self.nodes
    }

    fn run(&self, trials: &[Trial], keep: Option<Keep<'_>>) -> Result<Vec<Shown>, Stop> {
        let wave = self.waves.replace(self.waves.get() + 1);
        let mut keep = keep;
        let mut results = Vec::new();
        for (number, trial) in trials.iter().enumerate() {
            let position = self.nodes.iter().position(|(name, _)| *name == trial.node);
            let Some(version) = position.map(|position| self.simulation.versions[position]) else {
                return Err(Stop::Environment(format!("there is no node {}", trial.node)));
            };
            let mut shown = Shown::default();
            for time in 0..trial.times {
                let case = format!("shrink.{wave}.{number}.{time}");
                let played = self.simulation.play(&case, &trial.scenario, version);
                if matches!(played.judged.verdict, Verdict::Inconclusive(_)) {
                    continue;
                }
                let classes = Class::all_of(&played.trace, &played.judged.verdict);
                let is_wanted = |keep: &Keep<'_>| keep.node == trial.node && classes.contains(keep.class);
                if let Some(keep) = keep.take_if(|keep| is_wanted(keep)) {
                    let recorded = keep.make_room().and_then(|()| record(keep.file, &played, version));
                    recorded
                        .map_err(|error| Stop::Environment(format!("cannot write {}: {error}", keep.file.display())))?;
                }
                shown.pods.push(classes);
            }
            results.push(shown);
        }
        Ok(results)
    }
}

fn record(file: &Path, played: &Played, version: KubeletVersion) -> std::io::Result<()> {
    let mut writer = RecordingWriter::create(file, &header(&[version]))?;
    rerecord(&mut writer, &played.case, &played.trace)
}

/// The header of a recording of simulated nodes.
pub fn header(versions: &[KubeletVersion]) -> Header {
    let node = |version: &KubeletVersion| {
        let facts = NodeFacts {
            kubelet: Some(version.to_string()),
            container_runtime: None,
            // Journals of simulated pods are on the Unix clock.
            boot_unix_ms: Some(0),
        };
        (format!("simulated-{version}"), facts)
    };
    Header {
        nodes: versions.iter().map(node).collect(),
        ..Header::default()
    }
}
