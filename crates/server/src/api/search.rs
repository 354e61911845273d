//! `GET /v1/search` and `GET /v1/me/search`: messages by their words.

use std::{str::FromStr, sync::Arc};

use axum::extract::Request;
use tidings_core::{Identity, tidings::chat::Author};
use tidings_protocol::{
    Fault, Role, RoomName, Timestamp, UserId,
    chat::{SearchOrder, SearchRequest},
};

use super::{answer::Answer, endpoint::Outcome, me, path::USER, query::Query};
use crate::App;

/// Finds for a back end what there is, or what a user would find.
pub(crate) async fn search(app: Arc<App>, request: Request) -> Outcome {
    let query = Query::of(request.uri());
    let asked = asked(query)?;
    let roles = query.list::<Role>("roles", "roles with commas between them")?;
    let Some(user) = query.one::<UserId>("user", USER)? else {
        if roles.is_some() {
            return Err(Fault::invalid("roles", "expected a user with them").into());
        }
        return found(&app, Author::BackEnd(None), asked).await;
    };
    let (roles, grants) = (roles.unwrap_or_default(), Vec::new());
    let identity = Identity { user, roles, grants, anonymous: false, issued_at: None, expires_at: None };
    found(&app, Author::User(&identity), asked).await
}

/// Finds for users what they may read.
pub(crate) async fn mine(app: Arc<App>, request: Request) -> Outcome {
    let identity = me::caller(&request)?;
    let asked = asked(Query::of(request.uri()))?;
    found(&app, Author::User(&identity), asked).await
}

async fn found(app: &App, searcher: Author<'_>, asked: SearchRequest) -> Outcome {
    let page = app.tidings.search(searcher, asked).await.map_err(|fault| match fault.path.as_deref() {
        // It has a shorter name in an address.
        Some("query") => Fault { path: Some("q".into()), ..fault },
        _ => fault,
    });
    Ok(Answer::now(&page?)?)
}

fn asked(query: Query<'_>) -> Result<SearchRequest, Fault> {
    let missing = || Fault::invalid("q", "expected the words that are looked for");
    Ok(SearchRequest {
        query: query.one::<String>("q", "text")?.ok_or_else(missing)?,
        room: query.one::<RoomName>("room", "a room's name")?,
        from: query.one::<UserId>("from", USER)?,
        since: query.one::<Timestamp>("since", TIME)?,
        until: query.one::<Timestamp>("until", TIME)?,
        order: query.one::<Order>("order", "newest or best")?.map(|order| order.0),
        limit: query.one::<u16>("limit", "a number from 1 to 100")?,
        cursor: query.one::<String>("cursor", "the next_cursor of the page before")?,
    })
}

const TIME: &str = "a time: 2026-11-21T06:00:00Z";

struct Order(SearchOrder);

impl FromStr for Order {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "newest" => Ok(Self(SearchOrder::Newest)),
            "best" => Ok(Self(SearchOrder::Best)),
            _ => Err(()),
        }
    }
}
