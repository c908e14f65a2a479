//! One pod's verdict, with the version it was judged as.

use crate::check::{self, Bounds, Inclusion, Verdict};
use crate::model::{Behaviour, KubeletVersion};
use crate::trace::Trace;

/// A verdict and what it rests on.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What the check says.
    pub verdict: Verdict,
    /// The version it was judged as, as it was given or recorded.
    pub kubernetes: Option<String>,
}

/// Judges a pod as `kubernetes`, or as the version that its recording names.
pub fn judge_as(trace: &Trace, kubernetes: Option<KubeletVersion>, bounds: &Bounds, _strict: bool) -> Judged {
    let name = kubernetes
        .map(|version| version.to_string())
        .or_else(|| trace.kubelet.clone());
    let verdict = match name.as_deref().map(str::parse::<KubeletVersion>) {
        None => Verdict::Inconclusive("the kubelet's version is not in the recording; say it with --kubernetes".into()),
        Some(Err(error)) => Verdict::Inconclusive(error.to_string()),
        Some(Ok(version)) => match check::includes(&Behaviour::of(version), trace, bounds) {
            Inclusion::Included => Verdict::Conforms,
            Inclusion::Excluded(divergence) => Verdict::Diverges(vec![divergence]),
            Inclusion::Undecided(reason) => Verdict::Inconclusive(reason),
        },
    };
    Judged {
        verdict,
        kubernetes: name,
    }
}
