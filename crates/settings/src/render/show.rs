//! `config show`: every value and where it came from.

use serde_json::{Value as Json, json};

use crate::load::Loaded;
use crate::table::{room_rows, rows};
use crate::value::Value;

impl Loaded {
    /// Every setting as `name = value  # source`, secrets masked; rules of rooms by their number.
    pub fn show(&self) -> String {
        let lines: Vec<(String, String)> = self
            .values()
            .into_iter()
            .map(|(name, value)| (format!("{name} = {value}"), self.origin(&name).to_string()))
            .collect();
        // One long list must not push every comment off the screen.
        let width =
            lines.iter().map(|(line, _)| line.chars().count()).filter(|w| *w <= 60).max().unwrap_or(0);
        lines.iter().map(|(line, origin)| format!("{line:<width$}  # {origin}\n")).collect()
    }

    /// The same as JSON: `{"server.listen": {"value": …, "source": …}}`.
    pub fn show_json(&self) -> Json {
        let entry = |(name, value): (String, Value)| {
            let source = self.origin(&name).to_string();
            (name, json!({ "value": value.to_json(), "source": source }))
        };
        Json::Object(self.values().into_iter().map(entry).collect())
    }

    fn values(&self) -> Vec<(String, Value)> {
        let settings = rows().map(|row| (row.name(), (row.read)(&self.settings)));
        let rules = self.settings.rooms.iter().enumerate().flat_map(|(index, rule)| {
            room_rows().iter().map(move |row| (format!("rooms[{index}].{}", row.key), (row.read)(rule)))
        });
        settings.chain(rules).collect()
    }
}
