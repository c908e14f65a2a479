//! What Kubernetes promises about pods, sentence by sentence: which guarantee judges it, or why none does.
//!
//! The pages are gone through in order. A sentence that obliges somebody is listed, as it is written there (links and
//! line breaks taken out); one that only explains, recommends or gives an example is not.

mod api;
mod hooks;
mod init;
mod jobs;
mod keps;
mod lifecycle;
mod lists;
mod probes;
mod sidecars;
mod termination;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;

/// All pages, in the order in which a reader should meet them.
pub const PAGES: &[Page] = &[
    lifecycle::PAGE,
    termination::PAGE,
    init::PAGE,
    sidecars::PAGE,
    probes::PAGE,
    hooks::PAGE,
    jobs::PAGE,
    jobs::FAILURE_POLICY,
    api::POD_GENERATION,
    api::POD_STATUS,
    api::CONTAINER_STATUS,
    api::SPEC,
    api::OBJECT_META,
    lists::MERGE_STRATEGY,
    keps::SIDECARS,
    keps::RESTART_RULES,
    keps::RESTART_ALL,
];

/// A page of the documentation, a proposal, or the comments of some API types.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    pub title: &'static str,
    pub link: &'static str,
    /// In the order of the page.
    pub sentences: &'static [Sentence],
}

/// A sentence that obliges somebody.
#[derive(Clone, Copy, Debug)]
pub struct Sentence {
    /// As it is written there.
    pub quote: &'static str,
    pub standing: Standing,
}

/// What becomes of a sentence.
#[derive(Clone, Copy, Debug)]
pub enum Standing {
    /// Ids of the guarantees that judge it.
    Judged(&'static [&'static str]),
    /// It is not judged, and why not.
    Open(Why, &'static str),
}

/// Why a sentence is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It obliges nobody to anything that could fail.
    NoPromise,
    /// Somebody else than the kubelet and its runtime keeps it.
    OtherComponent,
    /// No pod that is generated, and no campaign, brings it into play.
    NotGenerated,
    /// A recording does not show whether it was kept.
    NotVisible,
    /// It could be judged, but no sound rule is known.
    NotYet,
    /// Behind a feature that will be generated: hooks, KEP-5307, KEP-5532.
    Prepared,
}

impl Why {
    /// All reasons.
    pub const ALL: [Self; 6] = [
        Self::NoPromise,
        Self::OtherComponent,
        Self::NotGenerated,
        Self::NotVisible,
        Self::NotYet,
        Self::Prepared,
    ];
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NoPromise => "no promise",
            Self::OtherComponent => "another component",
            Self::NotGenerated => "not generated",
            Self::NotVisible => "not visible",
            Self::NotYet => "not yet",
            Self::Prepared => "prepared",
        })
    }
}

/// All sentences with their pages.
pub fn sentences() -> impl Iterator<Item = (&'static Page, &'static Sentence)> {
    PAGES
        .iter()
        .flat_map(|page| page.sentences.iter().map(move |sentence| (page, sentence)))
}

const fn judged(quote: &'static str, guarantees: &'static [&'static str]) -> Sentence {
    Sentence {
        quote,
        standing: Standing::Judged(guarantees),
    }
}

const fn open(quote: &'static str, why: Why, reason: &'static str) -> Sentence {
    Sentence {
        quote,
        standing: Standing::Open(why, reason),
    }
}
