//! Every stored real recording keeps its verdict: what it says is a snapshot, one line a pod.

mod support;

use std::fmt::Write;

use podcheck::campaign::judge_as;
use podcheck::check::{Bounds, Verdict};

#[test]
fn stored_recordings_keep_their_verdicts() {
    let mut lines = String::new();
    for (file, trace) in support::stored_traces() {
        let version = support::version(&file, &trace);
        let verdict = judge_as(&trace, Some(version), &Bounds::default(), false).verdict;
        let details = match &verdict {
            Verdict::Conforms => String::new(),
            Verdict::Inconclusive(reason) => format!(": {reason}"),
            Verdict::KnownDeviation(found) | Verdict::Diverges(found) => found
                .iter()
                .map(|it| {
                    format!(
                        "\n    {} {}",
                        it.rule,
                        it.known_deviation.as_deref().unwrap_or(&it.summary)
                    )
                })
                .collect(),
        };
        let _ = writeln!(lines, "{file} {}: {}{details}", trace.name, verdict.word());
    }
    support::snapshot("verdicts", &lines);
}
