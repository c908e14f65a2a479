//! What judging costs, as ratios measured side by side in one run, so that they do not depend on the machine:
//! `cargo bench --bench ratios`, or with `-- quick` a tenth of it, or with `-- scenarios` the last part alone.

mod tape;

use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Pod;
use podcheck::campaign::Delays;
use podcheck::check::Bounds;
use podcheck::judge::judge;
use podcheck::model::KubeletVersion;
use podcheck::simulate::{self, simulate};
use podcheck::trace::normalize::{Options, traces};
use podcheck_generators::{Attempt, Cases, Container, OnTerm, Profile, RestartPolicy, Scenario};
use serde::Deserialize;
use tape::Tape;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const VERSION: KubeletVersion = KubeletVersion { minor: 34, patch: 0 };

/// Best of so many: what disturbs a run only ever makes it longer.
const ROUNDS: usize = 5;

fn main() {
    let is_wanted = |what: &str| std::env::args().any(|argument| argument == what);
    let scale = if is_wanted("quick") { 10 } else { 1 };
    if !is_wanted("scenarios") {
        ratio_to_typed_pods();
        growth_with_pods(&[10, 1_000, 100_000 / scale]);
        growth_with_events(&[1, 6, 24]);
    }
    scenarios(SCENARIO_ROUNDS / scale);
}

fn seconds(mut work: impl FnMut()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_secs_f64()
}

/// The shortest time of each, taken in turn.
fn side_by_side<const N: usize>(mut works: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut best = [f64::MAX; N];
    for _ in 0..ROUNDS {
        for (best, work) in best.iter_mut().zip(&mut works) {
            *best = best.min(seconds(work));
        }
    }
    best
}

#[derive(Deserialize)]
struct Line {
    event: Option<Event>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    event_type: String,
    object: Pod,
}

/// What any client of a watch does at least.
fn deserialise(tape: Tape) -> usize {
    let mut input = BufReader::with_capacity(1 << 16, tape);
    let (mut line, mut events) = (Vec::new(), 0);
    while input.read_until(b'\n', &mut line).expect("readable") > 0 {
        let value: Line = serde_json::from_slice(&line).expect("a line of a recording");
        if let Some(event) = value.event {
            black_box((event.event_type, event.object));
            events += 1;
        }
        line.clear();
    }
    events
}

/// Parser and normal form.
fn read(tape: Tape) -> usize {
    let input = BufReader::with_capacity(1 << 16, tape);
    traces(input, "tape", &Options::default()).flatten().count()
}

/// Parser, normal form, model and guarantees.
fn judge_all(tape: Tape) {
    let input = BufReader::with_capacity(1 << 16, tape);
    let bounds = Bounds::with_delay(2_000);
    traces(input, "tape", &Options::default()).flatten().for_each(|trace| {
        black_box(judge(&trace, Some(VERSION), &bounds, false));
    });
}

/// What `podcheck check` does with a file: once through it for the nodes' delays, once for the verdicts.
fn check(tape: &Tape) {
    let input = BufReader::with_capacity(1 << 16, tape.clone());
    let mut delays = Delays::default();
    traces(input, "tape", &Options::default())
        .flatten()
        .for_each(|trace| delays.see(&trace));
    let input = BufReader::with_capacity(1 << 16, tape.clone());
    traces(input, "tape", &Options::default()).flatten().for_each(|trace| {
        black_box(judge(&trace, Some(VERSION), &delays.bounds(&trace), false));
    });
}

fn ratio_to_typed_pods() {
    let tape = Tape::new(VERSION, 200);
    println!(
        "a recording of {} pods, {} events, {:.1} MB; kubelet {VERSION}",
        tape.pods(),
        tape.events(),
        tape.bytes() as f64 / 1e6
    );
    let [typed, read, judged, checked] = side_by_side([
        &mut || {
            black_box(deserialise(tape.clone()));
        },
        &mut || {
            black_box(read(tape.clone()));
        },
        &mut || {
            judge_all(tape.clone());
        },
        &mut || {
            check(&tape);
        },
    ]);
    println!("  only deserialised into typed pods  {:8.1} ms   1.00", typed * 1e3);
    for (what, time) in [
        ("read into normal form", read),
        ("read and judged", judged),
        ("podcheck check: calibrated, judged", checked),
    ] {
        println!("  {what:<34} {:8.1} ms   {:.2}", time * 1e3, time / typed);
    }
}

fn growth_with_pods(sizes: &[usize]) {
    println!("growth with a recording's length (200 pods alive at once at most)");
    let batch = Tape::new(VERSION, 200);
    for &pods in sizes {
        let tape = if pods < 200 {
            Tape::new(VERSION, pods)
        } else {
            batch.clone().repeated(pods / 200)
        };
        let (events, bytes) = (tape.events(), tape.bytes());
        forget_peak();
        let before = resident_mib("VmRSS:");
        let rounds = if pods > 1_000 { 1 } else { ROUNDS };
        let best = (0..rounds).map(|_| {
            seconds(|| {
                judge_all(tape.clone());
            })
        });
        let time = best.fold(f64::MAX, f64::min);
        let grown = resident_mib("VmHWM:").zip(before).map(|(peak, before)| peak - before);
        println!(
            "  {pods:>6} pods {events:>8} events {:>7.1} MB: {:6.1} µs an event, {:5.0} MB/s, memory +{:.1} MiB",
            bytes as f64 / 1e6,
            time * 1e6 / events as f64,
            bytes as f64 / 1e6 / time,
            grown.unwrap_or(f64::NAN)
        );
    }
}

fn growth_with_events(hours: &[u32]) {
    println!("growth with events in one pod (a container that crashes after 5 s each time)");
    let bounds = Bounds::with_delay(2_000);
    for &hours in hours {
        let options = simulate::Options::new(VERSION, 7);
        let trace = simulate(&crash_loop(hours), &options);
        let [time] = side_by_side([&mut || {
            black_box(judge(&trace, Some(VERSION), &bounds, false));
        }]);
        println!(
            "  {hours:>2} h {:>6} events: {:6.1} µs an event",
            trace.steps.len(),
            time * 1e6 / trace.steps.len() as f64
        );
    }
}

fn crash_loop(hours: u32) -> Scenario {
    let crash = Attempt {
        lives_ms: Some(5_000),
        exit_code: 1,
        on_term: OnTerm::Exit { code: 0, after_ms: 0 },
    };
    Scenario {
        restart_policy: RestartPolicy::Always,
        grace_seconds: 30,
        init: Vec::new(),
        main: vec![Container {
            attempts: vec![crash],
            startup: None,
            readiness: None,
            liveness: None,
        }],
        deletion: None,
        observe_ms_max: hours * 3_600_000,
    }
}

/// Rounds of the same scenarios, of which the best counts: they are short, so that one of them is undisturbed.
const SCENARIO_ROUNDS: usize = 40;
const SCENARIOS: u64 = 2_500;

fn scenarios(rounds: usize) {
    println!("scenarios of all profiles in turn, on one core; kubelet {VERSION}");
    let cases = Profile::ALL.map(|profile| Cases::new(profile, 2026));
    let rounds = (0..rounds).map(|_| round_of_scenarios(&cases, SCENARIOS));
    let [drawing, simulating, judging] = rounds
        .min_by_key(|times| times.iter().sum::<Duration>())
        .expect("rounds");
    let each = |time: Duration| time.as_secs_f64() * 1e6 / SCENARIOS as f64;
    println!(
        "  {:.0} a second: drawn {:.1} µs, simulated {:.1} µs, judged {:.1} µs",
        1e6 / each(drawing + simulating + judging),
        each(drawing),
        each(simulating),
        each(judging)
    );
}

/// How long it takes to draw, to simulate and to judge so many.
fn round_of_scenarios(cases: &[Cases], count: u64) -> [Duration; 3] {
    let bounds = Bounds::with_delay(2_000);
    let mut times = [Duration::ZERO; 3];
    for number in 0..count {
        let begin = Instant::now();
        let profiles = cases.len() as u64;
        let (_, scenario) = cases[(number % profiles) as usize].get(number / profiles);
        let drawn = Instant::now();
        let trace = simulate(&scenario, &simulate::Options::new(VERSION, number));
        let simulated = Instant::now();
        black_box(judge(&trace, Some(VERSION), &bounds, false));
        times[0] += drawn - begin;
        times[1] += simulated - drawn;
        times[2] += simulated.elapsed();
    }
    times
}

/// Lets the kernel measure the peak anew.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn resident_mib(what: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(what))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib / 1024.0)
}
