//! The comparing run: server, floor and peer in alternating slices of one run, on one machine.
//!
//! The same program varies up to twice from minute to minute on a shared machine, so figures of different runs say nothing about each
//! other. Here all servers and their clients stay up during a set and are loaded in turns, one at a time; each slice is divided by
//! its neighbour's, and the median of those ratios is the result.

mod chat;
mod contender;
mod figure;
mod history;
mod home;
mod inbox;
mod keeping;
mod postgres;
mod recovering;
mod report;
mod sets;
mod storm;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use crate::error::Error;
use crate::floor::Writes;
use crate::ledger::Faults;
use crate::session::Rooms;

pub use figure::{Bar, Figure};
pub use report::Report;

/// What to compare, and how long.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server's program; `None` measures the floor against itself, which must give 1.
    pub server: Option<PathBuf>,
    /// How that floor writes.
    pub subject: Writes,
    /// A Python that has the peer's packages; `None` leaves the peer out.
    pub fastapi: Option<PathBuf>,
    /// Only the sets whose names are here; empty: all.
    pub sets: Vec<String>,
    /// Subscribers in the smaller sets.
    pub small: usize,
    /// Subscribers in the larger sets.
    pub large: usize,
    /// Slices of each server for each figure.
    pub slices: usize,
    /// Length of a slice.
    pub seconds: f64,
    /// Bytes of JSON in each entry's data.
    pub size: usize,
    /// The server's worker threads. One by default: the floor has one, and the generator needs a core too.
    pub threads: usize,
    /// What the server may hold for one connection; `None`: its default.
    pub queue_bytes: Option<usize>,
    /// How many seconds a lost connection of the server is no news; `None`: its default.
    pub presence_grace_s: Option<u32>,
    /// Address of the server's store; `None`: it keeps everything in memory.
    pub store: Option<String>,
    /// The server's settings file.
    pub settings: Option<PathBuf>,
    /// Where the sets that keep something have their databases: a directory on a disk. `None`: beside this program.
    pub disk: Option<PathBuf>,
    /// A PostgreSQL in which those sets may create a database; `None` leaves it out.
    pub postgres: Option<String>,
    /// Whether this is only a smoke test.
    pub quick: bool,
    /// Secret of the tokens; a new one for each run.
    pub secret: String,
    /// Key for publishing; a new one for each run.
    pub api_key: String,
}

impl Options {
    /// A run as it is published.
    ///
    /// # Errors
    ///
    /// No random numbers for the run's secrets.
    pub fn full() -> Result<Self, Error> {
        Ok(Self {
            server: None,
            subject: Writes::Plain,
            fastapi: None,
            sets: Vec::new(),
            small: 1_000,
            large: 10_000,
            slices: 6,
            seconds: 2.0,
            size: 200,
            threads: 1,
            queue_bytes: None,
            presence_grace_s: None,
            store: None,
            settings: None,
            disk: None,
            postgres: None,
            quick: false,
            secret: random()?,
            api_key: random()?,
        })
    }

    /// A smoke test of some seconds: the figures mean nothing, the counts of faults do.
    ///
    /// # Errors
    ///
    /// As [`Options::full`].
    pub fn quick() -> Result<Self, Error> {
        Ok(Self { small: 200, large: 200, slices: 1, seconds: 0.2, quick: true, ..Self::full()? })
    }
}

/// The names of the sets, in their order.
pub const SETS: [&str; 14] = [
    "small",
    "direct",
    "large",
    "rooms",
    "connecting",
    "returning",
    "stalled",
    "storm",
    "storm_rooms",
    "keeping",
    "recovering",
    "history",
    "chat",
    "inbox",
];

/// What a run gathers.
pub(crate) struct Run {
    figures: Vec<Figure>,
    faults: Faults,
    /// Of the floor and the peer.
    others: Faults,
    notes: Vec<String>,
}

impl Run {
    /// Shows where the run is: one line that is written over on a terminal.
    fn progress(&self, text: &str) {
        let mut out = std::io::stderr();
        // Progress that nobody can see is no reason to stop.
        let _ = if out.is_terminal() { write!(out, "\r\x1b[K{text}") } else { writeln!(out, "{text}") };
    }

    fn add(&mut self, figure: Figure) {
        self.progress(&report::line(&figure));
        if std::io::stderr().is_terminal() {
            eprintln!();
        }
        self.figures.push(figure);
    }
}

/// Runs all sets.
///
/// # Errors
///
/// A server does not start, or answers wrongly. Missing deliveries are no error: they are counted.
pub fn run(options: &Options) -> Result<Report, Error> {
    if let Some(unknown) = options.sets.iter().find(|set| !SETS.contains(&set.as_str())) {
        return Err(Error::Usage(format!("no set {unknown:?}; there are {}", SETS.join(", "))));
    }
    let mut run =
        Run { figures: Vec::new(), faults: Faults::default(), others: Faults::default(), notes: Vec::new() };
    // Before the servers start: they inherit it.
    crate::process::raise_open_files();
    let began = std::time::Instant::now();
    for set in
        SETS.into_iter().filter(|set| options.sets.is_empty() || options.sets.iter().any(|name| name == set))
    {
        match set {
            "small" => sets::fan_out(options.small, true, options, &mut run)?,
            "direct" => sets::direct(options, &mut run)?,
            // In a smoke test it would be the same once more.
            "large" if options.quick => {}
            "large" => sets::fan_out(options.large, false, options, &mut run)?,
            "rooms" => sets::rooms(options, &mut run)?,
            "connecting" => sets::connecting(options, &mut run)?,
            "returning" => sets::returning(options, &mut run)?,
            "stalled" => sets::stalled(options, &mut run)?,
            // The floor keeps nothing, and knows nobody.
            _ if options.server.is_none() => {}
            "storm" => storm::storm(Rooms::One, options, &mut run)?,
            "storm_rooms" => storm::storm(Rooms::Of(storm::ROOM), options, &mut run)?,
            "keeping" => keeping::keeping(options, &mut run)?,
            "recovering" => recovering::recovering(options, &mut run)?,
            "history" => history::history(options, &mut run)?,
            "chat" => chat::chat(options, &mut run)?,
            _ => inbox::inbox(options, &mut run)?,
        }
    }
    Ok(Report::new(run, options, began.elapsed()))
}

/// 32 random bytes as text: secrets of one run, so that the server accepts them as strong.
fn random() -> Result<String, Error> {
    use base64::Engine as _;
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Usage("no random numbers".to_owned()))?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}
