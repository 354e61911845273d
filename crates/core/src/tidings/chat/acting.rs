//! One act: into the store, and out to whoever follows the room.

use tidings_protocol::{EntryId, EventType, Fault, Json, Offset, Timestamp, UserId};
use tidings_settings::Keep;

use super::refusal::fault;
use crate::{
    Entry, RoomKey, Tidings,
    store::chat::{Act, Done},
    tidings::{notifications::own_entry, unavailable},
};

/// What came of an act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Acted {
    /// The entry that tells it; of a new message, the message.
    pub id: EntryId,
    /// Its place; none when nothing was changed, so that nothing is told.
    pub offset: Option<Offset>,
    /// Whether the message was sent before, with the same `client_id`, and not again now.
    pub replayed: bool,
}

impl Acted {
    /// What is told by an entry; or by none, then by the id that it would have had.
    pub(super) fn of(done: &Done, id: EntryId) -> Self {
        Self { id, offset: done.entry().and_then(|entry| entry.offset), replayed: false }
    }
}

impl Tidings {
    /// Does an act and hands out what tells it, with other data than is kept of it where there is `live`.
    pub(super) async fn act(
        &self,
        act: Act,
        entry: Entry,
        keep: Keep,
        live: Option<Json>,
    ) -> Result<Done, Fault> {
        let room = entry.room.clone();
        let watch = self.watch(std::iter::once(&room));
        let done = self.store.chat(act, entry, keep).await.map_err(unavailable)?;
        let _coming = watch.answered();
        let done = done.map_err(fault)?;
        if let Some(entry) = done.entry() {
            let told = live.map_or_else(|| entry.clone(), |data| entry.with_data(data).into());
            // What was committed together leaves together.
            self.hand_out(told, !self.store.commits_together());
        }
        Ok(done)
    }
}

/// The entry that tells an act.
///
/// # Errors
/// `internal`, which none of the types here causes.
pub(super) fn entry(
    room: &RoomKey,
    r#type: &str,
    from: Option<&UserId>,
    data: Json,
    now: Timestamp,
) -> Result<Entry, Fault> {
    let mut entry = own_entry(room, r#type, data, now)?;
    entry.from = from.cloned();
    Ok(entry)
}

/// The type of messages.
pub(super) const MESSAGE: &str = "chat_message";
/// The type of what tells an edit.
pub(super) const EDITED: &str = "message_edited";

/// Whether an entry is of a type.
pub(super) fn is_of_type(entry: &Entry, r#type: &str) -> bool {
    let own: &EventType = &entry.r#type;
    own.as_str() == r#type
}
