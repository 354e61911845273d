//! `/v1/rooms` and `/v1/rooms/{room}`: what a room is, the back end's data on it, and its end.

use std::sync::Arc;

use axum::{extract::Request, response::IntoResponse};
use http::StatusCode;
use tidings_core::{RoomKey, store::RoomRecord, tidings::Subject};
use tidings_protocol::{
    ErrorCode, Fault, Json, RoomName, depth,
    envelope::not_an_object,
    http::{Page, RoomInfo, RoomRequest},
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
};
use crate::App;

/// Lists rooms in the order of their names.
pub(crate) async fn list(app: Arc<App>, request: Request) -> Outcome {
    let page = PageRequest::<RoomName>::of(Query::of(request.uri()))?;
    let records = app.tidings.rooms(page.after(), page.wanted()).await?;
    let named = |record: RoomRecord| Some((record.room.name()?.clone(), record));
    let rooms: Vec<(RoomName, RoomRecord)> = records.into_iter().filter_map(named).collect();
    let Page { items, next_cursor } = page.cut(rooms, |(name, _)| name, |room| room);
    let items = items.into_iter().map(|(name, record)| info(&app, name, record)).collect();
    Ok(Answer::now(&Page { items, next_cursor })?)
}

/// Tells of one room.
pub(crate) async fn get(app: Arc<App>, mut request: Request) -> Outcome {
    let room = path::room(&mut request).await?;
    let record = app.tidings.room(&room).await?;
    Ok(Answer::now(&info(&app, room, record))?)
}

/// Creates a room, or puts other data on it.
pub(crate) async fn put(app: Arc<App>, mut request: Request) -> Outcome {
    let room = path::room(&mut request).await?;
    known(&app, &room)?;
    let actor = Actor::of(&app, &request);
    let RoomRequest { data } = read(&app, &body::read(&app, request).await?)?;
    audit::write(&app, actor, "room.put", Subject::Room(&room), &serde_json::json!({})).await?;
    let created = app.tidings.put_room(room.clone(), data).await?;
    let record = app.tidings.room(&room).await?;
    Ok(Answer::json(put_status(created), &info(&app, room, record))?.into_response())
}

/// Forgets a room and shows everyone out.
pub(crate) async fn delete(app: Arc<App>, mut request: Request) -> Outcome {
    let room = path::room(&mut request).await?;
    known(&app, &room)?;
    let actor = Actor::of(&app, &request);
    audit::write(&app, actor, "room.delete", Subject::Room(&room), &serde_json::json!({})).await?;
    match app.tidings.delete_room(&room).await? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Fault::new(ErrorCode::NotFound, "there is no such room").into()),
    }
}

/// What a PUT answers.
pub(super) fn put_status(created: bool) -> StatusCode {
    if created { StatusCode::CREATED } else { StatusCode::OK }
}

/// Refuses names that no rule knows, before anything is written down of them.
pub(super) fn known(app: &App, room: &RoomName) -> Result<(), Fault> {
    match app.tidings.kinds().of(room) {
        Some(_) => Ok(()),
        None => {
            let fault = Fault::new(ErrorCode::NotFound, "no rule of [[rooms]] matches this name");
            Err(Fault { path: Some("room".into()), ..fault })
        }
    }
}

fn read(app: &App, json: &[u8]) -> Result<RoomRequest, Fault> {
    if json.is_empty() {
        return Ok(RoomRequest { data: Json::null() });
    }
    depth::check(json, app.settings.limits.json_depth)?;
    object::from_slice(json).map_err(|error| not_an_object(&error))
}

fn info(app: &App, room: RoomName, record: RoomRecord) -> RoomInfo {
    let kinds = app.tidings.kinds();
    RoomInfo {
        kind: kinds.of(&room).map(|kind| kind.pattern.to_string()),
        keep: kinds.keep(&RoomKey::Named(room.clone())).to_string(),
        epoch: record.head.epoch,
        offset: record.head.offset,
        oldest: record.oldest,
        members: record.members,
        online: app.tidings.hub.present_in(&room),
        data: record.data,
        created_at: record.created_at,
        room,
    }
}
