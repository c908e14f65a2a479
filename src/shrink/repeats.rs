//! How often a race has to be run until one may believe that it is gone.

use crate::campaign::Rate;

/// A scenario that shows the class as often as before is missed with at most this chance.
const MISS_MAX: f64 = 0.05;
const REPEATS_MAX: usize = 10;

/// Runs of each candidate, at least `least`, for a class that showed at this rate.
pub fn repeats(rate: Rate, least: usize) -> usize {
    let share = share(rate);
    if share >= 1.0 {
        return least;
    }
    let runs = MISS_MAX.ln() / (1.0 - share).ln();
    (runs.ceil() as usize).clamp(least, REPEATS_MAX.max(least))
}

/// Does a candidate show the class about as often as the scenario that it was made from?
pub fn shows(candidate: Rate, before: Rate) -> bool {
    candidate.shown > 0 && share(candidate) * 2.0 >= share(before)
}

fn share(rate: Rate) -> f64 {
    if rate.of == 0 {
        0.0
    } else {
        rate.shown as f64 / rate.of as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(shown: usize, of: usize) -> Rate {
        Rate { shown, of }
    }

    #[test]
    fn rare_classes_are_tried_more_often() {
        assert_eq!(repeats(rate(5, 5), 2), 2);
        assert_eq!(repeats(rate(4, 5), 1), 2);
        assert_eq!(repeats(rate(1, 2), 1), 5);
        assert_eq!(repeats(rate(1, 20), 1), REPEATS_MAX);
    }

    #[test]
    fn a_lucky_hit_is_not_enough() {
        assert!(shows(rate(1, 2), rate(5, 5)));
        assert!(!shows(rate(1, 5), rate(5, 5)));
        assert!(!shows(rate(0, 0), rate(1, 5)));
    }
}
