//! `/v1/rooms/{room}/members` and `/v1/users/{user}/rooms`: who is a member of what.

use std::sync::Arc;

use axum::{extract::Request, response::IntoResponse};
use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use tidings_core::{
    store::{Member, MemberRole},
    tidings::Subject,
};
use tidings_protocol::{
    ErrorCode, Fault, RoomName, UserId,
    envelope::{not_an_object, optional},
    http::{MemberInfo, Membership, Page},
    object,
};

use super::{
    answer::Answer,
    audit::{self, Actor},
    body,
    endpoint::Outcome,
    page::PageRequest,
    path,
    query::Query,
    rooms::{known, put_status},
};
use crate::App;

/// Lists the members of a room in the order of their ids.
pub(crate) async fn list(app: Arc<App>, mut request: Request) -> Outcome {
    let room = path::room(&mut request).await?;
    let page = PageRequest::<UserId>::of(Query::of(request.uri()))?;
    let members = app.tidings.members(&room, page.after(), page.wanted()).await?;
    Ok(Answer::now(&page.cut(members, |member| &member.user, info))?)
}

/// Makes a user a member, or changes the role.
pub(crate) async fn put(app: Arc<App>, mut request: Request) -> Outcome {
    let (room, user) = (path::room(&mut request).await?, path::user(&mut request).await?);
    known(&app, &room)?;
    let actor = Actor::of(&app, &request);
    let role = role(&body::read(&app, request).await?)?;
    let particulars = serde_json::json!({ "role": role.as_str() });
    audit::write(&app, actor, "member.put", Subject::Member(&room, &user), &particulars).await?;
    let created = app.tidings.put_member(room.clone(), user.clone(), role).await?;
    let member = app.tidings.member(&room, &user).await?;
    Ok(Answer::json(put_status(created), &info(member))?.into_response())
}

/// Ends a membership.
pub(crate) async fn remove(app: Arc<App>, mut request: Request) -> Outcome {
    let (room, user) = (path::room(&mut request).await?, path::user(&mut request).await?);
    known(&app, &room)?;
    let actor = Actor::of(&app, &request);
    let subject = Subject::Member(&room, &user);
    audit::write(&app, actor, "member.remove", subject, &serde_json::json!({})).await?;
    match app.tidings.remove_member(&room, &user).await? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Fault::new(ErrorCode::NotFound, "the user is no member of this room").into()),
    }
}

/// Lists the rooms of which a user is a member.
pub(crate) async fn of_user(app: Arc<App>, mut request: Request) -> Outcome {
    let user = path::user(&mut request).await?;
    Ok(Answer::now(&rooms_of(&app, &user, Query::of(request.uri())).await?)?)
}

/// A page of the rooms of which a user is a member, in the order of their names.
///
/// # Errors
/// `invalid_request`, `unavailable`.
pub(super) async fn rooms_of(app: &App, user: &UserId, query: Query<'_>) -> Result<Page<Membership>, Fault> {
    let page = PageRequest::<RoomName>::of(query)?;
    let rooms = app.tidings.rooms_of(user, page.after(), page.wanted()).await?;
    let show =
        |(room, role): (RoomName, MemberRole)| Membership { room, role: role.to_string(), unread: None };
    Ok(page.cut(rooms, |(room, _)| room, show))
}

fn info(member: Member) -> MemberInfo {
    let Member { user, role, since } = member;
    MemberInfo { user, role: role.to_string(), since }
}

/// Reads a `MemberRequest`.
fn role(json: &[u8]) -> Result<MemberRole, Fault> {
    #[derive(Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields<'a> {
        #[serde(borrow, default)]
        role: Option<&'a RawValue>,
    }
    let fields: Fields<'_> = match json.is_empty() {
        true => Fields::default(),
        false => object::from_slice(json).map_err(|error| not_an_object(&error))?,
    };
    match optional::<String>("role", fields.role)? {
        Some(role) => MemberRole::parse(&role).map_err(|expected| Fault::invalid("role", expected)),
        None => Ok(MemberRole::default()),
    }
}
