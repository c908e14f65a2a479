//! The same healthy life, seen less well: what a watch, a slow recorder or a short termination message can lose.

use std::fmt;
use std::str::FromStr;

use crate::trace::{EventType, Gap, Trace, UnixMs};

/// How a pod's life was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Observed {
    /// Every published status and the whole journal.
    Complete,
    /// The status manager has skipped statuses.
    Coalesced,
    /// No process journal.
    NoJournal,
    /// The journal ends in the middle.
    CutJournal,
    /// A part of the journal is missing.
    LossyJournal,
    /// Watch events arrive late.
    Late,
    /// The pod is first seen when it already runs.
    Joined,
    /// The watch ends at some time of the pod's life.
    Ended,
}

/// Watch events are this late at most.
const LATE_MS_MAX: u64 = 1_500;

impl Observed {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Complete,
        Self::Coalesced,
        Self::NoJournal,
        Self::CutJournal,
        Self::LossyJournal,
        Self::Late,
        Self::Joined,
        Self::Ended,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Coalesced => "coalesced",
            Self::NoJournal => "no-journal",
            Self::CutJournal => "cut-journal",
            Self::LossyJournal => "lossy-journal",
            Self::Late => "late",
            Self::Joined => "joined",
            Self::Ended => "ended",
        }
    }
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no observation has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing is observed as {0:?}; there are: {names}", names = Observed::ALL.map(Observed::name).join(", "))]
pub struct UnknownObserved(pub String);

impl FromStr for Observed {
    type Err = UnknownObserved;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|observed| observed.name() == name);
        found.ok_or_else(|| UnknownObserved(name.to_owned()))
    }
}

/// Takes away what was not observed; `word` decides what.
pub fn observe(trace: &mut Trace, observed: Observed, word: u64) {
    match observed {
        Observed::Complete => {}
        Observed::Coalesced => skip_statuses(trace, word),
        Observed::NoJournal => trace.journal = None,
        Observed::CutJournal => {
            let journal = trace.journal.iter_mut();
            journal.for_each(|journal| journal.truncate(below(word, journal.len())));
        }
        Observed::LossyJournal => {
            // Each message carries the last 4 KiB, so it is a stretch that is lost, at the beginning or between two messages.
            let journal = trace.journal.iter_mut();
            journal.for_each(|journal| {
                let begin = below(word, journal.len());
                journal.drain(begin..begin + below(mixed(word, 1), journal.len() - begin));
            });
        }
        Observed::Late => delay(trace, word),
        Observed::Joined => join(trace, word),
        Observed::Ended => end(trace, word),
    }
}

/// The status manager sends the newest status that it has, so one can be skipped for another that comes before it was sent.
const SEND_MS_MAX: UnixMs = 2_000;

/// The status manager may skip any status but the last. What it skips, the API object never has, so a phase that the
/// terminal one is hidden behind (WS-1) must have been published: statuses that change the phase stay.
fn skip_statuses(trace: &mut Trace, word: u64) {
    let last = trace.steps.len().saturating_sub(1);
    let times: Vec<Option<UnixMs>> = trace.steps.iter().map(|step| step.at_ms).collect();
    // Since when a status has waited to be sent.
    let mut waits_since = None;
    let (mut index, mut phase) = (0, None);
    trace.steps.retain(|step| {
        let says_more = step.deletion.is_some() || phase != Some(step.view.phase);
        let since = waits_since.or(step.at_ms);
        let waits_on = times
            .get(index + 1)
            .is_some_and(|&next| next.zip(since).is_some_and(|(next, since)| next - since <= SEND_MS_MAX));
        let kept =
            index == 0 || index >= last || says_more || !waits_on || !mixed(word, index as u64).is_multiple_of(3);
        waits_since = if kept { None } else { since };
        phase = if kept { Some(step.view.phase) } else { phase };
        index += 1;
        kept
    });
}

/// A watch keeps the order; what comes late makes everything after it late too.
fn delay(trace: &mut Trace, word: u64) {
    let mut newest = UnixMs::MIN;
    for (index, step) in trace.steps.iter_mut().enumerate() {
        if let Some(at_ms) = &mut step.at_ms {
            let late_ms = (mixed(word, index as u64) % (LATE_MS_MAX + 1)) as UnixMs;
            newest = newest.max(*at_ms + late_ms);
            *at_ms = newest;
        }
    }
    trace.watched_until_ms = trace.watched_until_ms.map(|until| until.max(newest));
}

/// The watch begins at a status of the kubelet's that is not the pod's first; where there is none, it is complete.
fn join(trace: &mut Trace, word: u64) {
    let reports = |at: usize| trace.steps[at].view.containers.iter().any(Option::is_some);
    let (Some(first), len) = ((0..trace.steps.len()).find(|&at| reports(at)), trace.steps.len()) else {
        return;
    };
    let at = first + 1 + below(word, len - first - 1);
    if at < len {
        trace.steps.drain(..at);
        trace.steps[0].event = EventType::Added;
        trace.gaps.push(Gap::JoinedInTheMiddle);
    }
}

/// The watch ends between the kubelet's first status and the end of the trace, and the journal with it.
fn end(trace: &mut Trace, word: u64) {
    let reports = |at: &usize| trace.steps[*at].view.containers.iter().any(Option::is_some);
    let first = (0..trace.steps.len())
        .find(reports)
        .and_then(|at| trace.steps[at].at_ms);
    let Some((first, last)) = first.zip(trace.watched_until_ms) else {
        return;
    };
    let until = first + below(word, (last - first).max(0) as usize) as UnixMs;
    trace.steps.retain(|step| step.at_ms.is_none_or(|at| at <= until));
    trace
        .journal
        .iter_mut()
        .for_each(|lines| lines.retain(|line| line.at_ms <= until));
    trace.watched_until_ms = Some(until);
}

/// A number below `count`, or 0.
fn below(word: u64, count: usize) -> usize {
    (word % count.max(1) as u64) as usize
}

/// A word that depends on both numbers and on nothing else.
pub(super) fn mixed(a: u64, b: u64) -> u64 {
    (a ^ b.rotate_left(32))
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(29)
        .wrapping_mul(0xbf58_476d_1ce4_e5b9)
        >> 17
}
