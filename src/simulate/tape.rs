//! Choices on a tape: a run is told by where it departs from the canonical one, so that all runs can be gone through.

/// A choice that is not the canonical one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unusual {
    /// Number of the choice in its run, from 0.
    pub at: u32,
    /// Which way it goes, from 1.
    pub way: u8,
}

/// The choices of one run, as they are met.
#[derive(Clone, Debug)]
pub struct Tape {
    unusual: Vec<Unusual>,
    used: usize,
    ways: Vec<u8>,
}

impl Tape {
    /// Canonical but for these, which are in order.
    pub fn new(unusual: Vec<Unusual>) -> Self {
        Self {
            unusual,
            used: 0,
            ways: Vec::with_capacity(64),
        }
    }

    /// The next choice, one of so many ways.
    pub fn way(&mut self, ways: u8) -> u8 {
        let at = self.ways.len() as u32;
        self.ways.push(ways);
        match self.unusual.get(self.used) {
            Some(unusual) if unusual.at == at => {
                self.used += 1;
                unusual.way.min(ways - 1)
            }
            _ => 0,
        }
    }

    /// How many ways there were at each choice.
    pub fn into_ways(self) -> Vec<u8> {
        self.ways
    }
}
