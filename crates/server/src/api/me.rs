//! `/v1/me/…`: what users ask themselves, with their own token. Everything goes through the one rule on who may what.

use std::sync::Arc;

use axum::extract::Request;
use tidings_core::Identity;
use tidings_protocol::{ErrorCode, Fault};

use super::{answer::Answer, chat, endpoint::Outcome, members, messages::Asked, path, query::Query};
use crate::App;

/// Lists the rooms of which the user is a member, and how much of them is unread.
pub(crate) async fn rooms(app: Arc<App>, request: Request) -> Outcome {
    let identity = caller(&request)?;
    let mut page = members::rooms_of(&app, &identity.user, Query::of(request.uri())).await?;
    let names = page.items.iter().map(|membership| membership.room.clone()).collect();
    // Both are in the order of their names; rooms without a chat are left out.
    let mut unread = app.tidings.unread_of(&identity.user, names).await?.into_iter().peekable();
    for membership in &mut page.items {
        membership.unread = unread.next_if(|unread| unread.room == membership.room);
    }
    Ok(Answer::now(&page)?)
}

/// Gives a page of a room that the user may read.
pub(crate) async fn messages(app: Arc<App>, mut request: Request) -> Outcome {
    if chat::is_asked(Query::of(request.uri()))? {
        return chat::messages(app, request).await;
    }
    let identity = caller(&request)?;
    let room = path::room(&mut request).await?;
    let asked = Asked::of(Query::of(request.uri()))?;
    let epoch = asked.epoch.as_ref();
    let stretch = app.tidings.history_for(&identity, &room, asked.page, epoch, asked.limit).await?;
    Ok(asked.answer(&stretch))
}

/// Whom `Auth::User` found in the request.
pub(super) fn caller(request: &Request) -> Result<Arc<Identity>, Fault> {
    let identity = request.extensions().get::<Arc<Identity>>();
    identity.cloned().ok_or_else(|| Fault::new(ErrorCode::Internal, "this path asks for no token"))
}
