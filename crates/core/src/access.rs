//! Who may do what in a room: one function, asked by every surface.

use tidings_protocol::{ErrorCode, Fault, RoomName};
use tidings_settings::Access;

use crate::{
    Identity,
    room::{Kind, Kinds},
};

/// What a user wants to do in a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Follow it, and read what it keeps.
    Join,
    /// Put an entry into it.
    Publish,
}

/// Whether the room's kind, or a grant in the user's token, allows the act.
///
/// # Errors
/// [`ErrorCode::Forbidden`] with the rule that refuses, [`ErrorCode::NotFound`] for a room that no rule knows.
pub fn check(kinds: &Kinds, identity: &Identity, act: Act, room: &RoomName) -> Result<(), Fault> {
    let Some(kind) = kinds.of(room) else {
        return Err(Fault {
            path: Some("room".into()),
            ..Fault::new(ErrorCode::NotFound, "no rule of [[rooms]] matches this name")
        });
    };
    let rule = match act {
        Act::Join => &kind.join,
        Act::Publish => &kind.publish,
    };
    if identity.is_granted(room) || rule.iter().any(|access| allows(access, kind, identity, room)) {
        return Ok(());
    }
    let verb = match act {
        Act::Join => "join",
        Act::Publish => "publish in",
    };
    let allowed: Vec<String> = rule.iter().map(describe).collect();
    let message = format!("only {} may {verb} this room", allowed.join(" or "));
    Err(Fault { path: Some("room".into()), ..Fault::new(ErrorCode::Forbidden, message) })
}

fn allows(access: &Access, kind: &Kind, identity: &Identity, room: &RoomName) -> bool {
    match access {
        Access::Anyone => true,
        Access::Users => !identity.anonymous,
        Access::Role(role) => identity.has_role(role),
        Access::Pair => !identity.anonymous && kind.names_user(room, &identity.user),
        // Membership is carried by the token alone until rooms have members of their own.
        Access::Members | Access::Granted | Access::Nobody => false,
    }
}

fn describe(access: &Access) -> String {
    match access {
        Access::Anyone => "anyone".into(),
        Access::Users => "signed-in users".into(),
        Access::Members => "members (by a grant in the token)".into(),
        Access::Granted => "tokens that grant it".into(),
        Access::Nobody => "the back end".into(),
        Access::Role(role) => format!("the role {role}"),
        Access::Pair => "the two users it names".into(),
    }
}

#[cfg(test)]
mod tests;
