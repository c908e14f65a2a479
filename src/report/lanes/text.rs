//! Lanes in plain text, for terminals and logs; with colours, which [`anstream`] takes away where nobody sees them.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::scale::Scale;
use super::{Axis, Lane, Life, Look, Picture, Position, Span, kind_word};

/// Columns of the names.
const NAMES: usize = 20;
/// Columns of the axis.
const COLUMNS: usize = 86;

const LEGEND: &str =
    "[1 [2 a life starts   - runs   = runs, ready   T gets TERM   ]n exits with n   . waits   ~ waits in back-off\n";

/// How a character is painted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ink {
    Plain,
    Faint,
    Running,
    Ready,
    Warning,
    Bad,
}

impl Ink {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Faint => Style::new().dimmed(),
            Self::Running => AnsiColor::Cyan.on_default(),
            Self::Ready => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// One line of the drawing.
struct Line(Vec<(char, Ink)>);

impl Line {
    fn new() -> Self {
        Self(vec![(' ', Ink::Plain); COLUMNS])
    }

    fn put(&mut self, column: usize, text: &str, ink: Ink) {
        for (cell, c) in self.0.iter_mut().skip(column).zip(text.chars()) {
            *cell = (if c.is_control() { '?' } else { c }, ink);
        }
    }

    fn fill(&mut self, columns: std::ops::Range<usize>, c: char, ink: Ink) {
        for cell in self.0.iter_mut().take(columns.end).skip(columns.start) {
            *cell = (c, ink);
        }
    }

    fn finish(self, text: &mut String, name: &str) {
        let used = self.0.iter().rposition(|(c, _)| *c != ' ').map_or(0, |last| last + 1);
        let name: String = name.chars().take(NAMES - 1).collect();
        let mut line = format!("{name:<NAMES$}");
        for same in self.0[..used].chunk_by(|(_, one), (_, other)| one == other) {
            let style = same[0].1.style();
            let characters: String = same.iter().map(|(c, _)| c).collect();
            // Writing to a string cannot fail.
            let _ = write!(line, "{style}{characters}{style:#}");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// Draws the lanes in at most 110 columns.
pub fn text(picture: &Picture) -> String {
    let drawing = Drawing {
        scale: Scale::fit(picture, 0.0, (COLUMNS - 4) as f64),
        picture,
    };
    let mut text = String::new();
    let unit = match picture.axis {
        Axis::Milliseconds => "seconds",
        Axis::Events => "events",
    };
    drawing.axis(&mut text, unit);
    drawing.life(&mut text, &picture.observed);
    drawing.marks(&mut text);
    if let Some(predicted) = &picture.predicted {
        text.push_str("predicted\n");
        drawing.life(&mut text, predicted);
    }
    text.push_str(LEGEND);
    text
}

struct Drawing<'a> {
    picture: &'a Picture,
    scale: Scale,
}

impl Drawing<'_> {
    fn column(&self, at: Position) -> usize {
        self.scale.x(at).round().max(0.0) as usize
    }

    fn axis(&self, text: &mut String, unit: &str) {
        let mut line = Line::new();
        for (at, label) in self.scale.ticks(8.0) {
            line.put(self.column(at), &label, Ink::Plain);
        }
        for &(from, to) in self.scale.quiet() {
            let words = format!("({} s)", (to - from) / 1_000);
            let (from, to) = (self.column(from), self.column(to));
            let middle = from + (to - from).saturating_sub(words.len()) / 2;
            line.put(middle, &words, Ink::Faint);
        }
        line.finish(text, unit);
    }

    fn life(&self, text: &mut String, life: &Life) {
        self.spans(&life.statuses).finish(text, "  STATUS");
        self.spans(&life.phases).finish(text, "  phase");
        for lane in &life.lanes {
            self.lane(lane)
                .finish(text, &format!("  {} {}", kind_word(lane.kind), lane.name));
        }
        for (row, line) in self.requests(life).into_iter().enumerate() {
            line.finish(text, if row == 0 { "  client" } else { "" });
        }
    }

    /// Each request in the first line that has room for it.
    fn requests(&self, life: &Life) -> Vec<Line> {
        let mut lines: Vec<(usize, Line)> = Vec::new();
        for request in &life.requests {
            let words = format!("^ {}", request.words);
            let column = self.column(request.at);
            // What does not fit stands left of its place.
            let (start, words) = if column + words.len() <= COLUMNS {
                (column, words)
            } else {
                ((column + 1).saturating_sub(words.len()), format!("{} ^", request.words))
            };
            let row = lines.iter().position(|(free, _)| *free <= start).unwrap_or_else(|| {
                lines.push((0, Line::new()));
                lines.len() - 1
            });
            lines[row].1.put(start, &words, Ink::Plain);
            lines[row].0 = start + words.len() + 1;
        }
        lines.into_iter().map(|(_, line)| line).collect()
    }

    fn spans(&self, spans: &[Span]) -> Line {
        let mut line = Line::new();
        for span in spans {
            let (from, to) = (self.column(span.from), self.column(span.to));
            let room = (to - from).saturating_sub(1);
            let label: String = span.label.chars().take(room).collect();
            line.fill(from..to, ' ', Ink::Plain);
            line.put(from, "|", Ink::Faint);
            line.put(from + 1, &label, Ink::Plain);
        }
        line
    }

    fn lane(&self, lane: &Lane) -> Line {
        let mut line = Line::new();
        for state in &lane.published {
            let columns = self.column(state.from)..self.column(state.to);
            match state.look {
                Look::Waiting => line.fill(columns, '.', Ink::Faint),
                Look::BackOff => line.fill(columns, '~', Ink::Warning),
                Look::Done | Look::Failed | Look::NotStarted | Look::NotReady | Look::Ready => {}
            }
        }
        for run in &lane.runs {
            // There is room for the life's number however short it was.
            let from = self.column(run.from);
            let to = self.column(run.to).max(from + 2);
            line.fill(from..to, '-', Ink::Running);
            for state in lane.published.iter().filter(|state| state.look == Look::Ready) {
                let ready = self.column(state.from).max(from)..self.column(state.to).min(to);
                line.fill(ready, '=', Ink::Ready);
            }
            if let Some(term) = run.term {
                line.put(self.column(term).clamp(from + 2, to), "T", Ink::Warning);
            }
            line.put(from, &format!("[{}", life_mark(run.attempt)), Ink::Running);
            if let Some(code) = run.exit {
                let ink = if code == 0 { Ink::Plain } else { Ink::Bad };
                let is_taken = run.term.is_some_and(|term| self.column(term) >= to);
                line.put(to + usize::from(is_taken), &format!("]{code}"), ink);
            }
        }
        line
    }

    fn marks(&self, text: &mut String) {
        let Some(first) = self.picture.marks.first() else {
            return;
        };
        let mut line = Line::new();
        let whose = first.lane.and_then(|lane| self.picture.observed.lanes.get(lane));
        let whose = whose.map_or(String::new(), |lane| format!(" of {}", lane.name));
        let words = format!("event {}{whose}, {}", first.event_index, first.rule);
        let column = self.column(first.at);
        if column + 3 + words.chars().count() <= COLUMNS {
            line.put(column, &format!("^ {words}"), Ink::Bad);
        } else {
            let start = column.saturating_sub(words.chars().count() + 1);
            line.put(start, &format!("{words} ^"), Ink::Bad);
        }
        line.finish(text, ">> disagreement");
    }
}

/// One character for a life: its number, or `+` beyond nine.
fn life_mark(attempt: u32) -> String {
    char::from_digit(attempt.saturating_add(1).min(10), 10)
        .unwrap_or('+')
        .to_string()
}
