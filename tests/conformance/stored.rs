//! `recordings::<file>`: each stored recording keeps its verdicts, those of the snapshot `expected/verdicts.snap`.

use std::collections::BTreeMap;

use libtest_mimic::{Failed, Trial};
use podcheck::campaign::judge_as;
use podcheck::check::Bounds;
use podcheck::trace::Trace;

use super::support;

/// One trial a file.
pub fn trials() -> Vec<Trial> {
    let mut files: BTreeMap<String, Vec<Trace>> = BTreeMap::new();
    for (file, trace) in support::stored_traces() {
        files.entry(file).or_default().push(trace);
    }
    let trial = |(file, traces): (String, Vec<Trace>)| {
        let name = format!("recordings::{}", file.trim_end_matches(".jsonl"));
        Trial::test(name, move || keeps_its_verdicts(&file, &traces))
    };
    files.into_iter().map(trial).collect()
}

fn keeps_its_verdicts(file: &str, traces: &[Trace]) -> Result<(), Failed> {
    let path = support::expected().join("verdicts.snap");
    let snapshot = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    for trace in traces {
        let version = support::version(file, trace);
        let verdict = judge_as(trace, Some(version), &Bounds::default(), false).verdict;
        let start = format!("{file} {}: ", trace.name);
        let line = snapshot.lines().find_map(|line| line.strip_prefix(&start));
        let known = line.and_then(|line| line.split(':').next()).unwrap_or("absent");
        if known != verdict.word() {
            let text = format!("{}: {known} in verdicts.snap, now {verdict:?}", trace.name);
            return Err(format!("{text}; podcheck check expected/recordings/{file} tells more").into());
        }
    }
    Ok(())
}
