//! One container's lane: its runs, what was published of them, and what was predicted.

use super::super::{Axis, Lane, Look, Published, Run, kind_word};
use super::{Drawing, LEFT, RIGHT, WIDTH, line, rect, short, write};
use crate::report::markup::Markup;

impl Drawing<'_> {
    pub(super) fn lane(&self, markup: &mut Markup, y: f64, lane: &Lane, predicted: Option<&Lane>) {
        line(markup, "divide", [8.0, y, RIGHT, y], "");
        write(markup, "name", 10.0, y + 15.0, &lane.name);
        write(markup, "tiny end", LEFT - 8.0, y + 15.0, kind_word(lane.kind));
        let probes = lane.probes.join(", ");
        if !probes.is_empty() {
            write(markup, "tiny", 10.0, y + 27.0, &probes);
        }
        for run in &lane.runs {
            self.run(markup, y + 4.0, lane, run);
        }
        for state in &lane.published {
            self.published(markup, y + 22.0, lane, state);
        }
        for run in predicted.iter().flat_map(|lane| &lane.runs) {
            let title = format!("predicted: {}", self.run_title(lane, run));
            rect(markup, "predicted", self.block(run.from, run.to, y + 31.0, 5.0), &title);
        }
    }

    fn run_title(&self, lane: &Lane, run: &Run) -> String {
        let axis = self.picture.axis;
        let about = if run.exact || axis == Axis::Events {
            ""
        } else {
            "about "
        };
        let mut title = format!(
            "{}, life {}: {about}{} to {}",
            lane.name,
            run.attempt + 1,
            axis.place(run.from),
            axis.place(run.to)
        );
        if let Some(term) = run.term {
            title.push_str(&format!(", TERM at {}", axis.place(term)));
        }
        title.push_str(
            &run.exit
                .map_or(", not seen to end".to_owned(), |code| format!(", exits with {code}")),
        );
        title
    }

    fn run(&self, markup: &mut Markup, y: f64, lane: &Lane, run: &Run) {
        let (x, end) = (self.x(run.from), self.x(run.to));
        let open = if run.exit.is_none() { "run open" } else { "run" };
        rect(
            markup,
            open,
            [x, y, (end - x).max(2.0), 15.0],
            &self.run_title(lane, run),
        );
        if let Some(term) = run.term {
            let at = self.x(term);
            rect(markup, "ending", [at, y, end - at, 15.0], "");
            let path = format!("M{} {}h8l-4 7z", short(at - 4.0), short(y - 3.0));
            let words = format!("TERM at {}", self.picture.axis.place(term));
            markup.nest("path", &[("class", &"term"), ("d", &path)], |markup| {
                markup.element("title", &[], words);
            });
        }
        if end - x > 14.0 {
            write(markup, "life", x + 4.0, y + 11.5, &(run.attempt + 1).to_string());
        }
        if let Some(code) = run.exit {
            let (class, words) = if code == 0 {
                ("exit", "0".to_owned())
            } else {
                ("exit bad", format!("✕{code}"))
            };
            // The picture ends where the last processes do.
            if end + 7.0 * words.chars().count() as f64 > WIDTH {
                write(markup, &format!("{class} inside"), end - 3.0, y + 11.5, &words);
            } else {
                write(markup, class, end + 3.0, y + 11.5, &words);
            }
        }
    }

    fn published(&self, markup: &mut Markup, y: f64, lane: &Lane, state: &Published) {
        let (class, height) = match state.look {
            Look::Waiting => ("waits", 2.0),
            Look::BackOff => ("waits off", 3.0),
            Look::NotStarted => ("not-started", 6.0),
            Look::NotReady => ("not-ready", 4.0),
            Look::Ready => ("ready", 6.0),
            Look::Done => ("ended", 2.0),
            Look::Failed => ("ended bad", 2.0),
        };
        let what = format!(
            "{} published (event {}) as {}",
            lane.name, state.event_index, state.words
        );
        let title = self.title(&what, state.from, state.to);
        let y = y + 6.0 - height;
        rect(markup, class, self.block(state.from, state.to, y, height), &title);
    }
}
