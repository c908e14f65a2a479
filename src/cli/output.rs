//! Standard output: text, or one JSON object a line.

use std::io::{self, BufWriter, Stdout, Write};

use anstream::AutoStream;
use clap::ValueEnum;
use serde::Serialize;

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

/// Standard output, buffered; colours come through only to a terminal, and not where `NO_COLOR` is set.
#[derive(Debug)]
pub struct Output {
    format: Format,
    stdout: BufWriter<AutoStream<Stdout>>,
}

impl Output {
    /// Writes in this format.
    pub fn new(format: Format) -> Self {
        let stdout = match format {
            Format::Text => AutoStream::auto(io::stdout()),
            Format::Json => AutoStream::always_ansi(io::stdout()),
        };
        Self {
            format,
            stdout: BufWriter::new(stdout),
        }
    }

    /// Is the format JSON?
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Writes text as it is.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.stdout.write_all(text.as_bytes())
    }

    /// Writes a line of text.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.stdout, "{text}")
    }

    /// Writes an object on a line.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.stdout, value)?;
        writeln!(self.stdout)
    }

    /// Lets a reader see what was written so far.
    pub fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }

    /// Writes what is still buffered.
    pub fn finish(mut self) -> Result<(), super::Failure> {
        Ok(self.stdout.flush()?)
    }
}
