//! The marks by which a deviation is told from another fault.

use crate::check::{InstanceFacts, Interval};
use crate::guarantees::{Breach, Case, earliest_pass_ms};
use crate::trace::{ContainerView, Kind, ProbeSpec, Reason, RestartPolicy, State, UnixMs};

/// The kubelet counts waits in whole seconds, and the runtime's times are cut to them.
const ROUNDING_MS: i64 = 2_000;

/// Exit code of a process that got a KILL.
const KILLED: i32 = 137;

/// The step of an event.
pub fn step_of(case: &Case, event_index: usize) -> Option<usize> {
    case.trace.steps.iter().position(|step| step.event_index == event_index)
}

/// A container's status that a breach points to.
pub struct Shown<'c> {
    pub step: usize,
    pub index: usize,
    pub view: &'c ContainerView,
}

/// The status of the breach's container in the step that shows it.
pub fn shown_in<'c>(case: &'c Case, breach: &Breach) -> Option<Shown<'c>> {
    let (step, index) = (step_of(case, breach.event_index)?, breach.container?);
    let view = case.trace.steps[step].view.containers[index].as_ref()?;
    Some(Shown { step, index, view })
}

/// #125880: did a sidecar get its TERM a whole grace after a shutdown that a later sidecar, which was down, held up?
pub fn waited_for_one_that_was_down(case: &Case, index: usize) -> bool {
    let told = case.last_instance(index).and_then(|(_, facts)| facts.term);
    let Some(told) = told.filter(|_| case.kind(index) == Kind::Sidecar) else {
        return false;
    };
    // A second delete with a shorter grace can come too late to count (#83916).
    let graces = case
        .trace
        .steps
        .iter()
        .filter_map(|step| step.deletion)
        .map(|mark| mark.grace_s);
    let deleted = graces.filter_map(|grace_s| Some((case.deletion?.requested, grace_s)));
    let ended = [case.mains_done(), case.init_failed()].into_iter().flatten();
    let ended = ended.map(|it| (it, case.trace.spec.grace_s));
    ended.chain(deleted).any(|(called_for, grace_s)| {
        let begun = told - i64::from(grace_s) * 1_000;
        let down = |later: usize| {
            case.last_instance(later).is_none_or(|(_, last)| {
                let ended = last.finish.is_some_and(|it| it.lo <= begun + ROUNDING_MS);
                ended || last.start.is_none_or(|start| start.lo > told)
            })
        };
        begun >= called_for.lo - ROUNDING_MS
            && begun <= called_for.hi + case.bounds.act_ms()
            && case.of_kind(Kind::Sidecar).any(|later| later > index && down(later))
    })
}

/// TO-3: was the next sidecar after `index` down when `index` got its TERM?
pub fn next_sidecar_was_down(case: &Case, index: usize) -> bool {
    let told = case.last_instance(index).and_then(|(_, facts)| facts.term);
    let next = case.of_kind(Kind::Sidecar).find(|&later| later > index);
    let Some((told, next)) = told.zip(next) else {
        return false;
    };
    case.last_instance(next)
        .is_none_or(|(_, last)| match (last.start, last.finish) {
            (Some(start), _) if start.lo > told => true,
            (_, Some(finish)) => finish.lo < told,
            (start, None) => start.is_none(),
        })
}

/// RS-9: was the life before shown running to the last, so that no status could hand its end on?
///
/// The garbage collection keeps one instance of a container that does not run, and the one that is being created
/// counts. Since 1.36 an end that a status had told is handed on; a sync that kills and starts has told nothing.
pub fn end_was_never_published(case: &Case, breach: &Breach) -> bool {
    let Some(shown) = shown_in(case, breach) else {
        return false;
    };
    let before = case.views(shown.index).take_while(|(at, _)| *at < shown.step);
    before
        .filter(|(_, view)| view.restart_count < shown.view.restart_count)
        .last()
        .is_some_and(|(_, view)| view.state == State::Running)
}

/// #121398: did a probe's kill of another container go on while the breach's container was dead and shown ready?
pub fn another_was_being_stopped(case: &Case, breach: &Breach) -> bool {
    let Some((step, index)) = step_of(case, breach.event_index).zip(breach.container) else {
        return false;
    };
    let until = case.not_after(step).unwrap_or(UnixMs::MAX);
    let ends = case.facts.lives(index).filter_map(|life| life.finish);
    let Some(dead_since) = ends.filter(|end| end.lo <= until).map(|end| end.hi).max() else {
        return false;
    };
    let mut others = (0..case.trace.spec.containers.len()).filter(|&other| other != index);
    others.any(|other| {
        case.can_be_killed_by_probe(other)
            && case.facts.lives(other).any(|life| {
                // Without a journal nobody knows when the TERM came; the kill was over when the status came.
                let told_before = life.term.is_none_or(|term| term <= dead_since + ROUNDING_MS);
                told_before && life.finish.is_some_and(|end| end.hi >= dead_since && end.lo <= until)
            })
    })
}

/// Is the state that a breach points to the one that the kubelet makes up when it finds no container?
pub fn is_status_unknown(case: &Case, breach: &Breach) -> bool {
    let state = shown_in(case, breach).map(|shown| &shown.view.state);
    matches!(state, Some(State::Terminated(exit)) if exit.reason == Reason::ContainerStatusUnknown)
}

/// #129800: did the life end with 2 as soon as it began, when a shutdown began, and without a line of its own?
pub fn ended_in_the_instant_of_its_start(case: &Case, breach: &Breach) -> bool {
    // Until the process itself begins, its place is taken by the runtime's init: the instant is as long as a start takes on
    // this machine (16 s seen at a load of 35 on two cores).
    let instant_ms = 2_000 + 2 * case.bounds.delay_ms;
    let last = breach.container.and_then(|index| case.last_instance(index));
    last.zip(case.shutdown_begins_no_earlier_than())
        .is_some_and(|((_, facts), begins)| {
            let instant = |(start, finish): (Interval, Interval)| {
                finish.lo - start.hi <= instant_ms && start.hi >= begins - instant_ms
            };
            facts.start.zip(facts.finish).is_some_and(instant)
                && !facts.wrote_start
                && facts.exit.as_ref().is_some_and(|exit| exit.code == 2)
        })
}

/// Does the status tell both times, a few seconds the wrong way round?
pub fn started_after_its_end(case: &Case, breach: &Breach) -> bool {
    const LATE_MS_MAX: i64 = 5_000;
    let seen = step_of(case, breach.event_index).and_then(|step| case.trace.steps[step].seen.get(breach.container?));
    let times = seen.and_then(|seen| seen.started_at.zip(seen.finished_at));
    times.is_some_and(|(started, finished)| finished > 0 && (1..=LATE_MS_MAX).contains(&(started - finished)))
}

/// PB-15: was this life published as over and not ready before it was called ready?
pub fn was_over_and_not_ready(case: &Case, breach: &Breach) -> bool {
    let Some(Shown { step, index, view }) = shown_in(case, breach) else {
        return false;
    };
    let before = case.trace.steps[..step].last();
    let before = before.and_then(|before| before.view.containers[index].as_ref());
    let was = before.is_some_and(|it| !it.ready && it.state == view.state && it.restart_count == view.restart_count);
    was && view.state != State::Running && case.trace.spec.containers[index].readiness.is_some()
}

/// WS-4: had this life been published as started only just before?
pub fn has_just_started(case: &Case, breach: &Breach) -> bool {
    let Some(Shown { step, index, view }) = shown_in(case, breach) else {
        return false;
    };
    let mut lives = case
        .views(index)
        .filter(|(_, it)| it.restart_count == view.restart_count);
    let Some((first, _)) = lives.find(|(_, it)| it.started) else {
        return false;
    };
    match case.trace.steps[first].at_ms.zip(case.trace.steps[step].at_ms) {
        Some((started, taken_back)) => taken_back - started <= case.bounds.notice_ms(),
        None => step == first + 1,
    }
}

/// SB-1: by this event, had an OnFailure pod with an init container lost its sandbox while its containers were shown running?
pub fn lost_its_sandbox_unseen(case: &Case, event_index: usize) -> bool {
    case.lost_while_running(event_index)
        && case.trace.scenario.is_none()
        && case.trace.spec.restart_policy == RestartPolicy::OnFailure
        && case.of_kind(Kind::Init).next().is_some()
}

/// #141342: is this a later life of a container with a startup probe, which an earlier life can have passed?
pub fn started_could_be_inherited(case: &Case, breach: &Breach) -> bool {
    let life = || {
        let Shown { step, index, view } = shown_in(case, breach)?;
        case.trace.spec.containers[index].startup.as_ref()?;
        let life = breach.life.unwrap_or(view.restart_count);
        let is_inherited = match breach.life {
            // A liveness probe that was asked too soon has counted what it found, also when `started` was taken back then.
            Some(life) => !was_first_published_as_not_started(case, index, life),
            // What was said not to have started has inherited nothing, or nothing any more.
            None => !view.started || !was_published_as_not_started(case, step, index, life),
        };
        Some((index, life.checked_sub(1).filter(|_| is_inherited)?))
    };
    life().is_some_and(|(index, before)| {
        let script = case.trace.scenario.iter().flat_map(|it| it.containers()).nth(index);
        let startup = script.and_then(|script| script.startup);
        startup.is_none_or(|startup| (0..=before).any(|n| earliest_pass_ms(startup.outcome, n).is_some()))
    })
}

/// Was a life not started when it was first shown as running?
fn was_first_published_as_not_started(case: &Case, index: usize, life: u32) -> bool {
    let mut running = case.views(index).map(|(_, view)| view);
    let first = running.find(|view| view.runs_as(life));
    first.is_some_and(|view| !view.started)
}

/// Was a life shown as running and not started before a step?
fn was_published_as_not_started(case: &Case, step: usize, index: usize, life: u32) -> bool {
    let mut before = case.views(index).take_while(|(at, _)| *at < step);
    before.any(|(_, view)| view.runs_as(life) && !view.started)
}

/// PB-14: does a breach's status show a life that is not the first?
pub fn is_a_later_life(case: &Case, breach: &Breach) -> bool {
    shown_in(case, breach).is_some_and(|shown| shown.view.restart_count > 0)
}

/// RS-11: did no other main of a Never pod run on when this one was told to stop?
pub fn was_the_last_main_of_a_never_pod(case: &Case, breach: &Breach) -> bool {
    let told = breach.container.and_then(|index| case.last_instance(index)?.1.term);
    let Some((told, index)) = told.zip(breach.container) else {
        return false;
    };
    let over = |other: usize| {
        case.last_instance(other).is_none_or(|(_, last)| {
            last.term.is_some() || last.finish.is_some_and(|finish| finish.lo <= told + ROUNDING_MS)
        })
    };
    case.trace.spec.restart_policy == RestartPolicy::Never
        && case.kind(index) == Kind::Main
        && case.of_kind(Kind::Main).filter(|&other| other != index).all(over)
}

/// Does a step show no container running?
pub fn all_ended(case: &Case, step: usize) -> bool {
    !case.trace.steps[step].view.runs()
}

/// LIFE-GC: does a deleted pod, in which everything had ended, show in place of a container's end that of a life before it? The
/// kubelet removes all dead containers of such a pod, the newest first, and a relist in between finds the older one.
pub fn tells_of_an_earlier_life(case: &Case, step: usize, index: usize) -> bool {
    let steps = &case.trace.steps;
    let id = |step: usize| steps[step].seen.get(index)?.container_id.as_deref();
    let Some(before) = step.checked_sub(1).filter(|&before| all_ended(case, before)) else {
        return false;
    };
    let is_new = id(step).is_some() && id(step) != id(before);
    let last = |step: usize| steps[step].seen.get(index)?.last_container_id.as_deref();
    let was_there = (0..step).any(|earlier| id(earlier) == id(step) || last(earlier) == id(step));
    steps[step].deletion.is_some() && steps[step].view.phase.is_terminal() && is_new && was_there
}

/// The last element of the init list, if it is a sidecar.
fn last_sidecar(case: &Case) -> Option<usize> {
    let last = (0..case.trace.spec.containers.len()).rfind(|&index| case.kind(index) != Kind::Main);
    last.filter(|&index| case.kind(index) == Kind::Sidecar)
}

/// RS-2, RS-3: was the last element of the init list a sidecar that had ended or not started, at or after a moment?
pub fn last_sidecar_was_not_up_after(case: &Case, moment: Option<i64>) -> bool {
    let Some((last, moment)) = last_sidecar(case).zip(moment) else {
        return false;
    };
    let shown_after = |step: usize| case.not_after(step).is_none_or(|at| at >= moment);
    case.views(last)
        .any(|(step, view)| shown_after(step) && !(view.state == State::Running && view.started))
}

/// RS-3: was the last element of the init list a sidecar of a Never pod that was started again, so that nobody asked its startup
/// probe any more (#132826)? It is published as started, and the kubelet waits for it all the same.
pub fn last_sidecar_has_lost_its_probes(case: &Case) -> bool {
    last_sidecar(case).is_some_and(|index| {
        case.trace.spec.restart_policy == RestartPolicy::Never
            && case.trace.spec.containers[index].startup.is_some()
            && case.facts.instances(index) > 1
    })
}

/// #83916: did a container end no later than its first grace after its TERM, so that this grace is what it was given?
pub fn had_its_first_grace_at_most(case: &Case, index: usize) -> bool {
    let first = case.trace.steps.iter().find_map(|step| step.deletion);
    let (Some(first), Some(deletion)) = (first, case.deletion) else {
        return false;
    };
    // A delete does not shorten a teardown that was under way, of a pod that was ending by itself; and one that the
    // kubelet did not know of yet did not set the grace either.
    let told = case.last_instance(index).and_then(|(_, facts)| facts.term);
    let unknown_until = deletion.requested.hi + case.bounds.act_ms();
    let over = case.work_over_no_earlier_than();
    let ended_itself = |told| over.is_some_and(|over| over <= told) && told < unknown_until;
    let own_s = case.trace.spec.grace_s;
    let grace_s = match told {
        Some(told) if told < deletion.requested.lo => own_s,
        Some(told) if told < deletion.requested.hi || ended_itself(told) => own_s.max(first.grace_s),
        _ => first.grace_s,
    };
    // No line tells of the TERM of a process that was killed: it came when the shutdown had begun.
    let begun = deletion.requested.hi + case.bounds.act_ms();
    let stopped = case
        .last_instance(index)
        .and_then(|(_, facts)| Some((facts.term.unwrap_or(begun), facts.finish?)));
    stopped.is_some_and(|(term, finish)| finish.lo - term <= i64::from(grace_s) * 1_000 + 2_000)
}

/// RS-10: was a life of this sidecar told to stop by its probe before the kubelet can have known of the last main
/// container's end, or in the same sync, and gone only after that end?
pub fn was_killed_across_the_end(case: &Case, index: usize) -> bool {
    let Some(done) = case.mains_done() else { return false };
    // A sync stops one container after the other, and looks at nothing meanwhile.
    let killable = (0..case.trace.spec.containers.len()).filter(|&other| case.can_be_killed_by_probe(other));
    let mut kills: Vec<(usize, UnixMs, Interval)> = killable
        .flat_map(|other| case.facts.lives(other).map(move |life| (other, life)))
        .filter_map(|(other, life)| Some((other, told_by_probe(case, other, life)?, life.finish?)))
        .filter(|(_, _, ended)| ended.hi >= done.lo)
        .collect();
    kills.sort_by_key(|(_, told, _)| *told);
    let mut until = done.hi + case.bounds.detect_ms;
    kills.into_iter().any(|(other, told, ended)| {
        let is_of_the_sync = told <= until;
        if is_of_the_sync {
            until = until.max(ended.hi + case.bounds.delay_ms);
        }
        is_of_the_sync && other == index
    })
}

/// When a life was told to stop, at the earliest. Who is killed leaves no message, so its TERM may be nobody's to tell: it came
/// a grace before.
fn told_by_probe(case: &Case, index: usize, life: &InstanceFacts) -> Option<UnixMs> {
    let spec = &case.trace.spec;
    let probes = [&spec.containers[index].startup, &spec.containers[index].liveness];
    let own_s = probes.into_iter().flatten().filter_map(|probe| probe.grace_s).max();
    let grace_ms = i64::from(own_s.unwrap_or(spec.grace_s)) * 1_000;
    let was_killed = !life.wrote_exit && life.exit.as_ref().is_some_and(|exit| exit.code == KILLED);
    let at_earliest = life.finish.filter(|_| was_killed).map(|ended| ended.lo - grace_ms);
    life.term.or(at_earliest)
}

/// #113606: was the pod's work over before the kubelet can have known of the delete?
pub fn was_ending_by_itself(case: &Case) -> bool {
    let over = case.mains_done().or(case.init_failed());
    case.deletion
        .zip(over)
        .is_some_and(|(deletion, over)| over.lo <= deletion.requested.hi + case.bounds.detect_ms)
}

/// #83916: was the grace shortened by a second delete, and was the pod gone soon after the first one's was over?
pub fn grace_was_shortened(case: &Case) -> bool {
    let Some(deletion) = case.deletion else { return false };
    let first_s = case.trace.steps[deletion.step].deletion.map_or(0, |mark| mark.grace_s);
    let over = deletion.requested.hi + i64::from(first_s) * 1_000 + 2_000;
    let bound_ms = 2 * case.bounds.teardown_ms + case.bounds.publish_ms;
    let last = case.not_before(case.last_step());
    first_s > deletion.grace_s && last.is_some_and(|last| last <= over + bound_ms)
}

/// #123323: in a pod that does not restart everything, was the status before a step, for longer than a kubelet takes, the
/// same one with a sidecar that has ended?
pub fn status_of_an_ended_sidecar_was_frozen(case: &Case, step: usize) -> bool {
    let steps = &case.trace.steps;
    let was_frozen = |until: usize| {
        let view = &steps[until].view;
        let mut same = steps[..=until]
            .iter()
            .rev()
            .take_while(|it| it.view.containers == view.containers);
        let since = same.by_ref().last().and_then(|it| it.at_ms);
        let now = if step == case.last_step() {
            case.watched_until()
        } else {
            steps[step].at_ms
        };
        let ended = |index: usize| {
            let view = view.containers[index].as_ref();
            view.is_some_and(|view| matches!(view.state, State::Terminated(_)))
        };
        let lasts_ms = now.zip(since).map_or(0, |(now, since)| now - since);
        !view.phase.is_terminal() && lasts_ms > case.bounds.act_ms() && case.of_kind(Kind::Sidecar).any(ended)
    };
    case.trace.spec.restart_policy != RestartPolicy::Always && (was_frozen(step) || step > 0 && was_frozen(step - 1))
}

/// #119617: has a container's readiness probe waited for its initial delay, if this counts from the container's start?
pub fn waited_for_its_delay_since_its_start(case: &Case, breach: &Breach) -> bool {
    let waited = || {
        let Shown { step, index, view } = shown_in(case, breach)?;
        let probe = case.trace.spec.containers[index].readiness.as_ref()?;
        let start = case.start(index, view.restart_count)?;
        let delay_ms = i64::from(probe.initial_delay_s) * 1_000;
        Some(case.not_after(step)? >= start.lo + delay_ms - ROUNDING_MS)
    };
    waited().unwrap_or(false)
}

/// WR-7: does a breach's state belong to a container that is another than the one whose end it tells?
pub fn is_of_a_new_container(case: &Case, breach: &Breach) -> bool {
    let seen = step_of(case, breach.event_index).and_then(|step| case.trace.steps[step].seen.get(breach.container?));
    seen.is_some_and(|seen| seen.container_id.is_some() && seen.container_id != seen.last_container_id)
}

/// PB-13: was a container told to stop in a life after ones that ended by themselves, when its probe had failed often
/// enough in all of them together?
pub fn failures_were_inherited(case: &Case, breach: &Breach) -> bool {
    let Some((index, n)) = breach.container.zip(breach.life) else {
        return false;
    };
    let spec = &case.trace.spec.containers[index];
    let needed_ms = |probe: &ProbeSpec| {
        let periods = i64::from(probe.failure_threshold.saturating_sub(1));
        periods.saturating_mul(i64::from(probe.period_s)).saturating_mul(1_000)
    };
    let probes = [&spec.startup, &spec.liveness].into_iter().flatten();
    let needed = probes.map(needed_ms).min();
    let life = |n: u32| case.facts.get(index, n);
    let own = life(n).and_then(|facts| Some(facts.term? - facts.start?.lo));
    // Back to the last life that was told to stop, with which the count began anew.
    let lives = (0..n).rev().map_while(life).take_while(|facts| facts.term.is_none());
    let before = lives.map(|facts| {
        facts
            .start
            .zip(facts.finish)
            .map_or(0, |(start, finish)| finish.hi - start.lo)
    });
    let before_ms: i64 = before.sum();
    let known = own.zip(needed).filter(|_| before_ms > 0);
    known.is_some_and(|(own_ms, needed_ms)| own_ms + before_ms + ROUNDING_MS >= needed_ms)
}

/// RS-2: was the last element of the init list a sidecar that was not up while this life of a main was waited for, which
/// a breach's status is the first to show, or which no status shows yet?
pub fn last_sidecar_was_not_up_before_this_life(case: &Case, breach: &Breach) -> bool {
    let waited = || {
        let Shown { step, index, view } = shown_in(case, breach)?;
        let n = breach.life.unwrap_or(view.restart_count);
        let ended = case.facts.get(index, n.checked_sub(1)?)?.finish?;
        let started = case.start(index, n)?;
        let first = case.views(index).find(|(_, view)| view.restart_count == n);
        let first = first.map_or(case.last_step(), |(first, _)| first);
        Some((ended.lo, started.hi)).filter(|_| first == step)
    };
    let Some((last, (from, to))) = last_sidecar(case).zip(waited()) else {
        return false;
    };
    let between = |step: usize| case.not_after(step).is_none_or(|at| at >= from) && case.not_before(step) <= Some(to);
    case.views(last)
        .any(|(step, view)| between(step) && !(view.state == State::Running && view.started))
}
