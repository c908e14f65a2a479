//! How many pods a node carries at once: additive increase while it is quick, halved when it is slow.

use std::time::Duration;

use tokio::time::Instant;

/// A start or a hand-over that takes less leaves room for more pods; an idle kubelet takes one to two seconds.
const QUICK: Duration = Duration::from_secs(3);
/// One that takes more asks for fewer.
const SLOW: Duration = Duration::from_secs(6);
/// Pods created before a cut still report slow starts after it; they must not cut again.
const CUT_REST: Duration = Duration::from_secs(10);

const AT_FIRST: f64 = 8.0;
const AT_LEAST: f64 = 2.0;
const AT_MOST: f64 = 100.0;

/// The adaptive limit of one node.
#[derive(Debug)]
pub(super) struct Pace {
    limit: f64,
    last_cut: Option<Instant>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            limit: AT_FIRST,
            last_cut: None,
        }
    }
}

impl Pace {
    /// Pods at once, now.
    pub(super) fn limit(&self) -> usize {
        // Between 2 and 100 by construction.
        self.limit as usize
    }

    /// Takes in how long a start or a hand-over took with so many pods on the node; tells whether the limit moved.
    pub(super) fn sample(&mut self, delay: Duration, in_flight: usize, now: Instant) -> bool {
        let before = self.limit();
        let is_resting = self.last_cut.is_some_and(|cut| now < cut + CUT_REST);
        if delay > SLOW && !is_resting {
            self.limit = (self.limit / 2.0).max(AT_LEAST);
            self.last_cut = Some(now);
        } else if delay < QUICK && !is_resting && in_flight + 1 >= before {
            // Before the first cut nothing is known of the node: faster; after it about one more per full round.
            let step = if self.last_cut.is_none() { 0.5 } else { 1.0 / self.limit };
            self.limit = (self.limit + step).min(AT_MOST);
        }
        self.limit() != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_when_full_and_quick_and_halves_once_when_slow() {
        let now = Instant::now();
        let mut pace = Pace::default();
        for _ in 0..8 {
            pace.sample(Duration::from_secs(1), 1, now);
        }
        assert_eq!(pace.limit(), 8, "not full: nothing is learnt");
        for _ in 0..8 {
            pace.sample(Duration::from_secs(1), pace.limit(), now);
        }
        assert_eq!(pace.limit(), 12);
        for _ in 0..8 {
            pace.sample(Duration::from_secs(9), 12, now);
        }
        assert_eq!(pace.limit(), 6);
        let later = now + CUT_REST;
        for _ in 0..7 {
            pace.sample(Duration::from_secs(1), 6, later);
        }
        assert_eq!(pace.limit(), 7);
        for round in 1..9 {
            pace.sample(Duration::from_secs(9), 7, later + CUT_REST * round);
        }
        assert_eq!(pace.limit(), 2);
    }
}
