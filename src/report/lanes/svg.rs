//! Lanes as an SVG inside a page; how it looks is the page's style sheet's business.

mod lane;
mod marks;

use super::scale::Scale;
use super::{Axis, Life, Picture, Position, Span};
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
