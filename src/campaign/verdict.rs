//! One pod's verdict, with the version it was judged as.

use crate::check::{Bounds, Divergence, Verdict};
use crate::deviations;
use crate::judge::{self, PodTallies};
use crate::model::KubeletVersion;
use crate::trace::Trace;

/// A verdict and what it rests on.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What the judge says.
    pub verdict: Verdict,
    /// What the guarantees said.
    pub guarantees: PodTallies,
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
            (Verdict::Inconclusive(reason.to_owned()), PodTallies::new())
        }
        Some(Err(error)) => (Verdict::Inconclusive(error.to_string()), PodTallies::new()),
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

/// What is only late, and not late beyond doubt, is not accused. (What a known deviation explains is no question of time.)
fn not_by_lateness_alone(
    trace: &Trace,
    version: KubeletVersion,
    bounds: &Bounds,
    strict: bool,
    verdict: Verdict,
) -> Verdict {
    let is_unknown = |it: &Divergence| it.known_deviation.is_none();
    let in_question = matches!(&verdict, Verdict::Diverges(found) if found.iter().any(is_unknown));
    if !in_question || bounds.doubt_ms == 0 {
        return verdict;
    }
    match judge::judge(trace, Some(version), &bounds.patient(), strict).verdict {
        Verdict::Conforms | Verdict::KnownDeviation(_) => Verdict::Inconclusive(
            "something was late, and the machine was too busy to say that it was the kubelet's doing; run fewer pods at once"
                .to_owned(),
        ),
        verdict => verdict,
    }
}

/// What nobody knows yet comes first, then what happened first, and last what every pod of its node shows.
fn unknown_first(mut verdict: Verdict) -> Verdict {
    if let Verdict::Diverges(found) | Verdict::KnownDeviation(found) = &mut verdict {
        found.sort_by_key(|it| {
            let known = it.known_deviation.as_deref();
            (known.is_some(), known == Some(deviations::NO_LIMIT), it.event_index)
        });
    }
    verdict
}

#[cfg(test)]
mod tests {
    use podcheck_generators::{Profile, cases};

    use super::*;
    use crate::simulate::{Options, simulate};

    const KUBELET: KubeletVersion = KubeletVersion { minor: 37, patch: 0 };

    /// Verdicts of the judge and of [`judge_as`] on pods of a busy node, for every delay that can be allowed for.
    fn by_delay() -> impl Iterator<Item = (bool, bool, Verdict)> {
        cases(Profile::Sidecars, 5).take(20).flat_map(|(id, scenario)| {
            let options = Options {
                load: 12,
                ..Options::new(KUBELET, id.index)
            };
            let trace = simulate(&scenario, &options);
            (0..8_000).step_by(500).map(move |delay_ms| {
                let accused = |delay_ms| {
                    let verdict = judge::judge(&trace, Some(KUBELET), &Bounds::with_delay(delay_ms), false).verdict;
                    matches!(verdict, Verdict::Diverges(_))
                };
                let judged = judge_as(&trace, Some(KUBELET), &Bounds::with_delay(delay_ms), false);
                (accused(delay_ms), accused(2 * delay_ms), judged.verdict)
            })
        })
    }

    #[test]
    fn what_is_late_but_not_beyond_doubt_is_inconclusive() {
        let (mut doubted, mut accused) = (0, 0);
        for (late, late_beyond_doubt, verdict) in by_delay() {
            match (late, late_beyond_doubt) {
                (true, false) => {
                    assert!(matches!(verdict, Verdict::Inconclusive(_)), "{verdict:?}");
                    doubted += 1;
                }
                (true, true) => {
                    assert!(matches!(verdict, Verdict::Diverges(_)), "{verdict:?}");
                    accused += 1;
                }
                (false, _) => assert!(!matches!(verdict, Verdict::Diverges(_)), "{verdict:?}"),
            }
        }
        assert!(doubted > 0 && accused > 0, "{doubted} doubted, {accused} accused");
    }
}
