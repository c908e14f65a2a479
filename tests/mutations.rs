//! The oracle's sharpness on real recordings: each stored recording that the model explains is changed in one place at a
//! time, and the snapshot says how many changes of each kind the model still explains.
//!
//! Some are legitimate. A dropped status is coalescing, a doubled one a stutter; two statuses can change places when
//! nothing tells which came first; a terminal phase can be published at once or masked (WS-1); readiness, `started` and
//! CrashLoopBackOff can be seen a little earlier or later than they were.

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use podcheck::check::{Bounds, Inclusion, includes};
use podcheck::model::Behaviour;
use podcheck::trace::{ConditionKind, ContainerView, JournalKind, Kind, Phase, Reason, State, Trace};

struct Mutant {
    kind: String,
    trace: Trace,
}

#[test]
fn changed_recordings_are_refused() {
    let traces = support::stored_traces().into_iter();
    let journalled: Vec<_> = traces.filter(|(file, _)| file.starts_with("live/")).collect();
    let next = AtomicUsize::new(0);
    let mut counts = BTreeMap::<String, (u32, u32)>::new();
    thread::scope(|scope| {
        let count = || {
            let mut counts = BTreeMap::<String, (u32, u32)>::new();
            while let Some((file, trace)) = journalled.get(next.fetch_add(1, Ordering::Relaxed)) {
                count_explained(file, trace, &mut counts);
            }
            counts
        };
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(count)).collect();
        for (kind, (all, explained)) in threads.into_iter().flat_map(|thread| thread.join().expect("it counts")) {
            let count = counts.entry(kind).or_default();
            *count = (count.0 + all, count.1 + explained);
        }
    });
    let rows = counts
        .iter()
        .map(|(kind, (all, explained))| format!("{kind:32} {all:5} mutants, {explained:4} explained\n"));
    support::snapshot("mutations", &rows.collect::<String>());
}

fn count_explained(file: &str, trace: &Trace, counts: &mut BTreeMap<String, (u32, u32)>) {
    let (behaviour, bounds) = (Behaviour::of(support::version(file, trace)), Bounds::default());
    if includes(&behaviour, trace, &bounds) != Inclusion::Included {
        return;
    }
    for mutant in mutants(trace).into_iter().filter(|mutant| mutant.trace != *trace) {
        let explained = includes(&behaviour, &mutant.trace, &bounds) == Inclusion::Included;
        let count = counts.entry(mutant.kind).or_default();
        count.0 += 1;
        count.1 += u32::from(explained);
    }
}

fn mutants(trace: &Trace) -> Vec<Mutant> {
    let mut found = Vec::new();
    let mut add = |kind: String, change: &dyn Fn(&mut Trace)| {
        let mut changed = trace.clone();
        change(&mut changed);
        found.push(Mutant { kind, trace: changed });
    };
    for i in 0..trace.steps.len() {
        let from_kubelet = trace.steps[i].view.containers.iter().any(Option::is_some);
        if !from_kubelet {
            continue;
        }
        add("event dropped".into(), &|t| drop(t.steps.remove(i)));
        add("event doubled".into(), &|t| t.steps.insert(i, t.steps[i].clone()));
        if i + 1 < trace.steps.len() && trace.steps[i].view != trace.steps[i + 1].view {
            add("events swapped".into(), &|t| {
                let (left, right) = t.steps.split_at_mut(i + 1);
                std::mem::swap(&mut left[i].view, &mut right[0].view);
                std::mem::swap(&mut left[i].seen, &mut right[0].seen);
            });
        }
        for phase in [Phase::Pending, Phase::Running, Phase::Succeeded, Phase::Failed] {
            add(format!("phase to {phase:?}"), &|t| t.steps[i].view.phase = phase);
        }
        for kind in ConditionKind::ALL {
            add(format!("condition {}", kind.as_str()), &|t| {
                if let Some(condition) = &mut t.steps[i].view.conditions[kind as usize] {
                    condition.is_true = !condition.is_true;
                }
            });
        }
        for (c, container) in trace.spec.containers.iter().enumerate() {
            for (name, change) in container_changes() {
                add(format!("{:?} {name}", container.kind), &|t| {
                    if let Some(view) = &mut t.steps[i].view.containers[c] {
                        change(view);
                    }
                });
            }
        }
    }
    for j in 0..trace.journal.as_ref().map_or(0, Vec::len) {
        let entry = trace.journal.as_ref().expect("counted above")[j];
        let what = match entry.kind {
            JournalKind::Start => "start",
            JournalKind::Term => "term",
            JournalKind::Exit(_) => "exit",
        };
        let kind: Kind = trace.spec.containers[entry.container].kind;
        add(format!("journal {kind:?} {what} removed"), &|t| {
            t.journal.as_mut().expect("some").remove(j);
        });
        for (name, by_ms) in [("8 s earlier", -8_000), ("20 s later", 20_000)] {
            add(format!("journal {kind:?} {what} {name}"), &|t| {
                t.journal.as_mut().expect("some")[j].at_ms += by_ms
            });
        }
    }
    found
}

type Change = fn(&mut ContainerView);

fn container_changes() -> [(&'static str, Change); 8] {
    [
        ("ready", |view| view.ready = !view.ready),
        ("started", |view| view.started = !view.started),
        ("restart count", |view| view.restart_count += 1),
        ("last state gone", |view| view.last = None),
        ("exit code", |view| {
            if let State::Terminated(exit) = &mut view.state {
                exit.code = i32::from(exit.code == 0);
            }
        }),
        ("to running", |view| view.state = State::Running),
        ("to waiting", |view| {
            view.state = State::Waiting(Reason::PodInitializing)
        }),
        ("to CrashLoopBackOff", |view| {
            view.state = State::Waiting(Reason::CrashLoopBackOff)
        }),
    ]
}
