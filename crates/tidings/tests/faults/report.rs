//! What was measured, a line each: printed, and kept in the file that `TIDINGS_SOAK_REPORT` names.

use std::{env, fmt, fs::OpenOptions, io::Write};

/// One line of the table.
pub(crate) fn line(fault: &str, figures: impl fmt::Display) {
    eprintln!("{fault}: {figures}");
    let Some(path) = env::var_os("TIDINGS_SOAK_REPORT") else { return };
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    // One write for one line: tests may run side by side.
    file.write_all(format!("| {fault} | {figures} |\n").as_bytes()).unwrap();
}

/// A test that cannot be run here, and why.
pub(crate) fn skipped(fault: &str, why: &str) {
    line(fault, format_args!("skipped: {why}"));
}
