//! `tidings db`: the store, without a server.

mod archive;
mod backup;
mod erase_user;
mod export_user;
mod migrate;
mod private_file;
mod rotate_key;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use tidings_settings::Settings;

use crate::load::{File, Given, check, refuse_on};

/// Look after the store: bring its tables up to date, copy it, hand out or erase what is kept of a person
///
/// Works on store.url as `tidings serve` would. A SQLite file belongs to one process: stop the server first, or use the HTTP interface. Run it as
/// the user that the server runs as, so that the files stay that user's.
#[derive(Args)]
pub(crate) struct Db {
    #[command(flatten)]
    file: File,
    #[command(subcommand)]
    work: Work,
}

#[derive(Subcommand)]
enum Work {
    Migrate(migrate::Migrate),
    Backup(backup::Backup),
    ExportUser(export_user::ExportUser),
    EraseUser(erase_user::EraseUser),
    Archive(archive::Archive),
    RotateKey(rotate_key::RotateKey),
}

impl Db {
    pub(crate) fn run(self, given: Given) -> anyhow::Result<ExitCode> {
        let Self { file, work } = self;
        match work {
            Work::Migrate(verb) => verb.run(given, file),
            Work::Backup(verb) => verb.run(given, file),
            Work::ExportUser(verb) => verb.run(given, file),
            Work::EraseUser(verb) => verb.run(given, file),
            Work::Archive(verb) => verb.run(given, file),
            Work::RotateKey(verb) => verb.run(given, file),
        }
    }
}

fn settings(given: Given, file: &File) -> anyhow::Result<Settings> {
    let loaded = given.load(file)?;
    refuse_on(check(&loaded))?;
    Ok(loaded.settings)
}
