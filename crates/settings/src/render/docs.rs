//! The reference, `docs/reference/settings.md`: a table for each section.

use crate::load::old_names;
use crate::rooms::{RoomRule, built_in_rooms};
use crate::table::{Row, room_rows, sections};

const HEAD: &str = "\
<!-- Made from crates/settings by `UPDATE=1 cargo test -p tidings-settings reference`. Do not edit. -->

# Settings

A flag goes before an environment variable, a variable before the file, the file before the default.
One name serves all three:

| in the file | variable | flag |
|---|---|---|
| `listen = \"…\"` below `[server]` | `TIDINGS_SERVER_LISTEN=…` | `--server.listen …` or `--server.listen=…` |

- The file is the one named with `-c`, or `tidings.toml` in the current directory if there is one.
- An empty variable counts as not set; `--store.archive ''` and the file can say that something is empty.
- A variable with `_FILE` behind its name, such as `TIDINGS_AUTH_JWT_SECRET_FILE`, holds the path of a file with the value.
- Lists are written with commas in variables and flags: `a,b`.
- Times are written `250ms`, `20s`, `5m`, `1h30m`, `90d`; sizes in bytes are `65536` or `\"64KiB\"`.
- A name that does not exist is an error, which says which name comes near, if one does.
- `tidings config show` prints every value and where it came from, with secrets masked.
";

/// The whole reference as Markdown.
pub fn docs() -> String {
    let mut out = HEAD.to_owned();
    for section in sections() {
        out.push_str(&format!("\n## `[{}]`\n\n{}\n\n", section.name, section.doc()));
        table(&section.rows, &mut out);
    }
    out.push_str(&format!("\n## `[[rooms]]`\n\n{}\n\n", RoomRule::doc()));
    table(room_rows(), &mut out);
    out.push_str("\nThe built-in rules:\n\n| match | join | publish | keep |\n|---|---|---|---|\n");
    for rule in built_in_rooms() {
        let accesses =
            |list: &crate::AnyOf| list.iter().map(|a| format!("`{a}`")).collect::<Vec<_>>().join(", ");
        let (join, publish) = (accesses(&rule.join), accesses(&rule.publish));
        out.push_str(&format!("| `{}` | {join} | {publish} | `{}` |\n", rule.pattern, rule.keep));
    }
    out.push_str("\n## Other names\n\nThese variables are honoured too, where the setting's own variable is not set.\n\n");
    out.push_str("| variable | setting | value |\n|---|---|---|\n");
    for (variable, setting, note) in old_names() {
        let note = if note.is_empty() { "as the setting's" } else { note };
        out.push_str(&format!("| `{variable}` | `{setting}` | {note} |\n"));
    }
    out.push_str("| `WEBSOCKET_ENABLED` | none | must be true |\n");
    out
}

fn table<Root>(rows: &[Row<Root>], out: &mut String) {
    out.push_str("| key | value | default | |\n|---|---|---|---|\n");
    for row in rows {
        let default = match (row.key, row.default) {
            ("match", _) => "none: needed".to_owned(),
            (_, "") => "empty".to_owned(),
            (_, text) => format!("`{text}`"),
        };
        // A | would end the cell.
        let doc = row.doc().replace('|', "\\|");
        out.push_str(&format!("| `{}` | {} | {default} | {doc} |\n", row.key, row.unit));
    }
}
