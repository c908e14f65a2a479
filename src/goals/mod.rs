//! "Sometimes" goals: situations that a campaign must have met before anybody calls it complete.
//!
//! A goal is a pure predicate over one trace; it accuses nobody. What a recording does not tell (a TERM, without a journal)
//! counts as not met.

mod due;
mod ends;
mod life;
mod probes;
mod starts;

use std::collections::BTreeMap;

use podcheck_generators::Profile;

pub use life::Life;

use crate::trace::Trace;

/// A situation.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    pub id: &'static str,
    /// What has happened, in a sentence.
    pub sentence: &'static str,
    reached: fn(&Life) -> bool,
}

const fn goal(id: &'static str, sentence: &'static str, reached: fn(&Life) -> bool) -> Goal {
    Goal { id, sentence, reached }
}

/// All goals, in the order of a pod's life.
pub fn all() -> impl Iterator<Item = &'static Goal> {
    starts::GOALS.iter().chain(probes::GOALS).chain(ends::GOALS)
}

/// How many pods met each goal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pods: u64,
    reached: BTreeMap<&'static str, u64>,
}

impl Counts {
    /// Looks at one more pod.
    pub fn add(&mut self, trace: &Trace) {
        let life = Life::new(trace);
        self.pods += 1;
        for goal in all().filter(|goal| (goal.reached)(&life)) {
            *self.reached.entry(goal.id).or_default() += 1;
        }
    }

    /// Every goal with how many pods met it.
    pub fn each(&self) -> impl Iterator<Item = (&'static Goal, u64)> {
        all().map(|goal| (goal, self.reached.get(goal.id).copied().unwrap_or_default()))
    }

    /// The goals that so many pods of this profile should have met, and did not.
    pub fn missed(&self, profile: Profile) -> impl Iterator<Item = &'static Goal> {
        let is_due = move |id| due::pods(profile, id).is_some_and(|pods| self.pods >= pods);
        self.each()
            .filter(move |(goal, count)| *count == 0 && is_due(goal.id))
            .map(|(goal, _)| goal)
    }
}

/// After how many pods of this profile a goal is due; `None`: it is no goal of the profile.
pub fn due(profile: Profile, id: &str) -> Option<u64> {
    due::pods(profile, id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use podcheck_generators::cases;

    use super::*;
    use crate::simulate::{Options, simulate};

    #[test]
    fn ids_are_unique_and_every_goal_is_due_somewhere() {
        let ids: BTreeSet<&str> = all().map(|goal| goal.id).collect();
        assert_eq!(ids.len(), all().count());
        assert!(ids.len() >= 40);
        for id in ids {
            assert!(Profile::ALL.iter().any(|&profile| due(profile, id).is_some()), "{id}");
        }
    }

    /// What is due after some pods is met by a healthy node in fewer.
    #[test]
    fn a_simulated_campaign_meets_its_goals() {
        for profile in Profile::ALL {
            let mut counts = Counts::default();
            for (id, scenario) in cases(profile, 11).take(400) {
                let kubelet = "1.34.0".parse().expect("a version that the model covers");
                counts.add(&simulate(&scenario, &Options::new(kubelet, id.index)));
            }
            let missed: Vec<&str> = counts.missed(profile).map(|goal| goal.id).collect();
            assert!(missed.is_empty(), "{profile}: {missed:?}");
        }
    }
}
