//! Classes of failure by rule and version.

use std::collections::BTreeMap;

use super::super::markup::Markup;
use super::{Page, anchor};
use crate::campaign::Class;
use crate::explain::source;

/// A class of failure with how many pods showed it, in all and by version.
type Shown<'a> = (&'a Class, usize, BTreeMap<&'a str, usize>);

impl Page<'_> {
    /// Classes of failure by rule, in the order of [`Page::classes`].
    pub(super) fn rules(&self, markup: &mut Markup) {
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
}
