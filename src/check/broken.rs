//! A rule that no run of the model could keep, and how near it came.

use std::borrow::Cow;

use crate::model::PodSpec;

/// A rule that is broken. Many are met and forgotten on the way to a run that keeps all, so its words are put together only
/// when they are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub rule: &'static str,
    /// Index of the container that it is about, if it is about one.
    pub container: Option<usize>,
    /// By how much: of several explanations the nearest one is told.
    pub off_ms: i64,
    /// What was observed, with `{name}` for the container, `{other}` for another one, and `{a}` and `{b}` for numbers.
    pub words: Cow<'static, str>,
    pub other: Option<usize>,
    pub numbers: [i64; 2],
}

impl Broken {
    /// One about which nothing more is to be said than `words`, with `{a}` for `off_ms`.
    pub fn new(rule: &'static str, container: Option<usize>, off_ms: i64, words: &'static str) -> Self {
        Self {
            rule,
            container,
            off_ms,
            words: Cow::Borrowed(words),
            other: None,
            numbers: [off_ms, 0],
        }
    }

    /// One that is told in these words.
    pub fn told(rule: &'static str, container: Option<usize>, words: String) -> Self {
        Self {
            words: Cow::Owned(words),
            ..Self::new(rule, container, 0, "")
        }
    }

    /// One sentence: what was observed, what is permitted.
    pub fn summary(&self, spec: &PodSpec) -> String {
        let Cow::Borrowed(words) = self.words else {
            return self.words.to_string();
        };
        let name = |index: Option<usize>| index.map_or("", |index| &spec.containers[index].name);
        let [a, b] = self.numbers.map(|number| number.to_string());
        let parts = [
            ("{name}", name(self.container)),
            ("{other}", name(self.other)),
            ("{a}", &a),
            ("{b}", &b),
        ];
        parts
            .iter()
            .fold(words.to_owned(), |told, (part, word)| told.replace(part, word))
    }

    /// The nearer one of two; the first of equals.
    pub fn nearest(first: Option<Self>, second: Option<Self>) -> Option<Self> {
        first.into_iter().chain(second).min_by_key(|broken| broken.off_ms)
    }
}
