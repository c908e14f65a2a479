//! When a goal is due.

use podcheck_generators::Profile;

/// After so many pods, by profile; `None`: not a goal of the profile.
pub fn pods(profile: Profile, id: &str) -> Option<u64> {
    let (_, due) = DUE.iter().find(|(goal, _)| *goal == id)?;
    let column = Profile::ALL.iter().position(|it| *it == profile)?;
    due.get(column).copied().filter(|&pods| pods > 0).map(u64::from)
}

/// In the order of [`Profile::ALL`]; 0: not due. A thousand simulated pods of v1.34.0 met the goal so often that ten pods
/// that meet it are expected by then, so that chance is no excuse.
#[rustfmt::skip]
const DUE: &[(&str, [u32; 9])] = &[
    ("completed-sidecar-restarted", [1000, 500, 100, 500, 100, 1000, 500, 200, 200]),
    ("completes-beside-sidecar", [100, 200, 50, 100, 100, 0, 100, 100, 100]),
    ("delete-runs-into-kill", [1000, 1000, 500, 1000, 500, 100, 500, 500, 0]),
    ("deleted-after-sidecar-restart", [2000, 1000, 500, 500, 200, 500, 1000, 500, 200]),
    ("deleted-as-a-container-ends", [200, 200, 100, 100, 100, 50, 100, 100, 0]),
    ("deleted-before-any-start", [1000, 500, 1000, 1000, 1000, 200, 200, 500, 0]),
    ("deleted-behind-the-gate", [5000, 0, 500, 0, 500, 500, 1000, 200, 50]),
    ("deleted-during-hand-over", [2000, 500, 1000, 1000, 2000, 200, 1000, 1000, 0]),
    ("deleted-during-init", [500, 100, 500, 500, 500, 100, 1000, 200, 0]),
    ("deleted-in-back-off", [500, 200, 200, 100, 100, 1000, 100, 200, 2000]),
    ("deleted-twice", [500, 500, 200, 500, 500, 100, 500, 200, 0]),
    ("deleted-while-ending", [100, 100, 100, 100, 200, 200, 100, 100, 100]),
    ("ends-in-the-last-second", [100, 100, 100, 100, 100, 50, 50, 100, 0]),
    ("finalizer-holds", [500, 500, 500, 500, 500, 100, 200, 500, 0]),
    ("four-in-the-init-list", [0, 200, 100, 0, 0, 500, 1000, 500, 500]),
    ("gate-dies", [2000, 500, 200, 500, 100, 200, 500, 100, 50]),
    ("gate-holds", [500, 200, 50, 500, 50, 100, 200, 50, 20]),
    ("grace-runs-out-on-a-sidecar", [500, 1000, 200, 500, 200, 200, 0, 500, 0]),
    ("init-behind-sidecar", [200, 100, 100, 100, 500, 100, 500, 100, 0]),
    ("init-fails-beside-sidecar", [2000, 200, 1000, 500, 1000, 1000, 200, 500, 0]),
    ("init-fails-for-good", [1000, 100, 500, 500, 1000, 200, 100, 500, 0]),
    ("init-in-back-off", [2000, 200, 0, 500, 5000, 0, 500, 500, 0]),
    ("init-retried", [5000, 50, 500, 100, 500, 1000, 200, 200, 0]),
    ("killed-beside-back-off", [0, 0, 2000, 5000, 500, 0, 5000, 1000, 0]),
    ("killed-container-backs-off", [5000, 2000, 1000, 2000, 500, 0, 0, 2000, 0]),
    ("liveness-probe-kills-main", [2000, 2000, 2000, 5000, 500, 2000, 0, 1000, 200]),
    ("liveness-probe-kills-sidecar", [2000, 1000, 500, 2000, 100, 1000, 1000, 500, 200]),
    ("main-restarted", [100, 50, 50, 20, 50, 200, 500, 50, 200]),
    ("mains-disagree", [1000, 1000, 500, 1000, 500, 0, 500, 1000, 1000]),
    ("never-pod-restarts-sidecar", [1000, 500, 100, 500, 100, 500, 200, 100, 50]),
    ("never-pod-stopped-by-probe", [5000, 0, 1000, 0, 500, 0, 0, 2000, 0]),
    ("on-failure-succeeds", [1000, 500, 200, 50, 200, 1000, 500, 200, 0]),
    ("probe-has-own-grace", [1000, 2000, 500, 2000, 200, 5000, 5000, 500, 0]),
    ("probe-kill-runs-into-kill", [0, 0, 1000, 0, 500, 2000, 0, 1000, 0]),
    ("readiness-lost", [500, 500, 200, 500, 50, 200, 1000, 200, 1000]),
    ("ready-again", [500, 1000, 500, 1000, 100, 500, 5000, 500, 1000]),
    ("second-back-off", [1000, 500, 500, 200, 200, 0, 500, 500, 1000]),
    ("sidecar-backs-off-beside-mains", [0, 2000, 500, 200, 1000, 5000, 0, 500, 100]),
    ("sidecar-backs-off-during-init", [0, 5000, 2000, 0, 0, 0, 0, 0, 0]),
    ("sidecar-behind-init", [200, 100, 100, 200, 200, 100, 100, 100, 100]),
    ("sidecar-ends-before-its-turn", [0, 5000, 500, 1000, 2000, 500, 5000, 1000, 0]),
    ("sidecar-fails-pod-succeeds", [100, 200, 50, 100, 50, 200, 100, 50, 50]),
    ("sidecar-ignores-term-at-the-end", [2000, 5000, 500, 2000, 2000, 0, 2000, 2000, 0]),
    ("sidecar-restarted-during-init", [0, 500, 500, 500, 1000, 1000, 1000, 1000, 0]),
    ("started-but-not-ready", [5000, 1000, 500, 2000, 100, 1000, 2000, 500, 1000]),
    ("startup-passes-as-another-ends", [1000, 500, 200, 500, 100, 500, 500, 200, 200]),
    ("startup-probe-kills", [1000, 1000, 200, 1000, 200, 500, 2000, 500, 0]),
    ("sub-second-life", [100, 50, 50, 50, 50, 100, 20, 50, 50]),
    ("three-sidecars", [0, 2000, 100, 1000, 500, 500, 500, 200, 200]),
    ("two-ends-at-once", [200, 50, 50, 50, 50, 500, 50, 50, 500]),
    ("two-in-back-off", [1000, 500, 200, 200, 200, 0, 500, 500, 0]),
    ("two-sidecars-stopped", [500, 1000, 100, 500, 200, 0, 200, 200, 500]),
    ("unready-sidecar-beside-ready-mains", [500, 200, 50, 100, 100, 200, 500, 100, 50]),
    ("work-ends-while-sidecar-backs-off", [0, 5000, 500, 200, 1000, 0, 2000, 500, 100]),
];
