//! What a run says: a table for people, JSON for machines, and the table's place in a document.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::{Bar, Figure, Options, Run};
use crate::error::Error;
use crate::ledger::Faults;

const BEGIN: &str = "<!-- bench:begin -->";
/// What stands for a server's path when the floor is measured against itself.
const ITSELF: &str = "the floor itself";
const END: &str = "<!-- bench:end -->";

/// The result of a comparing run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was compared: a program, or the floor with itself.
    pub server: String,
    /// Cores, kernel, processor.
    pub machine: String,
    /// Slices for each figure and their length in seconds.
    pub slices: (usize, f64),
    /// Bytes of JSON in each entry.
    pub size: usize,
    /// The server's worker threads.
    pub threads: usize,
    /// How long the run took, in seconds.
    pub seconds: f64,
    /// The table.
    pub figures: Vec<Figure>,
    /// What went wrong with the server: all zero, or the figures do not count.
    pub faults: Faults,
    /// The same for floor and peer.
    pub others: Faults,
    /// What the table has no column for.
    pub notes: Vec<String>,
}

impl Report {
    pub(super) fn new(run: Run, options: &Options, took: Duration) -> Self {
        Self {
            server: options
                .server
                .as_ref()
                .map_or_else(|| ITSELF.to_owned(), |path| path.display().to_string()),
            machine: machine(),
            slices: (options.slices, options.seconds),
            size: options.size,
            threads: options.threads,
            seconds: took.as_secs_f64(),
            figures: run.figures,
            faults: run.faults,
            others: run.others,
            notes: run.notes,
        }
    }

    /// Whether nothing went wrong and every bar was kept.
    #[must_use]
    pub fn kept(&self) -> bool {
        self.faults.none() && self.figures.iter().all(|figure| figure.kept() != Some(false))
    }

    /// The table, in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "| what | server | floor | ratio (least to most) | bar | FastAPI |\n|---|---:|---:|---:|---:|---:|\n",
        );
        for figure in &self.figures {
            text.push_str(&row(figure));
        }
        let faults = &self.faults;
        let zero = if faults.none() { "kept" } else { "**missed**" };
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "| missing / duplicate / out of order / stray / closed | {} / {} / {} / {} / {} | | | 0: {zero} | |\n",
            faults.missing, faults.duplicate, faults.out_of_order, faults.stray, faults.closed
        );
        if !self.others.none() {
            let _ = writeln!(text, "Faults of floor and peer: {:?}\n", self.others);
        }
        for note in &self.notes {
            let _ = writeln!(text, "{note}\n");
        }
        if self.server == ITSELF {
            text.push_str("**The server of this table is the floor itself**: a check of the yardstick, which must give 1.\n\n");
        }
        let (slices, seconds) = self.slices;
        let _ = writeln!(
            text,
            "{slices} slices of {seconds} s for each figure, {} bytes of JSON an entry, {} worker thread(s), {:.0} s in all. {}.",
            self.size, self.threads, self.seconds, self.machine
        );
        text
    }

    /// Writes the JSON file.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write_json(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::Usage(error.to_string()))?;
        std::fs::write(path, text + "\n").map_err(Error::io(path.display().to_string()))
    }

    /// Replaces what stands between the two markers of a document.
    ///
    /// # Errors
    ///
    /// No such document, or one without markers.
    pub fn write_into(&self, path: &Path) -> Result<(), Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path.display().to_string()))?;
        let text = replaced(&text, &self.markdown())
            .ok_or_else(|| Error::Usage(format!("{} has no {BEGIN} and {END}", path.display())))?;
        std::fs::write(path, text).map_err(Error::io(path.display().to_string()))
    }
}

/// A figure in one line, for the terminal.
pub(super) fn line(figure: &Figure) -> String {
    let mut text = format!("{}: {} {}", figure.what, number(figure.server), figure.unit);
    if let (Some(floor), Some(ratio)) = (figure.floor, figure.ratio) {
        let _ = write!(text, ", floor {}, ratio {ratio:.2}", number(floor));
    }
    if let Some(fastapi) = figure.fastapi {
        let _ = write!(text, ", FastAPI {}", number(fastapi));
    }
    match figure.kept() {
        Some(false) => text + "  MISSED",
        _ => text,
    }
}

fn row(figure: &Figure) -> String {
    let with_unit = |value: f64| format!("{} {}", number(value), figure.unit);
    let ratio = match (figure.ratio, figure.ratios) {
        (Some(ratio), Some((least, most))) if figure.slices > 1 => {
            format!("{ratio:.2} ({least:.2} to {most:.2})")
        }
        (Some(ratio), _) => format!("{ratio:.2}"),
        (None, _) => String::new(),
    };
    let bar = match (figure.bar, figure.kept()) {
        (Some(bar), kept) => {
            let bar = match bar {
                Bar::Ratio(bar) => format!("{bar} x"),
                Bar::Value(bar) => with_unit(bar),
            };
            format!("{bar}: {}", if kept == Some(true) { "kept" } else { "**missed**" })
        }
        (None, _) => String::new(),
    };
    let fastapi = figure.fastapi.map_or_else(String::new, |value| match figure.server {
        server if server > 0.0 && figure.unit != "%" => {
            format!("{} ({:.1} x)", with_unit(value), value / server)
        }
        _ => with_unit(value),
    });
    let floor = figure.floor.map_or_else(String::new, with_unit);
    format!("| {} | {} | {floor} | {ratio} | {bar} | {fastapi} |\n", figure.what, with_unit(figure.server))
}

/// Three digits that mean something.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn replaced(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{table}{END}{after}"))
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    format!("{cores} cores of {model}, Linux {}", kernel.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_its_place() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(replaced(text, "T\n").as_deref(), expect);
        check(
            "a\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nb",
            Some("a\n<!-- bench:begin -->\nT\n<!-- bench:end -->\nb"),
        );
        check("a <!-- bench:begin -->", None);
    }

    #[test]
    fn a_row() {
        let figure = Figure::against("x", "us", &[1.0, 1.2], &[1.0, 1.0]).bar(Bar::Ratio(1.25));
        assert_eq!(row(&figure), "| x | 1.10 us | 1.00 us | 1.10 (1.00 to 1.20) | 1.25 x: kept |  |\n");
        let alone = Figure::alone("y", "%", &[123.4]).bar(Bar::Value(10.0));
        assert_eq!(row(&alone), "| y | 123 % |  |  | 10.0 %: **missed** |  |\n");
    }
}
