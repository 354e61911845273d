//! `GET /v1/users/{user}/export`: all that is kept of a person, line by line as it is read.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use http_body_util::channel::{Channel, Sender};
use serde_json::json;
use tidings_core::{RoomKey, tidings::Subject};
use tidings_protocol::{Fault, Offset, UserId};

use super::{
    audit::{self, Actor},
    endpoint::Outcome,
    path,
};
use crate::{App, archive::Line};

/// What is read at once.
const PAGE: usize = 500;
/// How long a caller may take for one piece before it is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The media type of JSON lines.
pub(crate) const LINES: &str = "application/x-ndjson";

/// Why an export ended before its end.
struct BrokeOff;

/// Streams memberships and entries. The last line says how many there were: without it, the export is not whole.
pub(crate) async fn export(app: Arc<App>, mut request: Request) -> Outcome {
    let user = path::user(&mut request).await?;
    let actor = Actor::of(&app, &request);
    audit::write(&app, actor, "user.export", Subject::User(&user), &json!({})).await?;
    let (mut lines, body) = Channel::<Bytes, std::io::Error>::new(4);
    tokio::spawn(async move {
        if write(&app, &user, &mut lines).await.is_err() {
            lines.abort(std::io::Error::other("the store is not available"));
        }
    });
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(LINES));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let name = HeaderValue::from_static("attachment; filename=\"export.jsonl\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

async fn write(app: &App, user: &UserId, lines: &mut Sender<Bytes, std::io::Error>) -> Result<(), BrokeOff> {
    let head = json!({ "kind": "user", "user": user, "exported_at": app.tidings.clock().now() });
    send(lines, format!("{head}\n")).await?;
    let (mut memberships, mut after) = (0_u64, None);
    loop {
        let rooms = app.tidings.rooms_of(user, after, PAGE).await.map_err(broke_off)?;
        let Some((last, _)) = rooms.last() else { break };
        after = Some(last.clone());
        memberships += rooms.len() as u64;
        let line = |(room, role)| {
            let role: &tidings_core::store::MemberRole = role;
            format!("{}\n", json!({ "kind": "membership", "room": room, "role": role.as_str() }))
        };
        send(lines, rooms.iter().map(|(room, role)| line((room, role))).collect()).await?;
    }
    let (mut entries, mut after) = (0_u64, None::<(RoomKey, Offset)>);
    loop {
        let page = app.tidings.entries_of(user, after, PAGE).await.map_err(broke_off)?;
        let Some(last) = page.last() else { break };
        after = Some((last.room.clone(), last.offset.unwrap_or_default()));
        entries += page.len() as u64;
        let mut text = String::new();
        for entry in &page {
            let entry = serde_json::to_string(&Line::of(entry)).map_err(|_| BrokeOff)?;
            // The same fields as in an archive, behind what kind of line it is.
            text.push_str(r#"{"kind":"entry","#);
            text.push_str(entry.trim_start_matches('{'));
            text.push('\n');
        }
        send(lines, text).await?;
    }
    let end = json!({ "kind": "end", "memberships": memberships, "entries": entries });
    send(lines, format!("{end}\n")).await
}

async fn send(lines: &mut Sender<Bytes, std::io::Error>, text: String) -> Result<(), BrokeOff> {
    match tokio::time::timeout(PATIENCE, lines.send_data(text.into())).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(BrokeOff),
    }
}

fn broke_off(_: Fault) -> BrokeOff {
    BrokeOff
}
