//! `GET /v1/users/{user}/notifications` and `GET /v1/me/notifications`: an inbox, page by page.

use std::{str::FromStr, sync::Arc};

use axum::extract::Request;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use tidings_core::{
    Tidings,
    store::inbox::{Category, Filter, PAGE_MAX, Reader, Severity},
};
use tidings_protocol::{EntryId, Fault, Role, http::NotificationPage};

use crate::{
    App,
    api::{answer::Answer, endpoint::Outcome, me, path, query::Query},
};

const LIMIT_DEFAULT: usize = 50;

/// Shows a back end the inbox of a user.
pub(crate) async fn of_user(app: Arc<App>, mut request: Request) -> Outcome {
    let user = path::user(&mut request).await?;
    let query = Query::of(request.uri());
    let roles = roles(query)?;
    list(&app, Reader { user, roles }, query).await
}

/// Shows users their own inbox.
pub(crate) async fn mine(app: Arc<App>, request: Request) -> Outcome {
    let reader = Tidings::own_inbox(&*me::caller(&request)?)?;
    list(&app, reader, Query::of(request.uri())).await
}

/// The roles whose notifications are to be in the inbox: only tokens say who has which.
pub(super) fn roles(query: Query<'_>) -> Result<Vec<Role>, Fault> {
    Ok(query.list::<Role>("roles", "roles with commas between them")?.unwrap_or_default())
}

async fn list(app: &App, reader: Reader, query: Query<'_>) -> Outcome {
    let (filter, limit) = (filter(query)?, limit(query)?);
    let before = query.one::<Cursor>("cursor", "the next_cursor of the page before")?.map(|cursor| cursor.0);
    let counters = app.tidings.counters(reader.clone()).await?;
    // The store gives no more than a page: that there is another is found by asking for it.
    let items = app.tidings.notifications(reader.clone(), filter.clone(), before, limit).await?;
    let last = items.last().map(|last| last.id).filter(|_| items.len() == limit);
    let next_cursor = match last {
        Some(last) if !app.tidings.notifications(reader, filter, Some(last), 1).await?.is_empty() => {
            Some(BASE64_URL_SAFE_NO_PAD.encode(last.bytes()))
        }
        _ => None,
    };
    let (unread, revision) = (counters.unread, counters.revision);
    Ok(Answer::now(&NotificationPage { items, next_cursor, unread, revision })?)
}

fn filter(query: Query<'_>) -> Result<Filter, Fault> {
    let flag = |name| query.one::<bool>(name, "true or false");
    Ok(Filter {
        unread: flag("unread")?,
        archived: Some(flag("archived")?.unwrap_or_default()),
        snoozed: Some(flag("snoozed")?.unwrap_or_default()),
        category: query.one::<Word<Category>>("category", "a category: 1 to 64 bytes")?.map(|word| word.0),
        severity: query
            .one::<Word<Severity>>("severity", "info, success, warning or error")?
            .map(|word| word.0),
    })
}

fn limit(query: Query<'_>) -> Result<usize, Fault> {
    let expected = "a number from 1 to 200";
    let limit = query.one("limit", expected)?.unwrap_or(LIMIT_DEFAULT);
    match (1..=PAGE_MAX).contains(&limit) {
        true => Ok(limit),
        false => Err(Fault::invalid("limit", format!("expected {expected}"))),
    }
}

/// What the core reads by a function of its own.
struct Word<T>(T);

impl FromStr for Word<Category> {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Category::parse(text).map(Self)
    }
}

impl FromStr for Word<Severity> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Severity::parse(text).map(Self).ok_or(())
    }
}

/// A cursor: the last item's id, wrapped so that nobody takes it for something to build.
struct Cursor(EntryId);

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(drop)?;
        bytes.try_into().map(|bytes| Self(EntryId::from_bytes(bytes))).map_err(drop)
    }
}
