//! A scenario for people who do not have this program: a plain pod with kubectl commands, a chainsaw test, an issue's text.
//!
//! Everything here makes text out of values; files are read and written elsewhere.

mod chainsaw;
mod evidence;
mod issue;
mod kubectl;
mod outcome;
mod plain;

use podcheck_generators::Scenario;

pub use chainsaw::chainsaw;
pub use evidence::{Evidence, known_class, recorded, simulated};
pub use issue::{Facts, issue};
pub use kubectl::{Manifest, script};
pub use outcome::{End, end};
pub use plain::pod;

use crate::campaign::{Class, Rates, TWINS};
use crate::deviations::{self, Deviation};
use crate::explain::VERSIONS;
use crate::model::KubeletVersion;
use crate::simulate::Fault;
use crate::{guarantees, rules};

/// What is exported.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// Of the pod and of the test: a valid object name.
    pub name: String,
    pub scenario: Scenario,
    /// What the pod shows; absent: nothing is known to be wrong with it.
    pub class: Option<Class>,
    /// How often it was shown, by kubelet version; 0 says that a version does not show it.
    pub versions: Rates,
    /// The planted fault of the simulated node that showed it.
    pub fault: Option<String>,
}

/// Releases on each side of every change that the model knows, the newest first.
fn modelled() -> impl Iterator<Item = KubeletVersion> {
    VERSIONS
        .into_iter()
        .rev()
        .map(|(minor, patch)| KubeletVersion { minor, patch })
}

impl Subject {
    /// The known deviation that it shows.
    pub fn deviation(&self) -> Option<&'static Deviation> {
        let name = self.class.as_ref()?.known_deviation.as_deref()?;
        deviations::all().find(|deviation| deviation.name == name)
    }

    /// What had to hold, in one sentence.
    pub fn required(&self) -> Option<&'static str> {
        let id = &self.class.as_ref()?.rule;
        let promise = guarantees::all().find(|it| it.id == id).map(|it| it.rule);
        promise.or_else(|| rules::rule(id).map(|it| it.sentence))
    }

    /// The newest kubelet that is known to show it.
    pub fn shown_by(&self) -> Option<KubeletVersion> {
        let seen = self.versions.iter().filter(|(_, rate)| rate.shown > 0);
        let seen = seen.filter_map(|(version, _)| version.parse().ok()).max();
        seen.or_else(|| {
            let deviation = self.deviation()?;
            modelled().find(|version| deviation.versions.contain(*version))
        })
    }

    /// The newest kubelet that keeps what is broken here; absent: none is known to.
    pub fn kept_by(&self) -> Option<KubeletVersion> {
        if self.class.is_none() || self.fault.is_some() {
            return modelled().next();
        }
        let kept = self.versions.iter().filter(|(_, rate)| rate.shown == 0 && rate.of > 0);
        let kept = kept.filter_map(|(version, _)| version.parse().ok()).max();
        kept.or_else(|| {
            let deviation = self.deviation()?;
            // Before a promise was made nobody kept it.
            let since = guarantees::all().filter(|it| deviation.guarantees.contains(&it.id));
            let since = since.map(|it| it.since_minor).max().unwrap_or_default();
            modelled().find(|version| version.minor >= since && !deviation.versions.contain(*version))
        })
    }

    /// What has to be planted for a simulated node to show it.
    pub fn planted(&self) -> Option<Fault> {
        let own = self.fault.as_ref().and_then(|name| name.parse().ok());
        let name = self.deviation().map(|deviation| deviation.name);
        own.or_else(|| TWINS.iter().find(|twin| Some(twin.deviation) == name)?.fault)
    }
}
