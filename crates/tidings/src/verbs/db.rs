//! `tidings db`: the store, without a server.

mod archive;
mod erase_user;
mod export_user;
mod private_file;
mod rotate_key;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use tidings_settings::Settings;

use crate::load::{File, Given, check, refuse_on};
use crate::output::line;
use crate::run::runtime;
use crate::store::Address;

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
    /// Bring the store's tables up to date, as starting a server does too
    Migrate,
    /// Write a copy of everything, as of one moment, to a file that is not there yet
    Backup {
        /// Where to
        to: PathBuf,
    },
    ExportUser(export_user::ExportUser),
    EraseUser(erase_user::EraseUser),
    Archive(archive::Archive),
    RotateKey(rotate_key::RotateKey),
}

impl Db {
    pub(crate) fn run(self, given: Given) -> anyhow::Result<ExitCode> {
        let Self { file, work } = self;
        match work {
            Work::ExportUser(verb) => verb.run(given, file),
            Work::EraseUser(verb) => verb.run(given, file),
            Work::Archive(verb) => verb.run(given, file),
            Work::RotateKey(verb) => verb.run(given, file),
            Work::Migrate => with_store(given, &file, async |address| {
                line(address.migrate().await?)?;
                Ok(())
            }),
            Work::Backup { to } => with_store(given, &file, async |address| {
                let store = address.open_as_kept().await?;
                store.backup(&to).await?;
                line(format_args!("copied the {} to {}", address.name(), to.display()))?;
                Ok(())
            }),
        }
    }
}

fn settings(given: Given, file: &File) -> anyhow::Result<Settings> {
    let loaded = given.load(file)?;
    refuse_on(check(&loaded))?;
    Ok(loaded.settings)
}

fn with_store(
    given: Given,
    file: &File,
    work: impl AsyncFnOnce(Address<'_>) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    let url = settings(given, file)?.store.url;
    let address = Address::parse(&url)?;
    runtime(1).context("the runtime does not start")?.block_on(work(address))?;
    Ok(ExitCode::SUCCESS)
}
