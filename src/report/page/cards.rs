//! One card for each class of failure: the picture, why, the tables, the smallest pod, and how to see it again.

use std::collections::BTreeMap;
use std::fs;

use super::super::finding::show;
use super::super::markup::{Attribute, Markup};
use super::overview::{about, badge};
use super::told::{legend, pictured};
use super::{Page, anchor, link};
use crate::campaign::{Class, Finding, Found};
use crate::check::Bounds;
use crate::explain::{self, source};
use crate::shrink::said;
use crate::trace::Trace;

/// Where nothing diverges, so few known deviations are shown at once.
const OPEN_MAX: usize = 3;

impl Page<'_> {
    pub(super) fn divergences(&self, markup: &mut Markup) {
        if self.summary.divergences.is_empty() {
            return;
        }
        markup.nest("section", &[("id", &"divergences")], |markup| {
            markup.raw("<h2>Divergences</h2>");
            legend(markup);
            // The first one shows what there is to open in the others.
            let mut is_first = true;
            for (class, pods, by_version) in self.classes() {
                let found = self.of_class(class);
                if !found.is_empty() {
                    self.class(markup, class, pods, &by_version, &found, is_first);
                    is_first = false;
                }
            }
        });
    }

    /// A class with its divergences; the first one stands for it.
    fn class(
        &self,
        markup: &mut Markup,
        class: &Class,
        pods: usize,
        by_version: &BTreeMap<&str, usize>,
        found: &[usize],
        tells_why: bool,
    ) {
        markup.nest("article", &[("id", &anchor(class)), ("class", &"card")], |markup| {
            head(markup, class, pods, by_version);
            let (first, rest) = found.split_at(1);
            self.divergence(markup, first[0], tells_why);
            if !rest.is_empty() {
                markup.nest("details", &[("class", &"more")], |markup| {
                    let pods = if rest.len() == 1 { "pod" } else { "pods" };
                    markup.element("summary", &[], format_args!("{} more {pods} of this class", rest.len()));
                    for index in rest {
                        markup.nest("details", &[("class", &"one")], |markup| {
                            let found = &self.summary.divergences[*index];
                            let what = found.divergences.first().map_or("", |first| &first.summary);
                            markup.nest("summary", &[], |markup| {
                                markup.element("b", &[], &found.pod);
                                markup.text(format_args!(" {} {what}", found.kubernetes));
                            });
                            self.divergence(markup, *index, false);
                        });
                    }
                });
            }
        });
    }

    fn divergence(&self, markup: &mut Markup, index: usize, tells_why: bool) {
        let (found, explanation) = (&self.summary.divergences[index], &self.explanations[index]);
        let id = format!("pod-{index}");
        markup.nest("div", &[("id", &id), ("class", &"divergence")], |markup| {
            markup.nest("p", &[("class", &"where")], |markup| {
                badge(markup, "diverges");
                markup.element("b", &[], &found.pod);
                markup.element("span", &[], &found.kubernetes);
                if let Some(node) = found.node.as_ref().filter(|node| !node.is_empty()) {
                    markup.element("span", &[("class", &"soft")], format_args!("on {node}"));
                }
                if !found.case.is_empty() {
                    markup.element("span", &[("class", &"soft")], format_args!("case {}", found.case));
                }
                rates(markup, found);
            });
            pictured(markup, &explanation.shown, &explanation.why, &found.pod, tells_why);
            smallest(markup, found);
            if found.folder.is_none() {
                scenario(markup, &self.gathered.findings[index].trace);
            }
            self.files(markup, found);
            if !found.replay.is_empty() {
                markup.nest("p", &[("class", &"replay")], |markup| {
                    markup.raw("<span>see it again</span>");
                    markup.element("code", &[], &found.replay);
                });
            }
        });
    }

    fn files(&self, markup: &mut Markup, found: &Found) {
        let Some(folder) = &found.folder else { return };
        let files = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let mut files: Vec<_> = files.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
        files.sort();
        if files.is_empty() {
            return;
        }
        markup.nest("p", &[("class", &"files")], |markup| {
            markup.raw("<span>files</span>");
            for file in files {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                if let Some(link) = link(self.folder, &file) {
                    markup.element("a", &[("href", &link)], name);
                }
            }
        });
    }

    pub(super) fn known(&self, markup: &mut Markup) {
        let examples = &self.gathered.examples;
        if examples.is_empty() {
            return;
        }
        let mut names: BTreeMap<&str, Vec<(&Class, &Finding)>> = BTreeMap::new();
        for (class, finding) in examples {
            names
                .entry(class.known_deviation.as_deref().unwrap_or_default())
                .or_default()
                .push((class, finding));
        }
        let classes = self.classes();
        let is_open = examples.len() <= OPEN_MAX && self.summary.divergences.is_empty();
        markup.nest("section", &[("id", &"known")], |markup| {
            markup.raw("<h2>Known deviations</h2><p class=\"note\">Promises that these versions are known to break: named, counted, and no reason to fail. For each class the pod with the shortest life that shows it.</p>");
            if self.summary.divergences.is_empty() {
                legend(markup);
            }
            for (name, examples) in names {
                markup.nest("article", &[("class", &"card")], |markup| {
                    let by_version = self.summary.kubelets.iter().filter_map(|(version, tally)| {
                        let pods = tally.known_deviations.get(name)?;
                        Some(format!("{version}: {pods}"))
                    });
                    let by_version: Vec<String> = by_version.collect();
                    markup.nest("h3", &[], |markup| {
                        badge(markup, "known-deviation");
                        markup.element("span", &[], name);
                        markup.element("small", &[], by_version.join(", "));
                    });
                    about(markup, name);
                    for (class, finding) in examples {
                        let pods = classes.iter().find(|(it, ..)| *it == class).map_or(0, |(_, pods, _)| *pods);
                        let id = anchor(class);
                        let mut attributes: Vec<Attribute<'_>> = vec![("class", &"one"), ("id", &id)];
                        if is_open {
                            attributes.push(("open", &""));
                        }
                        markup.nest("details", &attributes, |markup| {
                            markup.nest("summary", &[], |markup| {
                                markup.element("b", &[], &class.rule);
                                markup.text(format_args!(" {}, {}: {pods} {}", class.part, class.stage, if pods == 1 { "pod" } else { "pods" }));
                            });
                            self.example(markup, finding);
                        });
                    }
                });
            }
        });
    }

    fn example(&self, markup: &mut Markup, finding: &Finding) {
        let Finding { trace, divergences, .. } = finding;
        let kubelet = finding.kubernetes.parse().ok();
        let server = self.summary.server.as_deref().and_then(|server| server.parse().ok());
        let shown = show(trace, divergences, kubelet, server);
        let why = explain::explain(trace, divergences, kubelet, &Bounds::with_delay(finding.delay_ms));
        markup.nest("p", &[("class", &"where")], |markup| {
            markup.element("b", &[], &trace.name);
            markup.element("span", &[], &finding.kubernetes);
        });
        pictured(markup, &shown, &why, &trace.name, false);
        scenario(markup, trace);
    }
}

fn head(markup: &mut Markup, class: &Class, pods: usize, by_version: &BTreeMap<&str, usize>) {
    markup.nest("h3", &[], |markup| {
        markup.element("span", &[], &class.rule);
        markup.element("small", &[], format_args!("{}, {}", class.part, class.stage));
        if let Some(name) = &class.known_deviation {
            markup.element("span", &[("class", &"badge known")], format_args!("◆ {name}"));
        }
        let words = if pods == 1 { "pod" } else { "pods" };
        let versions: Vec<String> = match by_version.len() {
            1 => by_version.keys().map(|version| format!("on {version}")).collect(),
            _ => by_version
                .iter()
                .map(|(version, pods)| format!("{version}: {pods}"))
                .collect(),
        };
        markup.element(
            "small",
            &[("class", &"count")],
            format_args!("{pods} {words} {}", versions.join(", ")),
        );
    });
    if let Some(source) = source(&class.rule) {
        markup.element("p", &[("class", &"sentence")], source.sentence);
    }
    if let Some(name) = &class.known_deviation {
        about(markup, name);
    }
}

fn rates(markup: &mut Markup, found: &Found) {
    if found.confirmed.is_empty() {
        return;
    }
    let word = if found.is_confirmed() {
        "confirmed: "
    } else {
        "seen once; run again: "
    };
    markup.element(
        "span",
        &[("class", &"rate")],
        format_args!("{word}{}", said(&found.confirmed)),
    );
}

fn smallest(markup: &mut Markup, found: &Found) {
    let Some(minimal) = &found.minimal else { return };
    markup.nest("details", &[], |markup| {
        markup.nest("summary", &[], |markup| {
            markup.raw("Smallest pod that shows it: ");
            markup.text(minimal);
        });
        if !minimal.confirmed.is_empty() {
            markup.element(
                "p",
                &[],
                format_args!("It shows the class on {}.", said(&minimal.confirmed)),
            );
        }
        markup.element("pre", &[], minimal.scenario.to_yaml());
    });
}

/// What a pod does, where no file says it.
fn scenario(markup: &mut Markup, trace: &Trace) {
    if let Some(scenario) = &trace.scenario {
        markup.nest("details", &[], |markup| {
            markup.raw("<summary>Scenario, for podcheck replay</summary>");
            markup.element("pre", &[], scenario.to_yaml());
        });
    }
}
