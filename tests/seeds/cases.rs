//! The cases, and the rule behind each row that a real or predicted table has and the document does not show.

/// A row and the rule that explains it (ids of the specification of the kubelet's lifecycle).
pub type Explained = (&'static str, &'static str);

/// A case of the seed documents.
pub struct Case {
    /// Name of the scenario below `seed/` and of the folder below `expected/seeds/`.
    pub name: &'static str,
    /// File of the plain manifest.
    pub manifest: &'static str,
    /// Rows before the document's last one that it does not show.
    pub between: &'static [Explained],
    /// Why the plain pod's table goes on after the document's last row; absent: it does not.
    pub goes_on: Option<&'static str>,
}

const fn case(name: &'static str) -> Case {
    Case {
        name,
        manifest: "pod.yaml",
        between: &[],
        goes_on: None,
    }
}

/// The document prints no table, so it does not show how the pod comes to its failure.
const FAILS_AND_BACKS_OFF: &[Explained] = &[
    ("0/1 Pending 0", "7.1: the document names states, it prints no table"),
    ("0/1 Init:0/1 0", "7.1: the document names states, it prints no table"),
    ("0/1 Init:0/1 1", "BO-3: the first restart is immediate"),
    (
        "0/1 Init:Error 1",
        "BO-3, BO-6: back-off begins with the second failure",
    ),
];

const AGAIN_AND_AGAIN: Option<&str> = Some("BO-3: restarted for ever, with a longer back-off each time");

/// All cases; those without a `document.txt` have no table in their document.
pub const CASES: [Case; 10] = [
    Case {
        manifest: "job.yaml",
        ..case("job-with-classic-sidecar")
    },
    case("three-init-two-main"),
    case("init-two-sidecars-two-mains"),
    Case {
        goes_on: Some(
            "2.1: the sidecars exit and are restarted for ever; the document stops after one restart of each",
        ),
        ..case("sidecars-that-exit")
    },
    case("two-inits-then-sidecar"),
    case("init-waits-for-dependencies"),
    Case {
        between: FAILS_AND_BACKS_OFF,
        goes_on: AGAIN_AND_AGAIN,
        ..case("init-fails-always")
    },
    Case {
        between: FAILS_AND_BACKS_OFF,
        goes_on: AGAIN_AND_AGAIN,
        ..case("init-fails-on-failure")
    },
    Case {
        between: &[
            ("0/1 Pending 0", "7.1: the document names states, it prints no table"),
            ("0/1 Init:0/1 0", "7.1: the document names states, it prints no table"),
        ],
        ..case("init-fails-never")
    },
    case("native-sidecar"),
];
