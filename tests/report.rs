//! Lanes and the report page of stored recordings of real kubelets: how they look is part of the product.

mod support;

use std::path::Path;

use anstream::adapter::strip_str;
use podcheck::campaign::{Class, Finding, Found, Gathered, Summary, judge_as};
use podcheck::check::{Bounds, Divergence, Verdict};
use podcheck::report::lanes::{self, Picture};
use podcheck::report::{self, Explanation, Page};
use podcheck::trace::Trace;
use roxmltree::{Document, Node, ParsingOptions};

fn findings() -> impl Iterator<Item = (String, Trace)> {
    support::stored_traces().into_iter().filter_map(|(file, trace)| {
        let (_, name) = file.split_once("findings/")?;
        Some((name.trim_end_matches(".jsonl").to_owned(), trace))
    })
}

fn picture(file: &str, trace: &Trace) -> Picture {
    let version = support::version(file, trace);
    let divergences = match judge_as(trace, Some(version), &Bounds::default(), false).verdict {
        Verdict::KnownDeviation(found) | Verdict::Diverges(found) => found,
        Verdict::Conforms | Verdict::Inconclusive(_) => Vec::new(),
    };
    report::show(trace, &divergences, Some(version), None).picture
}

#[test]
fn lanes_in_text_fit_a_log() {
    for (name, trace) in findings() {
        let painted = lanes::text(&picture(&name, &trace));
        let plain = strip_str(&painted).to_string();
        assert!(plain.lines().all(|line| line.chars().count() <= 110), "{name}\n{plain}");
        assert!(painted.contains('\u{1b}') && !plain.contains('\u{1b}'), "{name}");
        support::snapshot_in(&support::expected().join("lanes"), &name, &plain);
    }
}

#[test]
fn pictures_hold_what_is_drawn() {
    for (name, trace) in findings() {
        if ["to-3.v1.37.0", "83916.v1.37.0"].contains(&name.as_str()) {
            let yaml = serde_yaml::to_string(&picture(&name, &trace)).expect("plain data");
            support::snapshot_in(&support::expected().join("lanes"), &format!("picture-{name}"), &yaml);
        }
    }
}

/// Whatever the pod, nothing is drawn outside of the picture or ends before it begins.
#[test]
fn pictures_of_all_recordings_are_in_order() {
    for (file, trace) in support::stored_traces() {
        let picture = picture(&file, &trace);
        for life in std::iter::once(&picture.observed).chain(&picture.predicted) {
            let spans = life.statuses.iter().chain(&life.phases);
            let spans = spans.chain(life.conditions.iter().flat_map(|band| &band.holds));
            for span in spans {
                assert!(
                    0 <= span.from && span.from <= span.to && span.to <= picture.end,
                    "{file}: {span:?}"
                );
            }
            for lane in &life.lanes {
                for run in &lane.runs {
                    assert!(
                        0 <= run.from && run.from <= run.to && run.to <= picture.end,
                        "{file}: {run:?}"
                    );
                }
                let pairs = lane.runs.windows(2);
                assert!(
                    pairs.clone().all(|pair| pair[0].to <= pair[1].from),
                    "{file}: {:?}",
                    lane.runs
                );
                assert!(
                    pairs.clone().all(|pair| pair[0].attempt < pair[1].attempt),
                    "{file}: {:?}",
                    lane.runs
                );
            }
        }
    }
}

/// Without receive times there is an order and nothing else.
#[test]
fn a_raw_stream_is_drawn_by_its_events() {
    let (name, mut trace) = findings().next().expect("a stored finding");
    trace.steps.iter_mut().for_each(|step| step.at_ms = None);
    let picture = picture(&name, &trace);
    assert!(picture.predicted.is_none());
    assert_eq!(picture.end, trace.steps.len() as i64);
    let text = strip_str(&lanes::text(&picture)).to_string();
    assert!(text.starts_with("events"), "{text}");
}

struct Report {
    summary: Summary,
    gathered: Gathered,
    explanations: Vec<Explanation>,
}

impl Report {
    fn of(traces: impl IntoIterator<Item = (String, Trace)>, strict: bool) -> Self {
        let mut gathered = Gathered::default();
        for (file, trace) in traces {
            let judged = judge_as(
                &trace,
                Some(support::version(&file, &trace)),
                &Bounds::default(),
                strict,
            );
            gathered.add(trace, judged);
        }
        let mut summary = Summary {
            seed: "7f3a9c".to_owned(),
            cases: "mixed".to_owned(),
            target: "recordings".to_owned(),
            ..Summary::default()
        };
        gathered.summarise(60.0, &mut summary);
        summary.divergences = gathered.findings.iter().map(found).collect();
        let told = gathered.findings.iter().zip(&summary.divergences);
        let explanations = told
            .map(|(finding, found)| report::explain(finding, found, None))
            .collect();
        Self {
            summary,
            gathered,
            explanations,
        }
    }

    fn html(&self) -> String {
        let page = Page {
            summary: &self.summary,
            gathered: &self.gathered,
            explanations: &self.explanations,
            folder: Path::new("/runs/today"),
        };
        page.html()
    }
}

fn found(finding: &Finding) -> Found {
    let case = "mixed/7f3a9c/12";
    finding.found(case.to_owned(), format!("podcheck replay {case}"))
}

/// The page as XML, which it is too.
fn parsed(html: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        nodes_limit: 2_000_000,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(html, options).expect("a well-formed page")
}

fn elements<'a>(document: &'a Document<'_>, tag: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    document.descendants().filter(move |node| node.has_tag_name(tag))
}

#[test]
fn a_page_shows_each_divergence_once() {
    let report = Report::of(findings(), true);
    let html = report.html();
    let page = parsed(&html);
    assert!(report.summary.divergences.len() >= 5);
    for index in 0..report.summary.divergences.len() {
        let id = format!("pod-{index}");
        assert_eq!(
            page.descendants()
                .filter(|node| node.attribute("id") == Some(&id))
                .count(),
            1,
            "{id}"
        );
    }
    let pictures = elements(&page, "svg").filter(|node| node.attribute("class") == Some("lanes"));
    assert_eq!(pictures.count(), report.summary.divergences.len());
    let rows = elements(&page, "table").find(|node| node.attribute("class") == Some("pods"));
    let rows = rows
        .into_iter()
        .flat_map(|table| table.descendants().filter(|node| node.attribute("data-v").is_some()));
    assert_eq!(rows.count(), findings().count());
}

#[test]
fn a_page_shows_each_class_of_known_deviation_once() {
    let report = Report::of(findings(), false);
    assert!(!report.gathered.examples.is_empty());
    let html = report.html();
    let page = parsed(&html);
    let pictures = elements(&page, "svg")
        .filter(|node| node.attribute("class") == Some("lanes"))
        .count();
    assert_eq!(
        pictures,
        report.gathered.examples.len() + report.summary.divergences.len()
    );
}

#[test]
fn links_within_a_page_lead_somewhere_and_nothing_is_loaded() {
    for strict in [false, true] {
        let html = Report::of(findings(), strict).html();
        let page = parsed(&html);
        let mut ids = std::collections::BTreeSet::new();
        for id in page.descendants().filter_map(|node| node.attribute("id")) {
            assert!(ids.insert(id), "{id} is there twice");
        }
        for link in elements(&page, "a").filter_map(|node| node.attribute("href")) {
            match link.strip_prefix('#') {
                Some(id) => assert!(ids.contains(id), "{link}"),
                None => assert!(link.starts_with("https://"), "{link}"),
            }
        }
        for node in page.descendants() {
            for name in ["src", "srcset", "data", "action", "poster", "background"] {
                assert_eq!(node.attribute(name), None, "{:?}", node.tag_name());
            }
            let tag = node.tag_name().name();
            assert!(
                !["link", "img", "iframe", "object", "embed", "base", "image", "use"].contains(&tag),
                "{tag}"
            );
        }
        for style in elements(&page, "style") {
            let text = style.text().unwrap_or_default();
            assert!(!text.contains("@import") && !text.contains("http") && !text.contains("@font-face"));
            assert_eq!(text.matches("url(").count(), text.matches("url(#").count());
        }
        assert_eq!(elements(&page, "script").count(), 1);
    }
}

#[test]
fn foreign_names_and_words_stay_text() {
    let hostile = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>&\u{1b}[31m\u{0}";
    let (file, mut trace) = findings()
        .find(|(name, _)| name == "to-3.v1.37.0")
        .expect("a stored finding");
    let version = support::version(&file, &trace);
    trace.name = hostile.to_owned();
    trace.node = Some(hostile.to_owned());
    trace.spec.containers[0].name = hostile.to_owned();
    let judged = judge_as(&trace, Some(version), &Bounds::default(), true);
    let mut gathered = Gathered::default();
    gathered.add(trace, judged);
    for finding in &mut gathered.findings {
        for Divergence { summary, rule, .. } in &mut finding.divergences {
            *summary = hostile.to_owned();
            *rule = hostile.to_owned();
        }
    }
    let mut summary = Summary {
        seed: hostile.to_owned(),
        target: hostile.to_owned(),
        stopped: Some(hostile.to_owned()),
        ..Summary::default()
    };
    gathered.summarise(1.0, &mut summary);
    summary.divergences = gathered.findings.iter().map(found).collect();
    for found in &mut summary.divergences {
        found.case = hostile.to_owned();
        found.replay = hostile.to_owned();
    }
    // The classes that were counted are those of the finding.
    let class: Class = summary.divergences[0].class.clone();
    gathered.shown = [(hostile.to_owned(), [(class, 1)].into())].into();
    let explanations = vec![report::explain(&gathered.findings[0], &summary.divergences[0], None)];
    let report = Report {
        summary,
        gathered,
        explanations,
    };
    let html = report.html();
    let page = parsed(&html);
    assert_eq!(elements(&page, "script").count(), 1, "only our own");
    assert_eq!(elements(&page, "img").count(), 0);
    assert!(
        page.descendants()
            .all(|node| node.attributes().all(|it| !it.name().starts_with("on")))
    );
    assert!(!html.contains('\u{1b}') && !html.contains('\u{0}'));
}
