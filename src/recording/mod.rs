//! Recordings: what a watch of pods received, as JSON lines, and everything else that `kubectl` prints of one.
//!
//! [`RecordingWriter`] writes our own format; [`Reader`] reads it, raw watch output, and the JSON that
//! `kubectl get pods -w` prints, told apart by content. Nothing here judges or forgets: that is [`crate::trace`]'s.

mod api_events;
mod entry;
mod error;
mod format;
mod frames;
mod millis;
mod notes;
pub mod object;
mod quantity;
mod read;
mod value;

pub use api_events::{ApiEvent, ApiEventLine, api_events};
pub use entry::{Entry, PodEvent};
pub use error::{Place, RecordingError};
pub use format::{ClockReading, FORMAT, Header, NodeFacts, RecordingWriter};
pub use notes::Notes;
pub use read::{Reader, VALUE_BYTES_MAX};
