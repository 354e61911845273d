//! The environment: `TIDINGS_…`, the same with `_FILE`, and the names other programs and older versions use.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Loader, row};
use crate::format::Flag;
use crate::nearest::{fix, nearest};
use crate::origin::{Origin, Problem};
use crate::special::{encryption_key, key_bytes};
use crate::table::{PREFIX, Row, rows};
use crate::value::Value;
use crate::{Secret, Settings};

/// Names that begin like settings and belong to programs that talk to a server: the SDKs and `tidings publish`.
const OTHERS: [&str; 3] = ["TIDINGS_URL", "TIDINGS_API_KEY", "TIDINGS_TOKEN"];

/// A name from elsewhere that sets a setting: the variable, the setting, and how its text becomes the setting's.
struct OldName {
    variable: &'static str,
    setting: &'static str,
    note: &'static str,
    convert: fn(&str) -> String,
}

const OLD_NAMES: [OldName; 8] = [
    OldName { variable: "DATABASE_URL", setting: "store.url", note: "", convert: same },
    OldName { variable: "REDIS_URL", setting: "broker.url", note: "", convert: same },
    OldName { variable: "WEBSOCKET_MAX_CONNECTIONS", setting: "limits.connections", note: "", convert: same },
    OldName {
        variable: "WEBSOCKET_MAX_CONNECTIONS_PER_IP",
        setting: "limits.connections_per_ip",
        note: "",
        convert: same,
    },
    OldName {
        variable: "WEBSOCKET_MESSAGE_RATE_LIMIT",
        setting: "limits.messages_per_minute",
        note: "a minute",
        convert: same,
    },
    OldName {
        variable: "WEBSOCKET_HEARTBEAT_INTERVAL",
        setting: "live.ping_interval",
        note: "in seconds",
        convert: seconds,
    },
    OldName {
        variable: "WEBSOCKET_CONNECTION_TIMEOUT",
        setting: "limits.idle_timeout",
        note: "in seconds",
        convert: seconds,
    },
    OldName {
        variable: "WEBSOCKET_ENCRYPTION_KEY",
        setting: "security.encryption_keys",
        note: "32 bytes in base64",
        convert: sealing_key,
    },
];

/// A switch that Tidings does not have: a server that is started is on.
const ENABLED: &str = "WEBSOCKET_ENABLED";

/// The names from elsewhere that are honoured: the variable, the setting, and a note on the value.
pub fn old_names() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    OLD_NAMES.iter().map(|old| (old.variable, old.setting, old.note))
}

/// The process's environment, for [`Sources::env`](super::Sources). Unlike `std::env::vars` it does not panic at text
/// that is not UTF-8; such a value is marked, and refused if a setting is made of it.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
}

impl Loader {
    /// Reads the environment: first the old names, then Tidings' own, which win. An empty variable is what a composed environment
    /// leaves of one that nobody set, so it counts as none.
    pub(super) fn environment(&mut self, mut variables: BTreeMap<String, String>) {
        variables.retain(|_, value| !value.is_empty());
        self.old_names(&variables);
        for (name, value) in &variables {
            if name.starts_with(PREFIX) && !OTHERS.contains(&name.as_str()) && !is_service_link(name, value) {
                self.variable(&variables, name, value);
            }
        }
    }

    fn variable(&mut self, variables: &BTreeMap<String, String>, name: &str, value: &str) {
        if let Some(row) = by_variable(name) {
            self.word(row, value.to_owned(), Origin::Variable(name.to_owned()));
            return;
        }
        let base = name.strip_suffix("_FILE").unwrap_or_default();
        let Some(row) = by_variable(base) else {
            let wrong = "unknown setting";
            let fix = match name.strip_prefix(PREFIX) {
                Some(rest) if rest.starts_with("ROOMS") => {
                    "Rules of rooms are written in the file".to_owned()
                }
                _ => fix(nearest_variable(name)),
            };
            self.problems.push(Problem::new("", wrong, fix).at(name));
            return;
        };
        if variables.contains_key(base) {
            let wrong = format!("set here and by {base}");
            self.problems.push(Problem::new(row.name(), wrong, "Keep one of the two").at(name));
            return;
        }
        match read_value(Path::new(value)) {
            Ok(text) => {
                self.word(
                    row,
                    text,
                    Origin::VariableFile { name: name.to_owned(), path: PathBuf::from(value) },
                );
            }
            // Whoever put the secret itself here must not find it in the log, so the path stays unsaid.
            Err(error) => {
                let wrong = format!("cannot read the file it names: {error}");
                self.problems
                    .push(Problem::new(row.name(), wrong, "It must hold the path of a file").at(name));
            }
        }
    }

    fn word(&mut self, row: &Row<Settings>, text: String, origin: Origin) {
        if text.contains(char::REPLACEMENT_CHARACTER) {
            self.problems.push(Problem::new(row.name(), "expected UTF-8", "").at(origin));
        } else {
            self.set(row, &Value::Word(text), origin);
        }
    }

    fn old_names(&mut self, variables: &BTreeMap<String, String>) {
        for old in &OLD_NAMES {
            let (Some(value), Some(row)) = (variables.get(old.variable), row(old.setting)) else { continue };
            let own = row.variable();
            let overruled = variables.contains_key(&own) || variables.contains_key(&format!("{own}_FILE"));
            if !overruled {
                self.word(row, (old.convert)(value), Origin::Variable(old.variable.to_owned()));
            }
        }
        if let Some(value) = variables.get(ENABLED)
            && Flag::word(value) != Some(true)
        {
            let wrong = "expected true: a Tidings that is started serves WebSockets";
            self.problems
                .push(Problem::new("", wrong, "Remove the variable, or do not start Tidings").at(ENABLED));
        }
    }
}

/// The variable that was probably meant. Words are parted by the same sign as section and key are, so both readings are tried:
/// `JWT_SECRET` is a key without its section, `SERVER_COMPRESSION` one in the wrong section.
fn nearest_variable(name: &str) -> Option<String> {
    let rest = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase();
    let known: Vec<String> = rows().map(Row::name).collect();
    let readings = [rest.clone(), rest.replacen('_', ".", 1)];
    let meant = readings.iter().find_map(|reading| nearest(reading, known.iter().map(String::as_str)))?;
    row(meant).map(Row::variable)
}

fn by_variable(name: &str) -> Option<&'static Row<Settings>> {
    rows().find(|row| row.variable() == name)
}

/// Whether Kubernetes made the variable, which it does for every service near the pod: one named `tidings` gives
/// `TIDINGS_SERVICE_HOST`, `TIDINGS_PORT=tcp://…` and `TIDINGS_PORT_8000_TCP_ADDR`.
fn is_service_link(name: &str, value: &str) -> bool {
    let port = |name: &str| name.contains("_TCP") || name.contains("_UDP") || name.contains("_SCTP");
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || (name.ends_with("_PORT") && value.contains("://"))
        || name
            .split_once("_PORT_")
            .is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()) && port(rest))
}

/// Reads a value from a file, without the line end that editors and `echo` put behind it.
fn read_value(path: &Path) -> std::io::Result<String> {
    let mut text = std::fs::read_to_string(path)?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

fn same(text: &str) -> String {
    text.to_owned()
}

/// A bare number becomes seconds; anything else is left for the setting to judge.
fn seconds(text: &str) -> String {
    if text.bytes().all(|b| b.is_ascii_digit()) { format!("{text}s") } else { text.to_owned() }
}

/// A key without an id gets one, so that it can be replaced later.
fn sealing_key(text: &str) -> String {
    if encryption_key(&Secret::new(text)).is_none() && key_bytes(text).is_some() {
        format!("websocket:{text}")
    } else {
        text.to_owned()
    }
}
