//! An entry, and what is asked of the server when one is published.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tidings_protocol::{
    AudienceRef, ConnectionId, EntryId, EntryRef, EventType, Json, Offset, Role, RoomName, Timestamp, UserId,
};

use crate::{Encode, Format, RoomKey, store::Erased};

/// For whom an entry is.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// One user's connections.
    User(UserId),
    /// Several users' connections.
    Users(Vec<UserId>),
    /// A room.
    Room(RoomName),
    /// Several rooms.
    Rooms(Vec<RoomName>),
    /// Everyone with a role.
    Role(Role),
    /// Every connection.
    Everyone,
}

/// An entry that somebody wants in a room.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// What happened.
    pub r#type: EventType,
    /// The publisher's own data.
    pub data: Json,
    /// The publishing user; none for a back end.
    pub from: Option<UserId>,
    /// A connection that shall not get it.
    pub except: Option<ConnectionId>,
}

/// What a back end asks to be published.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// To whom.
    pub target: Target,
    /// What.
    pub publication: Publication,
    /// Whether it is kept to whom it came, and who has seen and read it.
    pub receipts: bool,
}

impl From<(Target, Publication)> for Asked {
    fn from((target, publication): (Target, Publication)) -> Self {
        Self { target, publication, receipts: false }
    }
}

/// Something that happened in a room. Shared by everyone it goes to.
#[derive(Debug)]
pub struct Entry {
    /// Unique over all rooms and time.
    pub id: EntryId,
    /// Where it happened.
    pub room: RoomKey,
    /// What happened.
    pub r#type: EventType,
    /// The publishing user.
    pub from: Option<UserId>,
    /// When the server took it.
    pub time: Timestamp,
    /// The publisher's own data.
    pub data: Json,
    /// Place in the room's log; none for what is not kept.
    pub offset: Option<Offset>,
    /// A connection that shall not get it while it is live.
    pub except: Option<ConnectionId>,
    /// Made when somebody reads it from the past, and shared by all who do: mostly nobody does.
    past: OnceLock<Box<[OnceLock<Bytes>; Format::COUNT]>>,
}

impl Entry {
    /// A new entry of a publication.
    pub fn new(
        room: RoomKey,
        publication: Publication,
        id: EntryId,
        time: Timestamp,
        offset: Option<Offset>,
    ) -> Self {
        let Publication { r#type, data, from, except } = publication;
        Self { id, room, r#type, from, time, data, offset, except, past: OnceLock::new() }
    }

    /// The entry with its place in the log.
    pub fn at(self, offset: Offset) -> Self {
        Self { offset: Some(offset), ..self }
    }

    /// As clients see it. A place in the log of an audience is told apart from one in the personal room.
    pub fn message(&self) -> EntryRef<'_> {
        let audience = match &self.room {
            RoomKey::Named(_) | RoomKey::Personal(_) => None,
            RoomKey::Role(role) => Some(AudienceRef::Role(role)),
            RoomKey::Everyone => Some(AudienceRef::Everyone),
        };
        EntryRef {
            r#type: &self.r#type,
            room: self.room.name(),
            id: self.id,
            offset: self.offset.filter(|_| audience.is_none()),
            broadcast: audience.zip(self.offset),
            from: self.from.as_ref(),
            time: self.time,
            data: &self.data,
        }
    }

    /// The same entry with other data: sealed, or opened.
    pub fn with_data(&self, data: Json) -> Self {
        Self {
            id: self.id,
            room: self.room.clone(),
            r#type: self.r#type.clone(),
            from: self.from.clone(),
            time: self.time,
            data,
            offset: self.offset,
            except: self.except,
            past: OnceLock::new(),
        }
    }

    /// Whether it is about a user: published by them, or in their personal room.
    pub fn is_of(&self, user: &UserId) -> bool {
        self.from.as_ref() == Some(user) || matches!(&self.room, RoomKey::Personal(owner) if owner == user)
    }

    /// What is left of it when its sender was erased: its place.
    pub fn blanked(&self) -> Self {
        let r#type = EventType::parse(Erased::ENTRY_TYPE).unwrap_or_else(|_| self.r#type.clone());
        let publication = Publication { r#type, data: Json::null(), from: None, except: None };
        Self::new(self.room.clone(), publication, self.id, self.time, self.offset)
    }

    /// Ready for the wire, and kept so as long as the entry is: for entries read from the past, which others may read too.
    pub(crate) fn past_frame(&self, format: Format, encode: &dyn Encode) -> &Bytes {
        self.past.get_or_init(Box::default)[format.index()].get_or_init(|| encode.entry(format, self))
    }

    /// Bytes that keeping it costs, about.
    pub(crate) fn cost(&self) -> usize {
        size_of::<Arc<Self>>() + size_of::<Self>() + self.data.as_str().len() + self.r#type.as_str().len()
    }
}
