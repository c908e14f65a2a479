//! One pod's verdict, with the version it was judged as.

use crate::check::{Bounds, Divergence, Verdict};
use crate::judge::{self, Tallies};
use crate::model::KubeletVersion;
use crate::trace::Trace;

/// A verdict and what it rests on.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What the judge says.
    pub verdict: Verdict,
    /// What the guarantees said.
    pub guarantees: Tallies,
    /// What the bounds allowed for the machine's load.
    pub delay_ms: i64,
    /// The version it was judged as, as it was given or recorded.
    pub kubernetes: Option<String>,
}

/// Judges a pod as `kubernetes`, or as the version that its recording names.
pub fn judge_as(trace: &Trace, kubernetes: Option<KubeletVersion>, bounds: &Bounds, strict: bool) -> Judged {
    let name = kubernetes
        .map(|version| version.to_string())
        .or_else(|| trace.kubelet.clone());
    let (verdict, guarantees) = match name.as_deref().map(str::parse::<KubeletVersion>) {
        None => {
            let reason = "the recording does not name the kubelet's version; say it with --kubernetes";
            (Verdict::Inconclusive(reason.to_owned()), Tallies::new())
        }
        Some(Err(error)) => (Verdict::Inconclusive(error.to_string()), Tallies::new()),
        Some(Ok(version)) => {
            let judgement = judge::judge(trace, Some(version), bounds, strict);
            let verdict = not_by_lateness_alone(trace, version, bounds, strict, judgement.verdict);
            (unknown_first(verdict), judgement.guarantees)
        }
    };
    Judged {
        verdict,
        guarantees,
        delay_ms: bounds.delay_ms,
        kubernetes: name,
    }
}

/// Waits on a busy machine have a long tail: what is later than the bounds, but not this many times the delay that the
/// other pods show, can still be the machine's doing (a start 10.0 s after its turn was seen where 9.5 s were allowed).
const GREY: i64 = 2;

/// What is only late, and not late beyond doubt, is not accused. (What a known deviation explains is no question of time, and
/// the bounds of a machine of which nothing is known have their reserve already.)
fn not_by_lateness_alone(
    trace: &Trace,
    version: KubeletVersion,
    bounds: &Bounds,
    strict: bool,
    verdict: Verdict,
) -> Verdict {
    let is_unknown = |it: &Divergence| it.known_deviation.is_none();
    let in_question = matches!(&verdict, Verdict::Diverges(found) if found.iter().any(is_unknown));
    if !in_question || bounds.delay_ms == Bounds::default().delay_ms {
        return verdict;
    }
    let patient = Bounds {
        delay_ms: bounds.delay_ms * GREY,
        ..*bounds
    };
    match judge::judge(trace, Some(version), &patient, strict).verdict {
        Verdict::Conforms | Verdict::KnownDeviation(_) => Verdict::Inconclusive(
            "something was late, and the machine was too busy to say that it was the kubelet's doing; run fewer pods at once"
                .to_owned(),
        ),
        verdict => verdict,
    }
}

/// What nobody knows yet comes first, then what happened first.
fn unknown_first(mut verdict: Verdict) -> Verdict {
    if let Verdict::Diverges(found) | Verdict::KnownDeviation(found) = &mut verdict {
        found.sort_by_key(|it| (it.known_deviation.is_some(), it.event_index));
    }
    verdict
}
