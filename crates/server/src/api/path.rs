//! What stands in a request's path.

use std::str::FromStr;

use axum::{
    RequestExt,
    extract::{RawPathParams, Request},
};
use serde::{Deserialize, de::IntoDeserializer};
use tidings_protocol::{EntryId, ErrorCode, Fault, RoomName, UserId};

pub(crate) const ROOM: &str = "a room name: 1 to 128 of A-Z a-z 0-9 _ . : @ -";
pub(crate) const USER: &str = "a user id: 1 to 128 bytes without control characters";

/// The `{room}` of a path.
///
/// # Errors
/// `invalid_request` when it is no room's name.
pub(crate) async fn room(request: &mut Request) -> Result<RoomName, Fault> {
    read(request, "room", ROOM).await
}

/// The `{user}` of a path.
///
/// # Errors
/// `invalid_request` when it is no user's id.
pub(crate) async fn user(request: &mut Request) -> Result<UserId, Fault> {
    read(request, "user", USER).await
}

/// The `{id}` of a path.
///
/// # Errors
/// `invalid_request` when it is no id.
pub(crate) async fn id(request: &mut Request) -> Result<EntryId, Fault> {
    let text = text(request, "id").await?;
    parse_id(&text).ok_or_else(|| Fault::invalid("id", "expected an id: a UUID"))
}

/// An entry's id.
pub(crate) fn parse_id(text: &str) -> Option<EntryId> {
    let id: Result<EntryId, serde::de::value::Error> = EntryId::deserialize(text.into_deserializer());
    id.ok()
}

/// A word of a path.
///
/// # Errors
/// `invalid_request` when the path is not UTF-8.
pub(crate) async fn text(request: &mut Request, name: &str) -> Result<String, Fault> {
    read(request, name, "a word").await
}

async fn read<T: FromStr>(request: &mut Request, name: &str, expected: &str) -> Result<T, Fault> {
    let parts = request.extract_parts::<RawPathParams>().await;
    let parts = parts.map_err(|_| Fault::new(ErrorCode::InvalidRequest, "the path is not UTF-8"))?;
    let value = parts.iter().find(|(key, _)| *key == name);
    let value = value.and_then(|(_, value)| value.parse().ok());
    value.ok_or_else(|| Fault::invalid(name, format!("expected {expected}")))
}
