//! Cuts an input into JSON values without parsing them, in memory bounded by one value.

use std::io::{self, BufRead};

/// What [`Frames::next`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A complete object is in [`Frames::bytes`].
    Value,
    /// A value that breaks off before the input does; reading resumes behind it.
    Broken,
    /// A line that does not begin with an object; [`Frames::bytes`] holds how it begins.
    Text,
    /// The input ends in the middle of a value.
    Truncated,
    /// A value exceeds the limit.
    TooLarge,
    /// Nothing more.
    End,
}

const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Bytes kept of a line that is not JSON.
const EXCERPT_BYTES_MAX: usize = 120;

/// Cuts an input into JSON values.
pub(super) struct Frames<R> {
    input: R,
    bytes_max: usize,
    bytes: Vec<u8>,
    /// Line and byte offset of the next byte.
    line: u64,
    byte: u64,
    /// Line and byte offset where the current frame begins.
    pub start: (u64, u64),
}

/// Where the scanner stands within a value.
#[derive(Default)]
struct Scan {
    depth: u32,
    in_string: bool,
    escaped: bool,
    line_start: bool,
}

/// What a byte means to the scanner.
enum Seen {
    Inside,
    Complete,
    /// A line break within a string, which JSON does not have: the line was cut.
    BrokenHere,
    /// An object begins in the first column: the value before it was cut (printers indent what is inside a value).
    BrokenBefore,
}

impl Scan {
    /// Scans `chunk` up to the end of the value, if it is there: how many bytes belong to it, and what it is.
    fn end_in(&mut self, chunk: &[u8]) -> Option<(usize, Frame)> {
        let mut index = 0;
        while index < chunk.len() {
            if self.in_string && !self.escaped {
                // Most bytes are within strings, where only three mean anything.
                index += chunk[index..]
                    .iter()
                    .position(|byte| matches!(byte, b'"' | b'\\' | b'\n'))?;
            }
            match self.see(chunk[index]) {
                Seen::Inside => {}
                Seen::Complete => return Some((index + 1, Frame::Value)),
                Seen::BrokenHere => return Some((index + 1, Frame::Broken)),
                Seen::BrokenBefore => return Some((index, Frame::Broken)),
            }
            index += 1;
        }
        None
    }

    fn see(&mut self, byte: u8) -> Seen {
        let line_start = std::mem::take(&mut self.line_start);
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                b'\n' => return Seen::BrokenHere,
                _ => {}
            }
            return Seen::Inside;
        }
        match byte {
            b'{' if line_start => return Seen::BrokenBefore,
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth -= 1;
                if self.depth == 0 {
                    return Seen::Complete;
                }
            }
            b'\n' => self.line_start = true,
            _ => {}
        }
        Seen::Inside
    }
}

impl<R: BufRead> Frames<R> {
    pub fn new(input: R, bytes_max: usize) -> Self {
        Self {
            input,
            bytes_max,
            bytes: Vec::new(),
            line: 1,
            byte: 0,
            start: (1, 0),
        }
    }

    /// The bytes of the current frame.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Line and byte offset of the next byte.
    pub fn position(&self) -> (u64, u64) {
        (self.line, self.byte)
    }

    /// Goes to the next value.
    pub fn next(&mut self) -> io::Result<Frame> {
        self.bytes.clear();
        let Some(first) = self.skip_white_space()? else {
            return Ok(Frame::End);
        };
        self.start = (self.line, self.byte);
        if first == b'{' { self.value() } else { self.text() }
    }

    fn skip_white_space(&mut self) -> io::Result<Option<u8>> {
        loop {
            let at = self.byte;
            let chunk = fill(&mut self.input)?;
            if chunk.is_empty() {
                return Ok(None);
            }
            // Some editors and shells put a byte order mark in front.
            let is_mark = |index: usize, byte: u8| BYTE_ORDER_MARK.get(at as usize + index) == Some(&byte);
            let mut bytes = chunk.iter().enumerate();
            let found = bytes.position(|(index, &byte)| !byte.is_ascii_whitespace() && !is_mark(index, byte));
            let first = found.map(|index| chunk[index]);
            self.consume(found.unwrap_or(usize::MAX), false)?;
            if first.is_some() {
                return Ok(first);
            }
        }
    }

    fn value(&mut self) -> io::Result<Frame> {
        let mut scan = Scan::default();
        loop {
            let chunk = fill(&mut self.input)?;
            if chunk.is_empty() {
                return Ok(Frame::Truncated);
            }
            let end = scan.end_in(chunk);
            self.consume(end.map_or(usize::MAX, |(length, _)| length), true)?;
            if self.bytes.len() > self.bytes_max {
                return Ok(Frame::TooLarge);
            }
            if let Some((_, frame)) = end {
                return Ok(frame);
            }
        }
    }

    fn text(&mut self) -> io::Result<Frame> {
        loop {
            let chunk = fill(&mut self.input)?;
            if chunk.is_empty() {
                return Ok(Frame::Text);
            }
            let end = chunk.iter().position(|&byte| byte == b'\n');
            let keep = self.bytes.len() < EXCERPT_BYTES_MAX;
            self.consume(end.unwrap_or(usize::MAX), keep)?;
            self.bytes.truncate(EXCERPT_BYTES_MAX);
            if end.is_some() {
                return Ok(Frame::Text);
            }
        }
    }

    /// Moves on by at most `length` bytes of what is in the input's buffer.
    fn consume(&mut self, length: usize, keep: bool) -> io::Result<()> {
        let chunk = fill(&mut self.input)?;
        let chunk = &chunk[..length.min(chunk.len())];
        if keep {
            self.bytes.extend_from_slice(chunk);
        }
        self.line += chunk.iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.byte += chunk.len() as u64;
        let length = chunk.len();
        self.input.consume(length);
        Ok(())
    }
}

/// The input's buffer, filled if it was empty; an interrupted call is repeated.
fn fill<R: BufRead>(input: &mut R) -> io::Result<&[u8]> {
    // The borrow checker does not let the buffer leave a loop: ask first, take after.
    loop {
        match input.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    input.fill_buf()
}
