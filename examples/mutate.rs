use podcheck::{
    check::{self, Bounds, Inclusion},
    model,
    trace::{self, *},
};
use std::collections::BTreeMap;
fn main() {
    let mut table: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut examples: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for arg in std::env::args().skip(1) {
        let (path, version) = arg.split_once('=').unwrap();
        let v: model::KubeletVersion = version.parse().unwrap();
        let b = model::Behaviour::of(v);
        for t in &trace::normalize::read_traces(path.as_ref(), &Default::default())
            .unwrap()
            .traces
        {
            if !matches!(check::includes(&b, t, &Bounds::default()), Inclusion::Included) {
                println!("base excluded {}", t.name);
                continue;
            }
            let mut try_it = |name: String, m: Trace, i: usize| {
                if &m == t {
                    return;
                }
                let ok = matches!(check::includes(&b, &m, &Bounds::default()), Inclusion::Included);
                let e = table.entry(name.clone()).or_default();
                e.0 += 1;
                if ok {
                    e.1 += 1;
                    examples
                        .entry(name)
                        .or_default()
                        .push(format!("{}@{}", t.name, t.steps[i].event_index));
                }
            };
            for i in 0..t.steps.len() {
                let has = t.steps[i].view.containers.iter().any(|c| c.is_some());
                if !has {
                    continue;
                }
                if i + 1 < t.steps.len() && t.steps[i].view != t.steps[i + 1].view {
                    let mut m = t.clone();
                    let (a, c) = (m.steps[i].clone(), m.steps[i + 1].clone());
                    m.steps[i].view = c.view;
                    m.steps[i].seen = c.seen;
                    m.steps[i + 1].view = a.view;
                    m.steps[i + 1].seen = a.seen;
                    try_it("swap".into(), m, i);
                }
                for ph in [Phase::Pending, Phase::Running, Phase::Succeeded, Phase::Failed] {
                    let mut m = t.clone();
                    m.steps[i].view.phase = ph;
                    try_it(format!("phase->{ph:?}"), m, i);
                }
                for k in ConditionKind::ALL {
                    let mut m = t.clone();
                    if let Some(c) = &mut m.steps[i].view.conditions[k as usize] {
                        c.is_true = !c.is_true;
                    }
                    try_it(format!("cond {k:?}"), m, i);
                }
                for c in 0..t.spec.containers.len() {
                    let kind = t.spec.containers[c].kind;
                    let f = |g: &dyn Fn(&mut ContainerView)| {
                        let mut m = t.clone();
                        if let Some(v) = &mut m.steps[i].view.containers[c] {
                            g(v);
                        }
                        m
                    };
                    try_it(format!("{kind:?} ready"), f(&|v| v.ready = !v.ready), i);
                    try_it(format!("{kind:?} started"), f(&|v| v.started = !v.started), i);
                    try_it(format!("{kind:?} restarts+1"), f(&|v| v.restart_count += 1), i);
                    try_it(format!("{kind:?} last gone"), f(&|v| v.last = None), i);
                    try_it(
                        format!("{kind:?} code"),
                        f(&|v| {
                            if let State::Terminated(e) = &mut v.state {
                                e.code = if e.code == 0 { 1 } else { 0 }
                            }
                        }),
                        i,
                    );
                    try_it(format!("{kind:?} state->running"), f(&|v| v.state = State::Running), i);
                    try_it(
                        format!("{kind:?} state->waiting"),
                        f(&|v| v.state = State::Waiting(Reason::PodInitializing)),
                        i,
                    );
                    try_it(
                        format!("{kind:?} state->crashloop"),
                        f(&|v| v.state = State::Waiting(Reason::CrashLoopBackOff)),
                        i,
                    );
                }
            }
        }
    }
    for (k, (n, ok)) in table {
        println!(
            "{k:28} {n:5} accepted {ok:4}  {}",
            examples.get(&k).map_or(String::new(), |e| e
                .iter()
                .take(5)
                .cloned()
                .collect::<Vec<_>>()
                .join(" "))
        );
    }
}
