//! The head of the page: what ran, and the verdicts by version.

use std::collections::BTreeMap;

use super::super::markup::Markup;
use super::{Page, link, outside};
use crate::campaign::{Found, Tally};
use crate::deviations;

/// Verdicts in the order in which they are drawn: word, sign, class in the style sheet.
pub(super) const VERDICTS: [(&str, &str, &str); 4] = [
    ("diverges", "✕", "diverges"),
    ("known-deviation", "◆", "known"),
    ("inconclusive", "?", "inconclusive"),
    ("conforms", "✓", "conforms"),
];

/// Reasons that are listed for each version.
const REASONS_MAX: usize = 8;
/// Less than this is no load worth mentioning.
const LOAD_MS: i64 = 5_000;

fn counts(tally: &Tally) -> [usize; 4] {
    [
        tally.diverges,
        tally.known_deviation,
        tally.inconclusive,
        tally.conforms,
    ]
}

/// A verdict with its sign.
pub(super) fn badge(markup: &mut Markup, word: &str) {
    let (_, sign, class) = VERDICTS
        .iter()
        .find(|(it, ..)| *it == word)
        .copied()
        .unwrap_or(("", "", ""));
    let class = format!("badge {class}");
    markup.nest("span", &[("class", &class)], |markup| {
        markup.element("span", &[("aria-hidden", &"true")], sign);
        markup.text(format_args!(" {}", word.replace('-', " ")));
    });
}

impl Page<'_> {
    pub(super) fn header(&self, markup: &mut Markup) {
        let summary = self.summary;
        let (judged, _, diverges) = summary.totals();
        let tone = if diverges > 0 { "bad" } else { "fine" };
        markup.nest("header", &[("class", &tone)], |markup| {
            markup.raw("<p class=\"product\">podcheck <span>conformance of the Kubernetes pod lifecycle</span></p>");
            markup.element("h1", &[], capital(&self.headline()));
            markup.nest("dl", &[("class", &"facts")], |markup| {
                let mut fact = |name: &str, value: &str| {
                    if !value.is_empty() {
                        markup.nest("div", &[], |markup| {
                            markup.element("dt", &[], name);
                            markup.element("dd", &[], value);
                        });
                    }
                };
                fact("cases", &summary.cases);
                fact("seed", &summary.seed);
                fact("target", &summary.target);
                fact("API server", summary.server.as_deref().unwrap_or_default());
                if summary.seconds > 0.0 {
                    fact("duration", &duration(summary.seconds));
                    if self.is_campaign() {
                        fact("pods a minute", &format!("{:.0}", summary.pods_per_minute));
                    }
                }
                fact("judged", &judged.to_string());
                let is_strict = |found: &Found| found.class.known_deviation.is_some();
                if summary.divergences.iter().any(is_strict) {
                    fact("known deviations", "count as divergences");
                }
                fact("ended early", summary.stopped.as_deref().unwrap_or_default());
            });
            if !summary.goals_missed.is_empty() {
                markup.nest("p", &[("class", &"incomplete")], |markup| {
                    markup.raw("<strong>Incomplete:</strong> no pod met ");
                    markup.text(summary.goals_missed.join(", "));
                    markup.raw("; so many pods of this profile should have. <a href=\"#goals\">Goals</a>");
                });
            }
            self.recording(markup);
            markup.raw("<nav><a href=\"#versions\">Versions</a>");
            for (target, title, is_there) in [
                (
                    "#classes",
                    "Rules",
                    !self.gathered.shown.values().all(BTreeMap::is_empty),
                ),
                ("#divergences", "Divergences", !summary.divergences.is_empty()),
                ("#known", "Known deviations", !self.gathered.examples.is_empty()),
                ("#promises", "Promises", true),
                ("#goals", "Goals", self.is_campaign()),
                ("#pods", "All pods", true),
            ] {
                if is_there {
                    markup.element("a", &[("href", &target)], title);
                }
            }
            markup.raw("</nav>");
        });
    }

    /// Links to the whole run's files, if they are there.
    fn recording(&self, markup: &mut Markup) {
        let Some(recording) = self.summary.recording.as_deref().filter(|file| file.is_file()) else {
            return;
        };
        let summary = recording.with_file_name("summary.json");
        markup.nest("p", &[("class", &"files")], |markup| {
            markup.raw("<span>files</span>");
            for file in [recording, &summary].into_iter().filter(|file| file.is_file()) {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                if let Some(link) = link(self.folder, file) {
                    markup.element("a", &[("href", &link)], name);
                }
            }
        });
    }

    pub(super) fn overview(&self, markup: &mut Markup) {
        markup.nest("section", &[("id", &"versions")], |markup| {
            markup.raw("<h2>By kubelet version</h2>");
            markup.nest("div", &[("class", &"wide")], |markup| self.versions(markup));
            for (version, tally) in &self.summary.kubelets {
                self.remarks(markup, version, tally);
            }
        });
    }

    fn versions(&self, markup: &mut Markup) {
        markup.nest("table", &[], |markup| {
            markup.raw("<thead><tr><th>kubelet</th><th class=\"number\">judged</th>");
            for (word, sign, class) in VERDICTS {
                let class = format!("number {class}");
                markup.element(
                    "th",
                    &[("class", &class)],
                    format_args!("{sign} {}", word.replace('-', " ")),
                );
            }
            markup.raw("<th class=\"share\">share</th><th>nodes</th></tr></thead>");
            markup.nest("tbody", &[], |markup| {
                for (version, tally) in &self.summary.kubelets {
                    markup.nest("tr", &[], |markup| {
                        markup.element("th", &[("scope", &"row")], version);
                        markup.element("td", &[("class", &"number")], tally.judged);
                        for ((.., class), count) in VERDICTS.iter().zip(counts(tally)) {
                            let class = if count == 0 {
                                "number zero".to_owned()
                            } else {
                                format!("number {class}")
                            };
                            markup.element("td", &[("class", &class)], count);
                        }
                        markup.nest("td", &[("class", &"share")], |markup| share(markup, tally));
                        let nodes: Vec<&str> = tally.nodes.iter().map(String::as_str).collect();
                        markup.element("td", &[("class", &"soft")], nodes.join(", "));
                    });
                }
            });
        });
    }

    /// What is behind the numbers of a version.
    fn remarks(&self, markup: &mut Markup, version: &str, tally: &Tally) {
        let mut lines: Vec<String> = Vec::new();
        let mut reasons: Vec<(&String, &usize)> = tally.inconclusive_reasons.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let more = reasons.len().saturating_sub(REASONS_MAX);
        for (reason, count) in reasons.into_iter().take(REASONS_MAX) {
            lines.push(format!("{count} inconclusive: {reason}"));
        }
        if more > 0 {
            lines.push(format!("inconclusive for {more} more reasons"));
        }
        // Of a recording alone nothing tells how late its machine was.
        if tally.delay_ms_max > LOAD_MS && self.is_campaign() {
            lines.push(format!(
                "slow at times: allowed for up to {:.1} s of load",
                tally.delay_ms_max as f64 / 1_000.0
            ));
        }
        if lines.is_empty() {
            return;
        }
        markup.nest("div", &[("class", &"remarks")], |markup| {
            markup.element("strong", &[], version);
            markup.nest("ul", &[], |markup| {
                for line in lines {
                    markup.element("li", &[], line);
                }
            });
        });
    }

    /// Was it drawn from a seed? What was only recorded owes no goals.
    pub(super) fn is_campaign(&self) -> bool {
        !self.summary.seed.is_empty()
    }
}

/// The verdicts of a version as one bar.
fn share(markup: &mut Markup, tally: &Tally) {
    let words = VERDICTS.iter().zip(counts(tally)).filter(|(_, count)| *count > 0);
    let words: Vec<String> = words.map(|((word, ..), count)| format!("{word} {count}")).collect();
    markup.nest("div", &[("class", &"bar"), ("title", &words.join(", "))], |markup| {
        for ((.., class), count) in VERDICTS.iter().zip(counts(tally)).filter(|(_, count)| *count > 0) {
            let style = format!("flex-grow:{count}");
            markup.nest("span", &[("class", class), ("style", &style)], |_| {});
        }
    });
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// `22 min 7 s`.
fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, _) => format!("{seconds:.1} s"),
        (0, minutes, rest) => format!("{minutes} min {rest} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Title, versions and link of a known deviation.
pub(super) fn about(markup: &mut Markup, name: &str) {
    let Some(deviation) = deviations::all().find(|deviation| deviation.name == name) else {
        return;
    };
    let whose = if deviation.in_api_server {
        "API servers"
    } else {
        "kubelets"
    };
    markup.nest("p", &[], |markup| {
        markup.text(format_args!("{}; {whose} {}. ", deviation.title, deviation.versions));
        outside(markup, deviation.link, deviation.link);
    });
}
