//! Where the simulation's free choices come from: a seed, or the canonical choice every time.

use crate::trace::UnixMs;

/// A source of choices; the same seed gives the same choices on every machine.
#[derive(Clone, Debug)]
pub struct Dice {
    state: Option<u64>,
}

impl Dice {
    /// Choices drawn from `seed` (splitmix64).
    pub fn seeded(seed: u64) -> Self {
        Self { state: Some(seed) }
    }

    /// The same typical choice every time: short delays, nothing unusual.
    pub fn canonical() -> Self {
        Self { state: None }
    }

    /// Is every choice the canonical one?
    pub fn is_canonical(&self) -> bool {
        self.state.is_none()
    }

    fn next(&mut self) -> Option<u64> {
        let state = self.state.as_mut()?;
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Some(mixed ^ (mixed >> 31))
    }

    /// A number of milliseconds between the two bounds (both included); canonically a quarter of the way.
    pub fn between(&mut self, lo: UnixMs, hi: UnixMs) -> UnixMs {
        let width = u64::try_from(hi - lo).unwrap_or_default();
        match self.next() {
            // The modulo's bias is far below anything that matters for delays.
            Some(word) => lo + (word % (width + 1)) as UnixMs,
            None => lo + (width / 4) as UnixMs,
        }
    }

    /// Does something happen that happens `percent` times in a hundred? Canonically it does not.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.next().is_some_and(|word| word % 100 < percent)
    }

    /// An index below `len`; canonically the first.
    pub fn index(&mut self, len: usize) -> usize {
        self.next().map_or(0, |word| (word % len as u64) as usize)
    }
}
