//! The shapes of the values in a stream: our own lines, watch events and bare objects.

use serde::Deserialize;

use super::ClockReading;
use super::millis;
use super::object::{Metadata, Pod, Spec, Status};
use crate::trace::UnixMs;

/// Any value that is understood, told apart by which fields it has.
#[derive(Deserialize)]
pub(super) struct Value {
    pub podcheck: Option<Box<str>>,
    pub format: Option<u32>,
    #[serde(default, deserialize_with = "millis::optional")]
    pub at: Option<UnixMs>,
    pub event: Option<Event>,
    pub gap: Option<Box<str>>,
    pub clock: Option<ClockReading>,
    pub end: Option<Box<str>>,
    #[serde(rename = "type")]
    pub event_type: Option<Box<str>>,
    pub object: Option<Pod>,
    pub kind: Option<Box<str>>,
    pub metadata: Option<Metadata>,
    pub spec: Option<Spec>,
    pub status: Option<Status>,
}

/// A watch event.
#[derive(Deserialize)]
pub(super) struct Event {
    #[serde(rename = "type")]
    pub event_type: Box<str>,
    pub object: Pod,
}

/// A value of any Kubernetes kind, without its content.
#[derive(Deserialize)]
pub(super) struct Outline {
    #[serde(default, deserialize_with = "millis::optional")]
    pub at: Option<UnixMs>,
    pub event: Option<OutlineEvent>,
    #[serde(rename = "type")]
    pub event_type: Option<Box<str>>,
    pub object: Option<OutlineObject>,
    pub kind: Option<Box<str>>,
}

/// A watch event of any kind.
#[derive(Deserialize)]
pub(super) struct OutlineEvent {
    #[serde(rename = "type")]
    pub event_type: Box<str>,
    pub object: OutlineObject,
}

/// An object of any kind; the last two fields are those of `Status`.
#[derive(Deserialize)]
pub(super) struct OutlineObject {
    pub kind: Option<Box<str>>,
    pub message: Option<Box<str>>,
    pub code: Option<i32>,
}
