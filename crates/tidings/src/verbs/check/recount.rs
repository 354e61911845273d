//! `tidings check --recount`: whether every badge is what counting its inbox says.

use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;
use tidings_protocol::UserId;
use tidings_settings::Settings;

use super::{Finding, Status};
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
    /// User, what the badge says, and what it should say; the first of them.
    wrong: Vec<(UserId, u64, u64)>,
}

/// Counts all inboxes and says which badges are wrong.
///
/// # Errors
/// The store cannot be used or does not answer.
pub(super) fn run(settings: Settings, as_json: bool) -> anyhow::Result<ExitCode> {
    let counted = runtime(1).context("the runtime does not start")?.block_on(count(settings))?;
    let (status, detail) = match counted.wrong.len() {
        0 => (Status::Good, format!("{} counted, every badge is right", inboxes(counted.inboxes))),
        wrong => (Status::Wrong, format!("{wrong} of {} say something else", many(counted.inboxes, "badge"))),
    };
    let good = status == Status::Good;
    let finding = Finding { check: "notifications", status, detail };
    if as_json {
        let wrong = counted.wrong.iter();
        let wrong: Vec<_> = wrong
            .map(|(user, said, right)| json!({ "user": user, "unread": said, "counted": right }))
            .collect();
        let recount = json!({ "inboxes": counted.inboxes, "wrong": wrong });
        output::json(&json!({ "good": good, "checks": [finding], "recount": recount }))?;
    } else {
        output::line(&finding)?;
        for (user, said, right) in &counted.wrong {
            output::line(format!("user {user}: the badge says {said}, counted {right}"))?;
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn count(settings: Settings) -> anyhow::Result<Counted> {
    let app = offline::open(settings, "GET /v1/users/{user}/notifications").await?;
    let (mut counted, mut after) = (Counted::default(), None);
    loop {
        let page = app.tidings.recounted(after, PAGE).await.context("the inboxes could not be counted")?;
        let Some((last, ..)) = page.last() else { return Ok(counted) };
        after = Some(last.clone());
        counted.inboxes += page.len() as u64;
        let room = NAMED_MAX.saturating_sub(counted.wrong.len());
        counted.wrong.extend(page.into_iter().filter(|(_, said, right)| said != right).take(room));
    }
}

fn inboxes(count: u64) -> String {
    if count == 1 { "1 inbox".to_owned() } else { format!("{count} inboxes") }
}
