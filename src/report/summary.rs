//! The summary of a campaign as text.

use std::fmt::Write;

use crate::campaign::{Summary, Tally};
use crate::target::cpu::CpuTimes;

/// Reasons listed for each version; more are only counted.
const REASONS_MAX: usize = 5;

/// Less than this is no load worth mentioning.
const LOAD_MS: i64 = 5_000;

/// The table of verdicts by kubelet version, with what is behind its numbers.
pub fn summary(summary: &Summary) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{:<10} {:>7} {:>9} {:>6} {:>9} {:>13}   nodes",
        "KUBELET", "judged", "conforms", "known", "diverges", "inconclusive"
    );
    for (version, tally) in &summary.kubelets {
        let nodes: Vec<&str> = tally.nodes.iter().map(String::as_str).collect();
        let row = format!(
            "{version:<10} {:>7} {:>9} {:>6} {:>9} {:>13}   {}",
            tally.judged,
            tally.conforms,
            tally.known_deviation,
            tally.diverges,
            tally.inconclusive,
            nodes.join(", ")
        );
        let _ = writeln!(text, "{}", row.trim_end());
    }
    for (version, tally) in &summary.kubelets {
        details(&mut text, version, tally);
    }
    let (judged, conclusive, _) = summary.totals();
    let share = if judged == 0 {
        0.0
    } else {
        100.0 * conclusive as f64 / judged as f64
    };
    let _ = writeln!(
        text,
        "\n{judged} pods in {:.0} s: {:.1} a minute; {share:.1} % conclusive",
        summary.seconds, summary.pods_per_minute
    );
    if let Some(cpu) = &summary.cpu {
        let _ = writeln!(text, "{}", cpu_times(cpu));
    }
    let met = summary.goals.values().filter(|pods| **pods > 0).count();
    if !summary.goals.is_empty() {
        let _ = writeln!(text, "{met} of {} goals met", summary.goals.len());
    }
    if !summary.goals_missed.is_empty() {
        let _ = writeln!(text, "incomplete: no pod met {}", summary.goals_missed.join(", "));
    }
    if let Some(why) = &summary.stopped {
        let _ = writeln!(text, "ended early: {why}");
    }
    text
}

/// `CPU time: podcheck 4 s; kubelet 100 s, containerd 40 s, kube-apiserver 60 s: 2.0 % of theirs`
fn cpu_times(cpu: &CpuTimes) -> String {
    let programs: Vec<String> = cpu.node_s.iter().map(|(name, s)| format!("{name} {s:.0} s")).collect();
    let own = format!("CPU time: podcheck {:.0} s", cpu.own_s);
    match cpu.share() {
        Some(share) => format!("{own}; {}: {:.1} % of theirs", programs.join(", "), 100.0 * share),
        None => format!("{own}; the nodes' programs run on another machine"),
    }
}

/// How often each promise was at risk, and broken.
pub fn catalogue(summary: &Summary) -> String {
    let mut text = format!("{:>8} {:>7}  guarantee\n", "at risk", "broken");
    for promise in &summary.guarantees {
        let _ = writeln!(
            text,
            "{:>8} {:>7}  {}: {}",
            promise.at_risk, promise.broken, promise.id, promise.rule
        );
    }
    text
}

/// `v1.34.0: diverges 2 of 5, conforms 3 of 5`: what a scenario did when it was run several times.
pub fn rates(summary: &Summary) -> String {
    let mut text = String::new();
    for (version, tally) in &summary.kubelets {
        let words = [
            ("diverges", tally.diverges),
            ("known deviation", tally.known_deviation),
            ("conforms", tally.conforms),
            ("inconclusive", tally.inconclusive),
        ];
        let words = words.iter().filter(|(_, count)| *count > 0);
        let words: Vec<String> = words
            .map(|(word, count)| format!("{word} {count} of {}", tally.judged))
            .collect();
        let _ = writeln!(text, "{version}: {}", words.join(", "));
    }
    text
}

fn details(text: &mut String, version: &str, tally: &Tally) {
    let mut lines = Vec::new();
    for (name, count) in &tally.known_deviations {
        lines.push(format!("known deviation {name}: {count}"));
    }
    let mut reasons: Vec<(&String, &usize)> = tally.inconclusive_reasons.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let shown = reasons.iter().take(REASONS_MAX);
    lines.extend(shown.map(|(reason, count)| format!("inconclusive, {reason}: {count}")));
    if reasons.len() > REASONS_MAX {
        lines.push(format!("inconclusive for {} more reasons", reasons.len() - REASONS_MAX));
    }
    if tally.delay_ms_max > LOAD_MS {
        let delay_s = tally.delay_ms_max as f64 / 1000.0;
        lines.push(format!("slow at times: allowed for up to {delay_s:.1} s of load"));
    }
    if !lines.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n{version}\n  {}", lines.join("\n  "));
    }
}
