//! Full-text search, as far as it is the same for every store: what a word is, what a store's index knows of it, what a query asks for, and
//! what is shown of a message that was found. No I/O.
//!
//! **An index knows no words, only [`Token`]s**: hashes of the words of a message and of their beginnings. So what a word is is decided here and
//! nowhere else, nothing that somebody types reaches a database's own query language, and an index gives nobody's words away. In return it finds too
//! much now and then: words that only begin alike, words in another order, two that share a hash. So each message that a store found is looked at
//! once more, by what it says now ([`Query::found_in`]).

mod found;
mod query;
mod snippet;
mod tokens;
mod words;

use tidings_protocol::Json;

pub use found::Hits;
pub use query::{InvalidQuery, QUERY_BYTES_MAX, QUERY_WORDS_MAX, Query};
pub use snippet::{SNIPPET_CHARS_MAX, snippet};
pub use tokens::Token;
pub use words::{MESSAGE_WORDS_MAX, Word, words};

/// What of a message's data is searched: its `content`, if that is text.
pub fn text_of(data: &Json) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Said {
        content: String,
    }
    serde_json::from_str::<Said>(data.as_str()).ok().map(|said| said.content)
}

#[cfg(test)]
mod tests;
