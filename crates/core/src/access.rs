//! Who may do what in a room: one function, asked by every surface.

use std::{fmt, str::FromStr};

use tidings_protocol::{ErrorCode, Fault, RoomName};
use tidings_settings::{Access, AnyOf};

use crate::{
    Identity,
    room::{Kind, Kinds},
    store::MemberRole,
};

/// What a user wants of a room. All but [`Act::Publish`] are ways of reading it, and follow the one rule for who may join.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Follow it.
    Join,
    /// Read what it keeps.
    History,
    /// Find entries of it.
    Search,
    /// Open files that were shared in it.
    Files,
    /// See who is in it.
    Presence,
    /// Be told of its entries while away.
    Push,
    /// Put an entry into it.
    Publish,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 7] =
        [Self::Join, Self::History, Self::Search, Self::Files, Self::Presence, Self::Push, Self::Publish];

    /// Its name, as requests spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::History => "history",
            Self::Search => "search",
            Self::Files => "files",
            Self::Presence => "presence",
            Self::Push => "push",
            Self::Publish => "publish",
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Join => "join this room",
            Self::History | Self::Search => "read this room",
            Self::Files => "open files of this room",
            Self::Presence => "see who is in this room",
            Self::Push => "be told of this room",
            Self::Publish => "publish in this room",
        }
    }
}

impl FromStr for Act {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|act| act.as_str() == text).ok_or(())
    }
}

/// Why an act is allowed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// The token grants the room.
    Granted,
    /// The room is open to anyone.
    Anyone,
    /// The room is open to signed-in users.
    SignedIn,
    /// The user has this role.
    Role(String),
    /// The room's name names the user.
    Named,
    /// The user is a member of the room.
    Member,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted => f.write_str("the token grants the room"),
            Self::Anyone => f.write_str("the room is open to anyone"),
            Self::SignedIn => f.write_str("the room is open to signed-in users"),
            Self::Role(role) => write!(f, "the user has the role {role}"),
            Self::Named => f.write_str("the room's name names the user"),
            Self::Member => f.write_str("the user is a member of the room"),
        }
    }
}

/// Whether the room's kind, or a grant in the user's token, allows the act, and why. This is the only place where that is decided.
///
/// # Errors
/// [`ErrorCode::Forbidden`] with the rule that refuses, [`ErrorCode::NotFound`] for a room that no rule knows.
pub fn decide(
    kinds: &Kinds,
    identity: &Identity,
    act: Act,
    room: &RoomName,
    is_member: bool,
) -> Result<Why, Fault> {
    let Some((kind, rule)) = rule(kinds, act, room) else {
        return Err(Fault {
            path: Some("room".into()),
            ..Fault::new(ErrorCode::NotFound, "no rule of [[rooms]] matches this name")
        });
    };
    if identity.is_granted(room) {
        return Ok(Why::Granted);
    }
    if let Some(why) = rule.iter().find_map(|access| allows(access, kind, identity, room, is_member)) {
        return Ok(why);
    }
    let allowed: Vec<String> = rule.iter().map(describe).collect();
    let message = format!("only {} may {}", allowed.join(" or "), act.verb());
    Err(Fault { path: Some("room".into()), ..Fault::new(ErrorCode::Forbidden, message) })
}

/// Whether somebody who may publish in a room may take away what others sent: whoever has the role `admin`, and who is a member of it as `moderator` or
/// `admin`.
pub fn moderates(identity: &Identity, member: Option<&MemberRole>) -> bool {
    identity.has_role("admin") || member.is_some_and(|role| matches!(role.as_str(), "moderator" | "admin"))
}

/// Whether it matters for the act who is a member of the room.
pub fn asks_members(kinds: &Kinds, act: Act, room: &RoomName) -> bool {
    rule(kinds, act, room).is_some_and(|(_, rule)| rule.contains(&Access::Members))
}

fn rule<'a>(kinds: &'a Kinds, act: Act, room: &RoomName) -> Option<(&'a Kind, &'a AnyOf)> {
    let kind = kinds.of(room)?;
    Some((kind, if act == Act::Publish { &kind.publish } else { &kind.join }))
}

fn allows(
    access: &Access,
    kind: &Kind,
    identity: &Identity,
    room: &RoomName,
    is_member: bool,
) -> Option<Why> {
    let (is_allowed, why) = match access {
        Access::Anyone => (true, Why::Anyone),
        Access::Users => (!identity.anonymous, Why::SignedIn),
        Access::Role(role) => (identity.has_role(role), Why::Role(role.to_string())),
        Access::Pair => (!identity.anonymous && kind.names_user(room, &identity.user), Why::Named),
        Access::Members => (is_member && !identity.anonymous, Why::Member),
        Access::Granted | Access::Nobody => (false, Why::Granted),
    };
    is_allowed.then_some(why)
}

fn describe(access: &Access) -> String {
    match access {
        Access::Anyone => "anyone".into(),
        Access::Users => "signed-in users".into(),
        Access::Members => "members".into(),
        Access::Granted => "tokens that grant it".into(),
        Access::Nobody => "the back end".into(),
        Access::Role(role) => format!("the role {role}"),
        Access::Pair => "the two users it names".into(),
    }
}

#[cfg(test)]
mod tests;
