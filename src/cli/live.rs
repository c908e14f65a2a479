//! A plan on the live cluster, with progress on standard error.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::Failure;
use crate::campaign::{Gathered, Judged, judge_each};
use crate::check::Verdict;
use crate::cluster::Cluster;
use crate::target::cpu::CpuTimes;
use crate::target::live::{self, InFlight, LiveError, LiveOptions, Planned, PodEnding, Progress};

/// How often progress is said.
const EVERY: Duration = Duration::from_secs(10);

/// What is to be run.
pub struct Order {
    /// The pods.
    pub plan: Vec<Planned>,
    /// Where the recording goes.
    pub recording: PathBuf,
    /// Where the API's Events about them go.
    pub api_events: PathBuf,
    /// An existing namespace.
    pub namespace: Option<String>,
    /// How many at once; absent: adaptive.
    pub in_flight: Option<usize>,
    /// The campaign's seed.
    pub seed: Option<u64>,
    /// No pod is created after this.
    pub time_max: Option<Duration>,
    /// Known deviations count as divergences.
    pub strict: bool,
}

/// What became of it.
pub struct Done {
    /// The verdicts.
    pub gathered: Gathered,
    /// Case of each pod that was created.
    pub cases: BTreeMap<String, String>,
    /// From the first create to the last end.
    pub seconds: f64,
    /// Why it ended before its time.
    pub stopped: Option<String>,
    /// CPU time that it took, judging included.
    pub cpu: Option<CpuTimes>,
    /// The environment failed.
    pub failed: bool,
}

/// Runs the plan and judges its recording, whatever there is of it.
pub fn play(runtime: &Runtime, cluster: &Cluster, order: Order) -> Result<Done, Failure> {
    let mut board = Board::new(order.plan.len());
    let options = LiveOptions {
        recording: order.recording.clone(),
        namespace: order.namespace,
        in_flight: order.in_flight.map_or(InFlight::Adaptive, InFlight::Fixed),
        seed: order.seed,
        create_for: order.time_max,
        api_events: Some(order.api_events),
    };
    let begin = Instant::now();
    let cpu_before = CpuTimes::now();
    let interrupted = std::sync::atomic::AtomicBool::new(false);
    let stop = async {
        asked_to_stop().await;
        interrupted.store(true, std::sync::atomic::Ordering::Relaxed);
        eprintln!("interrupted: ending the recording and cleaning up");
    };
    let mut observer = |progress: Progress<'_>| board.see(&progress);
    let result = runtime.block_on(live::run(
        cluster.client.clone(),
        order.plan,
        options,
        &mut observer,
        stop,
    ));
    let (seconds, mut stopped, failed) = match result {
        Ok(outcome) => {
            let rest = outcome.not_created;
            let late = (rest > 0).then(|| format!("time was over before {rest} more pods were created"));
            (outcome.elapsed.as_secs_f64(), late, false)
        }
        Err(error @ LiveError::Lost { .. }) => {
            eprintln!("error: {error}");
            (begin.elapsed().as_secs_f64(), Some(error.to_string()), true)
        }
        Err(error) => return Err(Failure::Environment(error.to_string())),
    };
    if interrupted.load(std::sync::atomic::Ordering::Relaxed) {
        stopped = Some("interrupted".to_owned());
    }
    eprintln!("judging {}", order.recording.display());
    let mut gathered = Gathered::default();
    let rest = judge_each(&order.recording, None, order.strict, |trace, judged| {
        let is_whole = board.finished.contains(&trace.name);
        gathered.add(trace, if is_whole { judged } else { cut_short(judged) });
    })?;
    for message in rest.notes.messages() {
        eprintln!("note: {}: {message}", order.recording.display());
    }
    let cpu = CpuTimes::now().zip(cpu_before).map(|(now, before)| now.since(&before));
    Ok(Done {
        gathered,
        cases: board.cases,
        seconds,
        stopped,
        cpu,
        failed,
    })
}

/// The run ended before this pod did: that nothing is wrong so far says nothing.
fn cut_short(judged: Judged) -> Judged {
    match judged.verdict {
        Verdict::Conforms => {
            let verdict = Verdict::Inconclusive("the run ended before the pod did".to_owned());
            Judged { verdict, ..judged }
        }
        _ => judged,
    }
}

/// Waits for Ctrl-C or a TERM; without handlers the program would just be killed, which the recording survives too.
pub async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupted => {}
        _ = term.recv() => {}
    }
}

/// Who is where, for the progress lines.
struct Board {
    cases: BTreeMap<String, String>,
    planned: usize,
    finished: BTreeSet<String>,
    in_flight: usize,
    limits: BTreeMap<String, usize>,
    said: Instant,
}

impl Board {
    fn new(planned: usize) -> Self {
        let (cases, limits) = (BTreeMap::new(), BTreeMap::new());
        Self {
            cases,
            planned,
            finished: BTreeSet::new(),
            in_flight: 0,
            limits,
            said: Instant::now(),
        }
    }

    fn see(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Namespace(name) => eprintln!("namespace {name}"),
            Progress::Created {
                case, pod, in_flight, ..
            } => {
                self.cases.insert((*pod).to_owned(), (*case).to_owned());
                self.in_flight = *in_flight;
            }
            Progress::Finished { outcome, in_flight } => {
                self.finished.insert(outcome.pod.clone());
                self.in_flight = *in_flight;
                if let PodEnding::Refused(why) = &outcome.ending {
                    eprintln!("note: {} was refused: {why}", outcome.case);
                }
            }
            Progress::Limit { node, pods } => {
                self.limits.insert((*node).to_owned(), *pods);
            }
            Progress::Gap(why) => eprintln!("note: events may be missing: {why}"),
            Progress::Event { .. } => {}
        }
        if self.said.elapsed() >= EVERY {
            self.said = Instant::now();
            let limits: Vec<String> = self
                .limits
                .iter()
                .map(|(node, pods)| format!("{node} {pods}"))
                .collect();
            let limits = if limits.is_empty() {
                String::new()
            } else {
                format!("; at once: {}", limits.join(", "))
            };
            eprintln!(
                "{} of {} pods ended, {} in flight{limits}",
                self.finished.len(),
                self.planned,
                self.in_flight
            );
        }
    }
}
