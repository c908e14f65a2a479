//! The API's own Events (kind Event) about the pods of a run, beside its recording: one JSON object a line.
//!
//! They judge nothing; they are kept for whoever reads a divergence.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// What is kept of an Event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiEvent {
    /// `metadata.uid` of the pod.
    pub uid: String,
    /// First and last time, as the API writes them.
    pub first: String,
    pub last: String,
    /// How often.
    pub count: i32,
    /// `Normal` or `Warning`.
    pub kind: String,
    /// `Scheduled`, `Started`, `BackOff`, …
    pub reason: String,
    /// The container that it is about: `spec.containers{m0}`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub part: String,
    /// Who said it: `kubelet`, `default-scheduler`.
    pub source: String,
    pub message: String,
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", untagged)]
pub enum ApiEventLine {
    /// An Event.
    Event(ApiEvent),
    /// Some or all are not there.
    Missing {
        /// Why.
        missing: String,
    },
}

/// The Events of these pods as text, by uid; a pod without any gets a line that says so, and why if that is known.
pub fn api_events(path: &Path, uids: &BTreeSet<String>) -> BTreeMap<String, String> {
    let (events, missing) = match read(path, uids) {
        Ok(found) => found,
        Err(error) => (
            BTreeMap::new(),
            Some(format!("{} cannot be read: {error}", path.display())),
        ),
    };
    let text = |uid: &String| {
        let mut text = table(events.get(uid).map_or(&[], Vec::as_slice));
        if text.is_empty() {
            text.push_str("no Event of this pod was kept\n");
        }
        if let Some(missing) = &missing {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "Events may be missing: {missing}");
        }
        (uid.clone(), text)
    };
    uids.iter().map(text).collect()
}

type Found = (BTreeMap<String, Vec<ApiEvent>>, Option<String>);

fn read(path: &Path, uids: &BTreeSet<String>) -> io::Result<Found> {
    let (mut events, mut why): (BTreeMap<String, Vec<ApiEvent>>, _) = (BTreeMap::new(), None);
    for line in BufReader::new(File::open(path)?).lines() {
        match serde_json::from_str(&line?)? {
            ApiEventLine::Event(event) if uids.contains(&event.uid) => {
                events.entry(event.uid.clone()).or_default().push(event);
            }
            ApiEventLine::Event(_) => {}
            ApiEventLine::Missing { missing } => why = Some(missing),
        }
    }
    // The API lists them by name, which says nothing about time.
    events
        .values_mut()
        .for_each(|events| events.sort_by(|a, b| a.first.cmp(&b.first)));
    Ok((events, why))
}

fn table(events: &[ApiEvent]) -> String {
    let mut text = String::new();
    for event in events {
        let ApiEvent {
            first,
            last,
            count,
            kind,
            reason,
            part,
            source,
            message,
            ..
        } = event;
        let repeated = if *count > 1 {
            format!(" ({count} times, last at {last})")
        } else {
            String::new()
        };
        let part = if part.is_empty() {
            String::new()
        } else {
            format!("  {part}")
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{first}  {kind:<7}  {reason:<17}  {source}{part}  {}{repeated}",
            message.trim_end()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(uid: &str, first: &str, reason: &str) -> ApiEventLine {
        ApiEventLine::Event(ApiEvent {
            uid: uid.to_owned(),
            first: first.to_owned(),
            last: "2026-01-01T00:01:00Z".to_owned(),
            count: if reason == "BackOff" { 3 } else { 1 },
            kind: if reason == "BackOff" { "Warning" } else { "Normal" }.to_owned(),
            reason: reason.to_owned(),
            part: "spec.containers{m0}".to_owned(),
            source: "kubelet".to_owned(),
            message: format!("{reason} m0"),
        })
    }

    #[test]
    fn each_pod_gets_its_own_events_in_order_or_the_reason() {
        let path = std::env::temp_dir().join(format!("podcheck-api-events-{}.jsonl", std::process::id()));
        let missing = ApiEventLine::Missing {
            missing: "the cluster was gone".to_owned(),
        };
        let lines = [
            event("a", "2026-01-01T00:00:02Z", "BackOff"),
            event("b", "2026-01-01T00:00:03Z", "Started"),
            event("a", "2026-01-01T00:00:01Z", "Started"),
        ];
        let write = |lines: &[ApiEventLine]| {
            let text = lines
                .iter()
                .map(|line| serde_json::to_string(line).expect("JSON") + "\n");
            std::fs::write(&path, text.collect::<String>()).expect("a writable folder");
        };
        let uids = BTreeSet::from(["a".to_owned(), "c".to_owned()]);
        write(&lines);
        let texts = api_events(&path, &uids);
        assert_eq!(
            texts["a"],
            "2026-01-01T00:00:01Z  Normal   Started            kubelet  spec.containers{m0}  Started m0\n\
             2026-01-01T00:00:02Z  Warning  BackOff            kubelet  spec.containers{m0}  BackOff m0 (3 times, last at \
             2026-01-01T00:01:00Z)\n"
        );
        assert_eq!(texts["c"], "no Event of this pod was kept\n");
        write(&[missing]);
        let texts = api_events(&path, &uids);
        assert!(texts["a"].ends_with("Events may be missing: the cluster was gone\n"));
        std::fs::remove_file(&path).expect("it is there");
        assert!(api_events(&path, &uids)["a"].contains("cannot be read"));
    }
}
