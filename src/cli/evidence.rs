//! What a live cluster says about the pods that diverge, beside their recording: the API's Events and the kubelet's journal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::campaign::Finding;
use crate::cluster::{Subject, kubelet_logs};
use crate::recording::api_events;

/// Names and texts of files for a divergence's folder, by uid of the pod.
pub type Evidence = BTreeMap<String, Vec<(&'static str, String)>>;

/// Gathers what there is; whatever there is not, the file says why.
pub fn gather(context: &str, findings: &[Finding], events: &Path) -> Evidence {
    if findings.is_empty() {
        return Evidence::new();
    }
    eprintln!("gathering Events and kubelet journals of what diverges");
    let uids: BTreeSet<String> = findings.iter().map(|finding| finding.trace.uid.clone()).collect();
    let mut evidence = Evidence::new();
    for (uid, text) in api_events(events, &uids) {
        evidence.entry(uid).or_default().push(("events.txt", text));
    }
    let mut asked = BTreeSet::new();
    let new = findings
        .iter()
        .filter(|finding| asked.insert(finding.trace.uid.as_str()));
    let subjects: Vec<Subject> = new.filter_map(subject).collect();
    for (uid, text) in kubelet_logs(context, &subjects) {
        evidence.entry(uid).or_default().push(("kubelet.log", text));
    }
    for (uid, files) in &mut evidence {
        if files.iter().all(|(name, _)| *name != "kubelet.log") {
            let text = format!("# the recording does not say on which node and when pod {uid} ran\n");
            files.push(("kubelet.log", text));
        }
    }
    evidence
}

fn subject(finding: &Finding) -> Option<Subject> {
    let trace = &finding.trace;
    let mut times = trace.steps.iter().filter_map(|step| step.at_ms);
    let from_ms = times.next()?;
    Some(Subject {
        node: trace.node.clone()?,
        pod: trace.name.clone(),
        uid: trace.uid.clone(),
        from_ms,
        until_ms: times.next_back().unwrap_or(from_ms),
    })
}
