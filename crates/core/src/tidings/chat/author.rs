//! Who acts in a chat, and whether they may.

use tidings_protocol::{ErrorCode, Fault, RoomName, UserId};
use tidings_settings::Keep;

use crate::{
    Identity, RoomKey, Tidings,
    access::{self, Act},
    tidings::unavailable,
};

/// Who acts in a chat.
#[derive(Clone, Copy, Debug)]
pub enum Author<'a> {
    /// A user, by their own token.
    User(&'a Identity),
    /// A back end, for a user or by itself. It may do everything.
    BackEnd(Option<&'a UserId>),
}

impl Author<'_> {
    /// Whose act it is, if it is a user's.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(identity) => Some(&identity.user),
            Self::BackEnd(user) => *user,
        }
    }
}

impl Tidings {
    /// A room with a chat, in which somebody may do something.
    ///
    /// # Errors
    /// `forbidden`; `not_found` for a room that no rule knows; `invalid_request` for one without a log.
    pub(super) async fn chat_room(
        &self,
        author: Author<'_>,
        act: Act,
        room: &RoomName,
    ) -> Result<(RoomKey, Keep), Fault> {
        let key = self.known(room.clone(), "room")?;
        if let Author::User(identity) = author {
            self.may(identity, act, room).await?;
        }
        match self.kinds.keep(&key) {
            keep @ Keep::For(_) => Ok((key, keep)),
            Keep::None | Keep::Last => Err(Fault::invalid(
                "room",
                "this room keeps no log, so there is no chat in it: its rule needs a time as keep",
            )),
        }
    }

    /// The same for an act that is kept as some user's: of strangers nothing is kept.
    pub(super) async fn chat_room_to_act(
        &self,
        author: Author<'_>,
        act: Act,
        room: &RoomName,
    ) -> Result<(RoomKey, Keep), Fault> {
        let found = self.chat_room(author, act, room).await?;
        signed_in(author)?;
        Ok(found)
    }

    /// Whether somebody who may publish in a room may take away what others sent.
    pub(super) async fn moderates(&self, author: Author<'_>, room: &RoomName) -> Result<bool, Fault> {
        let Author::User(identity) = author else { return Ok(true) };
        if access::moderates(identity, None) {
            return Ok(true);
        }
        let member = self.store.member(room.clone(), identity.user.clone()).await.map_err(unavailable)?;
        Ok(access::moderates(identity, member.as_ref().map(|member| &member.role)))
    }
}

/// Refuses strangers.
pub(super) fn signed_in(author: Author<'_>) -> Result<(), Fault> {
    match author {
        Author::User(identity) if identity.anonymous => {
            Err(Fault::new(ErrorCode::Forbidden, "only signed-in users take part in chats"))
        }
        _ => Ok(()),
    }
}

/// Whose act it is, where it must be a user's.
pub(super) fn needed<'a>(author: &'a Author<'_>) -> Result<&'a UserId, Fault> {
    author.user().ok_or_else(|| Fault::invalid("from", "expected the user who does it"))
}
