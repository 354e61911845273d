//! `POST /v1/publish`: the way of an event from a back end. This is the path that has to be short.

use std::{error::Error, sync::Arc, time::Instant};

use axum::response::IntoResponse;
use http::{Request, StatusCode};
use hyper::body::Body;
use tidings_core::{Asked, Publication, Published, Target, store::Once};
use tidings_protocol::{
    Fault, depth,
    http::{PublishRequest, PublishResponse, TargetFields},
    object,
};

use super::{
    answer::Answer,
    body,
    endpoint::Outcome,
    idempotency::{self, Key},
    refusal,
};
use crate::App;

/// Most users or rooms that one publication may name.
pub(crate) const TARGETS_MAX: usize = 1000;

/// Publishes one entry.
pub(crate) async fn publish<B>(app: Arc<App>, request: Request<B>) -> Outcome
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let key = Key::of(request.headers())?;
    let body = body::read(&app, request).await?;
    match key {
        None => Ok(answer(&app, &body).await?.into_response()),
        Some(key) => {
            let print = idempotency::fingerprint("publish", &body);
            let work = |app, once| async move { answer_once(app, &body, once).await };
            Box::pin(idempotency::once(app, key, print, work)).await
        }
    }
}

async fn answer(app: &App, json: &[u8]) -> Result<Answer, Fault> {
    Ok(Answer { status: StatusCode::ACCEPTED, body: accept(app, json).await?.into() })
}

async fn answer_once(app: Arc<App>, json: &[u8], once: Once) -> Result<(Answer, bool), Fault> {
    let asked = read(json, app.settings.limits.json_depth)?;
    let published = alone(&app, asked, Some(once)).await?;
    let body = response(published).to_json().into();
    Ok((Answer { status: StatusCode::ACCEPTED, body }, published.replayed))
}

/// Publishes one by the way of several, which knows of keys and receipts.
async fn alone(app: &App, asked: Asked, once: Option<Once>) -> Result<Published, Fault> {
    let mut published = app.tidings.publish_all(vec![Ok(asked)], once).await?;
    published.pop().unwrap_or_else(|| Err(Fault::invalid("to", refusal::EXACTLY_ONE)))
}

/// What the back end is told.
pub(super) fn response(published: Published) -> PublishResponse {
    let Published { id, offset, reached, .. } = published;
    PublishResponse { id, offset, reached }
}

/// Publishes what one body says, and gives the JSON of the answer.
///
/// # Errors
/// Those of [`read`] and of `Tidings::publish`.
pub(super) async fn accept(app: &App, json: &[u8]) -> Result<Vec<u8>, Fault> {
    let began = Instant::now();
    let response = response(match read(json, app.settings.limits.json_depth)? {
        asked @ Asked { receipts: true, .. } => alone(app, asked, None).await?,
        Asked { target, publication, receipts: false } => app.tidings.publish(target, publication).await?,
    });
    app.edge_metrics.publish_seconds.observe(began.elapsed());
    Ok(response.to_json())
}

/// Reads a `PublishRequest`.
///
/// # Errors
/// `invalid_request` with the field.
pub(super) fn read(json: &[u8], depth_max: usize) -> Result<Asked, Fault> {
    depth::check(json, depth_max)?;
    let Ok(request) = object::from_slice::<PublishRequest>(json) else {
        return Err(refusal::of_publication(json));
    };
    let PublishRequest { to, r#type, data, except, receipts } = request;
    let publication = Publication { r#type, data, from: None, except };
    Ok(Asked { target: target(to)?, publication, receipts: receipts.unwrap_or_default() })
}

fn target(fields: TargetFields) -> Result<Target, Fault> {
    let TargetFields { user, users, room, rooms, role, everyone } = fields;
    match (user, users, room, rooms, role, everyone) {
        (Some(user), None, None, None, None, None) => Ok(Target::User(user)),
        (None, None, Some(room), None, None, None) => Ok(Target::Room(room)),
        (None, None, None, None, Some(role), None) => Ok(Target::Role(role)),
        (None, Some(users), None, None, None, None) => several("to.users", users).map(Target::Users),
        (None, None, None, Some(rooms), None, None) => several("to.rooms", rooms).map(Target::Rooms),
        (None, None, None, None, None, Some(true)) => Ok(Target::Everyone),
        (None, None, None, None, None, Some(false)) => Err(Fault::invalid("to.everyone", "expected true")),
        _ => Err(Fault::invalid("to", refusal::EXACTLY_ONE)),
    }
}

/// Checks how many they are; who is named twice still gets it once.
fn several<T: Clone + Eq + std::hash::Hash>(path: &'static str, mut names: Vec<T>) -> Result<Vec<T>, Fault> {
    if !(1..=TARGETS_MAX).contains(&names.len()) {
        return Err(Fault::invalid(path, format!("expected 1 to {TARGETS_MAX} names")));
    }
    let mut seen = hashbrown::HashSet::with_capacity(names.len());
    names.retain(|name| seen.insert(name.clone()));
    Ok(names)
}

#[cfg(test)]
mod tests {
    use tidings_protocol::ErrorCode;

    use super::*;

    fn target_of(to: &str) -> Result<Target, Fault> {
        read(format!(r#"{{"to":{to},"type":"x"}}"#).as_bytes(), 32).map(|asked| asked.target)
    }

    #[test]
    fn exactly_one_target() {
        assert_eq!(target_of(r#"{"room":"a"}"#), Ok(Target::Room("a".parse().unwrap())));
        assert_eq!(target_of(r#"{"user":"a","room":null}"#), Ok(Target::User("a".parse().unwrap())));
        assert_eq!(target_of(r#"{"everyone":true}"#), Ok(Target::Everyone));
        let check = |to: &str, path: &str| {
            let fault = target_of(to).unwrap_err();
            assert_eq!((fault.code, fault.path.as_deref()), (ErrorCode::InvalidRequest, Some(path)), "{to}");
        };
        check("{}", "to");
        check(r#"{"room":"a","user":"b"}"#, "to");
        check(r#"{"room":"a","colour":"b"}"#, "to");
        check(r#"{"everyone":false}"#, "to.everyone");
        check(r#"{"users":[]}"#, "to.users");
        check(&format!(r#"{{"rooms":{}}}"#, serde_json::to_string(&vec!["a"; 1001]).unwrap()), "to.rooms");
    }

    #[test]
    fn who_is_named_twice_is_meant_once() {
        let users = ["b", "a"].map(|user| user.parse().unwrap()).to_vec();
        assert_eq!(target_of(r#"{"users":["b","a","b"]}"#), Ok(Target::Users(users)));
    }

    #[test]
    fn data_passes_as_it_came() {
        let json = br#"{"to":{"room":"a"},"type":"x","data":{"n": 1.0, "n": 2e2}}"#;
        let asked = read(json, 32).unwrap();
        assert_eq!(asked.publication.data.as_str(), r#"{"n": 1.0, "n": 2e2}"#);
        assert!(read(json, 1).unwrap_err().message.contains("at most 1 level"));
    }
}
