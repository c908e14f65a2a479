use podcheck::{check, model, trace};
fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().unwrap();
    let version = args.next();
    let only = args.next();
    let recorded = trace::normalize::read_traces(path.as_ref(), &trace::normalize::Options::default()).unwrap();
    let mut counts = std::collections::BTreeMap::new();
    for t in &recorded.traces {
        if only.as_ref().is_some_and(|o| &t.name != o) {
            continue;
        }
        let v: model::KubeletVersion = version.clone().or(t.kubelet.clone()).unwrap().parse().unwrap();
        let b = model::Behaviour::of(v);
        let start = std::time::Instant::now();
        let r = check::includes(&b, t, &check::Bounds::default());
        let took = start.elapsed();
        let word = match &r {
            check::Inclusion::Included => "included",
            check::Inclusion::Excluded(_) => "excluded",
            _ => "undecided",
        };
        *counts.entry(word).or_insert(0) += 1;
        if only.is_some() || word != "included" {
            println!("{} {v} {:?} {r:?} {took:?}", t.name, t.spec.restart_policy);
            let facts = check::Facts::of(t);
            for (i, c) in t.spec.containers.iter().enumerate() {
                println!(
                    "   {} {:?} startup {} readiness {} liveness {}",
                    c.name,
                    c.kind,
                    c.startup.is_some(),
                    c.readiness.is_some(),
                    c.liveness.is_some()
                );
                for n in 0..facts.instances(i) {
                    println!("      {n} {:?}", facts.get(i, n).unwrap());
                }
            }
            for s in &t.steps {
                println!(
                    "  {} at {:?} {:?} {:?} del {:?} {:?}",
                    s.event_index,
                    s.at_ms,
                    s.event,
                    s.view.phase,
                    s.deletion.map(|d| d.grace_s),
                    s.view
                        .conditions
                        .iter()
                        .map(|c| c.as_ref().map_or("-".to_string(), |c| format!(
                            "{}{}",
                            if c.is_true { "T" } else { "F" },
                            c.reason
                        )))
                        .collect::<Vec<_>>()
                        .join(" ")
                );
                for (c, v) in t.spec.containers.iter().zip(&s.view.containers) {
                    if let Some(v) = v {
                        println!("      {} {}", c.name, check::describe(v));
                    }
                }
            }
        }
    }
    println!("{counts:?}");
}
