//! Reading messages as they stand.

use std::sync::Arc;

use axum::extract::Request;
use tidings_core::{
    store::{
        Page,
        chat::{Of, Place, Version},
    },
    tidings::chat::Asked,
};
use tidings_protocol::{
    EntryId, Epoch, Fault, Offset,
    chat::{MessagePage, PAGE_MAX},
    http::{MessageList, VersionInfo},
};

use super::caller::Caller;
use crate::{
    App,
    api::{answer::Answer, endpoint::Outcome, messages::Cursor, path, query::Query},
    live::chat::{of, place},
};

const LIMIT_DEFAULT: usize = 50;
const ONLY: &[&str] = &["thread", "pinned", "main", "around", "user"];

/// Whether a query is for messages as they stand, and not for all entries that are kept.
///
/// # Errors
/// `invalid_request` for another type, and for filters that only messages have.
pub(crate) fn is_asked(query: Query<'_>) -> Result<bool, Fault> {
    match query.one::<String>("type", "chat_message")?.as_deref() {
        Some("chat_message") => Ok(true),
        Some(_) => Err(Fault::invalid("type", "expected chat_message, or none for all entries")),
        None => match ONLY.iter().find(|name| query.has(name)) {
            Some(name) => Err(Fault::invalid(*name, "expected together with type=chat_message")),
            None => Ok(false),
        },
    }
}

/// Gives a page of messages.
pub(crate) async fn messages(app: Arc<App>, mut request: Request) -> Outcome {
    let (caller, room) = (Caller::named(&request, "user")?, path::room(&mut request).await?);
    let asked = asked(Query::of(request.uri()))?;
    let page = app.tidings.messages(caller.author(), &room, asked).await?;
    let next_cursor = next(&page, asked.at).map(|page| Cursor { page, epoch: Epoch("".into()) }.text());
    let MessagePage { items, has_older, has_newer, .. } = page;
    Ok(Answer::now(&MessageList { items, next_cursor, has_older, has_newer })?)
}

/// The page that goes on the same way; around a message that is to what is older.
fn next(page: &MessagePage, at: Place) -> Option<Page> {
    match at {
        Place::After(_) => page.items.last().filter(|_| page.has_newer).map(|last| Page::After(last.offset)),
        Place::Before(_) | Place::Around(_) => {
            page.items.first().filter(|_| page.has_older).map(|first| Page::Before(first.offset))
        }
    }
}

fn asked(query: Query<'_>) -> Result<Asked, Fault> {
    let limit = query.one::<usize>("limit", "a number from 1 to 200")?.unwrap_or(LIMIT_DEFAULT);
    if !(1..=usize::from(PAGE_MAX)).contains(&limit) {
        return Err(Fault::invalid("limit", "expected a number from 1 to 200"));
    }
    if query.has("epoch") {
        return Err(Fault::invalid("epoch", "expected without type=chat_message only"));
    }
    Ok(Asked { of: filter(query)?, at: stretch(query)?, limit })
}

fn filter(query: Query<'_>) -> Result<Of, Fault> {
    let id = |name| query.one::<Id>(name, "the id of a message").map(|id| id.map(|id| id.0));
    let flag = |name| query.one::<bool>(name, "true or false").map(Option::unwrap_or_default);
    let (thread, pinned, main) = (id("thread")?, flag("pinned")?, flag("main")?);
    match usize::from(thread.is_some()) + usize::from(pinned) + usize::from(main) {
        0 | 1 => Ok(of(thread, pinned, main)),
        _ => Err(Fault::invalid("thread", "expected at most one of thread, pinned and main")),
    }
}

fn stretch(query: Query<'_>) -> Result<Place, Fault> {
    let offset = |name| query.one::<u64>(name, "an offset: a whole number, not negative");
    let (before, after) = (offset("before")?.map(Offset), offset("after")?.map(Offset));
    let around = query.one::<Id>("around", "the id of a message")?.map(|id| id.0);
    let cursor = query.one::<Cursor>("cursor", "the next_cursor of the page before")?;
    let given = [before.is_some(), after.is_some(), around.is_some(), cursor.is_some()];
    if given.into_iter().filter(|is| *is).count() > 1 {
        return Err(Fault::invalid("around", "expected at most one of before, after, around and cursor"));
    }
    Ok(match cursor.map(|cursor| cursor.page) {
        Some(Page::After(after)) => Place::After(after),
        Some(Page::Before(before)) => Place::Before(before),
        None => place(before, after, around),
    })
}

/// An id in a query.
struct Id(EntryId);

impl std::str::FromStr for Id {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        path::parse_id(text).map(Self).ok_or(())
    }
}

/// Gives one message.
pub(crate) async fn message(app: Arc<App>, mut request: Request) -> Outcome {
    let (caller, room) = (Caller::named(&request, "user")?, path::room(&mut request).await?);
    let id = path::id(&mut request).await?;
    Ok(Answer::now(&app.tidings.message(caller.author(), &room, id).await?)?)
}

/// Gives what a message said before.
pub(crate) async fn versions(app: Arc<App>, mut request: Request) -> Outcome {
    let (caller, room) = (Caller::of(&request)?, path::room(&mut request).await?);
    let id = path::id(&mut request).await?;
    let versions = app.tidings.versions(caller.author(), &room, id).await?;
    let show = |Version { number, data, until }| VersionInfo { number, data, until };
    let items: Vec<VersionInfo> = versions.into_iter().map(show).collect();
    Ok(Answer::now(&tidings_protocol::http::Page { items, next_cursor: None })?)
}
