//! How long each pod may be silent: simulated pods are cut after each of their statuses, with their journal, and the
//! snapshot says which rule calls the silence late, and from which millisecond on.

#[expect(dead_code, reason = "only the snapshot is needed here")]
mod support;

use std::fmt::Write;

use podcheck::check::{Bounds, Inclusion, includes};
use podcheck::model::{Behaviour, KubeletVersion};
use podcheck::simulate::{Options, simulate};
use podcheck::trace::Trace;
use podcheck_generators::{Profile, Scenario, cases};

const SILENCE_MS_MAX: i64 = 1 << 20;

fn scenarios() -> impl Iterator<Item = (String, Scenario)> {
    let drawn = |profile: Profile| cases(profile, 4).take(4);
    let profiles = Profile::ALL.into_iter().flat_map(drawn);
    profiles.map(|(id, scenario)| (id.to_string(), scenario))
}

/// The rule that is broken by silence of this length after the last step.
fn late(behaviour: &Behaviour, trace: &mut Trace, silence_ms: i64) -> Option<String> {
    let last = trace
        .steps
        .last()
        .and_then(|step| step.at_ms)
        .expect("a simulated step has its time");
    trace.watched_until_ms = Some(last + silence_ms);
    match includes(behaviour, trace, &Bounds::with_delay(0)) {
        Inclusion::Excluded(why) => Some(why.rule),
        Inclusion::Included | Inclusion::Undecided(_) => None,
    }
}

/// The longest silence that is permitted, and the rule that ends it; `None`: it may be silent for ever.
fn permitted(behaviour: &Behaviour, trace: &mut Trace) -> Option<(i64, String)> {
    let (mut permitted_ms, mut late_ms) = (0, SILENCE_MS_MAX);
    let mut rule = late(behaviour, trace, late_ms)?;
    while late_ms - permitted_ms > 1 {
        let between_ms = permitted_ms.midpoint(late_ms);
        match late(behaviour, trace, between_ms) {
            Some(broken) => (late_ms, rule) = (between_ms, broken),
            None => permitted_ms = between_ms,
        }
    }
    Some((permitted_ms, rule))
}

#[test]
fn how_long_a_pod_may_be_silent_is_known() {
    let mut text = String::new();
    for minor in [29, 37] {
        let version = KubeletVersion { minor, patch: 2 };
        let behaviour = Behaviour::of(version);
        for (number, (id, scenario)) in (0..).zip(scenarios()) {
            let whole = simulate(&scenario, &Options::new(version, number));
            writeln!(text, "{id} on {version}").expect("a string");
            for seen in 1..=whole.steps.len() {
                let mut trace = whole.clone();
                trace.steps.truncate(seen);
                let until = trace.steps.last().and_then(|step| step.at_ms);
                let journal = trace.journal.iter_mut();
                journal.for_each(|lines| lines.retain(|line| Some(line.at_ms) <= until));
                let told = permitted(&behaviour, &mut trace);
                let told = told.map_or("for ever".to_owned(), |(ms, rule)| format!("{ms} ms, then {rule}"));
                writeln!(text, "  event {:<3} {told}", trace.steps[seen - 1].event_index).expect("a string");
            }
        }
    }
    support::snapshot("silence", &text);
}
