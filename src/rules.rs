//! The rules of the kubelet's mechanism that the model implements: what a status or a process must do, by version.
//!
//! A guarantee is a promise; a rule is how one version works. Each is here once, with the situation in which it decides.

mod stakes;
mod table;

use std::collections::BTreeMap;

use crate::guarantees::Case;
use crate::model::KubeletVersion;

pub use table::RULES;

/// One rule of the specification.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// `TO-3`; messages of the check and comments of the model carry it.
    pub id: &'static str,
    /// What a kubelet that has it does.
    pub sentence: &'static str,
    /// Where that is to be read: documentation, proposal, change or code.
    pub link: &'static str,
    /// First minor version (1.x) that has it; 28 is the oldest that is modelled.
    pub since_minor: u32,
    /// Last minor version that has it; absent: the newest one.
    pub until_minor: Option<u32>,
    /// Does this pod's life bring the rule to a decision?
    pub decides: fn(&Case) -> bool,
}

impl Rule {
    /// Does a kubelet of this version have it, in one of its patch releases?
    pub fn applies_to(&self, version: KubeletVersion) -> bool {
        self.since_minor <= version.minor && self.until_minor.is_none_or(|until| version.minor <= until)
    }

    /// `1.29 to 1.36`.
    pub fn versions(&self) -> String {
        match (self.since_minor, self.until_minor) {
            (28, None) => "all".to_owned(),
            (since, None) => format!("since 1.{since}"),
            (28, Some(until)) => format!("up to 1.{until}"),
            (since, Some(until)) => format!("1.{since} to 1.{until}"),
        }
    }
}

/// The rule of this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// In how many pods each rule decided something, with the kubelets that showed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decided {
    by_rule: BTreeMap<&'static str, BTreeMap<String, u64>>,
}

impl Decided {
    /// Counts a pod of a kubelet of this version.
    pub fn add(&mut self, case: &Case, version: KubeletVersion) {
        for rule in RULES
            .iter()
            .filter(|rule| rule.applies_to(version) && (rule.decides)(case))
        {
            let by_version = self.by_rule.entry(rule.id).or_default();
            *by_version.entry(version.to_string()).or_default() += 1;
        }
    }

    /// Pods by kubelet version.
    pub fn of(&self, rule: &Rule) -> impl Iterator<Item = (&str, u64)> {
        let by_version = self.by_rule.get(rule.id);
        by_version
            .into_iter()
            .flatten()
            .map(|(version, pods)| (version.as_str(), *pods))
    }
}
