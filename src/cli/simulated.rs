//! A campaign on simulated nodes.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use podcheck_generators::Scenario;

use super::Failure;
use crate::campaign::{Draw, Gathered, Played, Simulation, rerecord, simulate_all};
use crate::check::{Divergence, Verdict};
use crate::model::KubeletVersion;
use crate::recording::RecordingWriter;
use crate::shrink::header;

/// Progress is said after so many pods.
const EVERY_PODS: usize = 20_000;

/// What to simulate, and what to keep.
pub struct Simulated<'a> {
    /// The nodes.
    pub simulation: &'a Simulation,
    /// How many scenarios.
    pub count: u64,
    /// No new one after this.
    pub until: Option<Instant>,
    /// Where to keep what.
    pub folder: Option<&'a Path>,
}

/// What became of it.
pub struct Done {
    /// The verdicts.
    pub gathered: Gathered,
    /// Case of each pod that diverges.
    pub cases: BTreeMap<String, String>,
    pub seconds: f64,
    /// The recording, if there is a folder.
    pub recording: Option<PathBuf>,
}

/// Runs and judges.
pub fn play(simulated: &Simulated<'_>, draw: &(dyn Fn(u64) -> (String, Scenario) + Sync)) -> Result<Done, Failure> {
    let mut tape = simulated
        .folder
        .map(|folder| Tape::create(folder, &simulated.simulation.versions))
        .transpose()?;
    let (mut gathered, mut cases) = (Gathered::default(), BTreeMap::new());
    let (mut pods, begin) = (0, Instant::now());
    let draw = Draw {
        case: draw,
        count: simulated.count,
        until: simulated.until,
    };
    simulate_all(simulated.simulation, &draw, |mut played| {
        if let Some(tape) = &mut tape {
            tape.take(&mut played)?;
        }
        let Played { case, trace, judged } = played;
        if matches!(judged.verdict, Verdict::Diverges(_)) {
            cases.insert(trace.name.clone(), case);
        }
        gathered.add(trace, judged);
        pods += 1;
        if pods % EVERY_PODS == 0 {
            eprintln!("{pods} pods judged");
        }
        Ok::<(), Failure>(())
    })?;
    Ok(Done {
        gathered,
        cases,
        seconds: begin.elapsed().as_secs_f64(),
        recording: tape.map(|tape| tape.path),
    })
}

/// The recording of simulated pods.
struct Tape {
    path: PathBuf,
    writer: RecordingWriter<File>,
    events: usize,
}

impl Tape {
    fn create(folder: &Path, versions: &[KubeletVersion]) -> Result<Self, Failure> {
        let path = folder.join("recording.jsonl");
        let writer = RecordingWriter::create(&path, &header(versions)).map_err(|error| unwritable(&path, &error))?;
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
