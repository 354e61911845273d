//! What stores take and give.

use std::{fmt, sync::Arc};

use sha2::{Digest, Sha256};
use tidings_protocol::{
    Json, Offset, Position, RoomName, Timestamp, UserId,
    reply::{HistoryLost, LostReason},
};

use crate::{Entry, RoomKey};

/// An idempotency key with what it stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Once {
    /// The caller's key: 1 to 255 visible ASCII characters.
    pub key: Box<str>,
    /// SHA-256 of the operation and its body.
    pub print: [u8; 32],
    /// When it is used.
    pub now: Timestamp,
}

/// Which part of a log.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Page {
    /// The entries right behind this offset.
    After(Offset),
    /// The entries right before this offset; those at the end of the log for an offset beyond it.
    Before(Offset),
}

/// A stretch of a room's log.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// The log's head when it was read.
    pub head: Position,
    /// Offset of the oldest entry that is still kept; the one after the head where none is.
    pub oldest: Offset,
    /// In order, without a gap.
    pub entries: Vec<Arc<Entry>>,
}

impl Stretch {
    /// The position of its last entry.
    pub fn last(&self) -> Option<Position> {
        let offset = self.entries.last().and_then(|entry| entry.offset)?;
        Some(Position { epoch: self.head.epoch.clone(), offset })
    }

    /// The page behind it in the same direction, if there was more when it was read.
    pub fn further(&self, page: Page) -> Option<Page> {
        let end = match page {
            Page::After(_) => self.entries.last(),
            Page::Before(_) => self.entries.first(),
        };
        let end = end.and_then(|entry| entry.offset)?;
        match page {
            Page::After(_) => (end < self.head.offset).then_some(Page::After(end)),
            Page::Before(_) => (end > self.oldest).then_some(Page::Before(end)),
        }
    }

    /// Why what came after a position is not known, if it is not.
    pub fn lost(&self, since: &Position) -> Option<HistoryLost> {
        let reason = match since {
            since if since.epoch != self.head.epoch => LostReason::Epoch,
            since if since.offset > self.head.offset => LostReason::Future,
            since if since.offset.next() < self.oldest => LostReason::Retention,
            _ => return None,
        };
        Some(HistoryLost { reason, oldest: self.oldest })
    }
}

/// A room as the store knows it.
#[derive(Clone, PartialEq, Debug)]
pub struct RoomRecord {
    /// Which.
    pub room: RoomKey,
    /// Where its log ends.
    pub head: Position,
    /// Offset of the oldest entry that is still kept; the one after the head where none is.
    pub oldest: Offset,
    /// The back end's own data, `null` unless it was put.
    pub data: Json,
    /// How many members it has.
    pub members: u64,
    /// When it was first heard of.
    pub created_at: Timestamp,
}

/// What a member is in a room, in the application's words: `member`, `owner`; 1 to 32 of `a-z 0-9 _ -`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct MemberRole(Box<str>);

impl MemberRole {
    /// Checks and takes a role.
    ///
    /// # Errors
    /// A sentence on what was expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        match (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
            true => Ok(Self(text.into())),
            false => Err("expected a member's role: 1 to 32 of a-z 0-9 _ -"),
        }
    }

    /// The role as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for MemberRole {
    fn default() -> Self {
        Self("member".into())
    }
}

impl fmt::Display for MemberRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A user allowed in a room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: MemberRole,
    /// Since when.
    pub since: Timestamp,
}

/// Tokens of a user that were issued before a moment are void.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revocation {
    /// Whose.
    pub user: UserId,
    /// The moment.
    pub at: Timestamp,
}

/// What was erased of a user.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Erased {
    /// Entries of the personal room.
    pub personal_entries: u64,
    /// Entries in other rooms that lost sender and data.
    pub blanked_entries: u64,
    /// Memberships that ended.
    pub memberships: u64,
    /// Notifications of the user's own.
    pub notifications: u64,
}

impl Erased {
    /// The type of an entry whose content was erased.
    pub const ENTRY_TYPE: &'static str = "entry_erased";
}

/// What is too old; of [`super::Store::tidy`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tidy {
    /// Idempotency keys from before this moment go.
    pub keys_before: Timestamp,
    /// Revocations from before this moment go: no token lives as long.
    pub revocations_before: Timestamp,
    /// No entry from before this moment is kept in any room.
    pub entries_before: Timestamp,
}

/// Something that an administrator or a back end did, to be written down for good.
#[derive(Clone, PartialEq, Debug)]
pub struct AuditAct {
    /// When.
    pub time: Timestamp,
    /// Who: the name of an API key, `cli`, `job:retention`.
    pub actor: String,
    /// What was done: `member.put`, `user.erase`.
    pub act: String,
    /// To whom or what; users that were erased appear by a pseudonym.
    pub subject: String,
    /// Particulars as a JSON object, never content.
    pub detail: Json,
}

/// A record of the audit log.
#[derive(Clone, PartialEq, Debug)]
pub struct AuditRecord {
    /// 1, 2, 3, …
    pub number: u64,
    /// What was written down.
    pub act: AuditAct,
    /// SHA-256 over the hash before and this record; see [`AuditRecord::chain`].
    pub hash: [u8; 32],
}

impl AuditRecord {
    /// The record that follows `previous` (32 zero bytes before the first). Its hash covers the previous hash and every field,
    /// each with its length in front, so that no two records have one text.
    pub fn chain(number: u64, previous: &[u8; 32], act: AuditAct) -> Self {
        let mut hash = Sha256::new();
        hash.update(previous);
        let (number_text, time) = (number.to_string(), act.time.to_string());
        for part in [&*number_text, &time, &act.actor, &act.act, &act.subject, act.detail.as_str()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self { number, act, hash: hash.finalize().into() }
    }

    /// Whether this record follows the one with the hash `previous` and is as it was written.
    pub fn follows(&self, previous: &[u8; 32]) -> bool {
        Self::chain(self.number, previous, self.act.clone()).hash == self.hash
    }
}

/// How a background job stands.
#[derive(Clone, PartialEq, Debug)]
pub struct JobState {
    /// Which.
    pub name: String,
    /// Until when somebody has it; none while nobody does.
    pub claimed_until: Option<Timestamp>,
    /// When it last ended.
    pub ended_at: Option<Timestamp>,
    /// How it last ended: a report, or what went wrong.
    pub outcome: Option<Result<Json, String>>,
}

impl RoomKey {
    /// Reads what `Display` writes: `room:orders`, `user:ada`, `role:admin`, `everyone`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("room", name)) => RoomName::parse(name).ok().map(Self::Named),
            Some(("user", user)) => UserId::parse(user).ok().map(Self::Personal),
            Some(("role", role)) => tidings_protocol::Role::parse(role).ok().map(Self::Role),
            None if text == "everyone" => Some(Self::Everyone),
            _ => None,
        }
    }
}
