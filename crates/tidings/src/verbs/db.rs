//! `tidings db`: the store, without a server.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::load::{File, Given, check, refuse_on};
use crate::output::line;
use crate::run::runtime;
use crate::store::Address;

/// Look after the store: bring its tables up to date, copy it
///
/// Works on store.url as `tidings serve` would. A SQLite file belongs to one process: stop the server first, or use the HTTP interface.
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
}

impl Db {
    pub(crate) fn run(self, given: Given) -> anyhow::Result<ExitCode> {
        let loaded = given.load(&self.file)?;
        refuse_on(check(&loaded))?;
        let url = loaded.settings.store.url.clone();
        let address = Address::parse(&url)?;
        runtime(1).context("the runtime does not start")?.block_on(async {
            match self.work {
                Work::Migrate => line(address.migrate().await?)?,
                Work::Backup { to } => {
                    let store = address.open().await?;
                    store.backup(&to).await?;
                    line(format_args!("copied the {} to {}", address.name(), to.display()))?;
                }
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}
