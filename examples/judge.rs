use podcheck::{
    check::{Bounds, Verdict},
    judge, trace,
};
use std::collections::BTreeMap;
fn main() {
    let mut sum: BTreeMap<(String, String), u32> = BTreeMap::new();
    let mut tallies = judge::Tallies::new();
    for path in std::env::args().skip(1) {
        let recorded = trace::normalize::read_traces(path.as_ref(), &Default::default()).unwrap();
        for t in &recorded.traces {
            let v = t.kubelet.as_ref().and_then(|k| k.parse().ok());
            let j = judge::judge(
                t,
                v,
                &Bounds::with_delay(std::env::var("DELAY").map_or(10_000, |d| d.parse().unwrap())),
                false,
            );
            judge::add(&mut tallies, &j.guarantees);
            let k = t.kubelet.clone().unwrap_or_default();
            let ds = match &j.verdict {
                Verdict::KnownDeviation(d) | Verdict::Diverges(d) => d.clone(),
                _ => vec![],
            };
            *sum.entry((k.clone(), j.verdict.word().to_string())).or_default() += 1;
            for d in &ds {
                *sum.entry((
                    k.clone(),
                    format!("   {} {}", d.rule, d.known_deviation.clone().unwrap_or_default()),
                ))
                .or_default() += 1;
            }
            if let Verdict::Diverges(d) = &j.verdict {
                for d in d {
                    if d.known_deviation.is_none() {
                        println!(
                            "{} {k} {:?} @{} {}: {}",
                            t.name, t.spec.restart_policy, d.event_index, d.rule, d.summary
                        );
                    }
                }
            }
            if let Verdict::Inconclusive(r) = &j.verdict {
                println!("{} {k} inconclusive {r}", t.name);
            }
        }
    }
    for ((k, w), n) in sum {
        println!("{k:8} {n:5} {w}");
    }
    for p in judge::catalogue(&tallies) {
        println!("{:32} risk {:5} broken {:4}", p.id, p.at_risk, p.broken);
    }
}
