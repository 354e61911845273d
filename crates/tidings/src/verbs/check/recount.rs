//! `tidings check --recount`: whether every badge is what counting its inbox says, and what is unread of rooms what counting their messages does.

use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use tidings_protocol::UserId;
use tidings_server::App;
use tidings_settings::Settings;

use super::{Finding, Status, recount_rooms};
use crate::offline;
use crate::output::{self, many};
use crate::run::runtime;

/// Inboxes that are read at once.
const PAGE: usize = 200;
/// Wrong badges that are named.
const NAMED_MAX: usize = 1_000;

/// What was counted.
#[derive(Default)]
struct Counted {
    inboxes: u64,
    /// Roles to which something went.
    roles: usize,
    /// User, what the badge says, and what it should say; the first of them.
    wrong: Vec<(UserId, u64, u64)>,
}

/// Counts all inboxes and says which badges are wrong.
///
/// # Errors
/// The store cannot be used or does not answer.
pub(super) fn run(settings: Settings, as_json: bool) -> anyhow::Result<ExitCode> {
    let (counted, rooms) = runtime(1).context("the runtime does not start")?.block_on(async {
        let app = offline::open(settings, "GET /v1/users/{user}/notifications").await?;
        anyhow::Ok((count(&app).await?, recount_rooms::count(&app).await?))
    })?;
    let (status, detail) = match counted.wrong.len() {
        0 => (
            Status::Good,
            format!("{} counted, every badge is right{}", inboxes(counted.inboxes), of_roles(counted.roles)),
        ),
        wrong => (Status::Wrong, format!("{wrong} of {} say something else", many(counted.inboxes, "badge"))),
    };
    let findings = [Finding { check: "notifications", status, detail }, rooms.finding()];
    let good = findings.iter().all(|finding| finding.status == Status::Good);
    if as_json {
        let wrong = counted.wrong.iter();
        let wrong: Vec<_> = wrong
            .map(|(user, said, right)| json!({ "user": user, "unread": said, "counted": right }))
            .collect();
        let recount = json!({ "inboxes": counted.inboxes, "roles": counted.roles, "wrong": wrong, "rooms": rooms.json() });
        output::json(&json!({ "good": good, "checks": findings, "recount": recount }))?;
    } else {
        findings.iter().try_for_each(output::line)?;
        for (user, said, right) in &counted.wrong {
            output::line(format!("user {user}: the badge says {said}, counted {right}"))?;
        }
        rooms.lines().try_for_each(output::line)?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn count(app: &App) -> anyhow::Result<Counted> {
    let roles = app.tidings.store().notified_roles().await.context("the roles could not be read")?;
    let (mut counted, mut after) = (Counted { roles: roles.len(), ..Counted::default() }, None);
    loop {
        let page =
            app.tidings.recounted(after, PAGE, &roles).await.context("the inboxes could not be counted")?;
        let Some((last, ..)) = page.last() else { return Ok(counted) };
        after = Some(last.clone());
        counted.inboxes += page.len() as u64;
        let room = NAMED_MAX.saturating_sub(counted.wrong.len());
        counted.wrong.extend(page.into_iter().filter(|(_, said, right)| said != right).take(room));
    }
}

/// What is known of those, and what is not.
fn of_roles(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!(
            "; what went to {} was counted as if everybody had them: who does, only tokens know",
            many(count as u64, "role")
        ),
    }
}

fn inboxes(count: u64) -> String {
    if count == 1 { "1 inbox".to_owned() } else { format!("{count} inboxes") }
}
