//! Values on the command line that are more than a word.

use std::time::Duration;

use crate::model::KubeletVersion;

/// A duration like `90s`, `10m` or `1h30m`; a bare number is seconds.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a duration; write it like 90s, 10m or 1h30m");
    let mut total_s: u64 = 0;
    let mut digits = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit_s = match c {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return Err(wrong()),
        };
        let count: u64 = digits.parse().map_err(|_| wrong())?;
        total_s = count
            .checked_mul(unit_s)
            .and_then(|part_s| total_s.checked_add(part_s))
            .ok_or_else(wrong)?;
        digits.clear();
    }
    if !digits.is_empty() {
        let rest_s = if total_s == 0 { digits.parse().ok() } else { None };
        total_s = rest_s.ok_or_else(wrong)?;
    }
    if total_s == 0 {
        Err(wrong())
    } else {
        Ok(Duration::from_secs(total_s))
    }
}

/// A seed as case ids write it: hexadecimal.
pub fn seed(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    u64::from_str_radix(digits, 16)
        .map_err(|error| format!("{text:?} is not a seed: {error}; write it in hexadecimal, as case ids do (7f3a9c)"))
}

/// A seed that nobody chose: short enough to be typed again.
pub fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    // The standard library's own randomness, which seeds its maps: no dependency for one number.
    RandomState::new().build_hasher().finish() & 0xffff_ffff
}

/// The newest version that the model covers, where none is known.
pub const NEWEST: KubeletVersion = KubeletVersion { minor: 37, patch: 0 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_units() {
        let seconds = |text: &str| duration(text).map(|duration| duration.as_secs());
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("1h30m"), Ok(5400));
        assert_eq!(seconds("45"), Ok(45));
        for wrong in ["", "0", "m", "1x", "1m5", "-3s", "99999999999999999999h"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn seeds_are_hexadecimal() {
        assert_eq!(seed("7f3a9c"), Ok(0x7f_3a9c));
        assert_eq!(seed("0x10"), Ok(16));
        assert!(seed("sidecars").is_err());
    }
}
