//! Markup that is well-formed HTML and XML; foreign text gets into it only escaped.

use std::fmt::{Display, Write};

/// An attribute and its value.
pub type Attribute<'a> = (&'static str, &'a dyn Display);

/// Markup while it grows.
#[derive(Clone, Debug, Default)]
pub struct Markup(String);

impl Markup {
    /// Writes our own markup as it is; no other can be known before the program runs.
    pub fn raw(&mut self, markup: &'static str) {
        self.0.push_str(markup);
    }

    /// Writes markup that was made elsewhere.
    pub fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// Writes text.
    pub fn text(&mut self, text: impl Display) {
        // Writing to a string cannot fail.
        let _ = write!(Escaped(&mut self.0), "{text}");
    }

    /// Writes an element with what is in it.
    pub fn nest(&mut self, tag: &'static str, attributes: &[Attribute<'_>], inside: impl FnOnce(&mut Self)) {
        self.start(tag, attributes);
        self.0.push('>');
        inside(self);
        self.0.push_str("</");
        self.0.push_str(tag);
        self.0.push('>');
    }

    /// Writes an element with text in it.
    pub fn element(&mut self, tag: &'static str, attributes: &[Attribute<'_>], text: impl Display) {
        self.nest(tag, attributes, |markup| markup.text(text));
    }

    /// Writes an element that is empty by its nature.
    pub fn empty(&mut self, tag: &'static str, attributes: &[Attribute<'_>]) {
        self.start(tag, attributes);
        self.0.push_str("/>");
    }

    fn start(&mut self, tag: &'static str, attributes: &[Attribute<'_>]) {
        self.0.push('<');
        self.0.push_str(tag);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            self.text(value);
            self.0.push('"');
        }
    }

    /// The finished text.
    pub fn finish(self) -> String {
        self.0
    }
}

struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(c),
                // Not allowed in XML, not to be seen in HTML.
                c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        let mut markup = Markup::default();
        markup.element(
            "b",
            &[("title", &"\"><script>")],
            "</b><script>alert('x')</script>\u{1b}[31m",
        );
        let text = markup.finish();
        assert_eq!(text.matches('<').count(), 2, "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\''), "{text}");
    }
}
