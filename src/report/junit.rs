//! A campaign as JUnit XML, for what a CI tracks over time.
//!
//! The tests are what stays the same from run to run: every promise, every rule of the model and every goal, by kubelet
//! version. Pods and seeds change each time and are in no name; they are in the text of a failure.

mod rule;

use std::collections::BTreeSet;
use std::time::Duration;

use podcheck_generators::CaseId;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::campaign::{ShownClass, Summary, Tally};
use crate::rules::RULES;
use crate::{goals, guarantees};
use rule::Test;

/// Rule of a status that no other rule explains.
const NO_RUN: &str = "design";

/// A campaign that is over.
#[derive(Clone, Copy, Debug)]
pub struct Concluded<'a> {
    /// What came of it.
    pub summary: &'a Summary,
    /// The explanation of each divergence of the summary, in the same order.
    pub explanations: &'a [String],
    /// The environment failed before its end.
    pub failed: bool,
}

/// The report: a suite for the campaign, and one for each kubelet version.
pub fn junit(concluded: Concluded<'_>) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("podcheck");
    report.add_test_suite(campaign(concluded));
    for (version, tally) in &concluded.summary.kubelets {
        report.add_test_suite(kubelet(concluded, version, tally));
    }
    report.to_string()
}

fn suite(name: &str, summary: &Summary) -> TestSuite {
    let mut suite = TestSuite::new(name);
    // Not even a clock that was set back makes a negative time.
    let time = Duration::try_from_secs_f64(summary.seconds).unwrap_or_default();
    suite.set_time(time);
    let facts = [
        ("cases", &summary.cases),
        ("target", &summary.target),
        ("seed", &summary.seed),
    ];
    for (name, value) in facts.into_iter().filter(|(_, value)| !value.is_empty()) {
        suite.add_property(Property::new(name, value));
    }
    suite
}

fn case(group: &str, name: String, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(format!("podcheck.{group}"));
    case
}

fn skipped(message: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}

fn error(message: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(message).set_type("environment");
    status
}

/// Was enough judged, did it come to its end, which goals were met?
fn campaign(Concluded { summary, failed, .. }: Concluded<'_>) -> TestSuite {
    let mut suite = suite("campaign", summary);
    let (judged, conclusive, _) = summary.totals();
    suite.add_test_case(case(
        "campaign",
        "enough-is-judged".to_owned(),
        enough(judged, conclusive),
    ));
    let ending = match &summary.stopped {
        Some(why) if failed => error(why.clone()),
        Some(why) => skipped(format!("ended early: {why}")),
        None => TestCaseStatus::success(),
    };
    suite.add_test_case(case("campaign", "comes-to-its-end".to_owned(), ending));
    // What is replayed owes no goals.
    if summary.cases.parse::<podcheck_generators::Profile>().is_ok() {
        suite.add_test_cases(goals::all().map(|goal| self::goal(summary, goal)));
    }
    suite
}

fn goal(summary: &Summary, goal: &goals::Goal) -> TestCase {
    let pods = summary.goals.get(goal.id).copied().unwrap_or_default();
    let status = if pods > 0 {
        TestCaseStatus::success()
    } else if summary.goals_missed.contains(&goal.id) {
        skipped(format!(
            "incomplete: so many pods should have met this, and none did: {}",
            goal.sentence
        ))
    } else {
        skipped(format!("no pod met this, and none had to: {}", goal.sentence))
    };
    let mut case = case("goals", goal.id.to_owned(), status);
    case.add_property(Property::new("pods", pods.to_string()));
    case
}

fn enough(judged: usize, conclusive: usize) -> TestCaseStatus {
    // The same bound as that of the exit code.
    if conclusive == 0 || conclusive * 2 < judged {
        let message =
            format!("{conclusive} of {judged} verdicts are conclusive, too few to say that anything conforms");
        let mut status = error(message);
        status.set_type("too little judged");
        status
    } else {
        TestCaseStatus::success()
    }
}

fn kubelet(concluded: Concluded<'_>, version: &str, tally: &Tally) -> TestSuite {
    let summary = concluded.summary;
    let mut suite = suite(version, summary);
    let nodes: Vec<&str> = tally.nodes.iter().map(String::as_str).collect();
    suite.add_property(Property::new("nodes", nodes.join(", ")));
    let at = |name: &str| format!("{name}@{version}");
    suite.add_test_case(case("pods", at(&pods_name(&summary.cases)), pods(version, tally)));
    suite.add_test_case(case("pods", at("conclusive"), conclusive(tally)));
    let shown: Vec<&ShownClass> = summary
        .classes
        .iter()
        .filter(|shown| shown.kubernetes == version)
        .collect();
    for Asked {
        group,
        name,
        rule,
        at_risk,
        what,
    } in asked(version, tally, &shown)
    {
        let test = Test {
            concluded,
            version,
            tally,
            at_risk,
            what,
        };
        let of_rule: Vec<&ShownClass> = shown.iter().copied().filter(|it| it.class.rule == rule).collect();
        suite.add_test_case(test.case(group, name, &of_rule));
    }
    suite
}

/// What a kubelet's suite asks: one test.
struct Asked<'a> {
    group: &'a str,
    name: &'a str,
    rule: &'a str,
    at_risk: u64,
    what: &'a str,
}

/// Every promise and every rule of this version; and whatever else was broken, which must not be lost.
fn asked<'a>(version: &str, tally: &Tally, shown: &[&'a ShownClass]) -> Vec<Asked<'a>> {
    let number: Option<crate::model::KubeletVersion> = version.parse().ok();
    let promises = guarantees::all().filter(|it| number.is_none_or(|number| number.minor >= it.since_minor));
    let promises = promises.map(|it| Asked {
        group: "promises",
        name: it.id,
        rule: it.id,
        at_risk: tally.promises.get(it.id).copied().unwrap_or_default().at_risk(),
        what: it.rule,
    });
    let rules = RULES
        .iter()
        .filter(|it| number.is_none_or(|number| it.applies_to(number)));
    let rules = rules.map(|it| Asked {
        group: "model",
        name: it.id,
        rule: it.id,
        at_risk: tally.rules.get(it.id).copied().unwrap_or_default(),
        what: it.sentence,
    });
    let mut asked: Vec<Asked<'_>> = promises.chain(rules).collect();
    let mut told: BTreeSet<&str> = asked.iter().map(|it| it.rule).collect();
    let others = shown.iter().map(|shown| shown.class.rule.as_str());
    for rule in [NO_RUN].into_iter().chain(others) {
        if told.insert(rule) {
            asked.push(Asked {
                group: "model",
                name: if rule == NO_RUN { "any-rule" } else { rule },
                rule,
                at_risk: tally.conclusive() as u64,
                what: "every status belongs to a run of the model of this version",
            });
        }
    }
    asked
}

/// The profile, or the name of what was replayed: of a case id, which holds a seed, its profile.
fn pods_name(cases: &str) -> String {
    cases
        .parse::<CaseId>()
        .map_or_else(|_| cases.to_owned(), |id| id.profile.to_string())
}

fn pods(version: &str, tally: &Tally) -> TestCaseStatus {
    if tally.diverges > 0 {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        let message = format!("{} of {} pods diverge", tally.diverges, tally.judged);
        let text = format!("{message} on {version}: each rule and promise that they break is a failed test of its own");
        status.set_message(message).set_type("divergence").set_description(text);
        return status;
    }
    enough(tally.judged, tally.conclusive())
}

fn conclusive(tally: &Tally) -> TestCaseStatus {
    if tally.inconclusive == 0 {
        return TestCaseStatus::success();
    }
    let reasons = tally.inconclusive_reasons.iter();
    let reasons: Vec<String> = reasons.map(|(reason, pods)| format!("{reason} ({pods})")).collect();
    let (inconclusive, judged) = (tally.inconclusive, tally.judged);
    skipped(format!(
        "{inconclusive} of {judged} pods are inconclusive: {}",
        reasons.join("; ")
    ))
}
