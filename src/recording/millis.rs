//! Milliseconds as a recording holds them: what lies outside every calendar is damage, and would overflow sums of times.

use serde::{Deserialize, Deserializer, de};

/// The year 5138; no clock of a recording is later, and no time of one lies as far before 1970.
const LIMIT_MS: u64 = 100_000_000_000_000;

/// Reads a time or a duration.
pub(super) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    checked(i64::deserialize(deserializer)?)
}

/// Reads one that may be absent.
pub(super) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Option::<i64>::deserialize(deserializer)?.map(checked).transpose()
}

fn checked<E: de::Error>(ms: i64) -> Result<i64, E> {
    if ms.unsigned_abs() > LIMIT_MS {
        return Err(E::custom(format!("{ms} ms is no time that a clock shows")));
    }
    Ok(ms)
}
