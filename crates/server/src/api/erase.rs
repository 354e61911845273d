//! `DELETE /v1/users/{user}` and `POST /v1/erasures`: forgetting people.

use std::{collections::HashSet, sync::Arc};

use axum::{extract::Request, response::IntoResponse};
use http::StatusCode;
use serde_json::json;
use tidings_core::tidings::Subject;
use tidings_protocol::{
    ErrorCode, Fault, UserId,
    envelope::not_an_object,
    http::{EraseAgainRequest, EraseResponse},
    object,
};

use super::{
    answer::Answer,
    audit::{self, Actor},
    body,
    endpoint::Outcome,
    path,
};
use crate::{
    App,
    personal_data::{self, EraseError},
};

/// Most people who are erased again with one request.
const AGAIN_MAX: usize = 10_000;

/// Forgets a user.
pub(crate) async fn erase(app: Arc<App>, mut request: Request) -> Outcome {
    let user = path::user(&mut request).await?;
    let actor = Actor::of(&app, &request);
    audit::write(&app, actor, "user.erase", Subject::User(&user), &json!({})).await?;
    let erased = whole(app, user).await?;
    Ok(Answer::json(StatusCode::OK, &erased)?.into_response())
}

/// Forgets users who were erased before, and came back with a backup.
pub(crate) async fn again(app: Arc<App>, request: Request) -> Outcome {
    let actor = Actor::of(&app, &request);
    let body = body::read(&app, request).await?;
    let EraseAgainRequest { pseudonyms } =
        object::from_slice(&body).map_err(|error| not_an_object(&error))?;
    let pseudonyms = wanted(pseudonyms)?;
    let particulars = json!({ "pseudonyms": pseudonyms.len() });
    audit::write(&app, actor, "users.erase_again", Subject::Server, &particulars).await?;
    let mut sum = EraseResponse::default();
    for user in app.tidings.users_behind(&pseudonyms).await? {
        let erased = whole(app.clone(), user).await?;
        sum.users += erased.users;
        sum.connections += erased.connections;
        sum.personal_entries += erased.personal_entries;
        sum.blanked_entries += erased.blanked_entries;
        sum.memberships += erased.memberships;
        sum.notifications += erased.notifications;
        sum.archived_entries += erased.archived_entries;
    }
    Ok(Answer::json(StatusCode::OK, &sum)?.into_response())
}

fn wanted(pseudonyms: Vec<String>) -> Result<HashSet<String>, Fault> {
    if pseudonyms.len() > AGAIN_MAX {
        return Err(Fault::invalid("pseudonyms", format!("expected at most {AGAIN_MAX}")));
    }
    let bare = |text: String| text.strip_prefix("user:").map(str::to_owned).unwrap_or(text);
    let pseudonyms: HashSet<String> = pseudonyms.into_iter().map(bare).collect();
    let is_one = |text: &String| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match pseudonyms.iter().all(is_one) {
        true => Ok(pseudonyms),
        false => Err(Fault::invalid("pseudonyms", "expected texts of 32 hexadecimal digits")),
    }
}

/// Everything of a user, everywhere. What only the operator should know of a failure is for the log.
async fn whole(app: Arc<App>, user: UserId) -> Result<EraseResponse, Fault> {
    personal_data::erase(app, user).await.map_err(|error| match error {
        EraseError::Store(error) => error.into(),
        EraseError::Archive(error) => {
            tracing::error!(%error, "a user is erased from the store, but the archive could not be rewritten");
            let message = "the user is erased from the store, but not from the archive: try again";
            Fault::new(ErrorCode::Unavailable, message)
        }
        EraseError::BrokeOff => Fault::new(ErrorCode::Internal, "the erasure broke off"),
    })
}
