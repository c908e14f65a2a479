//! The list of promises as text and as values.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::deviations;
use crate::guarantees::{self, Guarantee};
use crate::judge::{Tallies, Tally};
use crate::promises::{PAGES, Sentence, Standing, Why, sentences};

/// A sentence and what is known of it.
#[derive(Debug, Serialize)]
pub struct PromiseLine {
    pub page: &'static str,
    pub link: &'static str,
    pub quote: &'static str,
    /// Empty: it is not judged.
    pub guarantees: Vec<Judged>,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// A guarantee that judges a sentence.
#[derive(Debug, Serialize)]
pub struct Judged {
    pub id: &'static str,
    pub rule: &'static str,
    /// `all`, or `since 1.34`.
    pub versions: String,
    /// Pods in which it could have been broken, was kept and was broken; absent: nothing was counted.
    #[serde(flatten)]
    pub counts: Option<Counts>,
    /// Known deviations that break it.
    pub deviations: Vec<&'static str>,
}

/// Numbers of pods.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Counts {
    pub at_risk: u64,
    pub kept: u64,
    pub broken: u64,
}

impl PromiseLine {
    /// All sentences, with counts if there are any.
    pub fn all(tallies: Option<&Tallies>) -> impl Iterator<Item = Self> {
        sentences().map(move |(page, sentence)| {
            let (ids, why, reason): (&[&str], _, _) = match sentence.standing {
                Standing::Judged(ids) => (ids, None, None),
                Standing::Open(why, reason) => (&[], Some(why), Some(reason)),
            };
            let judged = guarantees::all().filter(|it| ids.contains(&it.id));
            Self {
                page: page.title,
                link: page.link,
                quote: sentence.quote,
                guarantees: judged.map(|it| Judged::of(it, tallies)).collect(),
                why,
                reason,
            }
        })
    }
}

impl Judged {
    fn of(guarantee: &Guarantee, tallies: Option<&Tallies>) -> Self {
        let count = |tally: Tally| Counts {
            at_risk: tally.at_risk(),
            kept: tally.kept,
            broken: tally.broken,
        };
        let breaking = deviations::all().filter(|it| it.guarantees.contains(&guarantee.id));
        Self {
            id: guarantee.id,
            rule: guarantee.rule,
            versions: match guarantee.since_minor {
                0 => "all".to_owned(),
                minor => format!("since 1.{minor}"),
            },
            counts: tallies.map(|tallies| count(tallies.get(guarantee.id).copied().unwrap_or_default())),
            deviations: breaking.map(|it| it.name).collect(),
        }
    }
}

/// The list: page by page, then every guarantee with its counts, then sums.
pub fn promises(tallies: Option<&Tallies>) -> String {
    let mut text = String::new();
    for page in PAGES {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}\n{}\n", page.title, page.link);
        for sentence in page.sentences {
            let _ = writeln!(text, "  {}\n    {}", sentence.quote, standing(sentence));
        }
        text.push('\n');
    }
    guarantees_of(tallies, &mut text);
    sums(tallies, &mut text);
    text
}

fn standing(sentence: &Sentence) -> String {
    match sentence.standing {
        Standing::Judged(ids) => format!("judged: {}", ids.join(", ")),
        Standing::Open(why, reason) => format!("{why}: {reason}"),
    }
}

fn guarantees_of(tallies: Option<&Tallies>, text: &mut String) {
    let counted = tallies.is_some();
    let head = if counted {
        format!("{:>8} {:>8} {:>7}  {:<10} ", "at risk", "kept", "broken", "versions")
    } else {
        format!("{:<10} ", "versions")
    };
    let _ = writeln!(text, "{head} guarantee");
    for guarantee in guarantees::all() {
        let judged = Judged::of(guarantee, tallies);
        if let Some(counts) = judged.counts {
            let _ = write!(text, "{:>8} {:>8} {:>7}  ", counts.at_risk, counts.kept, counts.broken);
        }
        let known = if judged.deviations.is_empty() {
            String::new()
        } else {
            format!(" [known to be broken: {}]", judged.deviations.join(", "))
        };
        let _ = writeln!(text, "{:<10}  {}: {}{known}", judged.versions, judged.id, judged.rule);
    }
}

fn sums(tallies: Option<&Tallies>, text: &mut String) {
    let mut open: BTreeMap<Why, usize> = BTreeMap::new();
    let (mut all, mut judged) = (0, 0);
    for (_, sentence) in sentences() {
        all += 1;
        match sentence.standing {
            Standing::Judged(_) => judged += 1,
            Standing::Open(why, _) => *open.entry(why).or_default() += 1,
        }
    }
    let open: Vec<String> = open.iter().map(|(why, count)| format!("{why} {count}")).collect();
    let _ = writeln!(
        text,
        "\n{all} sentences: {judged} judged by {} guarantees, {} not ({})",
        guarantees::all().count(),
        all - judged,
        open.join(", ")
    );
    if let Some(tallies) = tallies {
        let at_risk = |id: &str| tallies.get(id).is_some_and(|tally| tally.at_risk() > 0);
        let idle: Vec<&str> = guarantees::all().map(|it| it.id).filter(|id| !at_risk(id)).collect();
        let idle = if idle.is_empty() {
            "none".to_owned()
        } else {
            idle.join(", ")
        };
        let _ = writeln!(text, "never at risk: {idle}");
    }
}
