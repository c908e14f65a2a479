//! Watch events to [`Trace`](super::Trace).
