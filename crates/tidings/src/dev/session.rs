//! `GET /demo/session?user=ada`: what the demo's page needs to connect and to publish as a back end would. The verbs
//! `listen` and `publish` use it too, when they talk to a `tidings dev` and have no keys.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};
use tidings_protocol::{ErrorCode, Fault, UserId};
use tidings_server::problem::HttpFault;

use super::{DEMO_ROOM, Dev, guard};
use crate::mint::{Wish, mint, parse_grant};

/// How long a demo user's token is good for; the page fetches another one then.
const TOKEN_TIME: Duration = Duration::from_secs(3600);
/// Who the demo shows when nobody was asked for.
const SOMEBODY: &str = "ada";

/// Where the session of a user is, with a token that opens these rooms besides the demo's.
pub(crate) fn session_path(user: &UserId, rooms: &[String]) -> String {
    let mut path = "/demo/session?user=".to_owned();
    escape(user.as_str(), &mut path);
    if !rooms.is_empty() {
        path.push_str("&rooms=");
        escape(&rooms.join(","), &mut path);
    }
    path
}

/// A user id may hold anything, `&` and `#` included.
fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        // Writing to a String cannot fail.
        let _ = if byte.is_ascii_alphanumeric() {
            out.write_char(byte.into())
        } else {
            write!(out, "%{byte:02X}")
        };
    }
}

/// A demo user's keys.
#[derive(Serialize, Deserialize)]
pub(crate) struct Session {
    /// Who.
    pub(crate) user: UserId,
    /// The user's token, for an hour.
    pub(crate) token: String,
    /// The back end's key.
    pub(crate) api_key: String,
    /// Where a back end publishes.
    pub(crate) publish_url: String,
    /// Rooms that the token opens.
    pub(crate) rooms: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    user: Option<String>,
    rooms: Option<String>,
}

/// Hands out a demo user's keys to the demo's own page.
pub(super) async fn session(
    State(dev): State<Arc<Dev>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Response, HttpFault> {
    guard::check(&headers, dev.address.port())
        .map_err(|wrong| HttpFault::new(ErrorCode::Forbidden, wrong))?;
    let user = UserId::parse(asked.user.as_deref().unwrap_or(SOMEBODY))
        .map_err(|wrong| Fault::invalid("user", wrong.to_string()))?;
    let mut rooms = vec![DEMO_ROOM.to_owned()];
    for room in asked.rooms.iter().flat_map(|rooms| rooms.split(',')) {
        rooms.push(parse_grant(room).map_err(|wrong| Fault::invalid("rooms", wrong))?);
    }
    let body =
        dev.session(user, rooms).and_then(|session| Ok(serde_json::to_vec(&session)?)).map_err(|error| {
            tracing::error!(%error, "a demo token could not be made");
            HttpFault::new(ErrorCode::Internal, "the token could not be made")
        })?;
    Ok(([(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/json")], body)
        .into_response())
}

impl Dev {
    /// Keys for a user of the demo.
    ///
    /// # Errors
    /// Signing failed.
    fn session(&self, user: UserId, rooms: Vec<String>) -> anyhow::Result<Session> {
        let wish = Wish { user: user.clone(), roles: Vec::new(), rooms: rooms.clone(), ttl: TOKEN_TIME };
        Ok(Session {
            user,
            token: mint(&self.auth, &wish)?,
            api_key: self.api_key.clone(),
            publish_url: format!("{}/v1/publish", self.url()),
            rooms,
        })
    }
}
