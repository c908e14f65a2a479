mod conditions;
mod ends;
mod identity;
mod lives;
mod named;
mod starts;
mod statuses;
mod stops;
mod support;
mod work;

use std::collections::BTreeSet;

use crate::{deviations, guarantees};

#[test]
fn ids_are_unique_and_every_rule_says_where_it_is_written() {
    let mut ids = BTreeSet::new();
    for guarantee in guarantees::all() {
        assert!(
            guarantee.id.starts_with("G-") && ids.insert(guarantee.id),
            "{}",
            guarantee.id
        );
        assert!(
            guarantee.rule.ends_with('.') && !guarantee.quote.is_empty(),
            "{}",
            guarantee.id
        );
        assert!(guarantee.link.starts_with("https://"), "{}", guarantee.id);
    }
    for deviation in deviations::all() {
        for id in deviation.guarantees {
            assert!(
                ids.contains(id),
                "{} breaks {id}, which is no guarantee",
                deviation.name
            );
        }
        if let Some(name) = deviation.smallest_pod {
            assert!(podcheck_generators::named(name).is_some(), "{}: {name}", deviation.name);
        }
    }
}
