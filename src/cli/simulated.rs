//! A campaign on simulated nodes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use podcheck_generators::Scenario;

use super::conclude::{Campaign, conclude};
use super::output::Output;
use super::{Exit, Failure};
use crate::campaign::{Draw, Gathered, Played, Simulation, Summary, rerecord, simulate_all};
use crate::check::{Divergence, Verdict};
use crate::model::KubeletVersion;
use crate::recording::{Header, NodeFacts, RecordingWriter};
use crate::simulate::Fault;

/// Progress is said after so many pods.
const EVERY_PODS: usize = 20_000;

/// What to simulate, and what to keep.
pub struct Simulated<'a> {
    /// Kubelet versions; every scenario runs on each.
    pub versions: Vec<KubeletVersion>,
    /// A planted fault.
    pub fault: Option<Fault>,
    /// Known deviations count as divergences.
    pub strict: bool,
    /// How many scenarios.
    pub count: u64,
    /// No new one after this.
    pub until: Option<Instant>,
    /// Where to keep what.
    pub folder: Option<&'a Path>,
    /// Say how often each promise was at risk.
    pub catalogue: bool,
    /// Say how often the scenario did what.
    pub rates: bool,
}

/// Runs, judges and concludes.
pub fn run(
    simulated: &Simulated<'_>,
    draw: &(dyn Fn(u64) -> (String, Scenario) + Sync),
    summary: Summary,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let Simulated {
        versions,
        fault,
        strict,
        count,
        until,
        folder,
        catalogue,
        rates,
    } = simulated;
    let simulation = Simulation {
        versions: versions.clone(),
        fault: *fault,
        strict: *strict,
    };
    let mut tape = folder.map(|folder| Tape::create(folder, versions)).transpose()?;
    let mut gathered = Gathered::default();
    let cases = RefCell::new(BTreeMap::new());
    let (mut pods, begin) = (0, Instant::now());
    let draw = Draw {
        case: draw,
        count: *count,
        until: *until,
    };
    simulate_all(&simulation, &draw, |mut played| {
        if let Some(tape) = &mut tape {
            tape.take(&mut played)?;
        }
        let Played { case, trace, judged } = played;
        if matches!(judged.verdict, Verdict::Diverges(_)) {
            cases.borrow_mut().insert(trace.name.clone(), case);
        }
        gathered.add(trace, judged);
        pods += 1;
        if pods % EVERY_PODS == 0 {
            eprintln!("{pods} pods judged");
        }
        Ok::<(), Failure>(())
    })?;
    let recording = tape.map(|tape| tape.path);
    conclude(
        Campaign {
            gathered: &gathered,
            summary: Summary { recording, ..summary },
            seconds: begin.elapsed().as_secs_f64(),
            folder: *folder,
            case_of: &|finding| cases.borrow().get(&finding.trace.name).cloned().unwrap_or_default(),
            simulated: Some(fault.map(Fault::name)),
            catalogue: *catalogue,
            rates: *rates,
        },
        output,
    )
}

/// The recording of simulated pods.
struct Tape {
    path: PathBuf,
    writer: RecordingWriter<File>,
    events: usize,
}

impl Tape {
    fn create(folder: &Path, versions: &[KubeletVersion]) -> Result<Self, Failure> {
        let node = |version: &KubeletVersion| {
            let facts = NodeFacts {
                kubelet: Some(version.to_string()),
                container_runtime: None,
                // Journals of simulated pods are on the Unix clock.
                boot_unix_ms: Some(0),
            };
            (format!("simulated-{version}"), facts)
        };
        let header = Header {
            nodes: versions.iter().map(node).collect(),
            ..Header::default()
        };
        let path = folder.join("recording.jsonl");
        let writer = RecordingWriter::create(&path, &header).map_err(|error| unwritable(&path, &error))?;
        Ok(Self {
            path,
            writer,
            events: 0,
        })
    }

    /// Records a pod; its events get the numbers that they have in the recording.
    fn take(&mut self, played: &mut Played) -> Result<(), Failure> {
        rerecord(&mut self.writer, &played.case, &played.trace).map_err(|error| unwritable(&self.path, &error))?;
        for step in &mut played.trace.steps {
            step.event_index += self.events;
        }
        if let Verdict::Diverges(found) | Verdict::KnownDeviation(found) = &mut played.judged.verdict {
            found
                .iter_mut()
                .for_each(|Divergence { event_index, .. }| *event_index += self.events);
        }
        self.events += played.trace.steps.len();
        Ok(())
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Environment(format!(
        "cannot write {}: {error}; choose another --output",
        path.display()
    ))
}
