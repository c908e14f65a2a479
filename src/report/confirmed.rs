//! What running a divergence again has shown.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::campaign::{Class, Found, Gathered, Summary};
use crate::shrink::said;

/// How often a divergence showed again and the smallest pod that shows it; `stopped` says why something is missing.
pub fn confirmed(found: &Found, stopped: Option<&str>) -> String {
    let mut text = String::new();
    if found.confirmed.is_empty() && stopped.is_none() {
        return text;
    }
    // Writing to a string cannot fail.
    let _ = writeln!(text, "class: {}", found.class);
    if !found.confirmed.is_empty() {
        let word = if found.is_confirmed() {
            "confirmed on"
        } else {
            "seen once; run again on"
        };
        let _ = writeln!(text, "{word}: {}", said(&found.confirmed));
    }
    if let Some(minimal) = &found.minimal {
        let _ = writeln!(text, "smallest pod: {minimal}");
        if !minimal.confirmed.is_empty() {
            let _ = writeln!(text, "it shows the class on: {}", said(&minimal.confirmed));
        }
        if let Some(file) = &minimal.file {
            let node = found
                .node
                .as_ref()
                .map_or_else(String::new, |node| format!(" --node {node}"));
            let _ = writeln!(text, "replay: podcheck replay {}{node}", file.display());
        }
        for line in minimal.scenario.to_yaml().lines() {
            let _ = writeln!(text, "  {line}");
        }
    } else if let Some(why) = stopped {
        let _ = writeln!(text, "no smaller pod: {why}");
    }
    text
}

/// One entry for each class that was run again: where it shows, the smallest pod, and where that is kept.
pub fn classes(summary: &Summary) -> String {
    let mut text = String::new();
    for found in summary.divergences.iter().filter(|found| !found.confirmed.is_empty()) {
        if text.is_empty() {
            text.push_str("\nclasses of failure\n");
        }
        let rates = found.minimal.as_ref().map(|minimal| &minimal.confirmed);
        let rates = rates.filter(|rates| !rates.is_empty()).unwrap_or(&found.confirmed);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {}: {}", found.class, said(rates));
        match &found.minimal {
            Some(minimal) => {
                let _ = writeln!(text, "      smallest pod: {minimal}");
            }
            None if !found.is_confirmed() => {
                let _ = writeln!(text, "      seen once, on {}", found.kubernetes);
            }
            None => {}
        }
        if let Some(folder) = &found.folder {
            let _ = writeln!(text, "      {}", folder.display());
        }
    }
    text
}

/// `v1.29.2: same class, 5 of 5`: whether a scenario still shows what it is kept for.
pub fn seen_again(gathered: &Gathered, class: &Class) -> String {
    let mut text = format!("expected: {class}\n");
    for (version, tally) in &gathered.kubelets {
        let (mut same, mut others) = (0, BTreeMap::new());
        for (other, count) in gathered.shown.get(version).into_iter().flatten() {
            if other.is_same_failure(class) {
                same += count;
            } else {
                others.insert(other, count);
            }
        }
        let of = tally.conclusive();
        let answer = match (same, others.is_empty()) {
            (0, true) => "not seen",
            (0, false) => "other class",
            _ => "same class",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{version}: {answer}, {same} of {of}");
        for (other, count) in others {
            let _ = writeln!(text, "  beside it {other}: {count} of {of}");
        }
    }
    text
}
