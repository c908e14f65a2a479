//! podcheck

pub mod trace;
