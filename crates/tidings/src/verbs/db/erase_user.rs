//! `tidings db erase-user`: forgetting a person.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;
use tidings_core::tidings::Subject;
use tidings_protocol::UserId;
use tidings_protocol::http::EraseResponse;
use tidings_server::audit::{self, Actor};
use tidings_server::personal_data;

use crate::failure::WrongCall;
use crate::load::{File, Given};
use crate::offline;
use crate::output::{self, many, note};
use crate::run::runtime;

/// Erase a user for good, from the store and from the archive
///
/// What DELETE /v1/users/{user} does, with the same record in the audit log: tokens are void, the personal room and memberships go, and what the
/// user published elsewhere becomes places without sender and data, in the archive of store.archive too. Nothing of it is left in the
/// database's files. It cannot be undone.
///
/// While a server runs, prefer that call. On SQLite there is no other way: the file belongs to one process, and this is refused. On PostgreSQL it
/// works, and each server ends the user's connections within a second; but what a server has in memory of the erased entries it may go on
/// sending for up to 70 seconds, where the one that was asked over HTTP forgets it at once.
#[derive(Args)]
pub(super) struct EraseUser {
    #[command(flatten)]
    file: File,
    /// Whom
    #[arg(value_name = "USER")]
    user: UserId,
    /// Do not ask; needed where no terminal can be asked
    #[arg(long)]
    yes: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl EraseUser {
    pub(super) fn run(self, given: Given, file: File) -> anyhow::Result<ExitCode> {
        let (user, yes) = (self.user, self.yes);
        if !yes && !io::stdin().is_terminal() {
            let message = "erasing cannot be undone, and there is no terminal to ask: give --yes";
            return Err(WrongCall::new(message).into());
        }
        let settings = super::settings(given, &self.file.or(file))?;
        let is_archived = !settings.store.archive.is_empty();
        let (report, is_shared) = runtime(1).context("the runtime does not start")?.block_on(async {
            let app = offline::open(settings, "DELETE /v1/users/{user}").await?;
            if !yes && !is_meant(&user)? {
                bail!("nothing was erased: that is not the user's id");
            }
            let subject = Subject::User(&user);
            let written = audit::write(&app, Actor::command_line(), "user.erase", subject, &json!({})).await;
            if let Err(fault) = written {
                return Err(offline::not_written(&app, fault).await);
            }
            let report = personal_data::erase(app.clone(), user.clone()).await?;
            Ok((report, app.tidings.store().is_shared()))
        })?;
        match self.json {
            true => output::json(&report)?,
            false => output::line(sentence(&user, &report))?,
        }
        if !is_archived {
            note(
                "there is no archive here (store.archive is empty): if a server has one, erase with its settings",
            );
        }
        if is_shared {
            note("servers on this database may send what they have in memory of it for up to 70 seconds");
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks for the id once more: it is harder to mistype twice than to say yes.
fn is_meant(user: &UserId) -> anyhow::Result<bool> {
    write!(io::stderr(), "Erase {user} for good? It cannot be undone. Type the user's id to go on: ")?;
    let mut typed = String::new();
    io::stdin().read_line(&mut typed).context("standard input cannot be read")?;
    Ok(typed.trim_end_matches(['\r', '\n']) == user.as_str())
}

fn sentence(user: &UserId, report: &EraseResponse) -> String {
    let EraseResponse {
        personal_entries, blanked_entries, memberships, notifications, archived_entries, ..
    } = *report;
    format!(
        "erased {user}: {} of the personal room, {} in other rooms, {}, {}, {} in the archive",
        many(personal_entries, "entry"),
        many(blanked_entries, "entry"),
        many(memberships, "membership"),
        many(notifications, "notification"),
        many(archived_entries, "entry"),
    )
}
