//! The file: TOML, each value with its line.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::{Loader, row};
use crate::nearest::{fix, nearest};
use crate::origin::{Origin, Problem};
use crate::rooms::RoomRule;
use crate::table::{room_rows, sections};
use crate::value::Value;

/// A file being read: turns offsets into places.
struct Source<'s> {
    path: &'s Path,
    text: &'s str,
}

impl Source<'_> {
    fn origin(&self, offset: usize) -> Origin {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        Origin::File { path: self.path.to_owned(), line: 1 + before.iter().filter(|b| **b == b'\n').count() }
    }
}

impl Loader {
    /// Reads the file.
    pub(super) fn file(&mut self, path: &Path) {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                let fix = "Give the path of a TOML file with -c, or leave -c out to run without one";
                self.problems
                    .push(Problem::new("", format!("cannot read the file: {error}"), fix).at(path.display()));
                return;
            }
        };
        let source = Source { path, text: &text };
        let (table, errors) = DeTable::parse_recoverable(&text);
        for error in &errors {
            // Only the message: the error's own text repeats the line, and a line can hold a secret.
            let place = source.origin(error.span().map_or(0, |span| span.start));
            self.problems.push(Problem::new("", format!("not TOML: {}", error.message()), "").at(place));
        }
        if errors.is_empty() {
            let before = self.problems.len();
            self.root(&source, table.get_ref());
            // The parser sorts keys by name; people read files by line.
            self.problems[before..].sort_by_key(|problem| line_of(&problem.place));
        }
    }

    fn root(&mut self, source: &Source<'_>, table: &DeTable<'_>) {
        for (key, value) in table {
            let (name, place) = (key.get_ref().as_ref(), source.origin(key.span().start));
            match (name, value.get_ref()) {
                ("rooms", value) => self.rooms(source, place, value),
                (_, DeValue::Table(inner)) if sections().iter().any(|section| section.name == name) => {
                    for (key, value) in inner {
                        let full = format!("{name}.{}", key.get_ref());
                        match row(&full) {
                            Some(row) => {
                                self.set(row, &plain(value.get_ref()), source.origin(value.span().start))
                            }
                            None => self.unknown(&full, source.origin(key.span().start)),
                        }
                    }
                }
                _ if sections().iter().any(|section| section.name == name) => {
                    let wrong = format!("expected a section, [{name}] with its keys below");
                    self.problems.push(Problem::new(name, wrong, "").at(place));
                }
                (_, value) if is_section(value) => {
                    let names = sections().iter().map(|section| section.name).chain(["rooms"]);
                    let fix = fix(nearest(name, names).map(|near| format!("[{near}]")));
                    self.problems.push(Problem::new(name, "unknown section", fix).at(place));
                }
                _ => self.unknown(name, place),
            }
        }
    }

    fn rooms(&mut self, source: &Source<'_>, place: Origin, value: &DeValue<'_>) {
        let Some(items) = value.as_array() else {
            let wrong = "expected rules, each under its own [[rooms]] with two brackets";
            self.problems.push(Problem::new("rooms", wrong, "").at(place));
            return;
        };
        let mut rules: Vec<RoomRule> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let place = source.origin(item.span().start);
            match item.get_ref().as_table() {
                Some(table) => rules.extend(self.room(source, index, place, table, &rules)),
                None => {
                    let name = format!("rooms[{index}]");
                    self.problems.push(Problem::new(name, "expected a rule with `match`", "").at(place));
                }
            }
        }
        self.settings.rooms.splice(0..0, rules);
    }

    /// Reads one rule. `None` where it is wrong; the problems are noted.
    fn room(
        &mut self,
        source: &Source<'_>,
        index: usize,
        place: Origin,
        table: &DeTable<'_>,
        earlier: &[RoomRule],
    ) -> Option<RoomRule> {
        let mut rule = RoomRule::default();
        let before = self.problems.len();
        let mut origins = Vec::new();
        for (key, value) in table {
            let (key, key_place) = (key.get_ref().as_ref(), source.origin(key.span().start));
            let (name, place) = (format!("rooms[{index}].{key}"), source.origin(value.span().start));
            let Some(row) = room_rows().iter().find(|row| row.key == key) else {
                let fix = fix(nearest(key, room_rows().iter().map(|row| row.key)));
                self.problems.push(Problem::new(name, "unknown setting", fix).at(key_place));
                continue;
            };
            match row.set(&mut rule, &plain(value.get_ref())) {
                Ok(()) => origins.push((name, place)),
                Err(wrong) => self.problems.push(Problem::new(name, wrong, "").at(place)),
            }
        }
        let mut wrong = |key: &str, wrong: String, fix: &str| {
            let name = format!("rooms[{index}].{key}");
            let own = origins.iter().find(|(set, _)| *set == name).map_or(&place, |(_, own)| own);
            self.problems.push(Problem::new(name, wrong, fix).at(own));
        };
        if !table.contains_key("match") {
            wrong(
                "match",
                "missing".to_owned(),
                "Say which rooms the rule is for, such as match = \"order_{id}\"",
            );
        } else if earlier.iter().any(|other| other.pattern == rule.pattern) {
            let fix = "The first rule that matches decides: remove one of the two";
            wrong("match", format!("\"{}\" already has a rule above", rule.pattern), fix);
        }
        if let Some((key, contradiction)) = rule.contradiction() {
            wrong(key, contradiction.to_owned(), "");
        }
        if self.problems.len() > before {
            return None;
        }
        self.origins.extend(origins);
        Some(rule)
    }
}

/// Whether a value is what `[name]` or `[[name]]` makes.
fn is_section(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Table(_) => true,
        DeValue::Array(items) => !items.is_empty() && items.iter().all(|item| item.get_ref().is_table()),
        _ => false,
    }
}

/// The line at the end of a place, `tidings.toml:12`.
fn line_of(place: &str) -> usize {
    place.rsplit(':').next().and_then(|line| line.parse().ok()).unwrap_or(0)
}

/// A value without its places.
fn plain(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Other("a number that is too large"),
        },
        DeValue::Boolean(yes) => Value::Boolean(*yes),
        DeValue::Array(items) => Value::List(items.iter().map(|item| plain(item.get_ref())).collect()),
        DeValue::Float(_) => Value::Other("a number with a fraction"),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Table(_) => Value::Other("a table"),
    }
}
