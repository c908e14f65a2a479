//! What running a divergence again has shown.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::campaign::{Class, Found, Gathered};
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
        let here = found.confirmed.get(&found.kubernetes).copied().unwrap_or_default();
        let word = if here.shown == 0 {
            "seen once, and again on"
        } else {
            "confirmed on"
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
