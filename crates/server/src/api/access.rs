//! `GET /v1/rooms/{room}/access`: why somebody may, or may not. The answer is the one rule's own, not an account of it.

use std::sync::Arc;

use axum::extract::Request;
use tidings_core::{Identity, access::Act};
use tidings_protocol::{ErrorCode, Fault, Role, UserId, http::AccessInfo};

use super::{
    answer::Answer,
    endpoint::Outcome,
    path::{self, USER},
    query::Query,
};
use crate::App;

/// Answers for a user with the roles that the query says: the server knows members, but roles only from tokens.
pub(crate) async fn explain(app: Arc<App>, mut request: Request) -> Outcome {
    let room = path::room(&mut request).await?;
    let query = Query::of(request.uri());
    let user = query.one::<UserId>("user", USER)?;
    let user = user.ok_or_else(|| Fault::invalid("user", format!("expected {USER}")))?;
    let acts = "one of join, history, search, files, presence, push and publish";
    let act = query.one::<Act>("act", acts)?.unwrap_or(Act::Join);
    let roles = query.list::<Role>("roles", "roles with commas between them")?.unwrap_or_default();
    let identity =
        Identity { user, roles, grants: Vec::new(), anonymous: false, issued_at: None, expires_at: None };
    let access = match app.tidings.may(&identity, act, &room).await {
        Ok(why) => AccessInfo { allowed: true, why: why.to_string() },
        Err(fault) if fault.code == ErrorCode::Forbidden => {
            AccessInfo { allowed: false, why: fault.message.into_owned() }
        }
        Err(fault) => return Err(fault.into()),
    };
    Ok(Answer::now(&access)?)
}
