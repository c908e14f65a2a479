//! A kubelet's version that the user has told, and whose it would have to be.

use std::collections::BTreeSet;

use crate::check::Verdict;
use crate::model::KubeletVersion;
use crate::trace::Trace;

/// Nodes whose pods diverge from the version that was told: on a cluster of several versions it is easily that of another node.
#[derive(Debug, Default)]
pub struct ToldVersion {
    nodes: BTreeSet<String>,
}

impl ToldVersion {
    /// Takes note of a pod's verdict.
    pub fn add(&mut self, trace: &Trace, verdict: &Verdict) {
        if matches!(verdict, Verdict::Diverges(_)) {
            self.nodes.extend(trace.node.clone());
        }
    }

    /// Says on standard error what the verdicts rest on.
    pub fn print_note(&self, told: Option<KubeletVersion>) {
        let Some(version) = told.filter(|_| !self.nodes.is_empty()) else {
            return;
        };
        let nodes: Vec<&str> = self.nodes.iter().map(String::as_str).collect();
        eprintln!(
            "note: judged as kubelet {version}, as --kubernetes says; `kubectl get nodes` tells whether that is the version of {}",
            nodes.join(", ")
        );
    }
}
