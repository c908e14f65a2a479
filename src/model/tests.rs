//! What the simulated node cannot show to be wrong, because it is made of the same rules.

use std::rc::Rc;

use podcheck_generators::Scenario;

use super::*;
use crate::simulate::spec_of;

fn spec(yaml: &str) -> PodSpec {
    spec_of(&Scenario::from_yaml(yaml).expect("a scenario"))
}

fn view(state: State, last: Option<Exit>) -> ContainerView {
    ContainerView {
        state,
        last,
        restart_count: 0,
        ready: false,
        started: false,
    }
}

fn failed() -> Exit {
    Exit {
        code: 1,
        reason: Reason::Error,
    }
}

fn waits() -> ContainerView {
    view(State::Waiting(Reason::PodInitializing), None)
}

fn status(containers: Vec<ContainerView>) -> Status {
    Status {
        containers,
        ..Status::unseen()
    }
}

/// 3.3: a pod is initialised by its last sidecar only when that has started.
#[test]
fn a_last_sidecar_that_runs_initialises_its_pod_once_it_has_started() {
    let spec = spec(
        "restartPolicy: Always\ngraceSeconds: 2\ninit:\n  - kind: sidecar\n    container:\n      attempts: [{onTerm: {action: exit, \
         code: 0}}]\nmain:\n  - attempts: [{onTerm: {action: exit, code: 0}}]\nobserveMsMax: 20000\n",
    );
    let mut running = view(State::Running, None);
    assert!(!has_initialized(&spec, &status(vec![running.clone(), waits()])));
    running.started = true;
    assert!(has_initialized(&spec, &status(vec![running, waits()])));
}

/// WR-5: at the end the init list is rewritten up to the last that has left a trace, whatever came of the mains.
#[test]
fn a_sidecar_that_waits_in_its_back_off_ends_as_unknown_when_an_init_container_fails() {
    let spec = spec(
        "restartPolicy: Never\ngraceSeconds: 2\ninit:\n  - kind: sidecar\n    container: &forever\n      attempts: [{onTerm: \
         {action: exit, code: 0}}]\n  - kind: sidecar\n    container: *forever\n  - kind: init\n    container: \
         *forever\n  - kind: init\n    container: *forever\nmain:\n  - attempts: [{onTerm: {action: exit, code: \
         0}}]\nobserveMsMax: 20000\n",
    );
    let crashes = view(State::Waiting(Reason::CrashLoopBackOff), Some(failed()));
    let ended = view(State::Terminated(failed()), None);
    let mut pod = PodState::new(&spec);
    pod.status = Rc::new(status(vec![ended.clone(), crashes, ended, waits(), waits()]));
    finish(&spec, &mut pod, false);
    let states: Vec<&State> = pod.status.containers.iter().map(|view| &view.state).collect();
    let (known, unknown) = (State::Terminated(failed()), State::Terminated(unknown_exit()));
    let never = State::Waiting(Reason::PodInitializing);
    assert_eq!(states, [&known, &unknown, &known, &never, &never]);
}
