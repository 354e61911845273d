//! `GET /v1/connections` and `POST /v1/users/{user}/disconnect`: which sockets are open, and ending a user's.

use std::sync::Arc;

use axum::{extract::Request, response::IntoResponse};
use http::StatusCode;
use tidings_core::{Connection, tidings::Subject};
use tidings_protocol::{
    Close, ConnectionId, UserId,
    http::{ConnectionInfo, DisconnectRequest, DisconnectResponse},
    object,
};

use super::{
    answer::Answer,
    audit::{self, Actor},
    body,
    endpoint::Outcome,
    page::PageRequest,
    path::{self, USER},
    query::Query,
    refusal,
};
use crate::App;

/// Lists connections, the oldest first: ids of version 7 sort by the time they were made.
pub(crate) async fn list(app: Arc<App>, request: Request) -> Outcome {
    let query = Query::of(request.uri());
    let page = PageRequest::<ConnectionId>::of(query)?;
    let connections = match query.one::<UserId>("user", USER)? {
        Some(user) => app.tidings.hub.connections_of(&user),
        None => app.tidings.hub.all_connections(),
    };
    Ok(Answer::now(&page.cut(connections, |connection| &connection.id, info))?)
}

fn info(connection: Arc<Connection>) -> ConnectionInfo {
    let origin = &connection.origin;
    let said = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    ConnectionInfo {
        connection_id: connection.id,
        user: connection.user().clone(),
        client_type: said(&origin.client_type),
        client_version: said(&origin.client_version),
        device_id: said(&origin.device_id),
        ip: origin.ip,
        connected_at: origin.connected_at,
        rooms: connection.room_names(),
    }
}

/// Ends all connections of a user.
pub(crate) async fn disconnect(app: Arc<App>, mut request: Request) -> Outcome {
    let user = path::user(&mut request).await?;
    let actor = Actor::of(&app, &request);
    let body = body::read(&app, request).await?;
    let DisconnectRequest { reason } = match body.is_empty() {
        true => DisconnectRequest::default(),
        false => object::from_slice(&body).map_err(|_| refusal::of_disconnect(&body))?,
    };
    let close = match reason.filter(|reason| !reason.is_empty()) {
        Some(reason) => Close::because(Close::ENDED.code, &reason),
        None => Close::ENDED,
    };
    audit::write(&app, actor, "user.disconnect", Subject::User(&user), &serde_json::json!({})).await?;
    let disconnected = app.tidings.disconnect_user(&user, &close);
    Ok(Answer::json(StatusCode::OK, &DisconnectResponse { disconnected })?.into_response())
}
