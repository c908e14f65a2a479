//! Durations as the Kubernetes table prints them: at most two units, the coarser the longer.

const SECOND_MS: i64 = 1000;
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// `5s`, `3m20s`, `4h`, `2d3h`.
pub(super) fn text(age_ms: i64) -> String {
    let seconds = age_ms / SECOND_MS;
    match seconds {
        // Clocks of two machines may differ a little.
        ..=-2 => "<invalid>".into(),
        -1 => "0s".into(),
        0..120 => format!("{seconds}s"),
        120..600 => two(seconds, (MINUTE, "m"), (1, "s")),
        600..10_800 => format!("{}m", seconds / MINUTE),
        10_800..28_800 => two(seconds, (HOUR, "h"), (MINUTE, "m")),
        28_800..172_800 => format!("{}h", seconds / HOUR),
        172_800..691_200 => two(seconds, (DAY, "d"), (HOUR, "h")),
        691_200..63_072_000 => format!("{}d", seconds / DAY),
        63_072_000..252_288_000 => two(seconds, (YEAR, "y"), (DAY, "d")),
        _ => format!("{}y", seconds / YEAR),
    }
}

fn two(seconds: i64, (large, large_name): (i64, &str), (small, small_name): (i64, &str)) -> String {
    match (seconds / large, seconds % large / small) {
        (count, 0) => format!("{count}{large_name}"),
        (count, rest) => format!("{count}{large_name}{rest}{small_name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn durations_get_coarser_with_length() {
        let seconds = [
            -2, -1, 0, 119, 120, 125, 600, 10_799, 10_800, 11_000, 28_800, 172_800, 176_400, 691_200,
        ];
        let texts = seconds.map(|seconds| text(seconds * 1000));
        let expected = [
            "<invalid>",
            "0s",
            "0s",
            "119s",
            "2m",
            "2m5s",
            "10m",
            "179m",
            "3h",
            "3h3m",
            "8h",
            "2d",
            "2d1h",
            "8d",
        ];
        assert_eq!(texts, expected);
    }
}
