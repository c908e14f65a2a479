//! A pod that does not conform: its picture, why, and its tables.

use super::super::finding::Shown;
use super::super::lanes;
use super::super::markup::{Attribute, Markup};
use super::outside;
use crate::explain::{Explanation, Moment, Proof};

/// Proofs that are told in full; of a pod with more, the others are only named.
const PROOFS_MAX: usize = 4;

/// The lanes, with what they show in words and as tables.
pub(super) fn pictured(markup: &mut Markup, shown: &Shown, why: &Explanation, name: &str, tells_why: bool) {
    markup.nest("ol", &[("class", &"marks")], |markup| {
        for (mark, proof) in shown.picture.marks.iter().zip(&why.proofs) {
            markup.nest("li", &[], |markup| {
                markup.element("span", &[("class", &"rule")], &mark.rule);
                markup.text(format_args!(" {} ", proof.summary));
                let place = shown.picture.axis.place(mark.at);
                markup.element(
                    "span",
                    &[("class", &"soft")],
                    format_args!("({place}, event {})", mark.event_index),
                );
            });
        }
    });
    markup.nest("div", &[("class", &"wide picture")], |markup| {
        markup.append(&lanes::svg(&shown.picture, name));
    });
    let why_open: &[Attribute<'_>] = if tells_why { &[("open", &"")] } else { &[] };
    markup.nest("details", why_open, |markup| {
        markup.raw("<summary>Why</summary>");
        for (index, told) in why.proofs.iter().enumerate().take(PROOFS_MAX) {
            proof(markup, told, index);
        }
        markup.nest("p", &[], |markup| {
            markup.raw("<b>Which versions permit this</b> (by their mechanism; promises are judged apart): ");
            markup.text(&why.permitted);
        });
    });
    markup.nest("details", &[], |markup| {
        markup.raw("<summary>kubectl get pod -w, observed and predicted</summary>");
        markup.nest("div", &[("class", &"wide")], |markup| {
            markup.element("pre", &[], &shown.tables)
        });
    });
}

fn proof(markup: &mut Markup, proof: &Proof, index: usize) {
    markup.nest("div", &[("class", &"proof")], |markup| {
        markup.element("h4", &[], format_args!("{}. {}", index + 1, proof.summary));
        if let Some(source) = &proof.required {
            markup.nest("p", &[], |markup| {
                markup.element("b", &[], format_args!("Required ({}): ", source.id));
                markup.text(format_args!("{} ", source.sentence));
                if let Some(quote) = &source.quote {
                    markup.element("q", &[], quote);
                    markup.text(" ");
                }
                outside(markup, &source.link, "source");
            });
        }
        if index == 0 {
            moments(markup, proof);
        } else {
            // The pod's life is told with the first proof.
            markup.nest("details", &[], |markup| {
                markup.raw("<summary>Observed around it</summary>");
                moments(markup, proof);
            });
        }
        if !proof.not_implied.is_empty() {
            markup.raw("<p><b>Not implied</b></p>");
            markup.nest("ul", &[], |markup| {
                for line in &proof.not_implied {
                    markup.element("li", &[], line);
                }
            });
        }
    });
}

fn moments(markup: &mut Markup, proof: &Proof) {
    markup.nest("table", &[("class", &"moments")], |markup| {
        markup.raw("<tbody>");
        if proof.earlier > 0 {
            markup.nest("tr", &[("class", &"soft")], |markup| {
                markup.raw("<td></td>");
                markup.element("td", &[], format_args!("… {} before", proof.earlier));
            });
        }
        for (is_marked, moment) in &proof.observed {
            row(markup, *is_marked, moment);
        }
        markup.raw("</tbody>");
    });
}

fn row(markup: &mut Markup, is_marked: bool, moment: &Moment) {
    let class = if is_marked { "marked" } else { "" };
    markup.nest("tr", &[("class", &class)], |markup| {
        let at = moment.at_ms.map(|ms| format!("{:.2} s", ms as f64 / 1_000.0));
        markup.element("td", &[("class", &"number")], at.unwrap_or_default());
        markup.nest("td", &[], |markup| {
            markup.text(&moment.what);
            if let Some(event) = moment.event_index {
                markup.element("span", &[("class", &"soft")], format_args!(" event {event}"));
            }
        });
    });
}

/// How to read the pictures.
pub(super) fn legend(markup: &mut Markup) {
    markup.raw(concat!(
        "<details class=\"legend\" open=\"\"><summary>How to read the pictures</summary><ul>",
        "<li><i class=\"key run\"></i><span>a process runs, in its first, second, … life; its exit code, ✕ if not 0</span></li>",
        "<li><i class=\"key term\"></i><span>it got its TERM; hatched while it is being stopped</span></li>",
        "<li><i class=\"key predicted\"></i><span>the same as the model predicts it</span></li>",
        "<li><i class=\"key ready\"></i><span>published as running and ready</span></li>",
        "<li><i class=\"key not-ready\"></i><span>published as running, not ready</span></li>",
        "<li><i class=\"key not-started\"></i><span>published as running, not started</span></li>",
        "<li><i class=\"key waits\"></i><span class=\"two\">published as waiting <i class=\"key waits off\"></i> in back-off</span></li>",
        "<li><i class=\"key ended\"></i><span class=\"two\">published as ended <i class=\"key ended bad\"></i> with an error</span></li>",
        "<li><i class=\"key mark\"></i><span>a disagreement, numbered as in the text</span></li>",
        "<li><i class=\"key gap\"></i><span>a stretch that is drawn shorter than it was</span></li>",
        "<li><span>Rest the pointer on anything for its times.</span></li>",
        "</ul></details>"
    ));
}
