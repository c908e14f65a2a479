//! One disagreement as a short proof.

use std::fmt;

use serde::Serialize;

use super::permitted::Permitted;
use super::story::{Moment, story};
use crate::check::Divergence;
use crate::trace::Trace;
use crate::{deviations, guarantees, rules};

/// How many moments before the disagreement are told.
const BEFORE_MAX: usize = 9;
/// How many after it.
const AFTER_MAX: usize = 2;

/// Where it is written that something else had to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Id of the rule or guarantee.
    pub id: String,
    /// In one sentence.
    pub sentence: String,
    /// The words of the documentation, a KEP or the API, if it is a promise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// Where they stand.
    pub link: String,
}

/// What a maintainer has to believe, step by step.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    /// What came that must not have, in one sentence.
    pub summary: String,
    /// Name, title, versions and link of the known deviation that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// The moments around it; the marked one shows it.
    pub observed: Vec<(bool, Moment)>,
    /// Moments before those.
    pub earlier: usize,
    /// Why it had to be otherwise.
    pub required: Option<Source>,
    /// What does not follow.
    pub not_implied: Vec<String>,
}

/// Proves one disagreement.
pub fn proof(trace: &Trace, divergence: &Divergence, permitted: &Permitted) -> Proof {
    let (earlier, observed) = around(trace, divergence);
    Proof {
        summary: divergence.summary.clone(),
        known: divergence.known_deviation.as_deref().and_then(known),
        observed,
        earlier,
        required: source(&divergence.rule),
        not_implied: not_implied(divergence, permitted),
    }
}

fn around(trace: &Trace, divergence: &Divergence) -> (usize, Vec<(bool, Moment)>) {
    let moments = story(trace);
    let is_it = |moment: &Moment| moment.event_index == Some(divergence.event_index);
    // An event that changed nothing that is told: the last one before it.
    let marked = moments.iter().position(is_it).or_else(|| {
        let before = |moment: &Moment| moment.event_index.is_some_and(|index| index <= divergence.event_index);
        moments.iter().rposition(before)
    });
    let middle = marked.unwrap_or(moments.len().saturating_sub(1));
    let first = middle.saturating_sub(BEFORE_MAX);
    let shown = moments
        .into_iter()
        .enumerate()
        .skip(first)
        .take(middle - first + 1 + AFTER_MAX);
    (
        first,
        shown.map(|(index, moment)| (Some(index) == marked, moment)).collect(),
    )
}

/// The promise or rule of this id.
pub fn source(id: &str) -> Option<Source> {
    if let Some(promise) = guarantees::all().find(|guarantee| guarantee.id == id) {
        return Some(Source {
            id: id.to_owned(),
            sentence: promise.rule.to_owned(),
            quote: Some(promise.quote.to_owned()),
            link: promise.link.to_owned(),
        });
    }
    rules::rule(id).map(|rule| Source {
        id: id.to_owned(),
        sentence: rule.sentence.to_owned(),
        quote: None,
        link: rule.link.to_owned(),
    })
}

fn known(name: &str) -> Option<String> {
    let deviation = deviations::all().find(|deviation| deviation.name == name)?;
    let whose = if deviation.in_api_server {
        "API servers"
    } else {
        "kubelets"
    };
    Some(format!(
        "{name}: {}; {whose} {} ({})",
        deviation.title, deviation.versions, deviation.link
    ))
}

fn not_implied(divergence: &Divergence, permitted: &Permitted) -> Vec<String> {
    let mut found = Vec::new();
    let version = permitted.judged_as.as_deref().unwrap_or("this version");
    let is_promise = divergence.rule.starts_with("G-");
    match (is_promise, permitted.by_its_own) {
        (true, Some(true)) => found.push(format!(
            "That this kubelet is not what its version is: the model of {version} permits every status and every start, TERM and \
             exit of this pod. It is the version that breaks the promise."
        )),
        (true, Some(false)) => found.push(format!(
            "That the broken promise is all: the model of {version} does not permit this pod's life either, so this kubelet also \
             differs from its version."
        )),
        (false, _) => found.push(
            "That Kubernetes promises otherwise: this rule says how that version works. Promises are judged apart, and named if one \
             is broken."
                .to_owned(),
        ),
        (true, None) => {}
    }
    if divergence.summary.contains("too late") || divergence.summary.contains("overdue") {
        found.push(
            "That it would never have come: only that it had not within what a kubelet may take, measured in this very recording."
                .to_owned(),
        );
    }
    found
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary)?;
        if let Some(known) = &self.known {
            writeln!(f, "  known as {known}")?;
        }
        writeln!(f, "\nObserved (seconds since the pod's first event)")?;
        if self.earlier > 0 {
            let moments = if self.earlier == 1 { "moment" } else { "moments" };
            writeln!(f, "           … {} {moments} before", self.earlier)?;
        }
        for (is_marked, moment) in &self.observed {
            let mark = if *is_marked { ">>" } else { "  " };
            let at = moment
                .at_ms
                .map_or("      ".to_owned(), |ms| format!("{:>6.2}", ms as f64 / 1_000.0));
            let event = moment
                .event_index
                .map_or(String::new(), |index| format!("  [event {index}]"));
            writeln!(f, "  {mark} {at}  {}{event}", moment.what)?;
        }
        if let Some(source) = &self.required {
            writeln!(f, "\nRequired ({})", source.id)?;
            if let Some(quote) = &source.quote {
                writeln!(f, "  \"{quote}\"")?;
            }
            writeln!(f, "  {}\n  {}", source.sentence, source.link)?;
        }
        if let Some((_, moment)) = self.observed.iter().find(|(is_marked, _)| *is_marked) {
            writeln!(f, "\nInstead\n  {}", moment.what)?;
        }
        if !self.not_implied.is_empty() {
            writeln!(f, "\nNot implied")?;
            for line in &self.not_implied {
                writeln!(f, "  - {line}")?;
            }
        }
        Ok(())
    }
}
