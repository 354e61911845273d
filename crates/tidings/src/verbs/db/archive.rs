//! `tidings db archive`: what retention let go of.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::Args;
use tidings_core::{RoomKey, StoreError};
use tidings_protocol::{RoomName, Timestamp, UserId};
use tidings_sealing::Keyring;
use tidings_server::archive::{self, Line, Reader};

use crate::failure::{WrongCall, complain};
use crate::load::{File, Given};
use crate::output::{many, note};

/// Print entries that retention let go into the archive, one JSON object a line
///
/// Reads files as retention wrote them, the oldest first; needs no store, and may run beside a server. What is sealed is opened with
/// security.encryption_keys. Of a damaged file what can be read is
/// printed, and the exit code is 1. After a crash an entry may be archived twice, with the same id.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings db archive --user ada --since 2026-01-01
  tidings db archive --room orders | jq .data
  tidings db archive backup/2026-11-21T06-00-00Z-000001.jsonl.gz")]
pub(super) struct Archive {
    #[command(flatten)]
    file: File,
    /// Files, or folders of them; without any, the folder of store.archive
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    filter: Filter,
}

#[derive(Args)]
struct Filter {
    /// Only this room: a name, or room:NAME, user:NAME, role:NAME, everyone
    #[arg(long, value_name = "ROOM", value_parser = parse_room)]
    room: Option<RoomKey>,
    /// Only what this user published or had in the personal room
    #[arg(long, value_name = "USER")]
    user: Option<UserId>,
    /// Only from this time on: 2026-11-21T06:00:00Z, or a day, 2026-11-21 (UTC)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<Timestamp>,
    /// Only before this time
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<Timestamp>,
}

impl Archive {
    pub(super) fn run(self, given: Given, file: File) -> anyhow::Result<ExitCode> {
        if let (Some(since), Some(until)) = (self.filter.since, self.filter.until)
            && since >= until
        {
            return Err(WrongCall::new("--since: expected a time before that of --until").into());
        }
        let settings = super::settings(given, &self.file.or(file))?;
        let keyring = Keyring::new(&settings.security.encryption_keys).map_err(|wrong| anyhow!(wrong))?;
        let mut paths = self.paths;
        if paths.is_empty() {
            let folder = settings.store.archive;
            if folder.is_empty() {
                let message =
                    "store.archive is empty: give a file or a folder, or -c FILE with the server's settings";
                return Err(WrongCall::new(message).into());
            }
            if !Path::new(&folder).try_exists().with_context(|| format!("store.archive: {folder}"))? {
                note(format_args!("nothing was archived yet: there is no folder {folder}"));
                return Ok(ExitCode::SUCCESS);
            }
            paths.push(folder.into());
        }
        let mut to = BufWriter::new(io::stdout().lock());
        let mut is_whole = true;
        for path in paths {
            is_whole &= print(&path, &self.filter, &keyring, &mut to)?;
        }
        to.flush()?;
        Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Prints a file, or those of a folder; whether all of it could be read. An error is one of the output.
fn print(path: &Path, filter: &Filter, keyring: &Keyring, to: &mut impl Write) -> io::Result<bool> {
    let files = match fs::metadata(path) {
        Ok(found) if found.is_dir() => archive::files(path),
        found => found.map(|_| vec![path.to_owned()]),
    };
    let files = match files {
        Ok(files) => files,
        Err(error) => {
            complain(format_args!("{}: {error}", path.display()));
            return Ok(false);
        }
    };
    if files.is_empty() {
        note(format_args!("there is no archive in {}", path.display()));
    }
    let mut is_whole = true;
    for file in files {
        is_whole &= print_file(&file, filter, keyring, to)?;
    }
    Ok(is_whole)
}

fn print_file(file: &Path, filter: &Filter, keyring: &Keyring, to: &mut impl Write) -> io::Result<bool> {
    let mut reader = match Reader::open(file) {
        Ok(reader) => reader,
        Err(error) => {
            complain(format_args!("{}: {error}", file.display()));
            return Ok(false);
        }
    };
    let (mut damaged, mut closed) = (0, 0);
    while let Some(next) = reader.next_line() {
        match next {
            Ok((line, text)) if filter.takes(&line) => {
                match opened(line, keyring) {
                    Ok(None) => to.write_all(text)?,
                    Ok(Some(line)) => serde_json::to_writer(&mut *to, &line)?,
                    Err(why) => {
                        closed += 1;
                        if closed == 1 {
                            complain(format_args!(
                                "{}: an entry is printed as it stands there: {why}",
                                file.display()
                            ));
                        }
                        to.write_all(text)?;
                    }
                }
                to.write_all(b"\n")?;
            }
            Ok(_) => {}
            Err(damage) => {
                damaged += 1;
                // One is told in full, and where the file ends before its end: a thousand would hide that.
                if damaged == 1 || damage.is_end {
                    // What was read stands before it, where both go to one place.
                    to.flush()?;
                    complain(format_args!("{}: {damage}", file.display()));
                }
            }
        }
    }
    if damaged > 1 {
        complain(format_args!("{}: {} could not be read", file.display(), many(damaged, "line")));
    }
    if closed > 1 {
        complain(format_args!("{}: {} could not be opened", file.display(), many(closed, "entry")));
    }
    Ok(damaged == 0 && closed == 0)
}

/// A line with its data opened; none when it is as it was published.
fn opened(line: Line, keyring: &Keyring) -> Result<Option<Line>, StoreError> {
    let kept = line.data.clone();
    let opened = line.opened(keyring)?;
    Ok((opened.data != kept).then_some(opened))
}

impl Filter {
    fn takes(&self, line: &Line) -> bool {
        self.room.as_ref().is_none_or(|room| RoomKey::parse(&line.room).as_ref() == Some(room))
            && self.user.as_ref().is_none_or(|user| line.is_of(user))
            && self.since.is_none_or(|since| line.time >= since)
            && self.until.is_none_or(|until| line.time < until)
    }
}

fn parse_room(text: &str) -> Result<RoomKey, String> {
    match RoomKey::parse(text) {
        Some(room) => Ok(room),
        None => RoomName::parse(text).map(RoomKey::Named).map_err(|wrong| wrong.to_string()),
    }
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    let midnight = format!("{text}T00:00:00Z");
    let time = text.parse().or_else(|_| midnight.parse());
    time.map_err(|_: &str| {
        "expected a time such as 2026-11-21T06:00:00Z, or a day such as 2026-11-21".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_by_name_and_by_kind() {
        for (text, room) in [
            ("orders", "room:orders"),
            ("room:orders", "room:orders"),
            ("user:ada", "user:ada"),
            ("everyone", "everyone"),
            ("room:everyone", "room:everyone"),
            ("a:b", "room:a:b"),
        ] {
            assert_eq!(parse_room(text).unwrap().to_string(), room);
        }
        assert!(parse_room("a b").is_err() && parse_room("").is_err());
    }

    #[test]
    fn times_and_days() {
        let day = parse_time("2025-11-21").unwrap();
        assert_eq!(day, parse_time("2025-11-21T00:00:00Z").unwrap());
        assert_eq!(day, parse_time("2025-11-21T01:00:00+01:00").unwrap());
        for wrong in ["", "yesterday", "2025-13-01", "2025-11-21T06:00:00", "1763704800"] {
            assert!(parse_time(wrong).is_err(), "{wrong:?}");
        }
    }
}
