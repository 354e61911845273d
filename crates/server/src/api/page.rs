//! Lists, page by page: in the order of a key that never changes, so that what comes or goes meanwhile shifts nothing.

use std::{fmt::Display, str::FromStr};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{
    Deserialize,
    de::{IntoDeserializer, value::Error},
};
use tidings_protocol::{Fault, http::Page};

use super::query::Query;

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 1000;

/// Which page is asked for, in a list that is in the order of `K`.
#[derive(Debug)]
pub(crate) struct PageRequest<K> {
    limit: usize,
    /// The page begins behind this one.
    after: Option<K>,
}

/// Reads `limit`.
///
/// # Errors
/// `invalid_request` when it is not 1 to 1000.
pub(crate) fn limit(query: Query<'_>) -> Result<usize, Fault> {
    let expected = "a number from 1 to 1000";
    let limit = query.one("limit", expected)?.unwrap_or(LIMIT_DEFAULT);
    match (1..=LIMIT_MAX).contains(&limit) {
        true => Ok(limit),
        false => Err(Fault::invalid("limit", format!("expected {expected}"))),
    }
}

/// A cursor: the last item's key, wrapped so that nobody takes it for something to build.
struct Cursor<K>(K);

impl<K: Ord + Display + for<'de> Deserialize<'de>> PageRequest<K> {
    /// Reads `limit` and `cursor`.
    ///
    /// # Errors
    /// `invalid_request` for a limit that is not 1 to 1000 or a cursor that is none of ours.
    pub(crate) fn of(query: Query<'_>) -> Result<Self, Fault> {
        let limit = limit(query)?;
        let after = query.one::<Cursor<K>>("cursor", "the next_cursor of the page before")?;
        Ok(Self { limit, after: after.map(|cursor| cursor.0) })
    }

    /// Behind which key the page begins, for a store that has the order itself.
    pub(crate) fn after(&self) -> Option<K>
    where
        K: Clone,
    {
        self.after.clone()
    }

    /// How many to ask such a store for: one more than the page holds shows whether there is another.
    pub(crate) fn wanted(&self) -> usize {
        self.limit + 1
    }

    /// Cuts the page out of all items, which may be in any order.
    pub(crate) fn cut<T, U>(self, mut items: Vec<T>, key: fn(&T) -> &K, show: fn(T) -> U) -> Page<U> {
        if let Some(after) = &self.after {
            items.retain(|item| key(item) > after);
        }
        let more = items.len() > self.limit;
        if more {
            // Of a hundred thousand, only those of the page are worth sorting.
            items.select_nth_unstable_by(self.limit, |a, b| key(a).cmp(key(b)));
            items.truncate(self.limit);
        }
        items.sort_unstable_by(|a, b| key(a).cmp(key(b)));
        let last = items.last().filter(|_| more);
        let next_cursor = last.map(|last| BASE64_URL_SAFE_NO_PAD.encode(key(last).to_string()));
        Page { items: items.into_iter().map(show).collect(), next_cursor }
    }
}

impl<K: for<'de> Deserialize<'de>> FromStr for Cursor<K> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(drop)?;
        let key = std::str::from_utf8(&bytes).map_err(drop)?;
        let key: Result<K, Error> = K::deserialize(key.into_deserializer());
        key.map(Self).map_err(drop)
    }
}

#[cfg(test)]
mod tests {
    use tidings_protocol::UserId;

    use super::*;

    fn page(query: &str, names: &[&str]) -> Page<String> {
        let users: Vec<UserId> = names.iter().map(|name| name.parse().unwrap()).collect();
        let uri = format!("/?{query}").parse().unwrap();
        PageRequest::<UserId>::of(Query::of(&uri)).unwrap().cut(users, |user| user, |user| user.to_string())
    }

    #[test]
    fn pages_follow_each_other_whatever_leaves_meanwhile() {
        let first = page("limit=2", &["d", "a", "c", "b"]);
        assert_eq!(first.items, ["a", "b"]);
        let cursor = first.next_cursor.unwrap();
        let second = page(&format!("limit=2&cursor={cursor}"), &["d", "a", "c"]);
        assert_eq!((second.items, second.next_cursor), (vec!["c".into(), "d".into()], None));
        assert_eq!(page("", &[]).next_cursor, None);
    }

    #[test]
    fn limits_and_cursors_are_checked() {
        for query in ["limit=0", "limit=1001", "limit=-1", "cursor=%20", "cursor=x", "cursor=AAAA"] {
            let uri = format!("/?{query}").parse().unwrap();
            assert!(PageRequest::<UserId>::of(Query::of(&uri)).is_err(), "{query}");
        }
    }
}
