//! The head of the page: what ran, the verdicts by version, the classes of failure, promises and goals.

use std::collections::BTreeMap;

use super::super::markup::Markup;
use super::{Page, anchor, outside};
use crate::campaign::{Class, Tally};
use crate::deviations;
use crate::explain::source;
use crate::goals;

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

/// A class of failure with how many pods showed it, in all and by version.
type Shown<'a> = (&'a Class, usize, BTreeMap<&'a str, usize>);

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
                fact("ended early", summary.stopped.as_deref().unwrap_or_default());
            });
            if !summary.goals_missed.is_empty() {
                markup.nest("p", &[("class", &"incomplete")], |markup| {
                    markup.raw("<strong>Incomplete:</strong> no pod met ");
                    markup.text(summary.goals_missed.join(", "));
                    markup.raw("; so many pods of this profile should have. <a href=\"#goals\">Goals</a>");
                });
            }
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

    pub(super) fn overview(&self, markup: &mut Markup) {
        markup.nest("section", &[("id", &"versions")], |markup| {
            markup.raw("<h2>By kubelet version</h2>");
            markup.nest("div", &[("class", &"wide")], |markup| self.versions(markup));
            for (version, tally) in &self.summary.kubelets {
                self.remarks(markup, version, tally);
            }
        });
        self.rules(markup);
    }

    /// Classes of failure by rule, in the order of [`Page::classes`].
    fn rules(&self, markup: &mut Markup) {
        let classes = self.classes();
        if classes.is_empty() {
            return;
        }
        let mut groups: Vec<Vec<Shown<'_>>> = Vec::new();
        for one in classes {
            let is_same = |group: &&mut Vec<Shown<'_>>| {
                let class = group[0].0;
                (&class.rule, &class.known_deviation) == (&one.0.rule, &one.0.known_deviation)
            };
            match groups.iter_mut().find(is_same) {
                Some(group) => group.push(one),
                None => groups.push(vec![one]),
            }
        }
        markup.nest("section", &[("id", &"classes")], |markup| {
            markup.raw("<h2>By rule</h2>");
            markup.raw("<p class=\"note\">Pods by the rule that they break, the kind of container and the stage of their life; one pod can break several. “again 4 of 5”: run five times more, it showed the same four times.</p>");
            markup.nest("div", &[("class", &"wide")], |markup| {
                markup.nest("table", &[], |markup| {
                    markup.raw("<thead><tr><th>rule</th><th>known as</th><th>where</th>");
                    for version in self.summary.kubelets.keys() {
                        markup.element("th", &[("class", &"number")], version);
                    }
                    markup.raw("</tr></thead>");
                    markup.nest("tbody", &[], |markup| {
                        for group in &groups {
                            for (index, one) in group.iter().enumerate() {
                                let lines = (index == 0).then_some(group.len());
                                self.rule_row(markup, one, lines);
                            }
                        }
                    });
                });
            });
        });
    }

    /// A class; the first of a rule's `lines` names the rule.
    fn rule_row(&self, markup: &mut Markup, (class, _, by_version): &Shown<'_>, lines: Option<usize>) {
        let kind = if class.known_deviation.is_some() { "" } else { "unknown" };
        markup.nest("tr", &[("class", &kind)], |markup| {
            if let Some(lines) = lines {
                markup.nest("td", &[("rowspan", &lines), ("class", &"of")], |markup| {
                    markup.element("b", &[], &class.rule);
                    if let Some(source) = source(&class.rule) {
                        markup.element("span", &[("class", &"sentence")], source.sentence);
                    }
                });
                let name = class.known_deviation.as_deref().unwrap_or("–");
                markup.element("td", &[("rowspan", &lines), ("class", &"known-as")], name);
            }
            let found = self.of_class(class);
            let is_shown = !found.is_empty() || self.gathered.examples.contains_key(*class);
            markup.nest("td", &[("class", &"where-it-is")], |markup| {
                let words = format!("{}, {}", class.part, class.stage);
                if is_shown {
                    let href = format!("#{}", anchor(class));
                    markup.element("a", &[("href", &href)], words);
                } else {
                    markup.text(words);
                }
            });
            let again = found.first().map(|index| &self.summary.divergences[*index].confirmed);
            for version in self.summary.kubelets.keys() {
                let pods = by_version.get(version.as_str());
                let class = if pods.is_some() { "number" } else { "number zero" };
                markup.nest("td", &[("class", &class)], |markup| {
                    match pods {
                        Some(pods) => markup.text(pods),
                        None => markup.raw("–"),
                    }
                    if let Some(rate) = again.and_then(|rates| rates.get(version)) {
                        markup.element("small", &[], format_args!("again {rate}"));
                    }
                });
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

    pub(super) fn promises(&self, markup: &mut Markup) {
        let mut promises: Vec<_> = self.summary.guarantees.iter().collect();
        promises.sort_by_key(|promise| (std::cmp::Reverse(promise.broken), promise.at_risk == 0));
        let broken = promises.iter().filter(|promise| promise.broken > 0).count();
        let at_risk = promises.iter().filter(|promise| promise.at_risk > 0).count();
        markup.nest("section", &[("id", &"promises")], |markup| {
            markup.raw("<h2>Promises of Kubernetes</h2>");
            markup.element("p", &[("class", &"note")], format_args!(
                "{at_risk} of {} were at risk in some pod, {broken} were broken. A promise is a sentence of the documentation, a KEP or an API comment, judged on the recording alone.",
                promises.len()
            ));
            markup.nest("details", &[], |markup| {
                markup.raw("<summary>All promises</summary>");
                markup.nest("div", &[("class", &"wide")], |markup| {
                    markup.nest("table", &[], |markup| {
                        markup.raw("<thead><tr><th>promise</th><th class=\"number\">at risk</th><th class=\"number\">broken</th><th>in words</th><th>known as</th></tr></thead>");
                        markup.nest("tbody", &[], |markup| {
                            for promise in promises {
                                markup.nest("tr", &[], |markup| {
                                    markup.nest("td", &[], |markup| outside(markup, promise.link, promise.id));
                                    markup.element("td", &[("class", &"number")], promise.at_risk);
                                    let class = if promise.broken > 0 { "number diverges" } else { "number zero" };
                                    markup.element("td", &[("class", &class)], promise.broken);
                                    markup.nest("td", &[], |markup| {
                                        markup.text(promise.rule);
                                        markup.element("q", &[("class", &"soft")], promise.quote);
                                    });
                                    markup.element("td", &[("class", &"soft")], promise.deviations.join(", "));
                                });
                            }
                        });
                    });
                });
            });
        });
    }

    /// Was it drawn from a seed? What was only recorded owes no goals.
    fn is_campaign(&self) -> bool {
        !self.summary.seed.is_empty()
    }

    pub(super) fn goals(&self, markup: &mut Markup) {
        if !self.is_campaign() {
            return;
        }
        let met = self.summary.goals.values().filter(|pods| **pods > 0).count();
        markup.nest("section", &[("id", &"goals")], |markup| {
            markup.raw("<h2>Goals</h2>");
            markup.element("p", &[("class", &"note")], format_args!(
                "{met} of {} situations that a campaign should meet were met.",
                self.summary.goals.len()
            ));
            markup.nest("details", &[], |markup| {
                markup.raw("<summary>All goals</summary>");
                markup.nest("div", &[("class", &"wide")], |markup| {
                    markup.nest("table", &[], |markup| {
                        markup.raw("<thead><tr><th>goal</th><th class=\"number\">pods</th><th>what has happened</th></tr></thead>");
                        markup.nest("tbody", &[], |markup| {
                            for goal in goals::all() {
                                let pods = self.summary.goals.get(goal.id).copied().unwrap_or_default();
                                let is_missed = self.summary.goals_missed.contains(&goal.id);
                                let class = if is_missed { "unknown" } else { "" };
                                markup.nest("tr", &[("class", &class)], |markup| {
                                    markup.element("td", &[], goal.id);
                                    let class = if pods == 0 { "number zero" } else { "number" };
                                    markup.element("td", &[("class", &class)], pods);
                                    let missed = if is_missed { " (missed)" } else { "" };
                                    markup.element("td", &[], format_args!("{}{missed}", goal.sentence));
                                });
                            }
                        });
                    });
                });
            });
        });
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
