//! The process journal: lines that containers wrote of themselves, moved to the Unix clock.
//!
//! A line is `NAME ATTEMPT EVENT UPTIME` with EVENT `start`, `term` or `exit:CODE` and UPTIME in seconds with two
//! decimals. Every process copies the whole journal to its termination message, of which the kubelet keeps the last
//! 4 KiB and the status the first 12 KiB divided by the number of containers.

use std::collections::BTreeSet;

use super::{JournalEntry, JournalKind, UnixMs};

/// A termination message with the times of the process that left it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Message {
    /// Whose it is.
    pub container: usize,
    pub started_ms: Option<UnixMs>,
    pub finished_ms: Option<UnixMs>,
    pub text: Box<str>,
}

/// How to get from a node's uptime to the Unix clock.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeClock {
    /// Uptime and Unix milliseconds, read together.
    pub readings: Vec<(i64, UnixMs)>,
    /// Unix time of uptime 0.
    pub boot_unix_ms: Option<UnixMs>,
}

impl NodeClock {
    /// What to add to an uptime; of several readings the nearest counts, since the Unix clock may be stepped.
    fn offset_ms(&self, uptime_ms: i64) -> Option<i64> {
        let nearest = self
            .readings
            .iter()
            .min_by_key(|(reading_ms, _)| reading_ms.abs_diff(uptime_ms));
        // A damaged number is no time: none is further away than this.
        const FAR_MS: i64 = 1 << 53;
        let offset = nearest.and_then(|(reading_ms, unix_ms)| unix_ms.checked_sub(*reading_ms));
        offset
            .or(self.boot_unix_ms)
            .filter(|offset_ms| offset_ms.unsigned_abs() < FAR_MS.unsigned_abs())
    }
}

/// One line of the journal, on the node's uptime clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    uptime_ms: i64,
    container: usize,
    attempt: u32,
    kind: JournalKind,
}

/// The union of the journals in `messages`; `None` if no line is in them or nothing tells their time.
pub(super) fn journal(messages: &BTreeSet<Message>, names: &[&str], clock: &NodeClock) -> Option<Vec<JournalEntry>> {
    let parsed: Vec<(&Message, Vec<Line>)> = messages
        .iter()
        .map(|message| (message, parse(&message.text, names)))
        .collect();
    // The longest first: lines of the same instant keep the order in which they were written.
    let mut by_length: Vec<&Vec<Line>> = parsed.iter().map(|(_, lines)| lines).collect();
    by_length.sort_by_key(|lines| std::cmp::Reverse(lines.len()));
    let mut known = BTreeSet::new();
    let mut lines: Vec<Line> = by_length
        .into_iter()
        .flatten()
        .copied()
        .filter(|line| known.insert(*line))
        .collect();
    lines.sort_by_key(|line| line.uptime_ms);
    let estimate_ms = estimate_offset_ms(&parsed);
    lines
        .into_iter()
        .map(
            |Line {
                 uptime_ms,
                 container,
                 attempt,
                 kind,
             }| {
                let offset_ms = clock.offset_ms(uptime_ms).or(estimate_ms)?;
                Some(JournalEntry {
                    at_ms: uptime_ms + offset_ms,
                    container,
                    attempt,
                    kind,
                })
            },
        )
        .collect::<Option<Vec<_>>>()
        .filter(|entries| !entries.is_empty())
}

/// The complete lines of a journal; cut ones and foreign text are left out.
fn parse(text: &str, names: &[&str]) -> Vec<Line> {
    text.lines().filter_map(|line| parse_line(line, names)).collect()
}

fn parse_line(line: &str, names: &[&str]) -> Option<Line> {
    let mut fields = line.split(' ');
    let (name, attempt, event, uptime) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    if fields.next().is_some() {
        return None;
    }
    let kind = match event {
        "start" => JournalKind::Start,
        "term" => JournalKind::Term,
        _ => JournalKind::Exit(event.strip_prefix("exit:")?.parse().ok()?),
    };
    Some(Line {
        uptime_ms: parse_uptime_ms(uptime)?,
        container: names.iter().position(|known| *known == name)?,
        attempt: attempt.parse().ok()?,
        kind,
    })
}

/// Exactly two decimals: a line that was cut within its last field must not pass.
fn parse_uptime_ms(text: &str) -> Option<i64> {
    let (seconds, hundredths) = text.split_once('.')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if hundredths.len() != 2 || seconds.len() > 12 || !digits(seconds) || !digits(hundredths) {
        return None;
    }
    Some(seconds.parse::<i64>().ok()? * 1000 + hundredths.parse::<i64>().ok()? * 10)
}

/// Finds the offset from the runtime's own times, which are cut to whole seconds.
///
/// A process writes `start` after the runtime's start time and `exit` before its finish time, so each start gives a
/// lower bound of the offset and each exit an upper one (plus the second that was cut off); many together meet.
fn estimate_offset_ms(parsed: &[(&Message, Vec<Line>)]) -> Option<i64> {
    let (mut lower_ms, mut starts) = (None::<i64>, 0);
    let (mut upper_ms, mut exits) = (None::<i64>, 0);
    for (message, lines) in parsed {
        // The process that left this message wrote the last lines of its container's.
        let mut own = lines.iter().filter(|line| line.container == message.container);
        let Some(last) = own.next_back() else { continue };
        if let (JournalKind::Exit(_), Some(finished_ms)) = (last.kind, message.finished_ms) {
            let bound_ms = finished_ms + 1000 - last.uptime_ms;
            upper_ms = Some(upper_ms.map_or(bound_ms, |least| least.min(bound_ms)));
            exits += 1;
        }
        let start = lines.iter().rev().find(|line| {
            line.container == message.container && line.attempt == last.attempt && line.kind == JournalKind::Start
        });
        if let (Some(start), Some(started_ms)) = (start, message.started_ms) {
            let bound_ms = started_ms - start.uptime_ms;
            lower_ms = Some(lower_ms.map_or(bound_ms, |most| most.max(bound_ms)));
            starts += 1;
        }
    }
    match (lower_ms, upper_ms) {
        (Some(lower_ms), Some(upper_ms)) => Some(lower_ms.midpoint(upper_ms)),
        // The best of n bounds that miss by up to a second misses by a second over n + 1 in the mean.
        (Some(lower_ms), None) => Some(lower_ms + 1000 / (starts + 1)),
        (None, Some(upper_ms)) => Some(upper_ms - 1000 / (exits + 1)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["i0", "s1", "m0"];

    fn message(container: usize, started_s: i64, finished_s: i64, text: &str) -> Message {
        let [started_ms, finished_ms] = [started_s, finished_s].map(|seconds| Some(seconds * 1000));
        Message {
            container,
            started_ms,
            finished_ms,
            text: text.into(),
        }
    }

    fn times_ms(messages: &[Message], clock: &NodeClock) -> Option<Vec<UnixMs>> {
        let messages = messages.iter().cloned().collect();
        Some(
            journal(&messages, &NAMES, clock)?
                .iter()
                .map(|entry| entry.at_ms)
                .collect(),
        )
    }

    #[test]
    fn only_complete_lines_of_known_containers_count() {
        let line =
            |text| parse_line(text, &NAMES).map(|line| (line.uptime_ms, line.container, line.attempt, line.kind));
        assert_eq!(line("s1 0 start 3799.37"), Some((3_799_370, 1, 0, JournalKind::Start)));
        assert_eq!(line("m0 12 exit:137 0.05"), Some((50, 2, 12, JournalKind::Exit(137))));
        assert_eq!(line("i0 1 term 10.00"), Some((10_000, 0, 1, JournalKind::Term)));
        for cut in [
            "1 0 start 3799.37",
            "s1 0 start 3799.3",
            "s1 0 start 3799",
            "0 start 3799.37",
            "s1 0 st",
            "s1 0 start ",
            "",
        ] {
            assert_eq!(line(cut), None, "{cut:?}");
        }
        for wrong in [
            "m0 0 exit:256 1.00",
            "m0 -1 term 1.00",
            "m0 0 exit: 1.00",
            "m0 0 term 1.00 x",
            "m0 0 term -1.00",
        ] {
            assert_eq!(line(wrong), None, "{wrong:?}");
        }
        assert_eq!(line("m0 0 term 99999999999999999999.00"), None);
    }

    #[test]
    fn journals_unite_without_duplicates_in_the_order_written() {
        let clock = NodeClock {
            boot_unix_ms: Some(100_000),
            ..NodeClock::default()
        };
        let short = message(0, 0, 0, "i0 0 start 1.00\ni0 0 exit:0 2.00\n");
        // The head is cut; two lines share an instant.
        let long = message(
            2,
            0,
            0,
            "0 start 1.00\ni0 0 exit:0 2.00\ns1 0 start 3.00\nm0 0 start 3.00\nm0 0 exit:0 4.00",
        );
        let entries = journal(&[short, long].into(), &NAMES, &clock).expect("a journal");
        let order: Vec<_> = entries.iter().map(|entry| (entry.at_ms, entry.container)).collect();
        assert_eq!(
            order,
            [(101_000, 0), (102_000, 0), (103_000, 1), (103_000, 2), (104_000, 2)]
        );
    }

    #[test]
    fn the_nearest_clock_reading_counts() {
        let clock = NodeClock {
            readings: vec![(0, 1_000_000), (60_000, 1_061_000)],
            boot_unix_ms: Some(0),
        };
        let text = "m0 0 start 1.00\nm0 0 exit:0 59.00\n";
        assert_eq!(
            times_ms(&[message(2, 0, 0, text)], &clock),
            Some(vec![1_001_000, 1_060_000])
        );
    }

    #[test]
    fn many_processes_narrow_the_estimate() {
        // The true offset is 1000.40 s; starts are 20 ms late in the journal, exits 20 ms early.
        let lives = [(0.60, 2.90), (3.55, 4.10), (5.10, 7.58)];
        let messages: Vec<Message> = (0..)
            .zip(lives)
            .map(|(attempt, (start_s, exit_s))| {
                let text = format!(
                    "m0 {attempt} start {:.2}\nm0 {attempt} exit:0 {:.2}\n",
                    start_s + 0.02,
                    exit_s - 0.02
                );
                message(2, (1000.40_f64 + start_s) as i64, (1000.40_f64 + exit_s) as i64, &text)
            })
            .collect();
        let first_ms = times_ms(&messages, &NodeClock::default()).expect("an estimate")[0];
        assert!((first_ms - 1_001_020).abs() <= 60, "{first_ms}");
    }

    #[test]
    fn without_any_time_there_is_no_journal() {
        let unknown = Message {
            started_ms: None,
            finished_ms: None,
            ..message(2, 0, 0, "m0 0 start 1.00\n")
        };
        assert_eq!(times_ms(&[unknown], &NodeClock::default()), None);
        assert_eq!(
            times_ms(&[message(2, 0, 0, "no journal\n")], &NodeClock::default()),
            None
        );
    }
}
