//! `tidings db rotate-key`: another master key.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;
use tidings_core::tidings::Subject;
use tidings_protocol::http::RotateResponse;
use tidings_server::audit::{self, Actor};
use tidings_server::sealing;

use crate::load::{File, Given};
use crate::offline;
use crate::output::{self, many, note};
use crate::run::runtime;

/// Put all data keys under the first master key
///
/// What POST /v1/encryption/rotate does, with the same record in the audit log. First put the new key before the old one in
/// security.encryption_keys of every server and restart them; then this; then take the old key out and restart them again. Entries are
/// not touched, in the archive of store.archive neither, and it may be done again at any time.
///
/// On PostgreSQL it works beside servers. On SQLite it is refused while a server runs, for the file belongs to one process: make that call instead.
#[derive(Args)]
pub(super) struct RotateKey {
    #[command(flatten)]
    file: File,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl RotateKey {
    pub(super) fn run(self, given: Given, file: File) -> anyhow::Result<ExitCode> {
        let settings = super::settings(given, &self.file.or(file))?;
        if settings.security.encryption_keys.is_empty() {
            bail!("security.encryption_keys is empty: there is no key to rotate to");
        }
        let is_archived = !settings.store.archive.is_empty();
        let report = runtime(1).context("the runtime does not start")?.block_on(async {
            let app = offline::open(settings, "POST /v1/encryption/rotate").await?;
            let detail = json!({ "master": app.keyring.first() });
            let written =
                audit::write(&app, Actor::command_line(), "keys.rotate", Subject::Server, &detail).await;
            if let Err(fault) = written {
                return Err(offline::not_written(&app, fault).await);
            }
            Ok(sealing::rotate(app.clone()).await?)
        })?;
        match self.json {
            true => output::json(&report)?,
            false => output::line(sentence(&report))?,
        }
        if !is_archived {
            note(
                "there is no archive here (store.archive is empty): if a server has one, rotate with its settings",
            );
        }
        if report.archived_left > 0 {
            note(format_args!(
                "{} in the archive stay as they are: security.encryption_keys does not open them",
                many(report.archived_left, "data key")
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn sentence(report: &RotateResponse) -> String {
    let RotateResponse { master, rewrapped, already, archives, .. } = report;
    format!(
        "put {} under the master key {master}, {already} already were; wrote {} of the archive anew",
        many(*rewrapped, "data key"),
        many(*archives, "file"),
    )
}
