use podcheck::campaign::*;
use podcheck::check::{Bounds, Facts};
use podcheck_generators::case;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let version = args[1].parse().unwrap();
    let simulation = Simulation {
        versions: vec![version],
        fault: None,
        strict: false,
    };
    for c in &args[2..] {
        let id = c.parse().unwrap();
        let scenario = case(id);
        let played = simulation.play(c, &scenario, version);
        println!("{}", scenario.to_yaml());
        let t0 = podcheck::simulate::CREATED_MS;
        for (i, s) in played.trace.steps.iter().enumerate() {
            print!(
                "{i:3} {:>7} {:?} {:?} del={:?} ",
                s.at_ms.map_or(-1, |a| a - t0),
                s.event,
                s.view.phase,
                s.deletion.map(|d| (d.timestamp_ms - t0, d.grace_s))
            );
            for (k, v) in s.view.containers.iter().enumerate() {
                if let Some(v) = v {
                    print!(
                        "| {} r{} {:?} ",
                        played.trace.spec.containers[k].name, v.restart_count, v.state
                    );
                }
            }
            println!();
        }
        let facts = Facts::of(&played.trace);
        for k in 0..played.trace.spec.containers.len() {
            for n in 0..facts.instances(k) {
                if let Some(f) = facts.get(k, n) {
                    println!(
                        "{} #{n}: start {:?} finish {:?} term {:?} exit {:?}",
                        played.trace.spec.containers[k].name,
                        f.start.map(|x| (x.lo - t0, x.hi - t0)),
                        f.finish.map(|x| (x.lo - t0, x.hi - t0)),
                        f.term.map(|t| t - t0),
                        f.exit.as_ref().map(|e| e.code)
                    );
                }
            }
        }
        println!("bounds {:?}", Bounds::with_delay(2000));
        println!("{:?}", played.judged.verdict);
    }
}
