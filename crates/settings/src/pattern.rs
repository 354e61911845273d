//! Patterns of room names: `orders`, `order_{id}`, `user_{a}_{b}`.
//!
//! A placeholder stands for one or more characters. Between two literals it takes as few as it can; the last one takes
//! all that is left. So one name has one reading, found in a single pass without going back: no name, however made,
//! costs more than its length, and the two users of a pair room are never in doubt.

use std::fmt;
use std::str::FromStr;

/// The longest pattern, in bytes: as long as the longest room name.
const LONGEST: usize = 128;

/// A pattern of room names, parsed once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    /// The literal before the first placeholder.
    head: String,
    /// Each placeholder, with the literal that follows it. Only the last of them may be empty.
    holes: Vec<Hole>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Hole {
    name: String,
    then: String,
}

impl Pattern {
    /// Whether the pattern matches the whole name.
    pub fn matches(&self, name: &str) -> bool {
        self.walk(name, |_| ())
    }

    /// What each placeholder stands for, in the pattern's order, or `None` where the name does not match.
    pub fn captures<'n>(&self, name: &'n str) -> Option<Vec<&'n str>> {
        let mut found = Vec::with_capacity(self.holes.len());
        self.walk(name, |part| found.push(part)).then_some(found)
    }

    /// The two parts of a name, where the pattern has exactly two placeholders and matches.
    pub fn pair<'n>(&self, name: &'n str) -> Option<(&'n str, &'n str)> {
        match self.captures(name)?.as_slice() {
            [a, b] => Some((a, b)),
            _ => None,
        }
    }

    /// The placeholders' names, in order.
    pub fn placeholders(&self) -> impl ExactSizeIterator<Item = &str> {
        self.holes.iter().map(|hole| hole.name.as_str())
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn walk<'n>(&self, name: &'n str, mut found: impl FnMut(&'n str)) -> bool {
        let Some(mut rest) = name.strip_prefix(self.head.as_str()) else { return false };
        let Some((last, inner)) = self.holes.split_last() else { return rest.is_empty() };
        for hole in inner {
            // The search starts behind the first character: a placeholder is never empty.
            let Some(first) = rest.chars().next() else { return false };
            let Some(at) = rest[first.len_utf8()..].find(hole.then.as_str()) else { return false };
            let (part, tail) = rest.split_at(first.len_utf8() + at);
            found(part);
            rest = &tail[hole.then.len()..];
        }
        match rest.strip_suffix(last.then.as_str()) {
            Some(part) if !part.is_empty() => {
                found(part);
                true
            }
            _ => false,
        }
    }
}

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPattern(&'static str);

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidPattern {}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || text.len() > LONGEST {
            return Err(InvalidPattern("a room pattern of 1 to 128 characters, such as order_{id}"));
        }
        let mut parts = text.split('{');
        let head = literal(parts.next().unwrap_or_default())?;
        let mut holes: Vec<Hole> = Vec::new();
        for part in parts {
            let (name, then) =
                part.split_once('}').ok_or(InvalidPattern("a room pattern whose every { has its }"))?;
            if holes.last().is_some_and(|previous| previous.then.is_empty()) {
                return Err(InvalidPattern("a room pattern with a letter or sign between two placeholders"));
            }
            if holes.iter().any(|hole| hole.name == name) {
                return Err(InvalidPattern("a room pattern whose placeholders have different names"));
            }
            holes.push(Hole { name: placeholder(name)?, then: literal(then)? });
        }
        Ok(Self { text: text.to_owned(), head, holes })
    }
}

fn placeholder(name: &str) -> Result<String, InvalidPattern> {
    let good = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if good {
        Ok(name.to_owned())
    } else {
        Err(InvalidPattern("a room pattern with placeholders like {id} or {user_2}"))
    }
}

fn literal(text: &str) -> Result<String, InvalidPattern> {
    let good = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:@-".contains(&b));
    if good {
        Ok(text.to_owned())
    } else {
        Err(InvalidPattern("a room pattern of letters, digits, _ . : @ - and placeholders like {id}"))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    #[test]
    fn captures() {
        let check = |text: &str, name: &str, expect: Option<&[&str]>| {
            assert_eq!(pattern(text).captures(name).as_deref(), expect, "{text} {name}");
            assert_eq!(pattern(text).matches(name), expect.is_some());
        };
        check("orders", "orders", Some(&[]));
        check("orders", "orders2", None);
        check("orders", "order", None);
        check("order_{id}", "order_123", Some(&["123"]));
        check("order_{id}", "order_", None);
        check("order_{id}", "orders", None);
        check("order_{id}", "xorder_1", None);
        check("user_{a}_{b}", "user_ada_bob", Some(&["ada", "bob"]));
        check("user_{a}_{b}", "user_ada_bob_c", Some(&["ada", "bob_c"]));
        check("user_{a}_{b}", "user__ada_bob", Some(&["_ada", "bob"]));
        check("user_{a}_{b}", "user_ada", None);
        check("user_{a}_{b}", "user_ada_", None);
        check("{name}", "anything:at.all", Some(&["anything:at.all"]));
        check("{name}", "", None);
        check("{a}.log", "x.log.log", Some(&["x.log"]));
        check("{a}.log", ".log", None);
        check("a{x}b{y}c", "aébüc", Some(&["é", "ü"]));
    }

    #[test]
    fn pairs_need_two_placeholders() {
        assert_eq!(pattern("user_{a}_{b}").pair("user_ada_bob"), Some(("ada", "bob")));
        assert_eq!(pattern("order_{id}").pair("order_1"), None);
        assert_eq!(pattern("user_{a}_{b}").placeholders().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn refuses_what_is_no_pattern() {
        let long = "x".repeat(LONGEST + 1);
        for text in [
            "", "{", "}", "a}", "{a", "{}", "{A}", "{a}{b}", "{a}_{a}", "a b", "a*", "é", "{a{b}}", "{1}",
            &long,
        ] {
            assert!(text.parse::<Pattern>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_and_matching_never_panic(text in "[a-c_{}é]{0,12}", name in "[a-c_é😀]{0,16}") {
            if let Ok(pattern) = text.parse::<Pattern>() {
                let captures = pattern.captures(&name);
                prop_assert_eq!(captures.is_some(), pattern.matches(&name));
                // Put together again, the parts are the name.
                if let Some(parts) = captures {
                    let mut built = pattern.head.clone();
                    for (part, hole) in parts.iter().zip(&pattern.holes) {
                        prop_assert!(!part.is_empty());
                        built.push_str(part);
                        built.push_str(&hole.then);
                    }
                    prop_assert_eq!(built, name);
                }
            }
        }

        #[test]
        fn a_name_made_from_the_pattern_matches(parts in prop::collection::vec("[a-z_]{1,5}", 2)) {
            let name = format!("user_{}_{}", parts[0], parts[1]);
            let matched = pattern("user_{a}_{b}").matches(&name);
            prop_assert!(matched);
        }
    }
}
