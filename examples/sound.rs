use podcheck::campaign::*;
use podcheck::check::Verdict;
use podcheck_generators::{Profile, cases};
use std::sync::atomic::{AtomicU64, Ordering};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let seed: u64 = args[1].parse().unwrap();
    let count: usize = args[2].parse().unwrap();
    for v in &args[3..] {
        let version = v.parse().unwrap();
        let simulation = Simulation {
            versions: vec![version],
            fault: None,
            strict: false,
        };
        let n = AtomicU64::new(0);
        let und = AtomicU64::new(0);
        let bad = AtomicU64::new(0);
        let next = AtomicU64::new(0);
        std::thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| {
                    loop {
                        let k = next.fetch_add(1, Ordering::Relaxed) as usize;
                        let Some(profile) = Profile::ALL.into_iter().nth(k) else {
                            return;
                        };
                        for (id, scenario) in cases(profile, seed).take(count) {
                            let played = simulation.play(&id.to_string(), &scenario, version);
                            n.fetch_add(1, Ordering::Relaxed);
                            match played.judged.verdict {
                                Verdict::Diverges(d) => {
                                    bad.fetch_add(1, Ordering::Relaxed);
                                    println!("{version} {id}: {} {}", d[0].rule, d[0].summary);
                                }
                                Verdict::Inconclusive(w) => {
                                    und.fetch_add(1, Ordering::Relaxed);
                                    println!("{version} {id}: inconclusive {w}");
                                }
                                _ => {}
                            }
                        }
                    }
                });
            }
        });
        println!(
            "{version}: {} pods, {} diverge, {} inconclusive",
            n.into_inner(),
            bad.into_inner(),
            und.into_inner()
        );
    }
}
