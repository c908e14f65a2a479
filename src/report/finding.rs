//! A divergence told: what disagrees with what, both tables, and the command that runs it again.

use std::fmt::Write;

use super::compare::{observed, side_by_side};
use crate::campaign::{Finding, Found};
use crate::printer::{self, Printer, Row};

/// What is printed of a divergence, and kept as `explanation.txt`.
pub fn finding(finding: &Finding, found: &Found, printer: Printer, predicted: Option<&[Row]>) -> String {
    let Found {
        case,
        pod,
        node,
        kubernetes,
        divergences,
        ..
    } = found;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let place = node.as_ref().map_or_else(String::new, |node| format!(" on {node}"));
    let _ = writeln!(text, "{case} diverges{place} ({kubernetes}), pod {pod}");
    for divergence in divergences {
        let known = divergence
            .known_deviation
            .as_ref()
            .map_or_else(String::new, |name| format!(" (known: {name})"));
        let _ = writeln!(
            text,
            "  event {}, resourceVersion {}, rule {}: {}{known}",
            divergence.event_index, divergence.resource_version, divergence.rule, divergence.summary
        );
    }
    let marked = divergences.first().map(|first| first.event_index);
    let rows = observed(printer, &finding.trace, marked);
    text.push('\n');
    text.push_str(&side_by_side(&rows, predicted.unwrap_or_default(), marked));
    if predicted.is_none() {
        let _ = writeln!(text, "    (the pod carries no scenario, so nothing is predicted)");
    }
    let _ = writeln!(text, "\nreplay: {}", found.replay);
    text
}

/// A pod's table as kubectl prints it, without repetitions.
pub fn table(pod: &str, rows: &[Row]) -> String {
    printer::table(rows.iter().map(|row| (pod, row)))
}
