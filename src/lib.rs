//! podcheck

pub mod printer;
pub mod recording;
pub mod trace;
