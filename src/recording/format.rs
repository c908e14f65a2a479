//! Our own recording format: JSON lines, complete up to the last event when the writer is killed.
//!
//! The first line is the [`Header`]; each line after it is one of
//! `{"at":MS,"event":{"type":…,"object":…}}`, `{"at":MS,"gap":"why"}`,
//! `{"at":MS,"clock":{"node":…,"uptimeMs":…,"unixMs":…}}` and `{"at":MS,"end":"why"}`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::millis;
use crate::trace::UnixMs;

/// Version of the format that is written; all up to it are read.
pub const FORMAT: u32 = 1;

/// First line of a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// Version of the API server (`v1.37.0`), when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Facts about the nodes, by name.
    #[serde(default)]
    pub nodes: BTreeMap<String, NodeFacts>,
    /// Seed of the campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// When recording began, Unix milliseconds.
    #[serde(
        default,
        deserialize_with = "millis::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub started: Option<UnixMs>,
}

/// What is known of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeFacts {
    /// Kubelet version (`v1.29.2`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubelet: Option<String>,
    /// Container runtime (`containerd://2.1.4`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_runtime: Option<String>,
    /// Unix time of uptime 0: moves the processes' journal to the Unix clock.
    #[serde(
        default,
        deserialize_with = "millis::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub boot_unix_ms: Option<UnixMs>,
}

/// A node's uptime and Unix clock, read together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClockReading {
    /// Node name.
    pub node: String,
    /// `/proc/uptime` in milliseconds.
    #[serde(deserialize_with = "millis::required")]
    pub uptime_ms: i64,
    /// Unix milliseconds.
    #[serde(deserialize_with = "millis::required")]
    pub unix_ms: UnixMs,
}

/// Writes a recording; every line reaches the operating system before the call returns.
#[derive(Debug)]
pub struct RecordingWriter<W: Write> {
    output: W,
}

impl RecordingWriter<File> {
    /// Creates the file (an existing one is kept and reported as an error) and writes the header.
    pub fn create(path: &Path, header: &Header) -> io::Result<Self> {
        Self::new(File::create_new(path)?, header)
    }
}

impl<W: Write> RecordingWriter<W> {
    /// Writes the header.
    pub fn new(output: W, header: &Header) -> io::Result<Self> {
        #[derive(Serialize)]
        struct Line<'a> {
            podcheck: &'static str,
            format: u32,
            #[serde(flatten)]
            header: &'a Header,
        }
        let mut writer = Self { output };
        writer.line(&Line {
            podcheck: "recording",
            format: FORMAT,
            header,
        })?;
        Ok(writer)
    }

    /// Writes a watch event.
    pub fn event(&mut self, at_ms: UnixMs, event: &impl Serialize) -> io::Result<()> {
        #[derive(Serialize)]
        struct Line<'a, E> {
            at: UnixMs,
            event: &'a E,
        }
        self.line(&Line { at: at_ms, event })
    }

    /// Writes a watch event as received: one JSON value without line breaks.
    pub fn event_text(&mut self, at_ms: UnixMs, event: &str) -> io::Result<()> {
        let event = event.trim();
        if event.contains('\n') {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a watch event must be one line",
            ));
        }
        self.text(format!("{{\"at\":{at_ms},\"event\":{event}}}"))
    }

    /// Writes that the watch was interrupted.
    pub fn gap(&mut self, at_ms: UnixMs, why: &str) -> io::Result<()> {
        self.line(&json!({"at": at_ms, "gap": why}))
    }

    /// Writes a reading of a node's clocks.
    pub fn clock(&mut self, at_ms: UnixMs, clock: &ClockReading) -> io::Result<()> {
        self.line(&json!({"at": at_ms, "clock": clock}))
    }

    /// Writes that watching ended on purpose.
    pub fn end(&mut self, at_ms: UnixMs, why: &str) -> io::Result<()> {
        self.line(&json!({"at": at_ms, "end": why}))
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        self.text(serde_json::to_string(line)?)
    }

    // One write per line, so that a killed writer leaves at most one broken line, the last.
    fn text(&mut self, mut line: String) -> io::Result<()> {
        line.push('\n');
        self.output.write_all(line.as_bytes())?;
        self.output.flush()
    }
}
