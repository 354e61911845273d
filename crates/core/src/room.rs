//! What a room is: its key, and the kind that its name gives it.

use std::{fmt, sync::Arc, time::Duration};

use tidings_protocol::{Audience, Role, RoomName, UserId};
use tidings_settings::{Access, AnyOf, Earlier, Keep, Pattern, RoomRule};

/// Which room. A user, a role and everyone are rooms that nobody can join by name, so no name can be mistaken for them.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RoomKey {
    /// A room that clients join.
    Named(RoomName),
    /// The personal room that every connection of the user follows.
    Personal(UserId),
    /// Everyone with the role.
    Role(Role),
    /// Every connection.
    Everyone,
}

impl RoomKey {
    /// The name that clients know it by.
    pub fn name(&self) -> Option<&RoomName> {
        match self {
            Self::Named(name) => Some(name),
            _ => None,
        }
    }
}

impl From<Audience> for RoomKey {
    fn from(audience: Audience) -> Self {
        match audience {
            Audience::Everyone => Self::Everyone,
            Audience::Role(role) => Self::Role(role),
        }
    }
}

impl fmt::Display for RoomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => write!(f, "room:{name}"),
            Self::Personal(user) => write!(f, "user:{user}"),
            Self::Role(role) => write!(f, "role:{role}"),
            Self::Everyone => f.write_str("everyone"),
        }
    }
}

/// How long is kept what goes to users, roles and everyone: for those who come back.
const UNNAMED_KEEP: Duration = Duration::from_secs(5 * 60);

/// The rules of all rooms whose names match a pattern.
#[derive(Debug)]
pub struct Kind {
    /// The names it is for.
    pub pattern: Pattern,
    /// Who may follow such a room.
    pub join: AnyOf,
    /// Which users may publish in it; a back end always may.
    pub publish: AnyOf,
    /// What of it is kept.
    pub keep: Keep,
    /// Whether what is kept is sealed.
    pub encrypt: bool,
    /// What is kept of what its messages said before.
    pub versions: Earlier,
}

/// All kinds; the first whose pattern matches decides.
#[derive(Debug, Clone)]
pub struct Kinds(Arc<[Kind]>);

impl Kinds {
    /// The configured rules, in their order.
    pub fn new(rules: &[RoomRule]) -> Self {
        let kind = |rule: &RoomRule| Kind {
            pattern: rule.pattern.clone(),
            join: rule.join.clone(),
            publish: rule.publish.clone(),
            keep: rule.keep,
            encrypt: rule.encrypt,
            versions: rule.versions,
        };
        Self(rules.iter().map(kind).collect())
    }

    /// The kind of a room, or none where no pattern matches: such a room cannot be used.
    pub fn of(&self, room: &RoomName) -> Option<&Kind> {
        self.0.iter().find(|kind| kind.pattern.matches(room.as_str()))
    }

    /// The two users that a room's name holds, where its kind lets in the pair.
    pub(crate) fn users_named(&self, room: &RoomName) -> Option<(UserId, UserId)> {
        let kind = self.of(room)?;
        if !kind.join.contains(&Access::Pair) && !kind.publish.contains(&Access::Pair) {
            return None;
        }
        let (a, b) = kind.pattern.pair(room.as_str())?;
        Some((UserId::parse(a).ok()?, UserId::parse(b).ok()?))
    }

    /// What of a room that was kept is to be kept still; none where no rule knows the room any more. Notifications are kept elsewhere, for a time of
    /// their own; what is in a room only tells them.
    pub fn retention(&self, key: &RoomKey) -> Option<Keep> {
        match key {
            RoomKey::Named(name) => self.of(name).map(|kind| kind.keep),
            RoomKey::Personal(_) | RoomKey::Role(_) | RoomKey::Everyone => Some(self.keep(key)),
        }
    }

    /// The longest time that any room keeps its entries; none where some keep their last value, however old it is.
    pub fn longest_keep(&self) -> Option<Duration> {
        self.0.iter().try_fold(UNNAMED_KEEP, |longest, kind| match kind.keep {
            Keep::None => Some(longest),
            Keep::Last => None,
            Keep::For(time) => Some(longest.max(time)),
        })
    }

    /// Whether what is kept of a room is sealed, whatever it holds.
    pub fn encrypts(&self, key: &RoomKey) -> bool {
        key.name().and_then(|name| self.of(name)).is_some_and(|kind| kind.encrypt)
    }

    /// What is kept of what the messages of a room said before.
    pub(crate) fn versions(&self, room: &RoomName) -> Earlier {
        self.of(room).map_or(Earlier::None, |kind| kind.versions)
    }

    /// What is kept of a room.
    pub fn keep(&self, key: &RoomKey) -> Keep {
        match key {
            RoomKey::Named(name) => self.of(name).map_or(Keep::None, |kind| kind.keep),
            RoomKey::Personal(_) | RoomKey::Role(_) | RoomKey::Everyone => Keep::For(UNNAMED_KEEP),
        }
    }
}

impl Kind {
    /// Whether a user is one of the two whom the room's name holds.
    pub(crate) fn names_user(&self, room: &RoomName, user: &UserId) -> bool {
        self.pattern.pair(room.as_str()).is_some_and(|(a, b)| user.as_str() == a || user.as_str() == b)
    }
}
