//! `tidings db migrate`: the store's tables as this program wants them.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::load::{File, Given};
use crate::output;
use crate::run::runtime;
use crate::store::Address;

/// Bring the store's tables up to date, as starting a server does too
///
/// Where there are none they are made.
#[derive(Args)]
pub(super) struct Migrate {
    #[command(flatten)]
    file: File,
    /// Print the versions before and after as JSON
    #[arg(long)]
    json: bool,
}

impl Migrate {
    pub(super) fn run(self, given: Given, file: File) -> anyhow::Result<ExitCode> {
        let url = super::settings(given, &self.file.or(file))?.store.url;
        let address = Address::parse(&url).context("store.url")?;
        let done = runtime(1).context("the runtime does not start")?.block_on(address.migrate())?;
        match self.json {
            true => {
                let (from, to) = done.unzip();
                output::json(&json!({ "store": address.kind(), "from": from, "to": to }))?;
            }
            false => output::line(match done {
                None => "memory has no tables".to_owned(),
                Some((from, to)) if from == to => format!("the tables are up to date (version {to})"),
                Some((from, to)) => format!("brought the tables from version {from} to {to}"),
            })?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
