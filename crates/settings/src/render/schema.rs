//! A JSON Schema of `tidings.toml`, for editors that complete and check it while it is written.

use serde_json::{Map, Value as Json, json};

use crate::table::{Row, room_rows, sections};
use crate::{RoomRule, Settings};

/// The schema. It knows keys, texts and kinds; bounds are left to the server, whose errors say more.
pub fn schema() -> Json {
    let mut properties = Map::new();
    for section in sections() {
        properties
            .insert(section.name.to_owned(), object(&section.doc(), &section.rows, &Settings::default()));
    }
    let mut rule = object(&RoomRule::doc(), room_rows(), &RoomRule::default());
    rule["required"] = json!(["match"]);
    properties.insert("rooms".to_owned(), json!({ "type": "array", "items": rule }));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of Tidings",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

fn object<Root>(doc: &str, rows: &[Row<Root>], defaults: &Root) -> Json {
    let property = |row: &Row<Root>| {
        let default = (row.read)(defaults).to_json();
        let mut property = kind(&row.unit);
        property["description"] = row.doc().into();
        property["default"] = default;
        (row.key.to_owned(), property)
    };
    json!({
        "type": "object",
        "description": doc,
        "additionalProperties": false,
        "properties": rows.iter().map(property).collect::<Map<_, _>>(),
    })
}

/// What TOML value a unit is written as.
fn kind(unit: &str) -> Json {
    match unit {
        "number" => json!({ "type": "integer", "minimum": 0 }),
        "true or false" => json!({ "type": "boolean" }),
        "bytes" => json!({ "type": ["integer", "string"] }),
        "access or list of them" => json!({ "type": ["string", "array"], "items": { "type": "string" } }),
        list if list.starts_with("list of ") => json!({ "type": "array", "items": { "type": "string" } }),
        _ => json!({ "type": "string" }),
    }
}
