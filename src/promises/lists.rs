//! What the API says of its lists.

use super::{Page, Why::*, judged, open};

/// The types of lists. The conditions of a pod are a `map` with the key `type`.
pub const MERGE_STRATEGY: Page = Page {
    title: "Server-Side Apply: merge strategy",
    link: "https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy",
    sentences: &[
        open(
            "`set` applies to lists that include only scalar elements. These elements must be unique.",
            OtherComponent,
            "no list in a pod's status is such a set",
        ),
        judged(
            "`map` applies to lists of nested types only. The key values (see `listMapKey`) must be unique in the list.",
            &["G-one-condition-each"],
        ),
        open(
            "If configured as `atomic`, the entire list is replaced during merge.",
            OtherComponent,
            "the API server merges",
        ),
    ],
};
