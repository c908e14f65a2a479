//! podcheck

pub mod check;
pub mod model;
pub mod trace;
