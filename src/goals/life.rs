//! One pod's life as the goals ask about it.

use crate::check::{Facts, InstanceFacts};
use crate::trace::{ContainerSpec, ContainerView, Kind, Reason, State, Step, Trace, UnixMs};

/// A trace and the facts in it.
pub struct Life<'a> {
    pub trace: &'a Trace,
    pub facts: Facts,
}

/// One status of one container.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    pub index: usize,
    pub spec: &'a ContainerSpec,
    pub view: &'a ContainerView,
}

/// One run of one container.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub index: usize,
    pub n: u32,
    pub spec: &'a ContainerSpec,
    pub facts: &'a InstanceFacts,
    /// Another run came after it.
    pub followed: bool,
}

impl<'a> Life<'a> {
    /// Gathers the facts.
    pub fn new(trace: &'a Trace) -> Self {
        Self {
            trace,
            facts: Facts::of(trace),
        }
    }

    /// The containers that a step shows.
    pub fn shown(&self, step: &'a Step) -> impl Iterator<Item = Shown<'a>> + Clone {
        let pairs = self.trace.spec.containers.iter().zip(&step.view.containers);
        pairs.enumerate().filter_map(|(index, (spec, view))| {
            Some(Shown {
                index,
                spec,
                view: view.as_ref()?,
            })
        })
    }

    /// Does one status show a container of each sort?
    pub fn together(&self, one: impl Fn(&Shown) -> bool, other: impl Fn(&Shown) -> bool) -> bool {
        let mut steps = self.trace.steps.iter();
        steps.any(|step| self.shown(step).any(|it| one(&it)) && self.shown(step).any(|it| other(&it)))
    }

    /// Does a status show such a container?
    pub fn ever(&self, one: impl Fn(&Shown) -> bool) -> bool {
        self.most(one) >= 1
    }

    /// How many such containers one status shows at most.
    pub fn most(&self, one: impl Fn(&Shown) -> bool) -> usize {
        let steps = self.trace.steps.iter();
        let counts = steps.map(|step| self.shown(step).filter(|it| one(it)).count());
        counts.max().unwrap_or(0)
    }

    /// Every run of every container.
    pub fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        self.trace
            .spec
            .containers
            .iter()
            .enumerate()
            .flat_map(move |(index, spec)| {
                let count = self.facts.instances(index);
                (0..count).filter_map(move |n| {
                    let facts = self.facts.get(index, n)?;
                    let followed = n + 1 < count;
                    Some(Run {
                        index,
                        n,
                        spec,
                        facts,
                        followed,
                    })
                })
            })
    }

    /// The step that first shows a graceful delete.
    pub fn deleted(&self) -> Option<&'a Step> {
        let steps = &self.trace.steps;
        steps
            .iter()
            .find(|step| step.deletion.is_some_and(|mark| mark.grace_s > 0))
    }

    /// The last status that the kubelet has published.
    pub fn last(&self) -> Option<&'a Step> {
        self.trace.steps.last()
    }

    /// The grace of its shutdown.
    pub fn grace_ms(&self) -> UnixMs {
        let deleted = self.deleted().and_then(|step| step.deletion);
        UnixMs::from(deleted.map_or(self.trace.spec.grace_s, |mark| mark.grace_s)) * 1_000
    }

    /// When the first TERM of a last run came.
    pub fn first_term(&self) -> Option<UnixMs> {
        self.runs()
            .filter(|run| !run.followed)
            .filter_map(|run| run.facts.term)
            .min()
    }

    /// Pairs of a step and the next that show the same run of a container.
    pub fn changes(&self) -> impl Iterator<Item = (Shown<'a>, &'a Step, Shown<'a>)> {
        self.trace.steps.windows(2).flat_map(move |pair| {
            let before = self.shown(&pair[0]);
            before.filter_map(move |before| {
                let after = self.shown(&pair[1]).find(|it| it.index == before.index)?;
                (after.view.restart_count == before.view.restart_count).then_some((before, &pair[1], after))
            })
        })
    }

    /// Did this run ever count as started?
    pub fn was_started(&self, run: &Run) -> bool {
        self.ever(|it| it.index == run.index && it.view.restart_count == run.n && it.view.started)
    }
}

impl Shown<'_> {
    pub fn is(&self, kind: Kind) -> bool {
        self.spec.kind == kind
    }

    pub fn runs(&self) -> bool {
        self.view.state == State::Running
    }

    pub fn in_backoff(&self) -> bool {
        self.view.state == State::Waiting(Reason::CrashLoopBackOff)
    }

    /// The code of a terminated container.
    pub fn code(&self) -> Option<i32> {
        match &self.view.state {
            State::Terminated(exit) => Some(exit.code),
            _ => None,
        }
    }

    /// It has not been started at all.
    pub fn is_new(&self) -> bool {
        matches!(self.view.state, State::Waiting(_)) && self.view.last.is_none() && self.view.restart_count == 0
    }
}

impl Run<'_> {
    /// It was told to stop and came back: a probe's doing.
    pub fn was_killed_by_probe(&self) -> bool {
        self.facts.term.is_some() && self.followed && (self.spec.liveness.is_some() || self.spec.startup.is_some())
    }

    /// It did not end by itself after its TERM.
    pub fn was_killed(&self) -> bool {
        self.facts.term.is_some() && self.facts.killed
    }

    /// It ended without having been told to.
    pub fn ended_by_itself(&self) -> bool {
        self.facts.finish.is_some() && self.facts.term.is_none() && self.facts.wrote_exit
    }
}
