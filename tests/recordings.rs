//! Recordings of any kind become traces, or say clearly why not.

use std::path::{Path, PathBuf};

use podcheck::trace::normalize::{Options, Recorded, read_traces};
use podcheck::trace::{EventType, Gap, Phase};

fn stored(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("expected/recordings")
        .join(name)
}

fn read(name: &str) -> Recorded {
    read_traces(&stored(name), &Options::default()).expect("a readable recording")
}

#[test]
fn real_streams_are_read_completely() {
    for (name, events) in [("v1.29.2.jsonl", 34), ("v1.34.0.jsonl", 59)] {
        let recorded = read(name);
        assert_eq!(recorded.notes.messages(), Vec::<String>::new());
        assert_eq!((recorded.notes.events, recorded.traces.len()), (events, 4));
        let steps: usize = recorded.traces.iter().map(|trace| trace.steps.len()).sum();
        assert_eq!(steps, events);
        for trace in &recorded.traces {
            assert_eq!(trace.gaps, Vec::<Gap>::new());
            assert_eq!(trace.journal, None);
            assert_eq!(trace.steps[0].event, EventType::Added);
            assert!(
                trace
                    .steps
                    .last()
                    .is_some_and(|step| step.view.containers.iter().all(Option::is_some))
            );
        }
    }
}
