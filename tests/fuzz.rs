//! Damaged recordings: whatever is read, parser, normal form, check and guarantees end with an answer or a clear error,
//! without a panic, a hang or memory out of proportion.
//!
//! Mutations of the stored recordings, seeded. `PODCHECK_FUZZ_EXECUTIONS=1000000 cargo test --release --test fuzz`
//! makes a long run of it; `PODCHECK_FUZZ_SEED` another one.

#[expect(dead_code, reason = "only the folder is needed here")]
mod support;

use std::panic::catch_unwind;
use std::time::{Duration, Instant};

use podcheck::check::Bounds;
use podcheck::judge::judge;
use podcheck::model::KubeletVersion;
use podcheck::trace::normalize::{Options, traces};

/// Lines that a case has at most; the search for a pod's states is what the other tests measure.
const LINES_MAX: usize = 24;

/// One small input takes longer than this only if something hangs, even on a busy machine and in a debug build.
const HANG: Duration = Duration::from_secs(60);

/// More than the corpus and one judged pod can need.
const RESIDENT_KIB_MAX: u64 = 2 << 20;

/// Splitmix64.
struct Random(u64);

impl Random {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        (self.word() % count.max(1) as u64) as usize
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

fn setting(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(otherwise, |text| text.parse().expect("a number"))
}

/// Values that break what expects an ordinary one.
const VALUES: [&str; 16] = [
    "null",
    "true",
    "0",
    "-1",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "-9223372036854775808",
    "1e308",
    "[]",
    "{}",
    "\"\"",
    "\"9999-12-31T23:59:59Z\"",
    "\"0001-01-01T00:00:00Z\"",
    "\"m1\"",
    "[[[[[[[[]]]]]]]]",
];

/// Words that mean something in a recording.
const WORDS: [&str; 18] = [
    "ADDED",
    "MODIFIED",
    "DELETED",
    "BOOKMARK",
    "ERROR",
    "Running",
    "Pending",
    "Succeeded",
    "Failed",
    "CrashLoopBackOff",
    "Completed",
    "Error",
    "Always",
    "Never",
    "start",
    "term",
    "exit:137",
    "ContainerStatusUnknown",
];

type Lines = Vec<Vec<u8>>;

/// Where the JSON scalar or bracketed value begins that follows the `n`th colon, and where it ends.
fn value_after_colon(line: &[u8], n: usize) -> Option<(usize, usize)> {
    let colons: Vec<usize> = (0..line.len()).filter(|&at| line[at] == b':').collect();
    let begin = colons.get(n % colons.len().max(1))? + 1;
    let (mut depth, mut quoted) = (0_usize, false);
    for (offset, &byte) in line[begin..].iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return Some((begin, begin + offset)),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn mutate(lines: &mut Lines, random: &mut Random) {
    if lines.is_empty() {
        return;
    }
    let at = random.below(lines.len());
    match random.below(12) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[random.word() as usize % lines.len()].clone()),
        2 => {
            let other = random.below(lines.len());
            lines.swap(at, other);
        }
        3 => {
            let end = random.below(lines[at].len() + 1);
            lines[at].truncate(end);
        }
        4 if !lines[at].is_empty() => {
            let byte = random.below(lines[at].len());
            lines[at][byte] = random.word() as u8;
        }
        5 => {
            let words = WORDS.map(str::as_bytes);
            let (old, new) = (random.pick(&words), random.pick(&words));
            let hit = lines[at].windows(old.len()).position(|part| part == old);
            if let Some(begin) = hit {
                lines[at].splice(begin..begin + old.len(), new.iter().copied());
            }
        }
        6 => {
            // A digit, mostly one of a time, a count or a code.
            let digits: Vec<usize> = (0..lines[at].len())
                .filter(|&byte| lines[at][byte].is_ascii_digit())
                .collect();
            if !digits.is_empty() {
                lines[at][random.pick(&digits)] = b'0' + random.below(10) as u8;
            }
        }
        _ => {
            if let Some((begin, end)) = value_after_colon(&lines[at], random.word() as usize) {
                let value = if random.below(3) == 0 {
                    // A value of another place, or of another pod.
                    let from = random.below(lines.len());
                    let other = value_after_colon(&lines[from], random.word() as usize);
                    other.map_or(Vec::new(), |(begin, end)| lines[from][begin..end].to_vec())
                } else {
                    random.pick(&VALUES).as_bytes().to_vec()
                };
                lines[at].splice(begin..end, value);
            }
        }
    }
}

/// Reads and judges; only a panic or a hang is wrong.
fn execute(input: &[u8], version: KubeletVersion) {
    let bounds = Bounds::default();
    for trace in traces(input, "fuzz", &Options::default()).flatten() {
        let _ = judge(&trace, Some(version), &bounds, false);
    }
}

/// Files of the corpus as lines; those with many pods are cut into pieces that fit.
fn corpus() -> Vec<Lines> {
    let mut pieces = Vec::new();
    for path in support::recordings() {
        let bytes = std::fs::read(path).expect("a stored recording");
        let mut lines: Lines = bytes.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        lines.retain(|line| !line.is_empty());
        let rest = if lines.len() > LINES_MAX {
            lines.split_off(1)
        } else {
            Vec::new()
        };
        if rest.is_empty() {
            pieces.push(lines);
            continue;
        }
        pieces.extend(rest.chunks(LINES_MAX).map(|chunk| [&lines, chunk].concat()));
    }
    pieces
}

/// What the fuzzer has found.
#[test]
fn damage_that_once_was_too_much_is_judged_or_refused() {
    for entry in std::fs::read_dir(support::expected().join("damaged")).expect("the folder") {
        let path = entry.expect("an entry").path();
        let input = std::fs::read(&path).expect("a stored recording");
        for version in ["1.28.15", "1.29.2", "1.34.0", "1.37.0"] {
            execute(&input, version.parse().expect("covered"));
        }
    }
}

fn resident_kib_max() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

#[test]
fn damaged_recordings_are_judged_or_refused() {
    let executions = setting("PODCHECK_FUZZ_EXECUTIONS", 2_000);
    let seed = setting("PODCHECK_FUZZ_SEED", 1);
    let corpus = corpus();
    let versions = ["1.28.15", "1.29.2", "1.34.0", "1.37.0"].map(|text| text.parse().expect("covered"));
    for execution in 0..executions {
        let mut random = Random(seed.rotate_left(40) ^ execution);
        let mut lines = corpus[random.below(corpus.len())].clone();
        for _ in 0..=random.below(6) {
            mutate(&mut lines, &mut random);
        }
        let input = lines.join(&b'\n');
        let version = random.pick(&versions);
        let begin = Instant::now();
        let outcome = catch_unwind(|| execute(&input, version));
        let took = begin.elapsed();
        if outcome.is_err() || took > HANG {
            let path = std::env::temp_dir().join(format!("podcheck-fuzz-{seed}-{execution}.jsonl"));
            std::fs::write(&path, &input).expect("room for the input");
            panic!(
                "execution {execution} as {version} took {took:?}; its input is {}",
                path.display()
            );
        }
    }
    if let Some(kib) = resident_kib_max() {
        assert!(kib < RESIDENT_KIB_MAX, "{kib} KiB were needed");
    }
}
