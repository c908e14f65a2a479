//! The tables of the small scope.

use std::fmt::Write;

use serde::Serialize;

use crate::campaign::{Rates, Regression};
use crate::judge::Tallies;
use crate::model::KubeletVersion;
use crate::scope::{Broken, Covered, Key, Known, Level, Mark, Smallest};

/// A promise that breaks, as it is printed.
#[derive(Clone, Debug, Serialize)]
pub struct ScopeRow {
    #[serde(flatten)]
    pub key: Key,
    #[serde(flatten)]
    pub broken: Broken,
    /// The smallest pod's, in the model: of the runs with few unusual choices.
    pub in_model: Rates,
    pub mark: Mark,
    /// What real kubelets said, by version.
    pub on_kubelets: Rates,
    /// The file in which that is remembered.
    pub file: Option<String>,
    /// It remembers this very pod, not one that was the smallest once.
    #[serde(skip)]
    is_same_pod: bool,
}

impl ScopeRow {
    /// With what is remembered of it.
    pub fn new(key: Key, broken: Broken, in_model: Rates, known: &[Known]) -> Self {
        let known = known.iter().find(|it| it.is_about(key.rule, key.known_deviation));
        let smallest = broken.smallest.as_ref().map(|smallest| &smallest.scenario);
        Self {
            is_same_pod: known.is_some_and(|it| Some(&it.regression.scenario) == smallest),
            key,
            broken,
            in_model,
            mark: known.map_or(Mark::NotTried, Known::mark),
            on_kubelets: known.map(|it| it.regression.versions.clone()).unwrap_or_default(),
            file: known.map(|it| it.file.clone()),
        }
    }

    /// Is it one that nobody knows, and that no real kubelet has refuted?
    pub fn is_candidate(&self) -> bool {
        self.key.known_deviation.is_none() && self.mark != Mark::Refuted
    }

    /// Name of a file for its smallest pod.
    pub fn slug(&self) -> String {
        let name = self
            .key
            .known_deviation
            .map_or(String::new(), |name| format!("{name}-"));
        let text = format!("{name}{}", self.key.rule).to_lowercase();
        let dashed = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
        dashed.collect::<String>().trim_end_matches('-').to_owned()
    }

    /// The smallest pod in the form of `expected/regressions`, with what it is about in a comment.
    pub fn to_yaml(&self) -> Option<Result<String, serde_yaml::Error>> {
        let smallest = self.broken.smallest.as_ref()?;
        let regression = Regression {
            class: smallest.class.clone(),
            versions: self
                .on_kubelets
                .clone()
                .into_iter()
                .filter(|_| self.is_same_pod)
                .collect(),
            fault: None,
            scenario: smallest.scenario.clone(),
        };
        let head = format!(
            "# {}: {}\n# {}; in the model: {}\n",
            self.key.rule,
            smallest.summary,
            extent(smallest),
            rates(&self.in_model)
        );
        Some(regression.to_yaml().map(|text| head + &text))
    }
}

/// What was gone through.
pub fn scope_levels(levels: &[(Level, Covered)]) -> String {
    let mut text = format!(
        "{:>10} {:>9} {:>8} {:>10} {:>10} {:>9} {:>12}\n",
        "containers", "oddities", "choices", "scenarios", "runs", "breaking", "choices met"
    );
    for (level, covered) in levels {
        let _ = writeln!(
            text,
            "{:>10} {:>9} {:>8} {:>10} {:>10} {:>9} {:>12}",
            level.containers,
            level.oddities,
            level.choices,
            covered.scenarios,
            covered.runs,
            covered.breaking,
            covered.choices_met_max
        );
    }
    text
}

/// The promises that break, those that nobody knows first.
pub fn scope(rows: &[ScopeRow]) -> String {
    let mut text = String::new();
    for row in rows {
        let _ = writeln!(
            text,
            "{:<30} {:<24} {}",
            row.key.rule,
            row.key.known_deviation.unwrap_or("UNKNOWN"),
            mark(row)
        );
        let versions: Vec<KubeletVersion> = row.broken.versions.keys().copied().collect();
        let (scenarios, runs) = row.broken.versions.values().fold((0, 0), |(scenarios, runs), count| {
            (scenarios + count.scenarios, runs + count.runs)
        });
        let _ = writeln!(text, "    {}: {scenarios} scenarios, {runs} runs", spans(&versions));
        if let Some(smallest) = &row.broken.smallest {
            let _ = writeln!(text, "    smallest: {}; {}", extent(smallest), smallest.summary);
            if row.key.known_deviation.is_none() {
                let _ = writeln!(text, "    in the model: {}", rates(&row.in_model));
                for line in smallest.scenario.to_yaml().lines() {
                    let _ = writeln!(text, "    | {line}");
                }
            }
        }
    }
    text
}

/// The promises that were kept, and those that nothing put at risk.
pub fn scope_kept(tallies: &Tallies) -> String {
    let kept = tallies.values().filter(|it| it.broken == 0 && it.kept > 0).count();
    let idle = tallies.iter().filter(|(_, it)| it.at_risk() == 0).map(|(id, _)| *id);
    let idle: Vec<&str> = idle.collect();
    let mut text = format!("{kept} promises were at risk and never broke");
    if !idle.is_empty() {
        let _ = write!(text, "; never at risk: {}", idle.join(", "));
    }
    text + "\n"
}

fn extent(smallest: &Smallest) -> String {
    let Smallest {
        containers,
        oddities,
        choices,
        ..
    } = smallest;
    format!("{containers} containers, {oddities} oddities, {choices} unusual choices")
}

fn mark(row: &ScopeRow) -> String {
    match row.mark {
        Mark::Confirmed => format!("confirmed ({})", rates(&row.on_kubelets)),
        Mark::Refuted => format!("refuted ({})", rates(&row.on_kubelets)),
        Mark::NotTried => "not tried".to_owned(),
    }
}

fn rates(rates: &Rates) -> String {
    let each: Vec<String> = rates
        .iter()
        .map(|(version, rate)| format!("{version} {rate}"))
        .collect();
    each.join(", ")
}

/// `v1.28.15, v1.30.0 to v1.37.0`: neighbours among the minor versions are drawn together.
fn spans(versions: &[KubeletVersion]) -> String {
    let mut spans: Vec<(KubeletVersion, KubeletVersion)> = Vec::new();
    for &version in versions {
        match spans.last_mut() {
            Some((_, last)) if version.minor <= last.minor + 1 => *last = version,
            _ => spans.push((version, version)),
        }
    }
    let each = spans.into_iter().map(|(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first} to {last}")
        }
    });
    each.collect::<Vec<_>>().join(", ")
}
