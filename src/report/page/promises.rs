//! Promises and goals: what the pods put at risk, and what they met.

use super::super::markup::Markup;
use super::{Page, outside};
use crate::goals;

impl Page<'_> {
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
            let head = "<thead><tr><th>promise</th><th class=\"number\">at risk</th><th class=\"number\">broken</th><th>in words</th><th>known as</th></tr></thead>";
            folded(markup, "<summary>All promises</summary>", head, |markup| {
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
    }

    pub(super) fn goals(&self, markup: &mut Markup) {
        if !self.is_campaign() {
            return;
        }
        let met = self.summary.goals.values().filter(|pods| **pods > 0).count();
        markup.nest("section", &[("id", &"goals")], |markup| {
            markup.raw("<h2>Goals</h2>");
            markup.element(
                "p",
                &[("class", &"note")],
                format_args!(
                    "{met} of {} situations that a campaign should meet were met.",
                    self.summary.goals.len()
                ),
            );
            let head = "<thead><tr><th>goal</th><th class=\"number\">pods</th><th>what has happened</th></tr></thead>";
            folded(markup, "<summary>All goals</summary>", head, |markup| {
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
    }
}

/// A table that is shown when somebody asks for it.
fn folded(markup: &mut Markup, summary: &'static str, head: &'static str, rows: impl FnOnce(&mut Markup)) {
    markup.nest("details", &[], |markup| {
        markup.raw(summary);
        markup.nest("div", &[("class", &"wide")], |markup| {
            markup.nest("table", &[], |markup| {
                markup.raw(head);
                markup.nest("tbody", &[], rows);
            });
        });
    });
}
