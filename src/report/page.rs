//! The report: one self-contained HTML file a run. Nothing in it is loaded from elsewhere, and all of it can be read without JavaScript.

mod cards;
mod overview;
mod pods;
mod promises;
mod rules;
mod told;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::finding::Explanation;
use super::lanes;
use super::markup::Markup;
use crate::campaign::{Class, Gathered, Summary};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// What a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    pub summary: &'a Summary,
    pub gathered: &'a Gathered,
    /// One for each of the divergences, which are those of the summary and of what was gathered.
    pub explanations: &'a [Explanation],
    /// The folder that it will be in: links are relative to it.
    pub folder: &'a Path,
}

impl Page<'_> {
    /// The whole file.
    pub fn html(&self) -> String {
        let mut markup = Markup::default();
        markup.raw("<!DOCTYPE html>\n");
        markup.nest("html", &[("lang", &"en")], |markup| {
            markup.nest("head", &[], |markup| {
                markup.raw("<meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>");
                markup.raw("<meta name=\"color-scheme\" content=\"light dark\"/>");
                markup.element("title", &[], format_args!("podcheck: {}", self.headline()));
                markup.nest("style", &[], |markup| markup.raw(STYLE));
            });
            markup.nest("body", &[], |markup| {
                markup.raw(lanes::DEFINITIONS);
                self.header(markup);
                markup.nest("main", &[], |markup| {
                    self.overview(markup);
                    self.rules(markup);
                    self.divergences(markup);
                    self.known(markup);
                    self.promises(markup);
                    self.goals(markup);
                    self.pods(markup);
                });
                markup.nest("script", &[], |markup| markup.raw(SCRIPT));
            });
        });
        markup.raw("\n");
        markup.finish()
    }

    /// `12 of 1000 pods diverge`.
    fn headline(&self) -> String {
        match self.summary.totals() {
            (0, ..) => "no pod was judged".to_owned(),
            (judged, 0, _) => format!("nothing can be said of {judged} pods"),
            (1, _, 0) => "the pod does not diverge".to_owned(),
            (1, ..) => "the pod diverges".to_owned(),
            (judged, _, 0) => format!("none of {judged} pods diverges"),
            (judged, _, 1) => format!("1 of {judged} pods diverges"),
            (judged, _, diverges) => format!("{diverges} of {judged} pods diverge"),
        }
    }

    /// How many pods showed each class, in all and by version; what nobody knows yet first, then the commonest.
    fn classes(&self) -> Vec<(&Class, usize, BTreeMap<&str, usize>)> {
        let mut classes: BTreeMap<&Class, BTreeMap<&str, usize>> = BTreeMap::new();
        for (version, shown) in &self.gathered.shown {
            for (class, pods) in shown {
                *classes.entry(class).or_default().entry(version).or_default() += pods;
            }
        }
        let mut classes: Vec<_> = classes
            .into_iter()
            .map(|(class, by_version)| (class, by_version.values().sum(), by_version))
            .collect();
        classes.sort_by_key(|(class, pods, _)| (class.known_deviation.is_some(), std::cmp::Reverse(*pods)));
        classes
    }

    /// Indices of the divergences of a class; first those that were run again.
    fn of_class(&self, class: &Class) -> Vec<usize> {
        let found = self.summary.divergences.iter().enumerate();
        let mut own: Vec<_> = found.filter(|(_, found)| found.class == *class).collect();
        own.sort_by_key(|(_, found)| found.confirmed.is_empty());
        own.into_iter().map(|(index, _)| index).collect()
    }
}

/// What a link to a file says, seen from the folder of the report; nothing if there is no way.
fn link(folder: &Path, file: &Path) -> Option<String> {
    let absolute = |path: &Path| std::path::absolute(path).ok();
    let (folder, file) = (absolute(folder)?, absolute(file)?);
    let common = folder
        .components()
        .zip(file.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = folder.components().skip(common).map(|_| "..".into());
    let down = file.components().skip(common).map(|part| part.as_os_str().to_owned());
    let path: PathBuf = up.chain(down).collect();
    let mut link = String::new();
    for byte in path.to_str()?.bytes() {
        // A name with a colon in it would be taken for a scheme.
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            link.push(char::from(byte));
        } else {
            link.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(link)
}

/// `class-ST-2-main-running`: where a class is on the page.
fn anchor(class: &Class) -> String {
    format!(
        "class-{}-{}",
        class.rule.replace(|c: char| !c.is_ascii_alphanumeric(), "-"),
        class.slug()
    )
}

/// A link to a page outside; what is no such address stays text.
fn outside(markup: &mut Markup, address: &str, text: &str) {
    if address.starts_with("https://") {
        markup.element("a", &[("href", &address), ("rel", &"noreferrer")], text);
    } else {
        markup.text(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative_and_cannot_be_anything_else() {
        let link = |folder: &str, file: &str| link(Path::new(folder), Path::new(file));
        assert_eq!(
            link("/runs/a", "/runs/a/divergences/p/pod.yaml"),
            Some("divergences/p/pod.yaml".into())
        );
        assert_eq!(link("/tmp", "/runs/a b/x"), Some("../runs/a%20b/x".into()));
        assert_eq!(
            link("/runs", "/runs/javascript:alert(1)"),
            Some("javascript%3Aalert%281%29".into())
        );
    }
}
