//! Sending, editing, deleting, reacting and pinning.

use std::sync::Arc;

use axum::{extract::Request, response::IntoResponse};
use http::{HeaderValue, StatusCode};
use tidings_core::{store::chat::ClientId, tidings::chat::Acted};
use tidings_protocol::{Fault, RoomName, http::ActedResponse};

use super::{body as bodies, caller::Caller};
use crate::{
    App,
    api::{
        answer::Answer,
        body,
        endpoint::Outcome,
        idempotency::{self, Key, REPLAYED},
        path,
    },
};

/// Sends a message.
pub(crate) async fn send(app: Arc<App>, mut request: Request) -> Outcome {
    let (caller, room) = (Caller::of(&request)?, path::room(&mut request).await?);
    let key = Key::of(request.headers())?;
    let body = body::read(&app, request).await?;
    let known_as = key.as_ref().map(Key::as_client_id).transpose()?;
    match (caller, key) {
        // The keys of back ends are one space, into which no user reaches: theirs are names of their own messages.
        (caller @ Caller::BackEnd(_), Some(key)) => {
            let mut asked = room.as_str().as_bytes().to_vec();
            asked.push(0);
            asked.extend_from_slice(&body);
            let print = idempotency::fingerprint("send_message", &asked);
            let work = |app: Arc<App>, _| async move { answer(&app, caller, &room, &body, known_as).await };
            Box::pin(idempotency::once(app, key, print, work)).await
        }
        (caller, _) => {
            let (answer, replayed) = answer(&app, caller, &room, &body, known_as).await?;
            let mut response = answer.into_response();
            if replayed {
                response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            }
            Ok(response)
        }
    }
}

async fn answer(
    app: &App,
    caller: Caller,
    room: &RoomName,
    json: &[u8],
    known_as: Option<ClientId>,
) -> Result<(Answer, bool), Fault> {
    let (from, draft) = bodies::message(json, app.settings.limits.json_depth)?;
    let caller = caller.for_user(from)?;
    let acted = app.tidings.send_message(caller.author(), room, draft, known_as).await?;
    Ok((Answer::json(StatusCode::CREATED, &told(acted))?, acted.replayed))
}

/// Lets a message say something else.
pub(crate) async fn edit(app: Arc<App>, mut request: Request) -> Outcome {
    let (caller, room) = (Caller::of(&request)?, path::room(&mut request).await?);
    let id = path::id(&mut request).await?;
    let bodies::Edit { from, content, mentions } = bodies::edit(&body::read(&app, request).await?)?;
    let caller = caller.for_user(from)?;
    // A back end edits what is whose it says, and by itself anything.
    let acted = app.tidings.edit_message(caller.author(), &room, id, content, mentions).await?;
    Ok(Answer::now(&told(acted))?)
}

/// Takes away what a message says.
pub(crate) async fn delete(app: Arc<App>, mut request: Request) -> Outcome {
    let (caller, room) = (Caller::of(&request)?, path::room(&mut request).await?);
    let id = path::id(&mut request).await?;
    let acted = app.tidings.delete_message(caller.author(), &room, id).await?;
    Ok(Answer::now(&told(acted))?)
}

/// Puts a reaction.
pub(crate) async fn react(app: Arc<App>, request: Request) -> Outcome {
    change_reaction(app, request, true).await
}

/// Takes a reaction back.
pub(crate) async fn unreact(app: Arc<App>, request: Request) -> Outcome {
    change_reaction(app, request, false).await
}

async fn change_reaction(app: Arc<App>, mut request: Request, on: bool) -> Outcome {
    let (caller, room) = (Caller::of(&request)?, path::room(&mut request).await?);
    let (id, emoji) = (path::id(&mut request).await?, path::text(&mut request, "emoji").await?);
    let acted = app.tidings.react(caller.author(), &room, id, &emoji, on).await?;
    Ok(Answer::now(&told(acted))?)
}

/// Pins a message.
pub(crate) async fn pin(app: Arc<App>, request: Request) -> Outcome {
    change_pin(app, request, true).await
}

/// Takes a pin away.
pub(crate) async fn unpin(app: Arc<App>, request: Request) -> Outcome {
    change_pin(app, request, false).await
}

async fn change_pin(app: Arc<App>, mut request: Request, on: bool) -> Outcome {
    let (caller, room) = (Caller::of(&request)?, path::room(&mut request).await?);
    let id = path::id(&mut request).await?;
    let acted = app.tidings.pin(caller.author(), &room, id, on).await?;
    Ok(Answer::now(&told(acted))?)
}

/// What came of an act, as it is answered.
pub(super) fn told(acted: Acted) -> ActedResponse {
    let Acted { id, offset, .. } = acted;
    ActedResponse { id, offset }
}
