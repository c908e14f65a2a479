//! What a reader yields.

use super::object::Pod;
use super::{ClockReading, Header};
use crate::trace::{EventType, UnixMs};

/// One entry of a recording.
#[derive(Debug)]
pub enum Entry {
    /// The header of our own format.
    Header(Header),
    /// An event of a pod.
    Pod(Box<PodEvent>),
    /// Events may be missing here.
    Gap {
        /// When it was noticed.
        at_ms: Option<UnixMs>,
        /// A value could not be read (else: the watch was interrupted).
        unreadable: bool,
    },
    /// A node's clocks.
    Clock(ClockReading),
    /// Watching ended on purpose.
    End {
        /// When.
        at_ms: Option<UnixMs>,
    },
}

/// A watch event of a pod.
#[derive(Debug)]
pub struct PodEvent {
    /// Index among all watch events of the input.
    pub index: usize,
    /// Line where it begins.
    pub line: u64,
    /// When it was received.
    pub at_ms: Option<UnixMs>,
    /// `None`: the input prints bare pods, without saying what happened to them.
    pub event: Option<EventType>,
    /// The object.
    pub pod: Pod,
}
