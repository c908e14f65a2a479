//! Where observation and permission part.

use std::collections::BTreeSet;

use super::super::Position;
use super::{Drawing, LANE, rect, write};
use crate::report::markup::Markup;

impl Drawing<'_> {
    /// Where the marks are; several can be at one place.
    pub(super) fn places(&self) -> Vec<(Position, Vec<usize>)> {
        let mut places: Vec<(Position, Vec<usize>)> = Vec::new();
        for (index, mark) in self.picture.marks.iter().enumerate() {
            match places.iter_mut().find(|(at, _)| *at == mark.at) {
                Some((_, numbers)) => numbers.push(index),
                None => places.push((mark.at, vec![index])),
            }
        }
        places
    }

    /// Flags, and rings around the containers that they are about.
    pub(super) fn marks(&self, markup: &mut Markup, places: &[(Position, Vec<usize>)]) {
        let marks = &self.picture.marks;
        for (at, numbers) in places.iter().rev() {
            let x = self.x(*at);
            let words = |index: &usize| {
                let mark = &marks[*index];
                format!(
                    "{}. event {}, {}: {}",
                    index + 1,
                    mark.event_index,
                    mark.rule,
                    mark.summary
                )
            };
            let title = numbers.iter().map(words).collect::<Vec<_>>().join("\n");
            let label = match numbers[..] {
                [first, .., last] if numbers.len() > 2 => format!("{}…{}", first + 1, last + 1),
                _ => numbers
                    .iter()
                    .map(|n| (n + 1).to_string())
                    .collect::<Vec<_>>()
                    .join(","),
            };
            let width = 10.0 + 6.5 * label.chars().count() as f64;
            let class = if numbers.contains(&0) { "flag first" } else { "flag" };
            rect(markup, class, [x - width / 2.0, 1.0, width, 15.0], &title);
            write(markup, "number", x, 12.5, &label);
            let lanes: BTreeSet<usize> = numbers.iter().filter_map(|index| marks[*index].lane).collect();
            for lane in lanes {
                let y = self.lanes_top() + lane as f64 * LANE + 1.0;
                rect(markup, "spot", [x - 5.0, y, 10.0, LANE - 2.0], &title);
            }
        }
    }
}
