//! What a sync does after it has published its status (spec 12, steps 4 to 6).

use super::state::{PodState, Probed, Worker};
use super::{Behaviour, Kind, MainLookup, PodSpec, RestartPolicy};

/// The actions of one sync, in the order in which they are performed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Stop everything, in order (natural end, or a failed init container under Never). Excludes the rest.
    pub kill_pod: bool,
    /// Containers to kill because a probe failed.
    pub kills: Vec<usize>,
    /// Containers to start, in order: init list first, then mains.
    pub starts: Vec<usize>,
}

impl Plan {
    /// Is there nothing to do?
    pub fn is_empty(&self) -> bool {
        !self.kill_pod && self.kills.is_empty() && self.starts.is_empty()
    }
}

/// What a sync that sees `pod` does.
pub fn plan(behaviour: &Behaviour, spec: &PodSpec, pod: &PodState) -> Plan {
    let first_main = spec
        .containers
        .iter()
        .position(|c| c.kind == Kind::Main)
        .unwrap_or(spec.containers.len());
    let mains = first_main..spec.containers.len();
    let main_found = mains.clone().any(|index| match behaviour.main_lookup {
        MainLookup::AnyState | MainLookup::AnyStateInSandbox => pod.containers[index].newest.is_some(),
        MainLookup::Running => pod.containers[index].is_running(),
    });
    let init = init_pass(spec, pod, first_main, main_found);
    if init.plan.kill_pod || !init.initialized {
        return init.plan;
    }
    let mut plan = init.plan;
    let mut kept = 0;
    let mut main_starts = 0;
    for index in mains {
        let container = &pod.containers[index];
        let (start, keep) = match &container.newest {
            None => (true, false),
            Some(instance) => match &instance.exit {
                Some(exit) => (main_restarts(spec.restart_policy, exit.code), false),
                None if probe_failed(pod, index) => {
                    // RS-11, 2.1: a probe kill restarts a main unless the policy is Never.
                    let restart = spec.restart_policy != RestartPolicy::Never;
                    plan.kills.push(index);
                    (restart, false)
                }
                None => (false, true),
            },
        };
        kept += u32::from(keep);
        if start {
            main_starts += 1;
            plan.starts.push(index);
        }
    }
    if kept == 0 && main_starts == 0 {
        return Plan {
            kill_pod: true,
            ..Plan::default()
        };
    }
    plan
}

fn main_restarts(policy: RestartPolicy, code: i32) -> bool {
    match policy {
        RestartPolicy::Always => true,
        RestartPolicy::OnFailure => code != 0,
        RestartPolicy::Never => false,
    }
}

fn probe_failed(pod: &PodState, index: usize) -> bool {
    let container = &pod.containers[index];
    container
        .newest
        .as_ref()
        .is_some_and(|instance| instance.liveness_failed || instance.startup == Probed::Failure)
}

struct InitPass {
    plan: Plan,
    initialized: bool,
}

/// The reverse walk of the init list (ST-5, RS-1).
fn init_pass(spec: &PodSpec, pod: &PodState, first_main: usize, main_found: bool) -> InitPass {
    let mut seen = main_found;
    let mut initialized = main_found || first_main == 0;
    let mut any = main_found;
    let mut starts = Vec::new();
    let mut kills = Vec::new();
    for index in (0..first_main).rev() {
        let is_sidecar = spec.containers[index].kind == Kind::Sidecar;
        let is_last = index + 1 == first_main;
        let container = &pod.containers[index];
        let Some(instance) = &container.newest else {
            if seen && is_sidecar {
                starts.push(index);
            }
            continue;
        };
        any = true;
        match (&instance.exit, is_sidecar) {
            (_, false) if seen => {}
            (None, true) => {
                let startup_ok = spec.containers[index].startup.is_none() || instance.startup == Probed::Success;
                if instance.startup == Probed::Failure {
                    kills.push(index);
                    starts.push(index);
                } else if startup_ok {
                    if is_last {
                        initialized = true;
                    } else if !seen {
                        starts.push(index + 1);
                    }
                    if instance.liveness_failed {
                        kills.push(index);
                        starts.push(index);
                    }
                }
            }
            (Some(_), true) => starts.push(index),
            (None, false) => {}
            (Some(exit), false) if exit.code == 0 => {
                if is_last {
                    initialized = true;
                } else {
                    starts.push(index + 1);
                }
            }
            (Some(_), false) => {
                if spec.restart_policy == RestartPolicy::Never {
                    let plan = Plan {
                        kill_pod: true,
                        ..Plan::default()
                    };
                    return InitPass {
                        plan,
                        initialized: false,
                    };
                }
                starts.push(index);
            }
        }
        seen = true;
    }
    if !any && first_main > 0 {
        starts.push(0);
    }
    starts.sort_unstable();
    starts.dedup();
    kills.sort_unstable();
    InitPass {
        plan: Plan {
            kill_pod: false,
            kills,
            starts,
        },
        initialized,
    }
}

/// The probe workers that a container's specification asks for.
pub(super) fn wanted_workers(spec: &PodSpec, index: usize) -> [(Worker, bool); 3] {
    let container = &spec.containers[index];
    [
        (Worker::Startup, container.startup.is_some()),
        (Worker::Readiness, container.readiness.is_some()),
        (Worker::Liveness, container.liveness.is_some()),
    ]
}
