//! Recordings of any kind become traces, or say clearly why not.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use podcheck::check::{Bounds, Facts};
use podcheck::guarantees::{self, Case, Outcome};
use podcheck::printer::{Printer, collapse, table};
use podcheck::recording::{ClockReading, Header, NodeFacts, Reader, RecordingError, RecordingWriter};
use podcheck::trace::normalize::{Options, Recorded, Traces, collect, read_traces, traces};
use podcheck::trace::{EventType, Gap, JournalKind, Trace};

fn stored(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("expected/recordings")
        .join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(stored(name)).expect("a stored recording")
}

fn read(name: &str) -> Recorded {
    read_traces(&stored(name), &Options::default()).expect("a readable recording")
}

fn read_text(text: &str) -> Result<Recorded, RecordingError> {
    collect(traces(text.as_bytes(), "test.jsonl", &Options::default()))
}

/// A small event; `more` goes into the object.
fn event(event_type: &str, name: &str, uid: &str, version: u64, more: &str) -> String {
    let metadata = format!(r#""metadata":{{"name":"{name}","uid":"{uid}","resourceVersion":"{version}"}}"#);
    format!(r#"{{"type":"{event_type}","object":{{"kind":"Pod",{metadata}{more}}}}}"#) + "\n"
}

#[test]
fn real_streams_are_read_completely() {
    for (name, events) in [("v1.29.2.jsonl", 34), ("v1.34.0.jsonl", 59)] {
        let recorded = read(name);
        assert_eq!(recorded.notes.messages(), Vec::<String>::new());
        assert_eq!((recorded.notes.events, recorded.traces.len()), (events, 4));
        let steps: usize = recorded.traces.iter().map(|trace| trace.steps.len()).sum();
        assert_eq!(steps, events);
        for trace in &recorded.traces {
            assert_eq!(trace.gaps, []);
            assert_eq!(trace.journal, None);
            assert_eq!(trace.steps[0].event, EventType::Added);
            assert!(
                trace
                    .steps
                    .last()
                    .is_some_and(|step| step.view.containers.iter().all(Option::is_some))
            );
        }
    }
}

#[test]
fn kubectl_json_of_every_kind_gives_the_same_steps() {
    let expected = read("v1.29.2.jsonl").traces;
    let values: Vec<serde_json::Value> = text("v1.29.2.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("an event"))
        .collect();
    let pretty: String = values
        .iter()
        .map(|value| serde_json::to_string_pretty(value).expect("JSON") + "\n")
        .collect();
    assert_eq!(read_text(&pretty).expect("pretty-printed").traces, expected);
    let one_line: String = values.iter().map(|value| value.to_string()).collect();
    assert_eq!(read_text(&one_line).expect("without line breaks").traces, expected);

    let bare: String = values
        .iter()
        .map(|value| serde_json::to_string_pretty(&value["object"]).expect("JSON") + "\n")
        .collect();
    let bare = read_text(&bare).expect("bare pods").traces;
    let steps = |trace: &Trace| trace.steps.len();
    assert_eq!(bare.iter().map(steps).sum::<usize>(), 34);
    assert_eq!(bare[0].steps[1].event, EventType::Modified);
}

#[test]
fn our_own_format_comes_back_with_nodes_times_and_gaps() {
    let facts = NodeFacts {
        kubelet: Some("v1.29.2".into()),
        ..NodeFacts::default()
    };
    let header = Header {
        server: Some("v1.37.0".into()),
        nodes: [("skew-worker".to_owned(), facts)].into(),
        seed: Some(7),
        started: Some(1_000),
    };
    let mut bytes = Vec::new();
    let mut writer = RecordingWriter::new(&mut bytes, &header).expect("written");
    for (index, line) in (0..).zip(text("v1.29.2.jsonl").lines()) {
        writer.event_text(2_000 + index, line).expect("written");
    }
    let clock = ClockReading {
        node: "skew-worker".into(),
        uptime_ms: 5,
        unix_ms: 6,
    };
    writer.clock(3_000, &clock).expect("written");
    writer.gap(3_500, "connection reset").expect("written");
    writer.end(4_000, "all pods ended").expect("written");
    assert!(writer.event_text(1, "{\n}").is_err());

    let recorded = collect(traces(bytes.as_slice(), "own", &Options::default())).expect("readable");
    assert_eq!(recorded.header, Some(header));
    assert_eq!(
        recorded.notes.messages(),
        ["watch interrupted: line 37: connection reset"]
    );
    let (ended, alive): (Vec<_>, Vec<_>) = recorded
        .traces
        .iter()
        .partition(|trace| trace.steps.last().is_some_and(|s| s.event == EventType::Deleted));
    assert_eq!((ended.len(), alive.len()), (2, 2));
    for trace in ended {
        assert_eq!(trace.gaps, []);
        assert_eq!(trace.watched_until_ms, trace.steps.last().and_then(|step| step.at_ms));
    }
    for trace in alive {
        assert_eq!(trace.gaps, [Gap::WatchInterrupted]);
        assert_eq!(trace.watched_until_ms, Some(4_000));
        assert_eq!(trace.kubelet.as_deref(), Some("v1.29.2"));
    }
}

#[test]
fn a_truncated_tail_keeps_what_came_before() {
    let full = text("v1.29.2.jsonl");
    for cut in [1, 2, 100, 3000] {
        let recorded = read_text(&full[..full.len() - 1 - cut]).expect("readable");
        assert_eq!(recorded.notes.events, 33);
        let message = "truncated: the value that begins on line 34 is cut off; read up to there";
        assert_eq!(recorded.notes.messages(), [message]);
    }
}

#[test]
fn no_cut_of_a_recording_panics_or_loses_whole_events() {
    let full: String = text("v1.29.2.jsonl")
        .lines()
        .take(3)
        .map(|line| format!("{line}\n"))
        .collect();
    for end in (0..full.len()).step_by(7) {
        let complete = full[..end].matches('\n').count();
        match read_text(&full[..end]) {
            Ok(recorded) => assert!(recorded.notes.events >= complete),
            Err(error) => assert_eq!(complete, 0, "{error}"),
        }
    }
}

#[test]
fn a_line_cut_in_the_middle_of_the_file_makes_the_pods_incomplete() {
    let lines: Vec<String> = (1..=4)
        .map(|version| event("MODIFIED", "a", "u", version, ""))
        .collect();
    let cut_in_string = format!("{}{}\n{}", lines[0], &lines[1][..30], lines[2]);
    let cut_after_value = format!(
        "{}{}\n{}",
        lines[0], r#"{"type":"MODIFIED","object":{"kind":"Pod""#, lines[2]
    );
    let noise = format!("{}error: the server was unable to respond\n{}", lines[0], lines[2]);
    for (text, message) in [
        (cut_in_string, "unreadable: line 2: the line is cut off"),
        (cut_after_value, "unreadable: line 2: the line is cut off"),
        (
            noise,
            "unreadable: line 2: not JSON: \"error: the server was unable to respond\"",
        ),
    ] {
        let recorded = read_text(&text).expect("readable");
        assert_eq!(recorded.notes.messages(), [message]);
        assert_eq!(recorded.traces[0].steps.len(), 2);
        assert_eq!(recorded.traces[0].gaps, [Gap::Unreadable]);
    }
}

#[test]
fn what_is_no_recording_says_what_to_do() {
    let hint = "record with `kubectl get pods -w --output-watch-events -o json` or `podcheck run --output`";
    for (text, message) in [
        ("", "test.jsonl is empty: no watch event was recorded"),
        (" \n\n", "test.jsonl is empty: no watch event was recorded"),
        ("NAME READY\na 1/1\n", "test.jsonl:1 (byte 0): not JSON: \"NAME READY\""),
        (
            "\n\u{1f}\u{8b}\u{8}",
            "test.jsonl:2 (byte 1): not JSON: \"\\u{1f}\\u{8b}\\u{8}\"",
        ),
        ("[1, 2]", "test.jsonl:1 (byte 0): not JSON: \"[1, 2]\""),
        (
            "{\"a\": 1}",
            "test.jsonl:1 (byte 0): neither a recording nor a watch event",
        ),
        ("{\"a\" 1}", "test.jsonl:1 (byte 0): expected `:` at line 1 column 6"),
        (
            "{\"type\":\"ADD",
            "test.jsonl:1 (byte 0): ends in the middle of its first value, nothing to read before it",
        ),
    ] {
        let error = read_text(text).expect_err("not a recording");
        assert_eq!(error.to_string(), format!("{message}; {hint}"));
    }
    let newer = read_text(r#"{"podcheck":"recording","format":9}"#)
        .expect_err("a newer format")
        .to_string();
    assert_eq!(
        newer,
        "test.jsonl:1 (byte 0): recording format 9, this program reads up to 1; use a newer podcheck"
    );
    let missing = read_traces(Path::new("/no/such"), &Options::default())
        .expect_err("no file")
        .to_string();
    assert_eq!(
        missing,
        "cannot open /no/such: No such file or directory (os error 2); check the path"
    );
}

#[test]
fn a_huge_value_is_an_error_and_the_pods_before_it_are_kept() {
    let text = event("ADDED", "a", "u", 1, "") + r#"{"type":"ADDED","object":""# + &"x".repeat(9000) + "\"}";
    let input = BufReader::with_capacity(64, text.as_bytes());
    let mut traces = Traces::new(Reader::with_limit(input, "huge", 4096), &Options::default());
    let error = traces.next().expect("an error").expect_err("too large").to_string();
    assert_eq!(
        error,
        "huge:2 (byte 97): a value of more than 4096 bytes, which no pod has; check that this is a recording of pods"
    );
    let trace = traces.next().expect("the pod before it").expect("a trace");
    assert_eq!((trace.name.as_str(), trace.gaps), ("a", vec![Gap::Unreadable]));
    assert!(traces.next().is_none());
}

#[test]
fn deep_nesting_is_an_error() {
    let deep = format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert!(read_text(&deep).is_err());
}

#[test]
fn a_reordered_stream_is_noticed() {
    let swapped = event("ADDED", "a", "u", 100, "") + &event("MODIFIED", "a", "u", 99, "");
    let recorded = read_text(&swapped).expect("readable");
    assert_eq!(recorded.traces[0].gaps, [Gap::OutOfOrder]);
    let message = "out of order: line 2: pod a, resourceVersion 99: resourceVersion after 100";
    assert_eq!(recorded.notes.messages(), [message]);

    let after_the_end = event("DELETED", "a", "u", 100, "") + &event("MODIFIED", "a", "u", 99, "");
    let recorded = read_text(&after_the_end).expect("readable");
    assert_eq!(
        (recorded.traces[0].gaps.len(), recorded.traces[1].gaps.as_slice()),
        (0, [Gap::OutOfOrder].as_slice())
    );
}

#[test]
fn a_name_used_again_is_another_pod() {
    let text = [("ADDED", "u1", 9), ("DELETED", "u1", 10), ("ADDED", "u2", 11)]
        .map(|(event_type, uid, version)| event(event_type, "a", uid, version, ""))
        .concat();
    let recorded = read_text(&text).expect("readable");
    let uids: Vec<&str> = recorded.traces.iter().map(|trace| trace.uid.as_str()).collect();
    assert_eq!(uids, ["u1", "u2"]);
    assert_eq!(recorded.notes.messages(), Vec::<String>::new());
}

#[test]
fn bookmarks_errors_and_other_kinds_are_told_apart() {
    let text = event("ADDED", "a", "u", 1, "")
        + r#"{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"7"},"spec":{"containers":null},"status":{}}}"#
        + r#"{"type":"ERROR","object":{"kind":"Status","metadata":{},"status":"Failure","message":"too old resource version","code":410}}"#
        + r#"{"type":"ADDED","object":{"kind":"Node","metadata":{"name":"n"},"status":{"conditions":[{"type":"Ready"}]}}}"#
        + r#"{"type":"ADDED","object":{"kind":"Service","metadata":{"name":"n"},"status":7}}"#;
    let recorded = read_text(&text).expect("readable");
    assert_eq!((recorded.notes.events, recorded.notes.bookmarks), (5, 1));
    assert_eq!(
        recorded.notes.messages(),
        [
            "watch interrupted: line 2: error 410: too old resource version",
            "ignored 1 of kind Node: not a pod",
            "ignored 1 of kind Service: not a pod",
        ]
    );
    assert_eq!(recorded.traces[0].gaps, [Gap::WatchInterrupted]);
}

#[test]
fn a_list_is_told_from_a_watch() {
    let text = r#"{"kind":"List","apiVersion":"v1","items":[{"kind":"Pod","metadata":{"name":"a"}}]}"#;
    let messages = read_text(text).map(|recorded| recorded.notes.messages());
    assert!(
        messages
            .as_ref()
            .is_ok_and(|it| it.iter().any(|text| text.contains("--output-watch-events"))),
        "{messages:?}"
    );
}

#[test]
fn what_a_pod_comes_to_need_later_is_not_covered() {
    let later = |first: &str, second: &str| {
        let text = event("ADDED", "a", "u", 1, first) + &event("MODIFIED", "a", "u", 2, second);
        read_text(&text).expect("readable").traces.remove(0).spec.not_covered
    };
    let image = |image: &str| format!(r#","spec":{{"containers":[{{"name":"m0","image":"{image}"}}]}}"#);
    assert!(later(&image("busybox:1"), &image("busybox:1")).is_empty());
    assert_eq!(
        later(&image("busybox:1"), &image("busybox:2")),
        ["a container image that is changed"]
    );
    let spec = |more: &str| format!(r#","spec":{{"containers":[{{"name":"m0"}}]{more}}}"#);
    assert_eq!(
        later(&spec(""), &spec(r#","activeDeadlineSeconds":9"#)),
        ["activeDeadlineSeconds"]
    );
    let evicted = spec("") + r#","status":{"phase":"Failed","reason":"Evicted"}"#;
    assert_eq!(
        later(&spec(""), &evicted),
        ["a pod that the kubelet ends by itself (Evicted)"]
    );
}

#[test]
fn what_no_linux_process_ends_with_is_not_covered() {
    let ended = |annotations: &str, state: &str, code: i64| {
        let metadata = format!(r#""metadata":{{"name":"a","uid":"u","resourceVersion":"1"{annotations}}}"#);
        let status = format!(
            r#""status":{{"containerStatuses":[{{"name":"m0","{state}":{{"terminated":{{"exitCode":{code}}}}}}}]}}"#
        );
        let text = format!(
            r#"{{"type":"ADDED","object":{{"kind":"Pod",{metadata},"spec":{{"containers":[{{"name":"m0"}}]}},{status}}}}}"#
        );
        read_text(&text).expect("readable").traces.remove(0).spec.not_covered
    };
    for state in ["state", "lastState"] {
        for code in [0, 1, 128, 137, 143, 255] {
            assert!(ended("", state, code).is_empty(), "{code}");
        }
        for code in [-1, 256, 1_000, -1_073_741_510] {
            let named = [format!("an exit code that no Linux process has ({code})")];
            assert_eq!(ended("", state, code), named);
        }
    }
    // What our own pods run is known.
    let ours = r#","annotations":{"podcheck.dev/scenario":"{}"}"#;
    assert!(ended(ours, "state", 256).is_empty());
}

/// The outcome of a guarantee on the pod of a raw object, whose status is `status`.
fn outcome(id: &str, resources: &str, status: &str) -> Outcome {
    let spec = format!(r#","spec":{{"nodeName":"n","containers":[{{"name":"m0"{resources}}}]}}"#);
    let text = event("ADDED", "a", "u", 1, &format!(r#"{spec},"status":{{{status}}}"#));
    let trace = read_text(&text).expect("readable").traces.remove(0);
    let (facts, bounds) = (Facts::of(&trace), Bounds::with_delay(0));
    let guarantee = guarantees::all().find(|it| it.id == id).expect("a guarantee");
    (guarantee.judge)(&Case::new(&trace, &facts, &bounds))
}

#[test]
fn the_class_of_service_of_a_raw_object_is_judged() {
    let of =
        |resources: &str, class: &str| outcome("G-qos-fits-resources", resources, &format!(r#""qosClass":"{class}""#));
    let nothing = r#","resources":{}"#;
    let equal = r#","resources":{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"1000m","memory":"1024Mi"}}"#;
    for (resources, due) in [(nothing, "BestEffort"), (equal, "Guaranteed")] {
        assert_eq!(of(resources, due), Outcome::Kept);
        for class in ["Burstable", "Best"] {
            assert!(matches!(of(resources, class), Outcome::Broken(_)), "{due} {class}");
        }
    }
    assert_eq!(of("", "Burstable"), Outcome::NotAtRisk);
}

#[test]
fn the_form_of_conditions_in_a_raw_object_is_judged() {
    let of = |id: &str, more: &str| {
        let ready = r#"{"type":"Ready","status":"False"}"#;
        outcome(id, "", &format!(r#""conditions":[{ready}{more}]"#))
    };
    let (once, known) = ("G-one-condition-each", "G-condition-is-true-or-false");
    // Who sets the conditions of readiness gates is not the kubelet.
    let gate = r#","status":"No"}"#;
    for other in [
        "",
        r#",{"type":"Initialized","status":"Unknown"}"#,
        &format!(r#",{{"type":"g/a"{gate},{{"type":"g/a"{gate}"#),
    ] {
        assert_eq!(of(once, other), Outcome::Kept, "{other}");
        assert_eq!(of(known, other), Outcome::Kept, "{other}");
    }
    for status in ["True", "False"] {
        let twice = format!(r#",{{"type":"Ready","status":"{status}"}}"#);
        assert!(matches!(of(once, &twice), Outcome::Broken(_)), "{status}");
    }
    for status in ["", "true", "No"] {
        let other = format!(r#",{{"type":"Initialized","status":"{status}"}}"#);
        assert!(matches!(of(known, &other), Outcome::Broken(_)), "{status}");
    }
}

#[test]
fn a_specification_that_was_changed_before_is_not_covered() {
    let joined = |generation: u32, deleted: &str, statuses: &str| {
        let metadata =
            format!(r#""metadata":{{"name":"a","uid":"u","resourceVersion":"1","generation":{generation}{deleted}}}"#);
        let spec = r#""spec":{"containers":[{"name":"m0"}]}"#;
        let status = format!(r#""status":{{"containerStatuses":[{statuses}]}}"#);
        let text = format!(r#"{{"type":"ADDED","object":{{"kind":"Pod",{metadata},{spec},{status}}}}}"#);
        read_text(&text).expect("readable").traces.remove(0).spec.not_covered
    };
    let runs = r#"{"name":"m0","state":{"running":{}}}"#;
    let deleted = r#","deletionTimestamp":"2026-01-01T00:00:00Z","deletionGracePeriodSeconds":9"#;
    let changed = ["a specification that was changed before the pod was first seen"];
    assert!(joined(1, "", runs).is_empty());
    assert_eq!(joined(2, "", runs), changed);
    assert!(joined(2, deleted, runs).is_empty());
    assert_eq!(joined(3, deleted, runs), changed);
    // A scheduling gate that was removed, say.
    assert!(joined(2, "", "").is_empty());
}

#[test]
fn joining_in_the_middle_and_features_that_are_not_covered_are_named() {
    let spec = r#","spec":{"activeDeadlineSeconds":5,"shareProcessNamespace":true,"restartPolicy":"Never",
        "initContainers":[{"name":"i0"},{"name":"s1","restartPolicy":"Always","lifecycle":{"preStop":{"sleep":{"seconds":1}}}}],
        "containers":[{"name":"m0","restartPolicy":"Never","restartPolicyRules":[{}],"livenessProbe":{"grpc":{"port":1}}}]},
        "status":{"phase":"Running","containerStatuses":[{"name":"m0","state":{"running":{"startedAt":null}},"started":true}],
        "conditions":[{"type":"DisruptionTarget","status":"True"}]}"#;
    let trace = read_text(&event("ADDED", "a", "u", 1, spec))
        .expect("readable")
        .traces
        .remove(0);
    assert_eq!(trace.gaps, [Gap::JoinedInTheMiddle]);
    let named: Vec<&str> = trace.spec.not_covered.iter().map(String::as_str).collect();
    assert_eq!(
        named,
        [
            "lifecycle.preStop",
            "restartPolicyRules",
            "containers.restartPolicy",
            "shareProcessNamespace",
            "activeDeadlineSeconds",
            "eviction or preemption (DisruptionTarget)",
        ]
    );
    let probe = trace.spec.containers[2].liveness.as_ref().expect("a probe");
    assert_eq!(
        (
            probe.period_s,
            probe.timeout_s,
            probe.failure_threshold,
            probe.success_threshold
        ),
        (10, 1, 3, 1)
    );
    assert_eq!(trace.spec.grace_s, 30);
}

#[test]
fn the_journal_comes_back_from_termination_messages() {
    let spec = r#","spec":{"nodeName":"n","containers":[{"name":"m0"},{"name":"m1"}]}"#;
    let ended = |message: &str| {
        format!(
            r#"{spec},"status":{{"containerStatuses":[{{"name":"m0","state":{{"terminated":{{"exitCode":3,
            "startedAt":"1970-01-01T00:16:40Z","finishedAt":"1970-01-01T00:16:42Z","message":"{message}"}}}}}}]}}"#
        )
    };
    let message = r"m1 0 start 7.10\nm0 0 start 7.20\nm0 0 exit:3 9.30\nm0 1 start 9.3";
    let stream = event("ADDED", "a", "u", 1, spec) + &event("MODIFIED", "a", "u", 2, &ended(message));

    // Start 7.20 is not before 1000 s and exit 9.30 is before 1003 s: 992.80 to 993.70, the middle is taken.
    let estimated = read_text(&stream)
        .expect("readable")
        .traces
        .remove(0)
        .journal
        .expect("a journal");
    let flat: Vec<_> = estimated
        .iter()
        .map(|entry| (entry.at_ms, entry.container, entry.kind))
        .collect();
    let [start, exit] = [JournalKind::Start, JournalKind::Exit(3)];
    assert_eq!(
        flat,
        [(1_000_350, 1, start), (1_000_450, 0, start), (1_002_550, 0, exit)]
    );

    let clock = r#"{"at":1,"clock":{"node":"n","uptimeMs":1000,"unixMs":994000}}"#;
    let read_off = read_text(&format!("{clock}\n{stream}"))
        .expect("readable")
        .traces
        .remove(0)
        .journal;
    let times: Vec<i64> = read_off.expect("a journal").iter().map(|entry| entry.at_ms).collect();
    assert_eq!(times, [1_000_100, 1_000_200, 1_002_300]);

    let foreign = event("ADDED", "a", "u", 1, &ended("panic: nil map"));
    assert_eq!(read_text(&foreign).expect("readable").traces[0].journal, None);
}

#[test]
fn a_real_pod_prints_the_table_that_its_api_server_printed() {
    let recorded = read("v1.34.0.jsonl");
    let trace = recorded
        .traces
        .iter()
        .find(|trace| trace.name == "r101-7")
        .expect("the pod");
    let rows = collapse(Printer::for_server(34).rows(&trace.spec, &trace.steps));
    assert_eq!(
        table(rows.iter().map(|row| (trace.name.as_str(), row))),
        "NAME     READY   STATUS        RESTARTS\n\
         r101-7   0/2     Pending       0\n\
         r101-7   0/2     Init:0/4      0\n\
         r101-7   0/2     Init:Error    0\n\
         r101-7   0/2     Terminating   0\n\
         r101-7   0/2     Terminating   1\n\
         r101-7   0/2     Init:1/4      1\n"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn damaged_recordings_never_panic(
        damage in proptest::collection::vec((0usize..20_000, proptest::num::u8::ANY), 1..20),
        bytes_max in 10usize..100_000,
        buffer_bytes in 1usize..5_000,
    ) {
        let mut bytes: Vec<u8> = text("v1.29.2.jsonl").into_bytes();
        bytes.truncate(20_000);
        for (at, byte) in damage {
            bytes[at] = byte;
        }
        let input = BufReader::with_capacity(buffer_bytes, bytes.as_slice());
        let traces = Traces::new(Reader::with_limit(input, "damaged", bytes_max), &Options::default());
        let errors = traces.filter(Result::is_err).count();
        proptest::prop_assert!(errors <= 1);
    }
}
