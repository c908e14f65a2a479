//! Where the simulation's free choices come from: a seed, the canonical choice every time, or a list of unusual choices.

use super::tape::{Tape, Unusual};
use crate::trace::UnixMs;

/// A source of choices; the same source gives the same choices on every machine.
#[derive(Clone, Debug)]
pub struct Dice {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Canonical,
    Seeded(u64),
    Tape(Tape),
}

/// A delay that is mostly the last of these, and in so many cases of a hundred one of those before it.
pub type Seldom = (u64, UnixMs, UnixMs);

/// A range narrower than this changes no order that a coarse exploration could tell from another.
const COARSE_MS: UnixMs = 100;

impl Dice {
    /// Choices drawn from `seed` (splitmix64).
    pub fn seeded(seed: u64) -> Self {
        Self {
            source: Source::Seeded(seed),
        }
    }

    /// The same typical choice every time: short delays, nothing unusual.
    pub fn canonical() -> Self {
        Self {
            source: Source::Canonical,
        }
    }

    /// The canonical choices but for these, which are in the order in which they are met.
    pub fn taped(unusual: Vec<Unusual>) -> Self {
        Self {
            source: Source::Tape(Tape::new(unusual)),
        }
    }

    /// Is every small delay the canonical one?
    pub fn is_canonical(&self) -> bool {
        !matches!(self.source, Source::Seeded(_))
    }

    /// Are choices explored, so that one had better be made only when it matters?
    pub fn is_taped(&self) -> bool {
        matches!(self.source, Source::Tape(_))
    }

    /// How many ways there were at each choice that was met.
    pub fn into_ways(self) -> Vec<u8> {
        match self.source {
            Source::Tape(tape) => tape.into_ways(),
            _ => Vec::new(),
        }
    }

    fn next(&mut self) -> Option<u64> {
        let Source::Seeded(state) = &mut self.source else {
            return None;
        };
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Some(mixed ^ (mixed >> 31))
    }

    /// Which of so many ways a taped choice goes; 0 is the canonical one.
    fn way(&mut self, ways: u8) -> u8 {
        match &mut self.source {
            Source::Tape(tape) => tape.way(ways),
            _ => 0,
        }
    }

    /// A number of milliseconds between the two bounds (both included); canonically a quarter of the way. Explored: also
    /// the longest, unless the range is narrow.
    pub fn between(&mut self, lo: UnixMs, hi: UnixMs) -> UnixMs {
        if hi - lo >= COARSE_MS && self.way(2) == 1 {
            return hi;
        }
        self.aside(lo, hi)
    }

    /// The same for a range over which something else comes round: explored at its beginning, middle and end too.
    pub fn phase(&mut self, lo: UnixMs, hi: UnixMs) -> UnixMs {
        match self.way(4) {
            0 => self.aside(lo, hi),
            1 => lo,
            2 => (lo + hi) / 2,
            _ => hi,
        }
    }

    /// A number that nothing of what is explored depends on: a name, a client's own pace.
    pub fn aside(&mut self, lo: UnixMs, hi: UnixMs) -> UnixMs {
        let width = u64::try_from(hi - lo).unwrap_or_default();
        match self.next() {
            // The modulo's bias is far below anything that matters for delays.
            Some(word) => lo + (word % (width + 1)) as UnixMs,
            None => lo + (width / 4) as UnixMs,
        }
    }

    /// A delay, in units of the node's load; canonically none. Explored: also the longest of each seldom kind.
    pub fn seldom(&mut self, seldom: &[Seldom], mostly: (UnixMs, UnixMs)) -> UnixMs {
        let Some(word) = self.next() else {
            return match self.way(seldom.len() as u8 + 1) {
                0 => 0,
                way => seldom[usize::from(way) - 1].2,
            };
        };
        let mut percent = word % 100;
        for &(share, lo, hi) in seldom {
            if percent < share {
                return self.aside(lo, hi);
            }
            percent -= share;
        }
        self.aside(mostly.0, mostly.1)
    }

    /// A delay that is small; canonically none. Explored: also a slow one.
    pub fn slow(&mut self, lo: UnixMs, hi: UnixMs, slow: UnixMs) -> UnixMs {
        if matches!(self.source, Source::Seeded(_)) {
            return self.aside(lo, hi);
        }
        if self.way(2) == 1 { slow } else { 0 }
    }

    /// Does something happen that happens `percent` times in a hundred? Canonically it does not.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.way(2) == 1 || self.chance_aside(percent)
    }

    /// The same for what nothing that is explored depends on.
    pub fn chance_aside(&mut self, percent: u64) -> bool {
        self.next().is_some_and(|word| word % 100 < percent)
    }

    /// An index below `len`; canonically the first.
    pub fn index(&mut self, len: usize) -> usize {
        match self.next() {
            Some(word) => (word % len as u64) as usize,
            None if len > 1 => usize::from(self.way(len as u8)),
            None => 0,
        }
    }
}
