//! All rules, in the order of a pod's life.

use super::Rule;
use super::stakes::{
    again, always, any_again, ended_by_itself, has, has_init_list, has_liveness, has_readiness, has_startup,
    has_two_in_init_list, is_deleted, is_policy, is_terminal, killed_by_probe, last_is_sidecar, lives_max,
    mains_done_beside_sidecar, shows, shows_backoff, shows_last_state, shows_status_unknown, sidecar_met_shutdown,
    told, two_sidecars_met_shutdown,
};
use crate::trace::{Kind, RestartPolicy, State};

const INIT: &str = "https://kubernetes.io/docs/concepts/workloads/pods/init-containers/";
const SIDECAR: &str = "https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/";
const LIFECYCLE: &str = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/";
const PHASE: &str = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase";
const CONDITIONS: &str = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions";
const RESTART: &str = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy";
const TERMINATION: &str = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination";
const PROBES: &str = "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/";
const MANAGER: &str =
    "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kuberuntime/kuberuntime_manager.go";
const CONTAINER: &str =
    "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kuberuntime/kuberuntime_container.go";
const PODS: &str = "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/kubelet_pods.go";
const WORKERS: &str = "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/pod_workers.go";
const STATUS: &str = "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/status/status_manager.go";
const PROBER: &str = "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/prober/worker.go";

macro_rules! rules {
    ($($id:literal $since:literal $(to $until:literal)? : $sentence:literal, $link:expr, $decides:expr;)*) => {
        /// Every rule that the model implements.
        pub const RULES: &[Rule] = &[$(Rule {
            id: $id,
            sentence: $sentence,
            link: $link,
            since_minor: $since,
            until_minor: rules!(@until $($until)?),
            decides: $decides,
        }),*];
    };
    (@until) => { None };
    (@until $until:literal) => { Some($until) };
}

rules! {
    "ST-1" 28: "The init list is walked in order, and one sync starts at most one element of it that never ran.",
        INIT, has_two_in_init_list;
    "ST-2" 28: "The next element starts when the one before it is done: an init container has exited with 0, a sidecar is \
                seen running and its startup probe, if it has one, has passed.",
        SIDECAR, has_two_in_init_list;
    "ST-5" 28: "Progress is read from the last element of the list that has a container in the runtime.",
        MANAGER, has_two_in_init_list;
    "ST-6" 28: "Once the pod is initialised, one sync starts all main containers that do not run, one after the other in \
                the order of the specification.",
        MANAGER, |case| case.of_kind(Kind::Main).any(|index| case.ever_ran(index));
    "ST-8" 28: "When a sidecar cannot be started, the rest of the starts goes on; when an init container cannot, it does not.",
        MANAGER, |case| has(case, Kind::Sidecar) && any_again(case);
    "ST-10" 28: "A start or an end is seen by the relist of the runtime, about a second later at most, and the sync that \
                 follows publishes it.",
        "https://github.com/kubernetes/kubernetes/blob/v1.37.0/pkg/kubelet/pleg/generic.go", always;
    "ST-20" 28: "In a pod with an init list every container that was not yet created waits with PodInitializing, in one \
                 without with ContainerCreating.",
        PODS, |case| shows(case, |_, state| matches!(state, State::Waiting(_)));
    "2.5" 28: "A container's state is that of its newest instance in the runtime: running, or terminated with its exit; \
               what has none waits.",
        CONTAINER, always;
    "RS-1" 28: "Whether the pod counts as initialised is decided anew in each sync, from its main containers in the \
                runtime or from the last element of the init list.",
        MANAGER, has_init_list;
    "RS-2" 29 to 36: "When all main containers have exited and the last element of the init list is a sidecar that is not \
                      up, no main container is restarted.",
        "https://github.com/kubernetes/kubernetes/pull/138514", |case| last_is_sidecar(case) && again(case, Kind::Main);
    "RS-3" 29 to 36: "When all main containers are done and the last element of the init list is a sidecar that is not up, \
                      the pod is not ended.",
        "https://github.com/kubernetes/kubernetes/pull/138514",
        |case| last_is_sidecar(case) && mains_done_beside_sidecar(case);
    "RS-4" 28: "A container that is killed for its probe is started again in the same sync; no terminated state is published \
                in between.",
        MANAGER, killed_by_probe;
    "RS-5" 28: "After such a kill the back-off looks at the end before the killed instance, so the first restart is immediate.",
        MANAGER, killed_by_probe;
    "RS-7" 28: "A kill for a probe blocks the pod's worker for the whole grace; kills come one after the other, before any \
                start.",
        MANAGER, killed_by_probe;
    "RS-9" 36: "lastState that the runtime has forgotten is taken from the status before.",
        "https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/5532-restart-all-containers-on-container-exits",
        shows_last_state;
    "RS-10" 28: "A sync that kills for a probe and restarts does not ask again, when the kill is over, whether the work is \
                 done meanwhile.",
        MANAGER, |case| killed_by_probe(case) && mains_done_beside_sidecar(case);
    "RS-11" 28: "In a Never pod, a failed probe of the last main container that runs ends the whole pod.",
        MANAGER,
        |case| is_policy(case, RestartPolicy::Never)
            && case.of_kind(Kind::Main).any(|index| case.can_be_killed_by_probe(index)) && is_terminal(case);
    "BO-1" 28: "Each container has a back-off of its own, whatever its kind.",
        RESTART, |case| lives_max(case) > 2;
    "BO-2" 28: "The exit code does not matter: a clean exit that is restarted backs off like a crash.",
        RESTART, any_again;
    "BO-3" 28: "The first restart is immediate; then the wait before a restart is 10 s, doubled each time up to 300 s, counted \
                from the end of the newest dead instance.",
        RESTART, |case| lives_max(case) > 2;
    "BO-4" 28: "After 10 minutes without a restart the back-off begins anew.",
        RESTART, |case| lives_max(case) > 2;
    "BO-5" 28: "A start that back-off refused is tried again by the worker's error timer, 10 to 15 s later (up to 1.34), or when \
                the back-off runs out, times 1.0 to 1.5 (since 1.35).",
        "https://github.com/kubernetes/kubernetes/pull/133066", shows_backoff;
    "BO-6" 28: "CrashLoopBackOff is shown by the sync after the one that was refused, which still shows the end.",
        PODS, shows_backoff;
    "WR-1" 28 to 34: "Whether a sidecar in back-off shows CrashLoopBackOff is decided by the pod's policy.",
        PODS, |case| again(case, Kind::Sidecar) && !is_policy(case, RestartPolicy::Always);
    "WR-2" 28: "An init container or sidecar whose newest instance exited with 0 stays Completed and does not show \
                CrashLoopBackOff.",
        PODS, |case| shows(case, |kind, state| kind != Kind::Main && matches!(state, State::Terminated(exit) if exit.code == 0));
    "WR-4" 28: "In a pod that is being deleted nothing waits to be restarted: back-off turns into the end that it followed.",
        PODS, |case| is_deleted(case) && shows_backoff(case);
    "WR-5" 28: "When the pod has ended, a container that waits is rewritten to an exit with 137 and ContainerStatusUnknown.",
        STATUS, shows_status_unknown;
    "WR-6" 28: "A waiting state that follows an end keeps that instance's id and restart count.",
        PODS, shows_backoff;
    "4.1" 28: "The phase follows from the containers: Pending until the init list is done and a main container has begun, \
               Running while one can still run, then Failed if a main container failed, else Succeeded.",
        PHASE, always;
    "4.3" 28: "Initialized, ContainersReady and Ready follow from the containers' states and probes; their reasons and messages \
               name who is missing.",
        CONDITIONS, always;
    "4.4" 28: "restartCount, lastState, started and ready of a container follow from its instances and probes.",
        "https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodStatus", always;
    "CO-1" 28 to 35: "Initialized turns false again when no main container has begun and a sidecar is not started.",
        CONDITIONS, |case| has(case, Kind::Sidecar) && shows_backoff(case);
    "CO-2" 28: "Ready is false from the moment a main container has ended.",
        CONDITIONS, |case| shows(case, |kind, state| kind == Kind::Main && matches!(state, State::Terminated(_)));
    "CO-3" 28: "In a terminal phase Ready and ContainersReady are false.",
        CONDITIONS, is_terminal;
    "PB-1" 28: "Startup, readiness and liveness probes have a worker each, made by the first sync that meets the container.",
        PROBES, |case| has_startup(case) || has_readiness(case) || has_liveness(case);
    "PB-2" 28: "A result changes only after as many equal answers in a row as its threshold says.",
        PROBES, |case| has_startup(case) || has_readiness(case) || has_liveness(case);
    "PB-5" 28: "Until the startup probe has passed, the other probes do not run; after that it does not run again in this life (before \
        1.32 it does as long as no status shows that it has passed).",
        PROBES, has_startup;
    "PB-6" 28 to 34: "In a Never pod the probe workers of a sidecar end with its first life.",
        "https://github.com/kubernetes/kubernetes/issues/132826",
        |case| is_policy(case, RestartPolicy::Never) && again(case, Kind::Sidecar) && (has_startup(case) || has_readiness(case));
    "PB-7" 35: "`started` is inherited by the next life of a container of the same name.",
        "https://github.com/kubernetes/kubernetes/issues/141155", |case| has_startup(case) && any_again(case);
    "PB-10" 28: "While a pod is being ended by force, liveness and startup probes kill nobody; readiness is still published.",
        PROBER, |case| is_deleted(case) && (has_liveness(case) || has_readiness(case));
    "PB-11" 28: "Every change of a probe's result wakes the pod's worker.",
        PROBER, |case| has_startup(case) || has_readiness(case);
    "5" 28: "A container whose startup or liveness probe has failed is killed with its grace.",
        PROBES, killed_by_probe;
    "TP-A" 28: "When all main containers are done, a sync stops the sidecars and the sandbox.",
        SIDECAR, |case| ended_by_itself(case) && mains_done_beside_sidecar(case);
    "TP-B" 28: "A delete, or an init container that failed for good, ends the pod by force as soon as the running sync has \
                returned; nothing is started any more.",
        TERMINATION, |case| is_deleted(case) || case.init_failed().is_some();
    "TO-1" 29: "Sidecars are stopped after the main containers and in reverse order (1.28 stops everything at once).",
        "https://github.com/kubernetes/kubernetes/pull/120620", sidecar_met_shutdown;
    "TO-3" 29: "A sidecar gets its TERM when all main containers and the next sidecar of the list have ended, or when the grace is \
                used up.",
        "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#termination-with-sidecars", two_sidecars_met_shutdown;
    "TO-4" 28: "Main containers get their TERM at once, all together.",
        TERMINATION, |case| is_deleted(case) && told(case);
    "TO-5" 28: "What a container waits for its turn is taken off its grace in whole seconds, but it has 2 s at least; then it is \
                killed.",
        CONTAINER, told;
    "TO-7" 28: "The grace is that of the delete, or the pod's own where the pod ends by itself; a second delete does not shorten \
                a kill that is under way.",
        WORKERS, is_deleted;
    "TO-9" 28: "The exit code is what the process returned; 137 where it was killed.",
        TERMINATION, |case| shows(case, |_, state| matches!(state, State::Terminated(_)));
    "TO-10" 28: "How a sidecar exits does not matter for the phase.",
        SIDECAR, |case| is_terminal(case) && shows(case, |kind, state| {
            kind == Kind::Sidecar && matches!(state, State::Terminated(exit) if exit.code != 0)
        });
    "WS-1" 28: "A terminal phase is not published before the pod's worker has finished its kill; container states are.",
        STATUS, is_terminal;
    "WS-2" 28: "A pod's end is published: first the containers' ends, then the terminal phase, then, if it was deleted, the \
                object is removed.",
        STATUS, is_terminal;
    "WS-3" 28: "A readiness result is written into the published status at once, a startup result as `started` alone.",
        STATUS, |case| has_startup(case) || has_readiness(case);
    "3.3" 28: "A deleted pod always gets a terminal phase before its object is removed.",
        LIFECYCLE, is_deleted;
}
