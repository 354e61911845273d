//! `tidings db backup`: a copy of everything.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::load::{File, Given};
use crate::output;
use crate::run::runtime;
use crate::store::Address;

/// Write a copy of everything, as of one moment, to a file that is not there yet
///
/// What is sealed stays so in the copy. Where there is no store, none is made.
#[derive(Args)]
pub(super) struct Backup {
    #[command(flatten)]
    file: File,
    /// Where to
    to: PathBuf,
    /// Print where the copy is and its size as JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) fn run(self, given: Given, file: File) -> anyhow::Result<ExitCode> {
        let to = self.to;
        let url = super::settings(given, &self.file.or(file))?.store.url;
        let address = Address::parse(&url).context("store.url")?;
        runtime(1).context("the runtime does not start")?.block_on(async {
            let store = address.open_existing_as_kept().await?;
            anyhow::Ok(store.backup(&to).await?)
        })?;
        match self.json {
            true => {
                let bytes = fs::metadata(&to).with_context(|| to.display().to_string())?.len();
                output::json(&json!({ "store": address.kind(), "file": to, "bytes": bytes }))?;
            }
            false => output::line(format_args!("copied the {} to {}", address.name(), to.display()))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
