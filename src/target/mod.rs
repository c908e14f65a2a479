//! Where scenarios are played: a real cluster.
//!
//! A target creates pods and records; it knows no verdicts. [`live`] is the whole run, the other modules are its parts.

pub mod cpu;
pub mod live;

mod clock;
mod events;
mod facts;
mod flight;
mod lifecycle;
mod namespace;
mod pace;
mod queue;
mod requests;
mod run;
mod session;
mod watch;
