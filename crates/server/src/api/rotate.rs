//! `POST /v1/encryption/rotate`: another master key.

use std::sync::Arc;

use axum::extract::Request;
use serde_json::json;
use tidings_core::tidings::Subject;
use tidings_protocol::{ErrorCode, Fault};

use super::{
    answer::Answer,
    audit::{self, Actor},
    endpoint::Outcome,
};
use crate::{
    App,
    sealing::{self, RotateError},
};

/// Puts all data keys under the first master key.
pub(crate) async fn rotate(app: Arc<App>, request: Request) -> Outcome {
    let actor = Actor::of(&app, &request);
    let Some(master) = app.keyring.first().map(str::to_owned) else {
        let why = "security.encryption_keys is empty: there is no key to rotate to";
        return Err(Fault::new(ErrorCode::InvalidRequest, why).into());
    };
    audit::write(&app, actor, "keys.rotate", Subject::Server, &json!({ "master": master })).await?;
    let rotated = sealing::rotate(app).await.map_err(|error| match error {
        RotateError::Store(error) => error.into(),
        RotateError::Archive(error) => {
            tracing::error!(%error, "data keys in the archive could not be put under the new master key");
            let why = "the store is done, but not the archive: keep the old key and try again";
            Fault::new(ErrorCode::Unavailable, why)
        }
        RotateError::BrokeOff => Fault::new(ErrorCode::Internal, "the rotation broke off"),
    })?;
    Ok(Answer::now(&rotated)?)
}
