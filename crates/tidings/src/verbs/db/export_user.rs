//! `tidings db export-user`: all that is kept of a person.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use tidings_core::tidings::Subject;
use tidings_protocol::UserId;
use tidings_server::App;
use tidings_server::audit::{self, Actor};
use tidings_server::personal_data::{Export, Exported};

use super::private_file::PrivateFile;
use crate::load::{File, Given};
use crate::output::note;
use crate::run::runtime;
use crate::{offline, output};

/// Print all that is kept of a user, as JSON lines
///
/// What GET /v1/users/{user}/export answers, straight from the store: the user, preferences, memberships, notifications and what waits to be sent,
/// receipts, entries that the user published or has in the personal room; the last line counts them. It is written to the audit log first. Of a user whom nobody knows there is nothing, and that is no
/// error. Entries in the archive are not in it: `tidings db archive --user USER` prints those.
///
/// A SQLite file belongs to one process: while a server runs on it, ask that one over HTTP.
#[derive(Args)]
#[command(after_help = "\
Examples:
  tidings db export-user ada | jq .
  tidings db export-user ada --out ada.jsonl")]
pub(super) struct ExportUser {
    #[command(flatten)]
    file: File,
    /// Whose
    #[arg(value_name = "USER")]
    user: UserId,
    /// Write to this file, which only you may read, and which is not there yet
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file of --out if it is there
    #[arg(long, requires = "out")]
    force: bool,
}

impl ExportUser {
    pub(super) fn run(self, given: Given, file: File) -> anyhow::Result<ExitCode> {
        let settings = super::settings(given, &self.file.or(file))?;
        let is_archived = !settings.store.archive.is_empty();
        let (user, out, force) = (self.user, self.out, self.force);
        let exported = runtime(1).context("the runtime does not start")?.block_on(async {
            let app = offline::open(settings, "GET /v1/users/{user}/export").await?;
            match out {
                Some(path) => {
                    let mut to = PrivateFile::create(&path, force)?;
                    let written = || format!("{} cannot be written", path.display());
                    let exported = export(&app, &user, &mut to).await.with_context(written)?;
                    to.finish().with_context(written)?;
                    anyhow::Ok(exported)
                }
                None => export(&app, &user, &mut io::stdout().lock()).await,
            }
        })?;
        let Exported { memberships, notifications, entries, .. } = exported;
        let (memberships, notifications, entries) = (
            output::many(memberships, "membership"),
            output::many(notifications, "notification"),
            output::many(entries, "entry"),
        );
        note(match exported == Exported::default() {
            true => format!("nothing is kept of {user}: the export is empty"),
            false => format!("exported {user}: {memberships}, {notifications}, {entries}"),
        });
        if is_archived {
            note("entries in the archive are not in it: `tidings db archive --user USER` prints those");
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn export(app: &App, user: &UserId, to: &mut impl Write) -> anyhow::Result<Exported> {
    let written =
        audit::write(app, Actor::command_line(), "user.export", Subject::User(user), &json!({})).await;
    if let Err(fault) = written {
        return Err(offline::not_written(app, fault).await);
    }
    let mut export = Export::new(&app.tidings, user.clone());
    while let Some(lines) = export.lines().await.context("the export broke off")? {
        to.write_all(lines.as_bytes())?;
    }
    to.flush()?;
    Ok(export.so_far())
}
