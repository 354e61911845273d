//! Writing to standard output and standard error: colour only on a terminal, and a closed pipe is an error, not a panic.

use std::fmt;
use std::io::{self, Write};

/// Colours; `anstream` takes them out again where nobody would see them (no terminal, `NO_COLOR`).
pub(crate) const RED: &str = "\x1b[1;31m";
/// For what is fine.
pub(crate) const GREEN: &str = "\x1b[32m";
/// For what deserves a look.
pub(crate) const YELLOW: &str = "\x1b[33m";
/// For what people copy.
pub(crate) const CYAN: &str = "\x1b[36m";
/// For headings.
pub(crate) const BOLD: &str = "\x1b[1m";
/// Back to normal.
pub(crate) const RESET: &str = "\x1b[0m";

/// Prints one line to standard output and hands it over at once, whether it is a terminal or a pipe.
pub(crate) fn line(text: impl fmt::Display) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// Prints a text that ends its own lines.
pub(crate) fn text(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Prints a JSON value over several lines.
pub(crate) fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(value)?)?;
    Ok(())
}

/// Says something on standard error that is no part of the output.
pub(crate) fn note(text: impl fmt::Display) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// `1 entry`, `2 entries`.
pub(crate) fn many(count: u64, one: &str) -> String {
    match (count, one.strip_suffix('y')) {
        (1, _) => format!("1 {one}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {one}s"),
    }
}
