//! `GET /v1/users/{user}/export`: all that is kept of a person, line by line as it is read.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use http_body_util::channel::{Channel, Sender};
use serde_json::json;
use tidings_core::tidings::Subject;

use super::{
    audit::{self, Actor},
    endpoint::Outcome,
    path,
};
use crate::{App, personal_data::Export};

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
        if send(Export::new(&app.tidings, user), &mut lines).await.is_err() {
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

async fn send(mut export: Export<'_>, to: &mut Sender<Bytes, std::io::Error>) -> Result<(), BrokeOff> {
    while let Some(lines) = export.lines().await.map_err(|_| BrokeOff)? {
        match tokio::time::timeout(PATIENCE, to.send_data(lines.into())).await {
            Ok(Ok(())) => {}
            _ => return Err(BrokeOff),
        }
    }
    Ok(())
}
