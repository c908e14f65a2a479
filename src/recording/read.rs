//! Reads recordings and `kubectl`'s JSON alike, one value in memory at a time.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::frames::{Frame, Frames};
use super::object::Pod;
use super::value::{Event, Outline, OutlineObject, Value};
use super::{Entry, FORMAT, Notes, Place, PodEvent, RecordingError};
use crate::trace::{EventType, UnixMs};

/// Largest value that is read: an object in etcd has at most 1.5 MiB by default, so this is generous.
pub const VALUE_BYTES_MAX: usize = 64 << 20;

/// Reads the entries of a recording. After an error there is nothing more.
pub struct Reader<R> {
    name: String,
    bytes_max: usize,
    frames: Frames<R>,
    notes: Notes,
    understood: bool,
    done: bool,
}

impl Reader<BufReader<File>> {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Ok(Self::new(BufReader::with_capacity(1 << 16, file), name)),
            Err(source) => Err(RecordingError::Open { name, source }),
        }
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads `input`, which messages call `name`.
    pub fn new(input: R, name: impl Into<String>) -> Self {
        Self::with_limit(input, name, VALUE_BYTES_MAX)
    }

    /// Like [`Reader::new`], with another limit for one value.
    pub fn with_limit(input: R, name: impl Into<String>, bytes_max: usize) -> Self {
        let frames = Frames::new(input, bytes_max);
        let name = name.into();
        Self {
            name,
            bytes_max,
            frames,
            notes: Notes::default(),
            understood: false,
            done: false,
        }
    }

    /// What was noticed so far.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// For those who notice more.
    pub fn notes_mut(&mut self) -> &mut Notes {
        &mut self.notes
    }

    fn place(&self, (line, byte): (u64, u64)) -> Place {
        Place {
            name: self.name.clone(),
            line,
            byte,
        }
    }

    fn next_entry(&mut self) -> Result<Option<Entry>, RecordingError> {
        loop {
            let frame = match self.frames.next() {
                Ok(frame) => frame,
                Err(source) => {
                    let place = self.place(self.frames.position());
                    return Err(RecordingError::Read { place, source });
                }
            };
            let entry = match frame {
                Frame::Value => self.value()?,
                Frame::Broken => Some(self.unreadable("the line is cut off".into())?),
                Frame::Text => Some(self.text()?),
                Frame::TooLarge => {
                    return Err(RecordingError::TooLarge {
                        place: self.place(self.frames.start),
                        bytes_max: self.bytes_max,
                    });
                }
                Frame::Truncated if !self.understood => {
                    return Err(RecordingError::OnlyTruncated {
                        place: self.place(self.frames.start),
                    });
                }
                Frame::Truncated => {
                    self.notes.truncated_at_line = Some(self.frames.start.0);
                    return Ok(None);
                }
                Frame::End if !self.understood => {
                    return Err(RecordingError::Empty {
                        name: self.name.clone(),
                    });
                }
                Frame::End => return Ok(None),
            };
            if entry.is_some() {
                return Ok(entry);
            }
        }
    }

    fn text(&mut self) -> Result<Entry, RecordingError> {
        let excerpt: String = String::from_utf8_lossy(self.frames.bytes()).chars().take(60).collect();
        if !self.understood {
            return Err(RecordingError::NotJson {
                place: self.place(self.frames.start),
                excerpt,
            });
        }
        self.unreadable(format!("not JSON: {excerpt:?}"))
    }

    /// A bad value in the middle costs certainty, not the recording; a bad beginning means that it is something else.
    fn unreadable(&mut self, why: String) -> Result<Entry, RecordingError> {
        if !self.understood {
            return Err(RecordingError::NotARecording {
                place: self.place(self.frames.start),
                why,
            });
        }
        let line = self.frames.start.0;
        self.notes.unreadable.add(|| format!("line {line}: {why}"));
        Ok(Entry::Gap {
            at_ms: None,
            unreadable: true,
        })
    }

    fn value(&mut self) -> Result<Option<Entry>, RecordingError> {
        match serde_json::from_slice(self.frames.bytes()) {
            Ok(value) => self.understand(value),
            Err(error) => self.outline(&error),
        }
    }

    fn understand(&mut self, value: Value) -> Result<Option<Entry>, RecordingError> {
        let Value {
            podcheck,
            format,
            at: at_ms,
            event,
            gap,
            clock,
            end,
            event_type,
            object,
            kind,
            ..
        } = value;
        if podcheck.is_some() {
            return self.header(format).map(Some);
        }
        let entry = if let Some(Event { event_type, object }) = event {
            self.event(at_ms, Some(&event_type), object)
        } else if let (Some(event_type), Some(object)) = (event_type, object) {
            self.event(at_ms, Some(&event_type), object)
        } else if kind.is_some() {
            let pod = Pod {
                kind,
                metadata: value.metadata.unwrap_or_default(),
                spec: value.spec.unwrap_or_default(),
                status: value.status.unwrap_or_default(),
            };
            self.event(at_ms, None, pod)
        } else if let Some(why) = gap {
            Some(self.gap(at_ms, &why))
        } else if let Some(clock) = clock {
            Some(Entry::Clock(clock))
        } else if end.is_some() {
            Some(Entry::End { at_ms })
        } else {
            return self
                .unreadable("neither a recording nor a watch event".into())
                .map(Some);
        };
        self.understood = true;
        Ok(entry)
    }

    fn header(&mut self, format: Option<u32>) -> Result<Entry, RecordingError> {
        if let Some(found) = format.filter(|&format| format > FORMAT) {
            return Err(RecordingError::NewerFormat {
                place: self.place(self.frames.start),
                found,
                known: FORMAT,
            });
        }
        match serde_json::from_slice(self.frames.bytes()) {
            Ok(header) => {
                self.understood = true;
                Ok(Entry::Header(header))
            }
            Err(error) => Err(RecordingError::NotARecording {
                place: self.place(self.frames.start),
                why: format!("header: {error}"),
            }),
        }
    }

    fn gap(&mut self, at_ms: Option<UnixMs>, why: &str) -> Entry {
        let line = self.frames.start.0;
        self.notes.gaps.add(|| format!("line {line}: {why}"));
        Entry::Gap {
            at_ms,
            unreadable: false,
        }
    }

    /// `event_type` is absent for a bare object.
    fn event(&mut self, at_ms: Option<UnixMs>, event_type: Option<&str>, pod: Pod) -> Option<Entry> {
        let index = self.notes.events;
        self.notes.events += 1;
        let event = match event_type {
            Some("ADDED") => Some(EventType::Added),
            Some("MODIFIED") => Some(EventType::Modified),
            Some("DELETED") => Some(EventType::Deleted),
            Some("BOOKMARK") => {
                self.notes.bookmarks += 1;
                return None;
            }
            Some("ERROR") => return Some(self.gap(at_ms, "the API server ended the watch with an error")),
            Some(other) => return Some(self.gap(at_ms, &format!("event of unknown type {other:?}"))),
            None => None,
        };
        if pod.kind.as_deref().is_some_and(|kind| kind != "Pod") {
            self.other_kind(pod.kind.as_deref());
            return None;
        }
        Some(Entry::Pod(Box::new(PodEvent {
            index,
            line: self.frames.start.0,
            at_ms,
            event,
            pod,
        })))
    }

    fn other_kind(&mut self, kind: Option<&str>) {
        *self
            .notes
            .other_kinds
            .entry(kind.unwrap_or("unknown").to_owned())
            .or_default() += 1;
    }

    /// A value that does not have the shape of a pod's event: read without looking into the object.
    fn outline(&mut self, pod_error: &serde_json::Error) -> Result<Option<Entry>, RecordingError> {
        let Ok(outline) = serde_json::from_slice::<Outline>(self.frames.bytes()) else {
            return self.unreadable(pod_error.to_string()).map(Some);
        };
        let Outline {
            at: at_ms,
            event,
            event_type,
            object,
            kind,
        } = outline;
        let (event_type, object) = match (event, event_type, object) {
            (Some(event), ..) => (Some(event.event_type), event.object),
            (None, event_type, Some(object)) => (event_type, object),
            (None, ..) => (
                None,
                OutlineObject {
                    kind,
                    message: None,
                    code: None,
                },
            ),
        };
        match (event_type.as_deref(), object.kind.as_deref()) {
            (Some("ERROR"), _) => {
                self.understood = true;
                self.notes.events += 1;
                let code = object.code.map(|code| format!(" {code}")).unwrap_or_default();
                let message = object.message.as_deref().unwrap_or("no message");
                Ok(Some(self.gap(at_ms, &format!("error{code}: {message}"))))
            }
            (_, Some(kind)) if kind != "Pod" => {
                self.understood = true;
                self.notes.events += 1;
                self.other_kind(Some(kind));
                Ok(None)
            }
            _ => self.unreadable(pod_error.to_string()).map(Some),
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Entry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let entry = self.next_entry().transpose();
        self.done = !matches!(entry, Some(Ok(_)));
        entry
    }
}
