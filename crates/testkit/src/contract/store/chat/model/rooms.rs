//! What the model has of a room.

use std::collections::BTreeMap;

use tidings_core::{
    Entry,
    store::chat::{Emoji, Pin, Version},
};
use tidings_protocol::{EntryId, Json, Timestamp, UserId};

#[derive(Default)]
pub(super) struct Room {
    pub(super) head: u64,
    pub(super) last: u64,
    pub(super) messages: Vec<Said>,
    pub(super) marks: BTreeMap<UserId, (u64, Timestamp, bool)>,
}

#[derive(Clone)]
pub(super) struct Said {
    pub(super) id: EntryId,
    pub(super) offset: u64,
    pub(super) number: u64,
    pub(super) from: Option<UserId>,
    pub(super) time: Timestamp,
    pub(super) data: Json,
    pub(super) erased: bool,
    pub(super) thread: Option<EntryId>,
    pub(super) reply_to: Option<EntryId>,
    pub(super) replies: u64,
    pub(super) edited_at: Option<Timestamp>,
    pub(super) deleted_at: Option<Timestamp>,
    pub(super) pin: Option<Pin>,
    pub(super) versions: Vec<Version>,
    pub(super) reactions: BTreeMap<Emoji, Vec<(UserId, Timestamp)>>,
    pub(super) mentions: BTreeMap<UserId, bool>,
    /// The word by which it is found.
    pub(super) word: Option<&'static str>,
    /// With which step it came into the index.
    pub(super) indexed: u64,
}

impl Room {
    /// A message comes; which ones its sender has read with that.
    pub(super) fn say(
        &mut self,
        entry: &Entry,
        thread: Option<EntryId>,
        reply_to: Option<EntryId>,
        mentions: Vec<UserId>,
        step: u64,
    ) -> Vec<EntryId> {
        let offset = entry.offset.unwrap().0;
        self.last += 1;
        for said in &mut self.messages {
            said.replies += u64::from(Some(said.id) == thread);
        }
        let others = mentions.into_iter().filter(|user| Some(user) != entry.from.as_ref());
        self.messages.push(Said {
            id: entry.id,
            offset,
            number: self.last,
            from: entry.from.clone(),
            time: entry.time,
            data: entry.data.clone(),
            erased: false,
            thread,
            reply_to,
            replies: 0,
            edited_at: None,
            deleted_at: None,
            pin: None,
            versions: Vec::new(),
            reactions: BTreeMap::new(),
            mentions: others.map(|user| (user, true)).collect(),
            word: Some("words"),
            indexed: step,
        });
        let Some(who) = &entry.from else { return Vec::new() };
        self.marks.insert(who.clone(), (offset, entry.time, false));
        self.clear(who, offset)
    }

    /// Notes that a user has read; which messages' mentions that clears.
    pub(super) fn clear(&mut self, who: &UserId, up_to: u64) -> Vec<EntryId> {
        let mut cleared = Vec::new();
        for said in self.messages.iter_mut().filter(|said| said.offset <= up_to) {
            if let Some(open) = said.mentions.get_mut(who).filter(|open| **open) {
                *open = false;
                cleared.push(said.id);
            }
        }
        cleared
    }
}

impl Said {
    pub(super) fn keep_version(&mut self, until: Timestamp) {
        let number = self.versions.len() as u64 + 1;
        self.versions.push(Version { number, data: self.data.clone(), until });
    }
}
