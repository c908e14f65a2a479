//! The verdict on one pod: the model's answer and the guarantees', put together (design: "Conforms, precisely").

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::{Bounds, Divergence, Facts, Inclusion, Verdict, includes_with};
use crate::deviations;
use crate::guarantees::{self, Case, Outcome};
use crate::model::{Behaviour, KubeletVersion};
use crate::trace::{Gap, Trace};

/// What a guarantee said of one pod, or how often it said so of many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub not_at_risk: u64,
    pub kept: u64,
    pub broken: u64,
}

impl Tally {
    /// Pods in which the guarantee could have been broken.
    pub fn at_risk(&self) -> u64 {
        self.kept + self.broken
    }
}

/// Tallies by guarantee.
pub type Tallies = BTreeMap<&'static str, Tally>;

/// One pod's tallies, in the order of the catalogue.
pub type PodTallies = Vec<(&'static str, Tally)>;

/// Adds one pod's (or one part's) tallies.
pub fn add(total: &mut Tallies, more: impl IntoIterator<Item = (&'static str, Tally)>) {
    for (id, tally) in more {
        let sum = total.entry(id).or_default();
        sum.not_at_risk += tally.not_at_risk;
        sum.kept += tally.kept;
        sum.broken += tally.broken;
    }
}

/// A pod's verdict and what led to it.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub verdict: Verdict,
    /// Empty when the guarantees could not be judged at all.
    pub guarantees: PodTallies,
}

impl Judgement {
    fn inconclusive(reason: String) -> Self {
        Self {
            verdict: Verdict::Inconclusive(reason),
            guarantees: PodTallies::new(),
        }
    }
}

/// One line of the catalogue.
#[derive(Clone, Debug, Serialize)]
pub struct Promise {
    pub id: &'static str,
    pub rule: &'static str,
    pub quote: &'static str,
    pub link: &'static str,
    pub since_minor: u32,
    pub at_risk: u64,
    pub broken: u64,
    /// Known deviations that break it.
    pub deviations: Vec<&'static str>,
}

/// All promises with how often they were at risk and broken.
pub fn catalogue(tallies: &Tallies) -> Vec<Promise> {
    let deviations = |id| deviations::all().filter(move |it| it.guarantees.contains(&id));
    guarantees::all()
        .map(|guarantee| {
            let tally = tallies.get(guarantee.id).copied().unwrap_or_default();
            Promise {
                id: guarantee.id,
                rule: guarantee.rule,
                quote: guarantee.quote,
                link: guarantee.link,
                since_minor: guarantee.since_minor,
                at_risk: tally.at_risk(),
                broken: tally.broken,
                deviations: deviations(guarantee.id).map(|it| it.name).collect(),
            }
        })
        .collect()
}

/// Judges one pod; under `strict` a known deviation is a divergence.
pub fn judge(trace: &Trace, version: Option<KubeletVersion>, bounds: &Bounds, strict: bool) -> Judgement {
    let facts = Facts::within(trace, bounds);
    let case = Case::new(trace, &facts, bounds);
    let not_covered = not_covered(&case);
    if let Some(reason) = nothing_to_judge(trace) {
        return Judgement::inconclusive(not_covered.unwrap_or(reason));
    }
    let Some(version) = version else {
        let unknown = "the kubelet's version is not known, or the model does not cover it";
        return Judgement::inconclusive(not_covered.unwrap_or_else(|| unknown.to_string()));
    };
    if let Some(reason) = not_covered {
        return judge_uncovered(&case, version, strict, reason);
    }
    let (tallies, broken) = judge_guarantees(&case, version);
    let (mut found, undecided) = match includes_with(&Behaviour::of(version), trace, &facts, bounds) {
        Inclusion::Included => (Vec::new(), None),
        Inclusion::Undecided(reason) => (Vec::new(), Some(reason)),
        Inclusion::Excluded(mut divergence) => {
            let known = deviations::hiding(version, &case, &divergence);
            divergence.known_deviation = known.map(|deviation| deviation.name.to_string());
            (vec![divergence], None)
        }
    };
    let excluded = found.iter().any(|divergence| divergence.known_deviation.is_none());
    found.extend(broken);
    let verdict = match undecided {
        Some(reason) if !has_unknown(&found) => Verdict::Inconclusive(reason),
        _ => verdict_of(found, strict),
    };
    // The model allows for anything before the first event; what a promise needs from there may be missing.
    let allowed_for = |gap: Gap| gap == Gap::JoinedInTheMiddle && excluded;
    let gap = trace.gaps.iter().find(|&&gap| !allowed_for(gap));
    let verdict = match (verdict, gap) {
        (Verdict::Diverges(divergences), Some(gap)) => {
            let what = divergences
                .first()
                .map_or(String::new(), |it| format!(" ({}: {})", it.rule, it.summary));
            Verdict::Inconclusive(format!("the recording disagrees, but {}{what}", describe(*gap)))
        }
        (verdict, _) => verdict,
    };
    Judgement {
        verdict,
        guarantees: tallies,
    }
}

/// A pod with what the model does not cover: no verdict on its life, but what holds for any pod is still judged, and
/// what a lost sandbox is known to break is named.
fn judge_uncovered(case: &Case, version: KubeletVersion, strict: bool, reason: String) -> Judgement {
    let (tallies, mut broken) = judge_guarantees(case, version);
    let of_any_pod = |id: &str| guarantees::HOLD_FOR_ANY_POD.contains(&id);
    let of_its_sandbox = |name: &Option<String>| name.as_deref() == Some(deviations::SANDBOX_LOST);
    broken.retain(|it| of_any_pod(&it.rule) || of_its_sandbox(&it.known_deviation));
    let verdict = if broken.is_empty() || !case.trace.gaps.is_empty() {
        Verdict::Inconclusive(reason)
    } else {
        verdict_of(broken, strict)
    };
    Judgement {
        verdict,
        guarantees: tallies.into_iter().filter(|(id, _)| of_any_pod(id)).collect(),
    }
}

fn has_unknown(found: &[Divergence]) -> bool {
    found.iter().any(|divergence| divergence.known_deviation.is_none())
}

fn verdict_of(found: Vec<Divergence>, strict: bool) -> Verdict {
    if found.is_empty() {
        Verdict::Conforms
    } else if strict || has_unknown(&found) {
        Verdict::Diverges(found)
    } else {
        Verdict::KnownDeviation(found)
    }
}

/// What of the pod and its life the model does not cover.
pub fn not_covered(case: &Case) -> Option<String> {
    let features = &case.trace.spec.not_covered;
    if !features.is_empty() {
        return Some(format!("the model does not cover {}", features.join(", ")));
    }
    // podcheck takes no sandbox away, so that is asked only of pods that it did not make.
    let lost = case.trace.scenario.is_none() && case.lost_its_sandbox();
    lost.then(|| "the pod lost its sandbox, which the model does not cover".to_string())
}

/// Why nothing can be said of a trace at all.
fn nothing_to_judge(trace: &Trace) -> Option<String> {
    let mut views = trace.steps.iter().flat_map(|step| &step.view.containers);
    let reason = if trace.node.is_none() {
        "the pod was never bound to a node"
    } else if !views.any(Option::is_some) {
        "the kubelet never reported on this pod"
    } else if trace.steps.len() == 1 {
        "only one status of the pod was seen, and no change"
    } else {
        return None;
    };
    Some(reason.to_string())
}

fn describe(gap: Gap) -> &'static str {
    match gap {
        Gap::JoinedInTheMiddle => "the pod already ran when it was first seen",
        Gap::WatchInterrupted => "the watch was interrupted",
        Gap::OutOfOrder => "events are out of order",
        Gap::Unreadable => "a part of the recording could not be read",
    }
}

fn judge_guarantees(case: &Case, version: KubeletVersion) -> (PodTallies, Vec<Divergence>) {
    let mut tallies = PodTallies::with_capacity(guarantees::all().count());
    let mut broken = Vec::new();
    for guarantee in guarantees::all().filter(|guarantee| version.minor >= guarantee.since_minor) {
        let mut tally = Tally::default();
        match (guarantee.judge)(case) {
            Outcome::NotAtRisk => tally.not_at_risk += 1,
            Outcome::Kept => tally.kept += 1,
            Outcome::Broken(breaches) => {
                tally.broken += 1;
                broken.extend(breaches.into_iter().map(|breach| {
                    Divergence {
                        known_deviation: deviations::covering(version, guarantee.id, case, &breach)
                            .map(|deviation| deviation.name.to_string()),
                        event_index: breach.event_index,
                        resource_version: breach.resource_version,
                        rule: guarantee.id.to_string(),
                        container: breach.container,
                        summary: breach.summary,
                    }
                }));
            }
        }
        tallies.push((guarantee.id, tally));
    }
    (tallies, broken)
}
