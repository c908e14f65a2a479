//! From places to columns or pixels: linear, but stretches in which nothing happens are drawn shorter.

use super::{Axis, Picture, Position};

/// A stretch that is longer than this, and than this part of the whole, is drawn shorter.
const QUIET_MS: Position = 8_000;
const QUIET_PART: Position = 8;
/// What is left of it: this and a tenth.
const LEFT_MS: Position = 4_000;

/// A monotone map from places to a drawing.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    axis: Axis,
    /// Places and where they are drawn, both growing.
    knots: Vec<(Position, f64)>,
    quiet: Vec<(Position, Position)>,
}

impl Scale {
    /// Fits a picture into `from..to`.
    pub fn fit(picture: &Picture, from: f64, to: f64) -> Self {
        let mut places: Vec<Position> = picture.places().filter(|at| (0..=picture.end).contains(at)).collect();
        places.extend([0, picture.end]);
        places.sort_unstable();
        places.dedup();
        let is_quiet =
            |gap: Position| picture.axis == Axis::Milliseconds && gap > QUIET_MS.max(picture.end / QUIET_PART);
        let mut drawn = 0;
        let (mut knots, mut quiet) = (vec![(0, 0)], Vec::new());
        for pair in places.windows(2) {
            let gap = pair[1] - pair[0];
            if is_quiet(gap) {
                quiet.push((pair[0], pair[1]));
                knots.push((pair[0], drawn));
                drawn += LEFT_MS + gap / 10;
                knots.push((pair[1], drawn));
            } else {
                drawn += gap;
            }
        }
        knots.push((picture.end, drawn));
        knots.dedup();
        let factor = (to - from) / drawn.max(1) as f64;
        Self {
            axis: picture.axis,
            knots: knots
                .into_iter()
                .map(|(at, x)| (at, from + x as f64 * factor))
                .collect(),
            quiet,
        }
    }

    /// Where a place is drawn.
    pub fn x(&self, at: Position) -> f64 {
        let after = self.knots.partition_point(|(place, _)| *place <= at);
        match (self.knots.get(after.wrapping_sub(1)), self.knots.get(after)) {
            (Some(&(low, x)), Some(&(high, next))) => x + (next - x) * (at - low) as f64 / (high - low) as f64,
            (Some(&(_, x)), None) | (None, Some(&(_, x))) => x,
            (None, None) => 0.0,
        }
    }

    /// Stretches that are drawn shorter.
    pub fn quiet(&self) -> &[(Position, Position)] {
        &self.quiet
    }

    /// Round places that are drawn at least `apart` from each other, with their labels.
    pub fn ticks(&self, apart: f64) -> Vec<(Position, String)> {
        let steps: &[Position] = match self.axis {
            Axis::Milliseconds => &[
                500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
                3_600_000,
            ],
            Axis::Events => &[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000],
        };
        let end = self.knots.last().map_or(0, |(place, _)| *place);
        let is_in_quiet = |at: Position| self.quiet.iter().any(|(from, to)| *from < at && at < *to);
        let per_place = self
            .knots
            .windows(2)
            .filter(|pair| !self.quiet.contains(&(pair[0].0, pair[1].0)));
        let density = per_place
            .filter(|pair| pair[1].0 > pair[0].0)
            .map(|pair| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0) as f64)
            .next()
            .unwrap_or(1.0);
        let last = steps.last().copied().unwrap_or(1);
        let step = steps
            .iter()
            .copied()
            .find(|step| *step as f64 * density >= apart)
            .unwrap_or(last);
        let mut ticks: Vec<(Position, String)> = Vec::new();
        let mut drawn = f64::NEG_INFINITY;
        for at in (0..=end / step).map(|n| n * step).filter(|at| !is_in_quiet(*at)) {
            if self.x(at) - drawn < apart {
                continue;
            }
            drawn = self.x(at);
            let label = match self.axis {
                Axis::Milliseconds if step % 1_000 == 0 => (at / 1_000).to_string(),
                Axis::Milliseconds => format!("{:.1}", at as f64 / 1_000.0),
                Axis::Events => at.to_string(),
            };
            ticks.push((at, label));
        }
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::lanes::{Life, Span};

    fn picture(places: &[Position]) -> Picture {
        let span = |pair: &[Position]| Span {
            from: pair[0],
            to: pair[1],
            label: String::new(),
            detail: String::new(),
        };
        let observed = Life {
            statuses: places.windows(2).map(span).collect(),
            phases: Vec::new(),
            conditions: Vec::new(),
            lanes: Vec::new(),
            requests: Vec::new(),
        };
        Picture {
            axis: Axis::Milliseconds,
            end: *places.last().expect("places"),
            observed,
            predicted: None,
            marks: Vec::new(),
        }
    }

    #[test]
    fn order_is_kept_and_quiet_stretches_are_shorter() {
        let scale = Scale::fit(&picture(&[0, 1_000, 3_000, 63_000, 64_000, 70_000]), 100.0, 500.0);
        let drawn: Vec<f64> = (0..=700).map(|step| scale.x(step * 100)).collect();
        assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!((scale.x(0), scale.x(70_000)), (100.0, 500.0));
        assert_eq!(scale.quiet(), [(3_000, 63_000)]);
        assert!(scale.x(63_000) - scale.x(3_000) < 0.6 * 400.0);
        // Elsewhere a second is a second.
        let second = scale.x(1_000) - scale.x(0);
        assert!((scale.x(70_000) - scale.x(64_000) - 6.0 * second).abs() < 1e-6);
    }

    #[test]
    fn ticks_do_not_touch_and_leave_quiet_stretches_out() {
        let scale = Scale::fit(&picture(&[0, 1_000, 3_000, 63_000, 64_000, 70_000]), 0.0, 800.0);
        let ticks = scale.ticks(48.0);
        assert!(
            ticks
                .windows(2)
                .all(|pair| scale.x(pair[1].0) - scale.x(pair[0].0) >= 48.0)
        );
        assert!(ticks.iter().all(|(at, _)| *at <= 3_000 || *at >= 63_000), "{ticks:?}");
    }

    #[test]
    fn a_picture_of_nothing_has_a_scale() {
        let scale = Scale::fit(&picture(&[0, 1]), 0.0, 80.0);
        assert_eq!((scale.x(0), scale.x(1), scale.ticks(8.0).len()), (0.0, 80.0, 1));
    }
}
