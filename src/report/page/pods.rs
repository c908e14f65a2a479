//! Every pod that was judged, to search in.

use std::collections::{BTreeMap, BTreeSet};

use super::super::markup::Markup;
use super::Page;
use super::overview::{VERDICTS, badge};
use crate::campaign::PodLine;

impl Page<'_> {
    pub(super) fn pods(&self, markup: &mut Markup) {
        let pods = &self.gathered.pods;
        // A pod that stands for several classes is shown where it was found first.
        let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, found) in self.summary.divergences.iter().enumerate() {
            shown.entry(found.uid.as_str()).or_insert(index);
        }
        markup.nest("section", &[("id", &"pods")], |markup| {
            markup.raw("<h2>All pods</h2>");
            if pods.left_out > 0 {
                markup.element("p", &[("class", &"note")], format_args!(
                    "{} more pods are only counted above; podcheck check lists every one from the recording.",
                    pods.left_out
                ));
            }
            self.filter(markup);
            markup.nest("div", &[("class", &"wide")], |markup| {
                markup.nest("table", &[("class", &"pods")], |markup| {
                    markup.raw("<thead><tr><th class=\"v\">verdict</th><th class=\"k\">kubelet</th><th class=\"p\">pod</th><th class=\"r\">rules</th><th>what</th></tr></thead>");
                    markup.nest("tbody", &[], |markup| {
                        // What matters most first, then in the order of the run.
                        let rank = |line: &&PodLine| VERDICTS.iter().position(|(word, ..)| *word == line.verdict);
                        let mut lines: Vec<&PodLine> = pods.lines.iter().collect();
                        lines.sort_by_key(rank);
                        for line in lines {
                            let rules: BTreeSet<&str> = line.rules.iter().map(|(rule, known)| known.as_deref().unwrap_or(rule)).collect();
                            let rules: Vec<&str> = rules.into_iter().collect();
                            let all = line.rules.iter().flat_map(|(rule, known)| [Some(rule.as_str()), known.as_deref()]);
                            let all: Vec<&str> = all.flatten().collect();
                            markup.nest("tr", &[("data-v", &line.verdict), ("data-r", &all.join(", "))], |markup| {
                                markup.nest("td", &[], |markup| badge(markup, line.verdict));
                                markup.element("td", &[], &line.kubernetes);
                                markup.nest("td", &[], |markup| match shown.get(line.uid.as_str()) {
                                    Some(index) => {
                                        let href = format!("#pod-{index}");
                                        markup.element("a", &[("href", &href)], &line.pod);
                                    }
                                    None => markup.text(&line.pod),
                                });
                                markup.element("td", &[], rules.join(", "));
                                markup.element("td", &[], &line.reason);
                            });
                        }
                    });
                });
            });
        });
    }

    /// Hidden until a script is there that makes it work.
    fn filter(&self, markup: &mut Markup) {
        let lines = &self.gathered.pods.lines;
        let versions: BTreeSet<&str> = lines.iter().map(|line| line.kubernetes.as_str()).collect();
        let rules: BTreeSet<&str> = lines
            .iter()
            .flat_map(|line| &line.rules)
            .flat_map(|(rule, known)| [Some(rule.as_str()), known.as_deref()])
            .flatten()
            .collect();
        markup.nest("form", &[("class", &"filter"), ("hidden", &"")], |markup| {
            markup
                .raw("<label>Search <input type=\"search\" name=\"text\" placeholder=\"pod, rule or words\"/></label>");
            let verdicts: Vec<&str> = VERDICTS.iter().map(|(word, ..)| *word).collect();
            choice(markup, "Verdict", "verdict", &verdicts);
            choice(markup, "Kubelet", "version", &versions.into_iter().collect::<Vec<_>>());
            choice(markup, "Rule", "rule", &rules.into_iter().collect::<Vec<_>>());
            markup.raw("<output></output>");
        });
    }
}

fn choice(markup: &mut Markup, title: &'static str, name: &'static str, values: &[&str]) {
    markup.nest("label", &[], |markup| {
        markup.text(format_args!("{title} "));
        markup.nest("select", &[("name", &name)], |markup| {
            markup.raw("<option value=\"\">all</option>");
            for value in values {
                markup.element(
                    "option",
                    &[("value", value)],
                    value.replace('-', if name == "verdict" { " " } else { "-" }),
                );
            }
        });
    });
}
