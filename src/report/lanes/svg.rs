//! Lanes as an SVG inside a page; how it looks is the page's style sheet's business.

use std::collections::BTreeSet;

use super::scale::Scale;
use super::{Axis, Lane, Life, Look, Picture, Position, Published, Run, Span, kind_word};
use crate::report::markup::Markup;

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 148.0;
const RIGHT: f64 = 984.0;
/// About the width of a small letter.
const LETTER: f64 = 6.0;
const AXIS: f64 = 34.0;
const STRIP: f64 = 18.0;
const PHASE: f64 = 13.0;
const CONDITION: f64 = 11.0;
const CLIENT: f64 = 13.0;
const LANE: f64 = 38.0;
const GAP: f64 = 6.0;

/// What all pictures of a page refer to; it is to be there once.
pub const DEFINITIONS: &str = concat!(
    "<svg class=\"definitions\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>",
    "<pattern id=\"hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">",
    "<path d=\"M0 0V5\" class=\"hatch\"/></pattern></defs></svg>"
);

/// Draws the lanes.
pub fn svg(picture: &Picture, name: &str) -> Markup {
    let mut markup = Markup::default();
    let drawing = Drawing {
        picture,
        scale: Scale::fit(picture, LEFT, RIGHT),
    };
    let height = drawing.height();
    let label = format!("lanes of {name}; the same in words below");
    let view = format!("0 0 {WIDTH} {height}");
    let attributes: [(&'static str, &dyn std::fmt::Display); 4] = [
        ("class", &"lanes"),
        ("viewBox", &view),
        ("role", &"img"),
        ("aria-label", &label),
    ];
    markup.nest("svg", &attributes, |markup| drawing.all(markup, height));
    markup
}

struct Drawing<'a> {
    picture: &'a Picture,
    scale: Scale,
}

/// One decimal is a tenth of a pixel.
fn short(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn rect(markup: &mut Markup, class: &str, [x, y, width, height]: [f64; 4], title: &str) {
    let (x, y, width) = (short(x), short(y), short(width.max(0.5)));
    let attributes: [(&'static str, &dyn std::fmt::Display); 5] = [
        ("class", &class),
        ("x", &x),
        ("y", &y),
        ("width", &width),
        ("height", &height),
    ];
    if title.is_empty() {
        return markup.empty("rect", &attributes);
    }
    markup.nest("rect", &attributes, |markup| markup.element("title", &[], title));
}

fn write(markup: &mut Markup, class: &str, x: f64, y: f64, text: &str) {
    markup.element("text", &[("class", &class), ("x", &short(x)), ("y", &short(y))], text);
}

fn line(markup: &mut Markup, class: &str, [x, y, x2, y2]: [f64; 4], title: &str) {
    let path = format!("M{} {}L{} {}", short(x), short(y), short(x2), short(y2));
    markup.nest("path", &[("class", &class), ("d", &path)], |markup| {
        if !title.is_empty() {
            markup.element("title", &[], title);
        }
    });
}

impl Drawing<'_> {
    fn x(&self, at: Position) -> f64 {
        self.scale.x(at)
    }

    fn lanes_top(&self) -> f64 {
        let conditions = self.picture.observed.conditions.len() as f64;
        let rows = self.request_places().into_iter().map(|(.., row)| row + 1).max();
        AXIS + STRIP + 2.0 + PHASE + 3.0 + conditions * CONDITION + rows.unwrap_or(0) as f64 * CLIENT + 2.0
    }

    fn lanes_end(&self) -> f64 {
        self.lanes_top() + self.picture.observed.lanes.len() as f64 * LANE
    }

    fn height(&self) -> f64 {
        let predicted = self
            .picture
            .predicted
            .as_ref()
            .map_or(0.0, |_| STRIP + PHASE + 2.0 + GAP);
        self.lanes_end() + predicted + GAP
    }

    fn all(&self, markup: &mut Markup, height: f64) {
        self.axis(markup, height);
        let places = self.places();
        // The first one is drawn last, over the others; all of them under what they cross.
        for (at, numbers) in places.iter().rev() {
            let x = self.x(*at);
            let class = if numbers.contains(&0) { "mark first" } else { "mark" };
            line(markup, class, [x, 15.0, x, height - 2.0], "");
        }
        let observed = &self.picture.observed;
        let mut y = AXIS;
        self.strip(markup, y, "STATUS", &observed.statuses);
        y += STRIP + 2.0;
        self.phases(markup, y, "phase", &observed.phases);
        y += PHASE + 3.0;
        for band in &observed.conditions {
            write(markup, "tiny end", LEFT - 8.0, y + 8.0, band.name);
            line(markup, "base", [LEFT, y + 5.0, self.x(self.picture.end), y + 5.0], "");
            for span in &band.holds {
                let title = self.title(&format!("{} is true", band.name), span.from, span.to);
                rect(markup, "holds", self.block(span.from, span.to, y + 2.0, 6.0), &title);
            }
            y += CONDITION;
        }
        self.requests(markup, y, observed);
        for (index, lane) in observed.lanes.iter().enumerate() {
            let y = self.lanes_top() + index as f64 * LANE;
            let predicted = self.picture.predicted.as_ref().and_then(|life| life.lanes.get(index));
            self.lane(markup, y, lane, predicted);
        }
        if let Some(predicted) = &self.picture.predicted {
            let y = self.lanes_end() + GAP;
            self.strip(markup, y, "STATUS predicted", &predicted.statuses);
            self.phases(markup, y + STRIP + 2.0, "phase predicted", &predicted.phases);
        }
        self.marks(markup, &places);
    }

    fn axis(&self, markup: &mut Markup, height: f64) {
        for &(from, to) in self.scale.quiet() {
            let (x, end) = (self.x(from), self.x(to));
            rect(markup, "quiet", [x, AXIS, end - x, height - AXIS - GAP], "");
            let words = format!("… {} s …", (to - from) / 1_000);
            write(markup, "tiny mid", x.midpoint(end), AXIS - 5.0, &words);
        }
        for (at, label) in self.scale.ticks(48.0) {
            let x = self.x(at);
            line(markup, "grid", [x, AXIS - 3.0, x, height - GAP], "");
            write(markup, "tiny mid", x, AXIS - 5.0, &label);
        }
        let unit = match self.picture.axis {
            Axis::Milliseconds => "seconds",
            Axis::Events => "events",
        };
        write(markup, "tiny end", LEFT - 8.0, AXIS - 5.0, unit);
    }

    fn block(&self, from: Position, to: Position, y: f64, height: f64) -> [f64; 4] {
        let x = self.x(from);
        [x, y, self.x(to) - x, height]
    }

    fn title(&self, what: &str, from: Position, to: Position) -> String {
        let axis = self.picture.axis;
        format!("{what}: {} to {}", axis.place(from), axis.place(to))
    }

    fn strip(&self, markup: &mut Markup, y: f64, name: &str, spans: &[Span]) {
        write(markup, "small end", LEFT - 8.0, y + 13.0, name);
        for span in spans {
            let class = format!("strip {}", tint(&span.label));
            let title = self.title(&format!("{} ({})", span.label, span.detail), span.from, span.to);
            self.labelled(markup, &class, "small", span, [y, STRIP], &title);
        }
    }

    fn phases(&self, markup: &mut Markup, y: f64, name: &str, spans: &[Span]) {
        write(markup, "tiny end", LEFT - 8.0, y + 10.0, name);
        for span in spans {
            let class = format!("strip {}", tint(&span.label));
            let detail = if span.detail.is_empty() {
                format!("phase {}", span.label)
            } else {
                format!("phase {} ({})", span.label, span.detail)
            };
            let title = self.title(&detail, span.from, span.to);
            self.labelled(markup, &class, "tiny", span, [y, PHASE], &title);
        }
    }

    /// A block with as much of its label as there is room for.
    fn labelled(&self, markup: &mut Markup, class: &str, size: &str, span: &Span, [y, height]: [f64; 2], title: &str) {
        let [x, _, width, _] = self.block(span.from, span.to, y, height);
        rect(markup, class, [x, y, width, height], title);
        let room = ((width - 6.0) / LETTER).max(0.0) as usize;
        let length = span.label.chars().count();
        if length <= room {
            write(markup, size, x + 4.0, y + height - 4.0, &span.label);
        } else if room >= 3 {
            let label: String = span.label.chars().take(room - 1).chain(['…']).collect();
            write(markup, size, x + 4.0, y + height - 4.0, &label);
        }
    }

    /// For each request of the client where its words begin, on which side of its place, and in which row.
    fn request_places(&self) -> Vec<(f64, bool, usize)> {
        let mut free: Vec<f64> = Vec::new();
        let requests = self.picture.observed.requests.iter();
        let places = requests.map(|request| {
            let x = self.x(request.at);
            let width = request.words.len() as f64 * 5.4 + 8.0;
            let is_left = x + width > WIDTH;
            let begin = if is_left { x - width } else { x };
            let row = free.iter().position(|free| *free <= begin).unwrap_or_else(|| {
                free.push(0.0);
                free.len() - 1
            });
            free[row] = begin + width;
            (x, is_left, row)
        });
        places.collect()
    }

    fn requests(&self, markup: &mut Markup, y: f64, life: &Life) {
        for (request, (x, is_left, row)) in life.requests.iter().zip(self.request_places()) {
            let title = format!("{}: {}", self.picture.axis.place(request.at), request.words);
            let y = y + row as f64 * CLIENT;
            line(markup, "request", [x, y + 3.0, x, self.lanes_end()], &title);
            let (class, start) = if is_left {
                ("tiny end", x - 4.0)
            } else {
                ("tiny", x + 4.0)
            };
            write(markup, class, start, y + 11.0, &request.words);
        }
    }

    fn lane(&self, markup: &mut Markup, y: f64, lane: &Lane, predicted: Option<&Lane>) {
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

    /// Where the marks are; several can be at one place.
    fn places(&self) -> Vec<(Position, Vec<usize>)> {
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
    fn marks(&self, markup: &mut Markup, places: &[(Position, Vec<usize>)]) {
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

/// What a status or phase means, for its colour; it is always written out too.
fn tint(label: &str) -> &'static str {
    match label {
        "Running" => "good",
        "Succeeded" | "Completed" => "done",
        "Terminating" => "going",
        "Failed" | "Error" | "CrashLoopBackOff" | "ContainerStatusUnknown" => "bad",
        _ if label.ends_with("Error") || label.ends_with("BackOff") || label.contains("ExitCode") => "bad",
        _ => "early",
    }
}
