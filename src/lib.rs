//! podcheck

pub mod check;
pub mod model;
pub mod recording;
pub mod trace;
