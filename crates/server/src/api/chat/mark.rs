//! Who has read up to where, and muting.

use std::sync::Arc;

use axum::extract::Request;
use tidings_core::store::chat::Mark;
use tidings_protocol::{UserId, http::MarkInfo};

use super::{act::told, body as bodies, caller::Caller};
use crate::{
    App,
    api::{answer::Answer, body, endpoint::Outcome, page::PageRequest, path, query::Query},
};

/// A user has read.
pub(crate) async fn read(app: Arc<App>, mut request: Request) -> Outcome {
    let (caller, room) = (Caller::of(&request)?, path::room(&mut request).await?);
    let bodies::Read { from, up_to, private } = bodies::read(&body::read(&app, request).await?)?;
    let caller = caller.for_user(from)?;
    let acted = app.tidings.mark_room_read(caller.author(), &room, up_to, private).await?;
    Ok(Answer::now(&told(acted))?)
}

/// Lists who has read up to where, in the order of their ids.
pub(crate) async fn marks(app: Arc<App>, mut request: Request) -> Outcome {
    let (caller, room) = (Caller::of(&request)?, path::room(&mut request).await?);
    let page = PageRequest::<UserId>::of(Query::of(request.uri()))?;
    let marks = app.tidings.marks(caller.author(), &room, page.after(), page.wanted()).await?;
    let mut page = page.cut(marks, |mark| &mark.user, show);
    if let Caller::User(identity) = &caller {
        // Who read privately shows it to nobody; a page may be shorter for that.
        page.items.retain(|mark| !mark.private || mark.user == identity.user);
    }
    Ok(Answer::now(&page)?)
}

fn show(mark: Mark) -> MarkInfo {
    let Mark { user, offset, at, private } = mark;
    MarkInfo { user, up_to: offset, at, private }
}

/// Mutes a room.
pub(crate) async fn mute(app: Arc<App>, mut request: Request) -> Outcome {
    let (caller, room) = (Caller::of(&request)?, path::room(&mut request).await?);
    let until = bodies::mute(&body::read(&app, request).await?)?;
    Ok(Answer::now(&app.tidings.mute_room(caller.author(), &room, until).await?)?)
}

/// Ends that.
pub(crate) async fn unmute(app: Arc<App>, mut request: Request) -> Outcome {
    let (caller, room) = (Caller::of(&request)?, path::room(&mut request).await?);
    Ok(Answer::now(&app.tidings.unmute_room(caller.author(), &room).await?)?)
}
