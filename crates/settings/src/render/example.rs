//! Files to start from: `tidings.toml` and a file of variables, with every setting as a comment.

use super::comment;
use crate::rooms::{RoomRule, built_in_rooms};
use crate::table::{room_rows, sections};
use crate::{Settings, Value};

/// A `tidings.toml` with every setting, each as a comment with its default.
pub fn example() -> String {
    example_with(&[])
}

/// The example with some settings set: `("auth.api_keys", Value::List(…))`. For `tidings init`, which draws secrets.
pub fn example_with(set: &[(&str, Value)]) -> String {
    let defaults = Settings::default();
    let mut out = String::from("# Settings of Tidings. A line without its # replaces the default.\n");
    for section in sections() {
        out.push('\n');
        comment(&section.doc(), &mut out);
        out.push_str(&format!("[{}]\n", section.name));
        for row in &section.rows {
            out.push('\n');
            comment(&row.doc(), &mut out);
            match set.iter().find(|(name, _)| *name == row.name()) {
                Some((_, value)) => out.push_str(&format!("{} = {value}\n", row.key)),
                None => out.push_str(&format!("# {} = {}\n", row.key, (row.read)(&defaults))),
            }
        }
    }
    out.push('\n');
    comment(&RoomRule::doc(), &mut out);
    comment("The built-in rules, as they would be written:", &mut out);
    for rule in built_in_rooms() {
        out.push_str("#\n# [[rooms]]\n");
        for row in room_rows() {
            out.push_str(&format!("# {} = {}\n", row.key, (row.read)(&rule)));
        }
    }
    out
}

/// Every variable with its default and what it is for, as a commented file of variables.
pub fn env() -> String {
    let mut out = String::new();
    for section in sections() {
        for row in &section.rows {
            comment(&format!("{} ({})", row.doc(), row.unit), &mut out);
            out.push_str(&format!("# {}={}\n\n", row.variable(), row.default));
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
