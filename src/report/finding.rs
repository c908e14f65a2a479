//! A divergence told: its explanation, its lanes, both tables, and the command that runs it again.

use std::fmt::Write;

use anstream::adapter::strip_str;

use super::compare::{observed, side_by_side};
use super::lanes::{self, Picture};
use crate::campaign::{Finding, Found, predicted};
use crate::check::{Bounds, Divergence};
use crate::explain;
use crate::model::KubeletVersion;
use crate::printer::{self, Printer, Row};
use crate::simulate::Workload;
use crate::trace::Trace;

/// What can be shown of a pod's life beside words.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its lanes.
    pub picture: Picture,
    /// The observed and the predicted table beside each other.
    pub tables: String,
    /// The observed table alone, as kubectl prints it, without repetitions.
    pub observed: String,
    /// The predicted one; empty if the pod carries no scenario.
    pub predicted: String,
}

/// A divergence as text.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// What is kept of it.
    pub text: String,
    /// The same with colours.
    pub painted: String,
    /// Why, step by step.
    pub why: explain::Explanation,
    /// Its lanes and tables.
    pub shown: Shown,
}

/// Lanes and tables of a pod; without a `server` version the tables are printed as by one of the kubelet's version.
pub fn show(
    trace: &Trace,
    divergences: &[Divergence],
    kubelet: Option<KubeletVersion>,
    server: Option<KubeletVersion>,
) -> Shown {
    let printer = Printer::for_server(server.or(kubelet).map_or(u32::MAX, |version| version.minor));
    let scenario = trace.scenario.as_ref().zip(kubelet);
    let prediction = scenario.map(|(scenario, kubelet)| predicted(&Workload::of(scenario), kubelet));
    let expected = prediction
        .as_ref()
        .map(|life| printer::collapse(printer.rows(&life.spec, &life.steps)));
    let marked = divergences.first().map(|first| first.event_index);
    let rows = observed(printer, trace, marked);
    let table = |rows: &[Row]| printer::table(rows.iter().map(|row| (trace.name.as_str(), row)));
    Shown {
        picture: lanes::picture(trace, divergences, prediction.as_ref(), printer),
        tables: side_by_side(&rows, expected.as_deref(), marked),
        observed: table(&printer::collapse(rows.into_iter().map(|row| row.row))),
        predicted: expected.map(|rows| table(&rows)).unwrap_or_default(),
    }
}

/// Tells a divergence.
pub fn explain(finding: &Finding, found: &Found, server: Option<KubeletVersion>) -> Explanation {
    let Finding { trace, divergences, .. } = finding;
    let kubelet = finding.kubernetes.parse::<KubeletVersion>().ok();
    let bounds = Bounds::with_delay(finding.delay_ms);
    let why = explain::explain(trace, divergences, kubelet, &bounds);
    let shown = show(trace, divergences, kubelet, server);
    let mut painted = head(found);
    // Writing to a string cannot fail.
    let _ = writeln!(painted, "{why}");
    let _ = writeln!(painted, "{}", lanes::text(&shown.picture));
    painted.push_str(&shown.tables);
    let _ = writeln!(painted, "\nreplay: {}", found.replay);
    Explanation {
        text: strip_str(&painted).to_string(),
        painted,
        why,
        shown,
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
