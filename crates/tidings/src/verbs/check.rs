//! `tidings check`: whether `serve` would run here, without running it.

mod audit;
mod recount;
mod recount_rooms;
mod store;

use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Args;
use serde::Serialize;
use serde_json::json;
use tidings_settings::{Problem, Settings};

use crate::failure::CALLED_WRONGLY;
use crate::load::{File, Given};
use crate::mint::now;
use crate::output::{self, GREEN, RED, RESET, YELLOW};
use crate::{file_limit, listen_address, load};

/// Check settings, secrets, addresses, store, file limit and clock, as serve would find them
///
/// Exits with 1 when something would keep `tidings serve` from running, and with 2 when it is one of the flags. The store is only looked at:
/// nothing is created or changed. With --audit it looks at the audit log instead, and exits with 1 when
/// that is not as it was written.
#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    file: File,
    /// Check the audit log instead: every record against the one before it, and against what the last daily check saw
    ///
    /// Nothing is changed. While a server runs on a SQLite file this is refused: that server checks its log once a day.
    #[arg(long)]
    audit: bool,
    /// Count every inbox instead, and compare it with what its badge says
    ///
    /// Nothing is changed. What went to roles is left out: only tokens say who has which. While a server runs on a SQLite file this is refused.
    #[arg(long, conflicts_with = "audit")]
    recount: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How many sockets a server should be able to hold even where nothing says how many.
const FILES_WANTED: u64 = 10_000;
/// Files beside the connections: the store, the log, the runtime's own.
const FILES_BESIDE: u64 = 100;
/// How far a file's time may be ahead of the clock: some file systems and archives keep local time.
const ONE_DAY: Duration = Duration::from_secs(86_400);
/// Seconds since 1970 between which a clock that was set must be: 2025-01-01 and 2100-01-01.
const CLOCK: std::ops::Range<u64> = 1_735_689_600..4_102_444_800;

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Good,
    Warning,
    Wrong,
}

#[derive(Serialize)]
struct Finding {
    check: &'static str,
    status: Status,
    detail: String,
}

impl Check {
    pub(crate) fn run(self, given: Given) -> anyhow::Result<ExitCode> {
        if self.audit {
            let loaded = given.load(&self.file)?;
            load::refuse_on(load::check(&loaded))?;
            return audit::run(loaded.settings, self.json);
        }
        if self.recount {
            let loaded = given.load(&self.file)?;
            load::refuse_on(load::check(&loaded))?;
            return recount::run(loaded.settings, self.json);
        }
        let (findings, is_called_wrongly) = findings(given, &self.file)?;
        let good = findings.iter().all(|finding| finding.status != Status::Wrong);
        if self.json {
            output::json(&json!({ "good": good, "checks": findings }))?;
        } else {
            for finding in &findings {
                output::line(finding)?;
            }
        }
        Ok(match good {
            true => ExitCode::SUCCESS,
            false if is_called_wrongly => ExitCode::from(CALLED_WRONGLY),
            false => ExitCode::FAILURE,
        })
    }
}

/// What was found, and whether a flag is wrong.
fn findings(given: Given, file: &File) -> anyhow::Result<(Vec<Finding>, bool)> {
    let mut found = Vec::new();
    let is_called_wrongly;
    match given.try_load(file) {
        Ok(loaded) => {
            let problems = load::check_production(&loaded);
            is_called_wrongly = load::by_flag(&problems);
            let (secrets, others): (Vec<_>, Vec<_>) =
                problems.into_iter().partition(|problem| problem.setting.starts_with("auth."));
            let (stores, others): (Vec<_>, Vec<_>) =
                others.into_iter().partition(|problem| problem.setting.starts_with("store."));
            told("settings", others, "all can be used together", &mut found);
            told("secrets", secrets, "there, and strong enough", &mut found);
            found.push(address("server.listen", &loaded.settings.server.listen));
            match stores.is_empty() {
                true => found.extend(store::look(&loaded.settings)?),
                false => told("store", stores, "", &mut found),
            }
            found.push(files(&loaded.settings));
        }
        // What depends on settings cannot be checked without them.
        Err(errors) => {
            is_called_wrongly = load::by_flag(&errors.0);
            told("settings", errors.0, "", &mut found);
        }
    }
    found.push(clock());
    Ok((found, is_called_wrongly))
}

/// One finding for each problem, or one that says it is good.
fn told(check: &'static str, problems: Vec<Problem>, good: &str, found: &mut Vec<Finding>) {
    if problems.is_empty() {
        found.push(Finding { check, status: Status::Good, detail: good.to_owned() });
    }
    let wrong = |problem: Problem| Finding { check, status: Status::Wrong, detail: problem.to_string() };
    found.extend(problems.into_iter().map(wrong));
}

fn address(check: &'static str, address: &str) -> Finding {
    let bound = listen_address::resolve(check, address).and_then(|all| listen_address::bind(check, &all));
    match bound {
        Ok(_) => Finding { check, status: Status::Good, detail: format!("{address} is free") },
        Err(error) => Finding { check, status: Status::Wrong, detail: format!("{error:#}") },
    }
}

fn files(settings: &Settings) -> Finding {
    let asked = settings.limits.connections as u64;
    let wanted = FILES_BESIDE + if asked == 0 { FILES_WANTED } else { asked };
    let (status, detail) = match file_limit::reachable() {
        None => (Status::Good, "unlimited".to_owned()),
        Some(limit) if limit >= wanted => (Status::Good, format!("{limit} open files, and so connections")),
        Some(limit) => {
            let fix =
                format!("Raise the hard limit to {wanted} or more (LimitNOFILE= of systemd, `ulimit -Hn`)");
            let of = if asked == 0 {
                "few for a server".to_owned()
            } else {
                format!("limits.connections is {asked}")
            };
            // Whoever asks for a number of connections must get it; whoever asks for none may be content with fewer.
            let status = if asked == 0 { Status::Warning } else { Status::Wrong };
            (status, format!("{limit} open files: {of}. {fix}"))
        }
    };
    Finding { check: "files", status, detail }
}

/// Tokens begin and end by the clock, so a wrong one lets nobody in, or everybody too long.
fn clock() -> Finding {
    let now = now();
    // The clock of the day this program was installed is a lower bound that nobody has to keep up to date.
    let installed = std::env::current_exe().and_then(std::fs::metadata).and_then(|file| file.modified());
    let before_install = installed.is_ok_and(|installed| installed > SystemTime::now() + ONE_DAY);
    let (status, detail) = if !CLOCK.contains(&now.seconds()) || before_install {
        (
            Status::Wrong,
            format!("it says {now}, which cannot be. Set it, and let NTP keep it: tokens end by it"),
        )
    } else {
        (Status::Good, now.to_string())
    };
    Finding { check: "clock", status, detail }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (colour, word) = match self.status {
            Status::Good => (GREEN, "good"),
            Status::Warning => (YELLOW, "warning"),
            Status::Wrong => (RED, "wrong"),
        };
        write!(f, "{colour}{word:<8}{RESET} {:<14} {}", self.check, self.detail)
    }
}
