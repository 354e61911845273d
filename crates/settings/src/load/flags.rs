//! Flags: `--server.listen VALUE` or `--server.listen=VALUE`. The dot tells them from a command's own flags.

use super::{Loader, row};
use crate::format::Flag;
use crate::origin::{Errors, Origin, Problem};
use crate::value::Value;

/// Takes the settings' flags out of a command line: returns them, and the arguments that are left in their order.
///
/// A flag for a setting that is true or false may stand without a value. Nothing behind `--` is touched.
///
/// # Errors
///
/// Flags without their value.
#[allow(clippy::type_complexity, reason = "two lists; a type of its own would hide that")]
pub fn split_flags(
    arguments: impl IntoIterator<Item = String>,
) -> Result<(Vec<(String, String)>, Vec<String>), Errors> {
    let (mut flags, mut rest, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    let mut arguments = arguments.into_iter().peekable();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            rest.push(argument);
            rest.extend(arguments.by_ref());
            break;
        }
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (argument.as_str(), None),
        };
        let Some(name) = name.strip_prefix("--").filter(|name| name.contains('.')) else {
            rest.push(argument);
            continue;
        };
        let switch = row(name).is_some_and(|row| row.unit == "true or false");
        let fits = |next: &String| if switch { Flag::word(next).is_some() } else { !next.starts_with("--") };
        match value.or_else(|| arguments.next_if(fits)) {
            Some(value) => flags.push((name.to_owned(), value)),
            None if switch => flags.push((name.to_owned(), "true".to_owned())),
            None => {
                let fix = format!("Write --{name} VALUE or --{name}=VALUE");
                problems.push(Problem::new("", "expected a value behind it", fix).at(format!("--{name}")));
            }
        }
    }
    if problems.is_empty() { Ok((flags, rest)) } else { Err(Errors(problems)) }
}

impl Loader {
    /// Reads the flags. Of two with the same name the last one counts, as on any command line.
    pub(super) fn flags(&mut self, flags: Vec<(String, String)>) {
        for (name, value) in flags {
            let name = name.strip_prefix("--").unwrap_or(&name);
            match row(name) {
                Some(row) => self.set(row, &Value::Word(value), Origin::Flag(name.to_owned())),
                None if name.starts_with("rooms.") || name.starts_with("rooms[") => {
                    let fix = "Rules of rooms are written in the file";
                    self.problems.push(Problem::new(name, "no flag", fix).at(format!("--{name}")));
                }
                None => self.unknown(name, format!("--{name}")),
            }
        }
    }
}
