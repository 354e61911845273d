//! `POST …/notifications/{act}`: what was done with notifications, told to all devices of their user.

use std::sync::Arc;

use axum::extract::Request;
use serde::Deserialize;
use serde_json::value::RawValue;
use tidings_core::{
    Tidings,
    store::inbox::{Change, Reader},
    tidings::notifications::WhichOnes,
};
use tidings_protocol::{
    EntryId, ErrorCode, Fault, Timestamp,
    envelope::{not_an_object, optional, required},
    http::MarkResponse,
    notification::IDS_MAX,
    object,
};

use super::inbox;
use crate::{
    App,
    api::{answer::Answer, body, endpoint::Outcome, me, path, query::Query},
};

/// Acts for a user, as a back end asks.
pub(crate) async fn mark_of_user(app: Arc<App>, mut request: Request) -> Outcome {
    let user = path::user(&mut request).await?;
    let roles = inbox::roles(Query::of(request.uri()))?;
    mark(app, request, Reader { user, roles }).await
}

/// Acts for the user who asks.
pub(crate) async fn mark_mine(app: Arc<App>, request: Request) -> Outcome {
    let reader = Tidings::own_inbox(&*me::caller(&request)?)?;
    mark(app, request, reader).await
}

async fn mark(app: Arc<App>, mut request: Request, reader: Reader) -> Outcome {
    let act = path::text(&mut request, "act").await?;
    let body = body::read(&app, request).await?;
    let (which, change) = read(&act, &body)?;
    let marked = app.tidings.mark(reader, which, change).await?;
    let (unread, revision) = (marked.counters.unread, marked.counters.revision);
    let response = MarkResponse { changed: marked.changed, not_found: marked.not_found, unread, revision };
    Ok(Answer::now(&response)?)
}

/// Reads a `MarkRequest` for an act.
fn read(act: &str, json: &[u8]) -> Result<(WhichOnes, Change), Fault> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields<'a> {
        #[serde(borrow, default)]
        ids: Option<&'a RawValue>,
        #[serde(borrow, default)]
        all: Option<&'a RawValue>,
        #[serde(borrow, default)]
        up_to: Option<&'a RawValue>,
        #[serde(borrow, default)]
        until: Option<&'a RawValue>,
    }
    let simple = match act {
        "seen" => Some(Change::Seen),
        "read" => Some(Change::Read),
        "unread" => Some(Change::Unread),
        "archive" => Some(Change::Archive),
        "unarchive" => Some(Change::Unarchive),
        "delete" => Some(Change::Delete),
        "snooze" => None,
        _ => return Err(Fault::new(ErrorCode::NotFound, "there is no such act on notifications")),
    };
    let fields: Fields<'_> = object::from_slice(json).map_err(|error| not_an_object(&error))?;
    let change = match simple {
        Some(_) if fields.until.is_some() => {
            return Err(Fault::invalid("until", "expected with snooze only"));
        }
        Some(change) => change,
        None => Change::Snooze(required::<Timestamp>("until", fields.until)?),
    };
    let ids = optional::<Vec<EntryId>>("ids", fields.ids)?;
    let all = optional::<bool>("all", fields.all)?;
    let up_to = optional::<EntryId>("up_to", fields.up_to)?;
    match (ids, all) {
        (Some(_), None) if up_to.is_some() => Err(Fault::invalid("up_to", "expected with all only")),
        (Some(ids), None) if (1..=IDS_MAX).contains(&ids.len()) => Ok((WhichOnes::Ids(ids), change)),
        (Some(_), None) => Err(Fault::invalid("ids", format!("expected 1 to {IDS_MAX} ids"))),
        (None, Some(true)) => Ok((WhichOnes::All(up_to), change)),
        (None, Some(false)) => Err(Fault::invalid("all", "expected true")),
        _ => Err(Fault::invalid("ids", "expected either ids or all")),
    }
}
