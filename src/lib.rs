//! podcheck

pub mod manifest;
pub mod trace;
