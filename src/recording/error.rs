//! Why a file cannot be read as a recording.

use std::fmt;

use thiserror::Error;

/// What to do instead, said in every error about a file of the wrong kind.
const RECORD_HINT: &str = "record with `kubectl get pods -w --output-watch-events -o json` or `podcheck run --output`";

/// A place in an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// File name, or `<stdin>`.
    pub name: String,
    /// Line, counted from 1.
    pub line: u64,
    /// Byte offset from the start of the input.
    pub byte: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} (byte {})", self.name, self.line, self.byte)
    }
}

/// Why a recording cannot be read, or not further.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// The file cannot be opened.
    #[error("cannot open {name}: {source}; check the path")]
    Open {
        /// File name.
        name: String,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// Reading failed in the middle.
    #[error("cannot read on at {place}: {source}; copy the file to a healthy disk and try again")]
    Read {
        /// Where.
        place: Place,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// Nothing but white space.
    #[error("{name} is empty: no watch event was recorded; {RECORD_HINT}")]
    Empty {
        /// File name.
        name: String,
    },
    /// The input does not begin with a JSON object.
    #[error("{place}: not JSON: {excerpt:?}; {RECORD_HINT}")]
    NotJson {
        /// Where.
        place: Place,
        /// How the input begins.
        excerpt: String,
    },
    /// JSON, but neither a recording, nor a watch event, nor a Kubernetes object.
    #[error("{place}: {why}; {RECORD_HINT}")]
    NotARecording {
        /// Where.
        place: Place,
        /// What was found.
        why: String,
    },
    /// The only value is cut off.
    #[error("{place}: ends in the middle of its first value, nothing to read before it; {RECORD_HINT}")]
    OnlyTruncated {
        /// Where the value begins.
        place: Place,
    },
    /// One value exceeds the limit.
    #[error(
        "{place}: a value of more than {bytes_max} bytes, which no pod has; check that this is a recording of pods"
    )]
    TooLarge {
        /// Where the value begins.
        place: Place,
        /// The limit.
        bytes_max: usize,
    },
    /// The header names a later format.
    #[error("{place}: recording format {found}, this program reads up to {known}; use a newer podcheck")]
    NewerFormat {
        /// Where.
        place: Place,
        /// Format of the file.
        found: u32,
        /// Latest format known here.
        known: u32,
    },
}
