//! `GET /v1/presence`: who is there, of some users or in a room.

use std::sync::Arc;

use axum::extract::Request;
use tidings_protocol::{
    ErrorCode, Fault, RoomName, UserId, command::PRESENCE_USERS_MAX, http::Page, reply::Presence,
};

use super::{answer::Answer, endpoint::Outcome, page::PageRequest, path, query::Query};
use crate::App;

/// Answers for users in the order they were asked for, for a room in the order of its members' ids.
pub(crate) async fn presence(app: Arc<App>, request: Request) -> Outcome {
    let query = Query::of(request.uri());
    let users = query.list::<UserId>("users", "user ids with commas between them")?;
    let room = query.one::<RoomName>("room", path::ROOM)?;
    let page = match (users, room) {
        (Some(users), None) => of_users(&app, &users).await?,
        (None, Some(room)) => of_room(&app, &room, query)?,
        _ => return Err(Fault::invalid("users", "expected either users or room").into()),
    };
    Ok(Answer::now(&page)?)
}

async fn of_users(app: &App, users: &[UserId]) -> Result<Page<Presence>, Fault> {
    if users.len() > PRESENCE_USERS_MAX {
        return Err(Fault::invalid("users", format!("expected at most {PRESENCE_USERS_MAX} users")));
    }
    Ok(Page { items: app.tidings.presence_of_users(users).await, next_cursor: None })
}

fn of_room(app: &App, room: &RoomName, query: Query<'_>) -> Result<Page<Presence>, Fault> {
    if app.settings.room_rule(room.as_str()).is_none() {
        let fault = Fault::new(ErrorCode::NotFound, "no rule of [[rooms]] matches this name");
        return Err(Fault { path: Some("room".into()), ..fault });
    }
    let page = PageRequest::<UserId>::of(query)?;
    Ok(page.cut(app.tidings.hub.presence_of_room(room), |presence| &presence.user, |presence| presence))
}
