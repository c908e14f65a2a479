//! Actions that are owed: something enabled for longer than its bound and still not done (design: conforms, 3).

use super::bounds::{Bounds, STOP_TIMEOUT_MS_MIN};
use super::broken::Broken;
use super::facts::{Facts, LONG_AGO};
use super::node::Node;
use super::teardown::Grace;
use crate::model::{self, BackoffRetry, Behaviour, ContainerSpec, Kind, Mode, PodSpec, PodState};
use crate::trace::{State, UnixMs};

/// What is needed to say what is owed.
pub struct Owed<'a> {
    pub behaviour: &'a Behaviour,
    pub spec: &'a PodSpec,
    pub facts: &'a Facts,
    pub bounds: &'a Bounds,
    /// Grace of the delete and when the watch showed it.
    pub deletion: Option<(Grace, UnixMs)>,
    /// The kubelet has taken the object away already, though something else may keep it.
    pub is_removed: bool,
    /// A pod that was not made here: its worker can be busy for minutes with an image.
    pub may_pull_images: bool,
}

/// WS-2 d: an object is removed only when the pod's resources are free; every 10 s the status manager asks again.
const REMOVAL_RETRY_MS: i64 = 10_000;

impl Owed<'_> {
    /// The action that `node` still owes at `at` although its bound is over.
    pub fn overdue(&self, node: &Node, at: UnixMs) -> Option<Broken> {
        let late = |since: UnixMs, bound_ms: i64| {
            let due = since.saturating_add(bound_ms);
            (at > due).then_some(at.saturating_sub(due))
        };
        let grace_ms = self
            .deletion
            .map_or(Grace::exactly(self.spec.grace_s), |(grace, _)| grace)
            .ms_max();
        match node.pod.mode {
            Mode::Sync if node.blocked => {
                let kill_ms = self.probe_kill_ms(grace_ms);
                late(node.failed_by(), kill_ms + self.bounds.end_ms())
                    .map(|ms| {
                        Broken::new(
                            "TO-5",
                            None,
                            ms,
                            "a container that is being killed still runs {a} ms too late",
                        )
                    })
                    .or_else(|| self.unseen(node, kill_ms * self.kills_max(), &late))
            }
            Mode::Sync => self.overdue_sync(node, &late),
            Mode::Ending | Mode::Killing => {
                let stop_ms = grace_ms + STOP_TIMEOUT_MS_MIN + self.bounds.detect_ms + self.bounds.end_ms();
                late(node.latest, stop_ms).map(|ms| {
                    let words = "the pod's containers were not stopped {a} ms after the last moment";
                    Broken::new("TO-5", None, ms, words)
                })
            }
            Mode::Killed | Mode::Terminated => late(node.latest, self.bounds.end_ms())
                .map(|ms| Broken::new("WS-2", None, ms, "the terminal status is {a} ms overdue")),
            Mode::Finished => {
                self.deletion.filter(|_| !self.is_removed)?;
                let ms = late(node.latest, self.bounds.end_ms() + REMOVAL_RETRY_MS)?;
                let words = "the object of the deleted pod was not removed, {a} ms too late";
                Some(Broken::new("WS-2", None, ms, words))
            }
        }
    }

    /// How long a kill inside a sync can take, with whichever grace.
    fn probe_kill_ms(&self, grace_ms: i64) -> i64 {
        let probes = self.spec.containers.iter().flat_map(|c| [&c.startup, &c.liveness]);
        let probe_grace_s = probes.filter_map(|probe| probe.as_ref()?.grace_s).max().unwrap_or(0);
        let own_ms = Grace::exactly(self.spec.grace_s.max(probe_grace_s)).ms_max();
        grace_ms.max(own_ms) + STOP_TIMEOUT_MS_MIN + self.bounds.detect_ms
    }

    /// A sync stops the whole pod, or one container after the other.
    fn kills_max(&self) -> i64 {
        let can_fail = |it: &&ContainerSpec| it.startup.is_some() || it.liveness.is_some();
        self.spec.containers.iter().filter(can_fail).count().max(1) as i64
    }

    /// What a worker must see, at the latest after kills that kept it busy for `kills_ms`: the delete, and ends.
    fn unseen(&self, node: &Node, kills_ms: i64, late: &dyn Fn(UnixMs, i64) -> Option<i64>) -> Option<Broken> {
        let late = |since: UnixMs| late(since.max(node.latest), self.bounds.notice_ms() + kills_ms);
        if let Some((_, seen_at)) = self.deletion
            && let Some(ms) = late(seen_at)
        {
            let words = "the delete was not acted on, {a} ms too late";
            return Some(Broken::new("TP-B", None, ms, words));
        }
        let containers = node.pod.containers.iter().enumerate();
        let mut running = containers.filter(|(_, container)| container.is_running());
        running.find_map(|(index, container)| {
            let n = container.newest.as_ref()?.n;
            let ms = late(self.facts.get(index, n)?.finish?.hi)?;
            let words = "the end of {name} was not published, {a} ms too late";
            Some(Broken::new("ST-10", Some(index), ms, words))
        })
    }

    fn overdue_sync(&self, node: &Node, late: &dyn Fn(UnixMs, i64) -> Option<i64>) -> Option<Broken> {
        let notice_ms = self.bounds.notice_ms();
        let unseen = self.unseen(node, 0, late).or_else(|| self.overdue_running(node, late));
        if unseen.is_some() {
            return unseen;
        }
        // Nothing of what follows is owed sooner, and to ask the model is dear.
        late(node.latest, notice_ms.min(self.bounds.act_ms()))?;
        let mut next = node.pod.clone();
        if !model::sync_status(self.behaviour, self.spec, &mut next) {
            let ms = late(node.latest, notice_ms)?;
            let words = "the pod has ended and its end is {a} ms overdue";
            return Some(Broken::new("WS-2", None, ms, words));
        }
        let plan = model::plan(self.behaviour, self.spec, &next);
        if plan.kill_pod {
            let since = if ends_for_a_failure(self.spec, &next) {
                node.failed_by().max(node.ready_by())
            } else {
                // RS-3: what has ended may have to wait until the last sidecar is up.
                node.ready_by()
            };
            let ms = late(since, self.bounds.act_ms())?;
            let words = "all work is done and the pod was not torn down, {a} ms too late";
            return Some(Broken::new("TP-A", None, ms, words));
        }
        let kill = plan.kills.first().and_then(|&index| {
            let ms = late(node.failed_by().max(node.ready_by()), self.bounds.act_ms())?;
            let words = "{name} failed its probe and was not killed, {a} ms too late";
            Some(Broken::new("5", Some(index), ms, words))
        });
        let late_after = |since: UnixMs, bound_ms: i64| late(since.max(node.ready_by()), bound_ms);
        // What is to be killed runs, and is started again only when it has ended.
        let mut starts = plan.starts.iter().filter(|index| !plan.kills.contains(index));
        kill.or_else(|| starts.find_map(|&index| self.overdue_start(&next, index, &late_after)))
    }

    /// ST-10 for a start: what runs must be shown. Where nothing tells when it started, it was at the latest possible.
    fn overdue_running(&self, node: &Node, late: &dyn Fn(UnixMs, i64) -> Option<i64>) -> Option<Broken> {
        if self.may_pull_images {
            return None;
        }
        let containers = node.pod.containers.iter().enumerate();
        let running = containers.filter(|(_, container)| container.is_running());
        let mut hidden = running.filter_map(|(index, container)| {
            let n = container.newest.as_ref()?.n;
            let view = node.pod.status.containers.get(index);
            let shown = view.is_some_and(|it| it.restart_count == n && !matches!(it.state, State::Waiting(_)));
            (!shown).then_some((index, n, container))
        });
        let late = |since: UnixMs, bound_ms: i64| late(since.max(node.ready_by()), bound_ms);
        hidden.find_map(|(index, n, container)| {
            let notice_ms = self.bounds.notice_ms();
            if let Some(start) = self.facts.get(index, n).and_then(|facts| facts.start) {
                let ms = late(start.hi, notice_ms)?;
                let words = "the start of {name} was not published, {a} ms too late";
                return Some(Broken::new("ST-10", Some(index), ms, words));
            }
            let (rule, ms) = self.late_start(index, n.checked_sub(1), container.waited_s(), notice_ms, &late)?;
            let words = "{name} was to be started and is not shown to run, {a} ms too late";
            Some(Broken::new(rule, Some(index), ms, words))
        })
    }

    /// A start that followed instance `dead` (`None`: the first), after a back-off of `wait_s`: the rule that asks for it, and by
    /// how much it, or what must come within `told_ms` of it, is late. Nothing, where nobody knows when that instance ended.
    fn late_start(
        &self,
        index: usize,
        dead: Option<u32>,
        wait_s: u32,
        told_ms: i64,
        late: &dyn Fn(UnixMs, i64) -> Option<i64>,
    ) -> Option<(&'static str, i64)> {
        let wait_ms = i64::from(wait_s) * 1_000;
        let since = match dead {
            None => LONG_AGO,
            Some(n) => self.facts.get(index, n)?.finish?.hi + wait_ms,
        };
        let ms = late(since, self.retry_ms(wait_ms) + self.bounds.act_ms() + told_ms)?;
        Some((
            start_rule(self.spec.containers[index].kind, wait_ms, dead.is_none()),
            ms,
        ))
    }

    /// BO-5: after a refusal the worker comes back on its error tick (10 to 15 s), or at expiry (up to 1.5 times).
    fn retry_ms(&self, wait_ms: i64) -> i64 {
        match self.behaviour.backoff_retry {
            _ if wait_ms == 0 => 0,
            BackoffRetry::ErrorTick => 16_000,
            BackoffRetry::AtExpiry => {
                (wait_ms / 2).clamp(5_000, 30_000) + if wait_ms > 60_000 { 90_000 } else { 1_000 }
            }
        }
    }

    fn overdue_start(&self, pod: &PodState, index: usize, late: &dyn Fn(UnixMs, i64) -> Option<i64>) -> Option<Broken> {
        let container = &pod.containers[index];
        let dead = container.newest.as_ref().filter(|instance| instance.exit.is_some());
        let dead = dead.map(|instance| instance.n);
        let (rule, ms) = self.late_start(index, dead, container.backoff_wait_s(), self.bounds.publish_ms, late)?;
        let words = "{name} was to be started and was not, {a} ms too late";
        Some(Broken::new(rule, Some(index), ms, words))
    }
}

/// RS-11: while a main runs, only its failed probe shuts the pod down.
pub fn ends_for_a_failure(spec: &PodSpec, pod: &PodState) -> bool {
    let mut containers = spec.containers.iter().zip(pod.containers.iter());
    containers.any(|(spec, container)| spec.kind == Kind::Main && container.is_running())
}

/// The rule by which a container is to be started.
fn start_rule(kind: Kind, wait_ms: i64, is_first: bool) -> &'static str {
    match (kind, wait_ms) {
        (_, 1..) => "BO-5",
        (Kind::Main, _) if is_first => "ST-6",
        _ if is_first => "ST-2",
        _ => "RS-1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::facts::{FAR_FUTURE, InstanceFacts, Interval};
    use crate::check::one_main;
    use crate::check::testing::{Asked, VERSION};
    use crate::model::KubeletVersion;
    use crate::simulate::CREATED_MS;
    use crate::trace::{Exit, Reason};

    fn behaviour(minor: u32) -> Behaviour {
        Behaviour::of(KubeletVersion { minor, patch: 0 })
    }

    /// BO-5: since 1.35 the worker comes back at expiry, up to 1.5 times as late and a second more, and in a wait over 60 s
    /// every 60 to 90 s; before, on its error tick, every 10 to 15 s whatever the wait is.
    #[test]
    fn a_refused_start_is_tried_again_by_timer_or_at_expiry() {
        let (spec, facts, bounds) = (one_main(), Facts::told(vec![Vec::new()]), Bounds::with_delay(0));
        let retries = |minor: u32| {
            let behaviour = behaviour(minor);
            let owed = Owed {
                behaviour: &behaviour,
                spec: &spec,
                facts: &facts,
                bounds: &bounds,
                deletion: None,
                is_removed: false,
                may_pull_images: false,
            };
            [0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000].map(|wait_ms| owed.retry_ms(wait_ms))
        };
        assert_eq!(retries(34), [0, 16_000, 16_000, 16_000, 16_000, 16_000, 16_000]);
        assert_eq!(retries(35), [0, 6_000, 11_000, 21_000, 120_000, 120_000, 120_000]);
    }

    /// Whether a container that was started again `restarts` times and failed at 1 s may still not run so long after its
    /// back-off.
    fn may_wait(minor: u32, restarts: u32, after_ms: i64) -> Result<(), &'static str> {
        let at = CREATED_MS + 1_000;
        let life = InstanceFacts {
            finish: Some(Interval { lo: at, hi: at }),
            ..InstanceFacts::NOTHING
        };
        let (behaviour, spec) = (behaviour(minor), one_main());
        let owed = Owed {
            behaviour: &behaviour,
            spec: &spec,
            facts: &Facts::told(vec![vec![life; restarts as usize + 1]]),
            bounds: &Bounds::with_delay(0),
            deletion: None,
            is_removed: false,
            may_pull_images: false,
        };
        let mut node = Node::new(&spec, CREATED_MS);
        for n in 0..=restarts {
            node.pod.start(0, n > 0);
            let reason = Reason::Error;
            node.pod.exit(0, Exit { code: 1, reason });
        }
        node.pod.refuse(0);
        let wait_ms = i64::from(node.pod.containers[0].backoff_wait_s()) * 1_000;
        match owed.overdue(&node, at + wait_ms + after_ms) {
            Some(late) => Err(late.rule),
            None => Ok(()),
        }
    }

    /// BO-5: from then on it has the time of a start (5 s) and of a status (2 s), to the millisecond.
    #[test]
    fn a_start_after_a_back_off_is_owed_from_its_retry_on() {
        let bound_ms = 5_000 + 2_000;
        for (minor, restarts, retry_ms) in [(34, 1, 16_000), (34, 4, 16_000), (35, 1, 6_000), (35, 4, 120_000)] {
            assert_eq!(may_wait(minor, restarts, retry_ms + bound_ms), Ok(()));
            assert_eq!(may_wait(minor, restarts, retry_ms + bound_ms + 1), Err("BO-5"));
        }
    }

    /// What is owed so long after the creation of a pod with a sidecar and a main, when `begun` has changed its state.
    fn owed(policy: &str, begun: impl Fn(&mut Node), at: i64) -> Option<&'static str> {
        let asked = Asked::of(
            VERSION,
            &format!(
                "restartPolicy: {policy}\ngraceSeconds: 2\ninit:\n  - kind: sidecar\n    container: {{attempts: [{{onTerm: {{action: \
                 exit, code: 0}}}}]}}\nmain:\n  - attempts: [{{onTerm: {{action: exit, code: 0}}}}]\n    liveness: {{handler: httpGet, \
                 outcome: {{kind: passes}}, periodSeconds: 1, failureThreshold: 1, successThreshold: 1}}\nobserveMsMax: 20000\n"
            ),
        );
        let owed = Owed {
            behaviour: &asked.behaviour,
            spec: &asked.spec,
            facts: &asked.facts,
            bounds: &Bounds::with_delay(0),
            deletion: None,
            is_removed: false,
            may_pull_images: false,
        };
        let mut node = asked.running(2);
        begun(&mut node);
        owed.overdue(&node, CREATED_MS + at).map(|late| late.rule)
    }

    /// TP-A, 5: what a main's failed probe leads to is owed from that failure on, whenever that was, and no sooner than from all
    /// else that the sync may have waited for.
    #[test]
    fn what_a_failed_probe_leads_to_is_owed_from_the_failure_on() {
        let late = |policy: &str, success_by: i64, failure_by: i64, at: i64| {
            let begun = |node: &mut Node| {
                model::liveness_failed(&mut node.pod, 1);
                node.success_by = CREATED_MS + success_by;
                node.failure_by = CREATED_MS + failure_by;
            };
            owed(policy, begun, at)
        };
        for (policy, rule) in [("Never", "TP-A"), ("Always", "5")] {
            assert_eq!(late(policy, 0, 60_000, 60_000 + 5_000), None);
            assert_eq!(late(policy, 0, 60_000, 60_000 + 5_001), Some(rule));
            assert_eq!(late(policy, 0, FAR_FUTURE - CREATED_MS, 1_000_000), None);
            assert_eq!(late(policy, 60_000, 1_000, 60_000 + 5_000), None);
            assert_eq!(late(policy, 60_000, 1_000, 60_000 + 5_001), Some(rule));
        }
    }

    /// RS-3, TP-A: a pod whose work is done ends when its last sidecar is up, whatever its probes have found else.
    #[test]
    fn the_end_of_a_pod_whose_work_is_done_is_owed_from_its_last_sidecar_on() {
        let late = |at: i64| {
            let begun = |node: &mut Node| {
                let reason = Reason::Completed;
                node.pod.exit(1, Exit { code: 0, reason });
                (node.success_by, node.failure_by) = (CREATED_MS + 60_000, FAR_FUTURE);
            };
            owed("Never", begun, at)
        };
        assert_eq!(late(60_000 + 5_000), None);
        assert_eq!(late(60_000 + 5_001), Some("TP-A"));
    }
}
