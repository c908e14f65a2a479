//! podcheck

pub mod recording;
pub mod trace;
