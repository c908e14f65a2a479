//! A divergence told: its explanation, both tables, and the command that runs it again.

use std::fmt::Write;

use super::compare::{observed, side_by_side};
use crate::campaign::{Finding, Found, predict};
use crate::check::Bounds;
use crate::explain;
use crate::model::KubeletVersion;
use crate::printer::{self, Printer, Row};
use crate::simulate::Workload;

/// A divergence as text.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What is printed of it.
    pub text: String,
    /// The observed table alone, as kubectl prints it, without repetitions.
    pub observed: String,
    /// The predicted one; empty if the pod carries no scenario.
    pub predicted: String,
}

/// Tells a divergence; without a `server` version the tables are printed as by one of the kubelet's version.
pub fn explain(finding: &Finding, found: &Found, server: Option<KubeletVersion>) -> Explanation {
    let Finding { trace, divergences, .. } = finding;
    let kubelet = finding.kubernetes.parse::<KubeletVersion>().ok();
    let minor = server.or(kubelet).map_or(u32::MAX, |version| version.minor);
    let printer = Printer::for_server(minor);
    let scenario = trace.scenario.as_ref().zip(kubelet);
    let predicted = scenario.map(|(scenario, kubelet)| predict(&Workload::of(scenario), kubelet, minor));

    let bounds = Bounds::with_delay(finding.delay_ms);
    let mut text = head(found);
    let _ = writeln!(text, "{}", explain::explain(trace, divergences, kubelet, &bounds));
    let marked = divergences.first().map(|first| first.event_index);
    let rows = observed(printer, trace, marked);
    text.push_str(&side_by_side(&rows, predicted.as_deref(), marked));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\nreplay: {}", found.replay);

    let rows = printer::collapse(rows.into_iter().map(|row| row.row));
    let table = |rows: &[Row]| printer::table(rows.iter().map(|row| (trace.name.as_str(), row)));
    Explanation {
        text,
        observed: table(&rows),
        predicted: predicted.map(|rows| table(&rows)).unwrap_or_default(),
    }
}

fn head(found: &Found) -> String {
    let Found {
        case,
        pod,
        node,
        kubernetes,
        ..
    } = found;
    let place = node.as_ref().map_or_else(String::new, |node| format!(" on {node}"));
    let mut text = format!("{case} diverges{place} ({kubernetes}), pod {pod}\n");
    text.push('\n');
    text
}
