//! The seed documents' cases: the documents' tables against those that podcheck predicts, those of real kubelets, and
//! those that kubectl itself printed.

mod cases;
mod refusals;
#[expect(dead_code, reason = "only the snapshots are needed here")]
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::path::PathBuf;
use std::process::{Command, Output};

use cases::{CASES, Case};
use podcheck::printer::{self, Printer, Row};
use podcheck::report::{ObservedRow, observed, side_by_side};
use podcheck::trace::Trace;
use podcheck::trace::normalize::{Options, read_traces};
use table::{Written, find};

/// The version of the first document's cluster.
const DOCUMENT: &str = "v1.28.0";

/// The real kubelets.
const LIVE: [&str; 3] = ["v1.29.2", "v1.34.0", "v1.37.0"];

/// The API server over all of them; it prints the tables.
const SERVER: &str = "v1.37.0";

fn podcheck(arguments: &[&str]) -> Output {
    // Relative paths keep the snapshots the same on every machine.
    Command::new(env!("CARGO_BIN_EXE_podcheck"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs")
}

/// The rows that `podcheck predict` prints.
fn predict(what: &[&str], kubelet: &str, server: &str) -> Vec<Row> {
    let arguments = [
        "predict",
        "--kubernetes",
        kubelet,
        "--server",
        server,
        "--format",
        "json",
    ];
    let output = podcheck(&[&arguments, what].concat());
    assert!(
        output.status.success(),
        "{what:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut table: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one table");
    serde_json::from_value(table["rows"].take()).expect("rows")
}

impl Case {
    fn folder(&self) -> PathBuf {
        support::expected().join("seeds").join(self.name)
    }

    fn manifest_path(&self) -> String {
        format!("expected/seeds/{}/{}", self.name, self.manifest)
    }

    fn predict_manifest(&self, kubelet: &str, server: &str) -> Vec<Row> {
        predict(&[&self.manifest_path()], kubelet, server)
    }

    fn predict_scenario(&self, kubelet: &str, server: &str) -> Vec<Row> {
        predict(&["--corpus", &format!("seed/{}", self.name)], kubelet, server)
    }

    fn document(&self) -> Vec<Written> {
        let path = self.folder().join("document.txt");
        if path.exists() { table::read(&path) } else { Vec::new() }
    }

    fn recorded(&self, kubelet: &str) -> Trace {
        let file = format!("recordings/seeds/{}.{kubelet}.jsonl", self.name);
        let recorded = read_traces(&support::expected().join(&file), &Options::default());
        let mut traces = recorded.unwrap_or_else(|error| panic!("{file}: {error}")).traces;
        assert_eq!(traces.len(), 1, "{file}");
        traces.remove(0)
    }

    /// Every row of the document is in the table, in order; each further row before the last one has its rule, and each
    /// rule its row. Returns the rows behind the document's.
    fn assert_document_in<'a>(&self, table: &'a [Row], which: &str) -> Vec<&'a Row> {
        let document = self.document();
        if document.is_empty() {
            return Vec::new();
        }
        let place = format!("{}: {which}", self.name);
        let rest = find(&document, table).unwrap_or_else(|missing| panic!("{place}: {missing:?} is not in {table:#?}"));
        let between: Vec<String> = rest.between.iter().map(|row| text(row)).collect();
        let explained: Vec<&str> = self.between.iter().map(|(row, _)| *row).collect();
        assert_eq!(between, explained, "{place}: rows that the document does not show");
        rest.after
    }
}

fn text(row: &Row) -> String {
    format!("{} {} {}", row.ready, row.status, row.restarts)
}

fn texts(rows: &[Row]) -> Vec<String> {
    rows.iter().map(text).collect()
}

/// The rows up to the deletion, which no document shows.
fn before_deletion(rows: &[Row]) -> &[Row] {
    let end = rows.iter().position(|row| row.status == "Terminating");
    &rows[..end.unwrap_or(rows.len())]
}

fn server() -> Printer {
    Printer::for_server(37)
}

#[test]
fn predictions_have_every_row_of_the_documents() {
    for case in &CASES {
        for version in [DOCUMENT].into_iter().chain(LIVE) {
            let plain = case.predict_manifest(version, version);
            let after = case.assert_document_in(&plain, &format!("manifest, {version}"));
            assert_eq!(!after.is_empty(), case.goes_on.is_some(), "{}: {after:#?}", case.name);
            let scenario = case.predict_scenario(version, version);
            case.assert_document_in(before_deletion(&scenario), &format!("scenario, {version}"));
            // The scenario is the same pod, only deleted at some time.
            let lived = texts(before_deletion(&scenario));
            assert_eq!(lived, texts(&plain)[..lived.len()], "{}: {version}", case.name);
        }
    }
}

#[test]
fn real_kubelets_give_the_rows_of_the_documents_and_of_the_prediction() {
    for case in &CASES {
        for kubelet in LIVE {
            let trace = case.recorded(kubelet);
            assert_eq!(trace.kubelet.as_deref(), Some(kubelet), "{}", case.name);
            let seen = printer::collapse(server().rows(&trace.spec, &trace.steps));
            case.assert_document_in(before_deletion(&seen), &format!("recording, {kubelet}"));
            let predicted = case.predict_scenario(kubelet, SERVER);
            assert_eq!(texts(&seen), texts(&predicted), "{}: {kubelet}", case.name);
        }
    }
}

#[test]
fn kubectl_printed_the_rows_of_the_documents_and_of_the_prediction() {
    let mut tables = 0;
    for case in &CASES {
        for kubelet in LIVE {
            let path = case.folder().join(format!("kubectl-{kubelet}.txt"));
            if !path.exists() {
                continue;
            }
            tables += 1;
            let printed = table::read(&path);
            let document = case.document();
            assert_eq!(document, printed[..document.len()], "{}: {kubelet}", case.name);
            let predicted = case.predict_manifest(kubelet, SERVER);
            let lived = printed.split(Written::is_terminating).next().unwrap_or_default();
            let rest = find(lived, &predicted).unwrap_or_else(|missing| panic!("{}: {missing:?}", path.display()));
            assert_eq!(rest.between, Vec::<&Row>::new(), "{}", path.display());
        }
    }
    assert_eq!(
        tables, 12,
        "the four experiments of the first document on three kubelets"
    );
}

#[test]
fn tables_of_every_version_are_remembered() {
    for case in &CASES {
        for version in [DOCUMENT].into_iter().chain(LIVE) {
            let path = case.manifest_path();
            let arguments = ["predict", &path, "--kubernetes", version];
            let output = podcheck(&arguments);
            let mut text = format!("$ podcheck {}\n", arguments.join(" "));
            text += &String::from_utf8_lossy(&output.stdout);
            if LIVE.contains(&version) {
                let trace = case.recorded(version);
                let rows: Vec<ObservedRow> = observed(server(), &trace, None);
                let predicted = case.predict_scenario(version, SERVER);
                text += &format!("\nseed/{}, kubelet {version}, API server {SERVER}\n", case.name);
                text += &side_by_side(&rows, Some(&predicted), None);
            }
            support::snapshot_in(&case.folder(), version, &text);
        }
    }
}
