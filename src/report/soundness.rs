//! The table of a soundness run.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::campaign::{SoundnessOutcome, Sums};

/// Accused pods that are printed; JSON has them all.
const ACCUSED_MAX: usize = 100;

/// Sums by version and by observation, whoever was accused, and what that says of the rate.
pub fn soundness(outcome: &SoundnessOutcome, seconds: f64) -> String {
    let mut by_version: BTreeMap<_, Sums> = BTreeMap::new();
    let mut by_observed: BTreeMap<_, Sums> = BTreeMap::new();
    let mut total = Sums::default();
    for (&(version, observed), &sums) in &outcome.sums {
        *by_version.entry(version).or_default() += sums;
        *by_observed.entry(observed).or_default() += sums;
        total += sums;
    }
    let mut text = format!(
        "{:<14} {:>9} {:>8} {:>15} {:>9} {:>12} {:>15}\n",
        "", "pods", "refused", "promise broken", "undecided", "inconclusive", "known deviation"
    );
    let mut row = |name: &str, sums: Sums| {
        let _ = writeln!(
            text,
            "{name:<14} {:>9} {:>8} {:>15} {:>9} {:>12} {:>15}",
            sums.pods, sums.refused, sums.broken, sums.undecided, sums.inconclusive, sums.known_deviations
        );
    };
    by_version
        .into_iter()
        .for_each(|(version, sums)| row(&version.to_string(), sums));
    by_observed
        .into_iter()
        .for_each(|(observed, sums)| row(observed.name(), sums));
    row("all", total);
    for accused in outcome.accused.iter().take(ACCUSED_MAX) {
        let rule = accused.rule.as_deref().unwrap_or("undecided");
        let (case, version, observed, summary) =
            (&accused.case, &accused.kubernetes, accused.observed, &accused.summary);
        let _ = writeln!(text, "{case} on {version}, {observed}: {rule}: {summary}");
    }
    if let Some(more) = outcome.accused.len().checked_sub(ACCUSED_MAX + 1) {
        let _ = writeln!(text, "and {} more", more + 1);
    }
    let judged = total.pods - total.undecided - total.inconclusive;
    let _ = writeln!(
        text,
        "\n{} of {judged} healthy pods accused ({}); {:.0} pods a second",
        total.accused(),
        rate(total.accused(), judged),
        total.pods as f64 / seconds
    );
    text
}

/// The rate's 95 % interval (Wilson).
fn rate(accused: u64, judged: u64) -> String {
    if judged == 0 {
        return "nothing was judged".to_owned();
    }
    const Z: f64 = 1.96;
    let (n, p) = (judged as f64, accused as f64 / judged as f64);
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let bound = |sum: f64| (sum / (1.0 + Z * Z / n) * 1e6).max(0.0);
    format!(
        "95 %: {:.1} to {:.1} in a million",
        bound(middle - half),
        bound(middle + half)
    )
}
