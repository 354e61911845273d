//! `POST /v1/users/{user}/revoke`: tokens that end before their time.

use std::sync::Arc;

use axum::{extract::Request, response::IntoResponse};
use http::StatusCode;
use tidings_core::tidings::Subject;
use tidings_protocol::http::RevokeResponse;

use super::{
    answer::Answer,
    audit::{self, Actor},
    endpoint::Outcome,
    path,
};
use crate::App;

/// Makes void all tokens of a user that were issued up to now, and ends the connections that were opened with them.
pub(crate) async fn revoke(app: Arc<App>, mut request: Request) -> Outcome {
    let user = path::user(&mut request).await?;
    let actor = Actor::of(&app, &request);
    audit::write(&app, actor, "user.revoke", Subject::User(&user), &serde_json::json!({})).await?;
    let connections = app.tidings.revoke(&user).await?;
    Ok(Answer::json(StatusCode::OK, &RevokeResponse { connections })?.into_response())
}
