//! The list is whole and agrees with the guarantees.

use std::collections::{BTreeMap, BTreeSet};

use super::{PAGES, Standing, sentences};
use crate::guarantees;

#[test]
fn every_guarantee_rests_on_a_sentence_that_names_it() {
    let mut named: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (_, sentence) in sentences() {
        if let Standing::Judged(ids) = sentence.standing {
            ids.iter()
                .for_each(|id| named.entry(id).or_default().push(sentence.quote));
        }
    }
    for guarantee in guarantees::all() {
        let quotes = named.remove(guarantee.id).unwrap_or_default();
        assert!(
            quotes.contains(&guarantee.quote),
            "no sentence {:?} names {}",
            guarantee.quote,
            guarantee.id
        );
    }
    assert!(named.is_empty(), "no such guarantees: {:?}", named.keys());
}

#[test]
fn sixty_promises_are_judged() {
    assert!(guarantees::all().count() >= 60);
    let judged = sentences().filter(|(_, it)| matches!(it.standing, Standing::Judged(_)));
    assert!(judged.count() >= 60);
}

#[test]
fn sentences_are_listed_once_and_say_why() {
    let mut quotes = BTreeSet::new();
    for (page, sentence) in sentences() {
        let key = (page.title, sentence.quote);
        assert!(quotes.insert(key), "{} twice: {:?}", page.title, sentence.quote);
        assert!(
            sentence.quote.len() > 20 && !sentence.quote.contains("  "),
            "{:?}",
            sentence.quote
        );
        match sentence.standing {
            Standing::Judged(ids) => {
                let unique: BTreeSet<_> = ids.iter().collect();
                assert!(!ids.is_empty() && unique.len() == ids.len(), "{:?}", sentence.quote);
            }
            Standing::Open(_, reason) => assert!(!reason.is_empty() && !reason.ends_with('.'), "{reason:?}"),
        }
    }
    let links: BTreeSet<_> = PAGES.iter().map(|page| page.link).collect();
    assert_eq!(links.len(), PAGES.len());
}
