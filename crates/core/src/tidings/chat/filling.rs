//! What is kept of an edit names its message only, so that nothing is left of what is deleted later. Whoever reads the past is told what the message
//! says now: it is looked up here, where every page of a log is read.

use std::sync::Arc;

use hashbrown::HashMap;
use tidings_protocol::{
    EntryId, Json,
    chat::{ChatMessage, MessageEdited},
};

use super::acting::{EDITED, MESSAGE, is_of_type};
use crate::{
    Entry, RoomKey, StoreError, Tidings,
    store::{Page, Stretch},
};

impl Tidings {
    /// A page of a room's log as it is told to whoever was not there: with what edited messages say now.
    pub(in crate::tidings) async fn read(
        &self,
        room: &RoomKey,
        page: Page,
        limit: usize,
    ) -> Result<Stretch, StoreError> {
        let mut stretch = self.store.read(room.clone(), page, limit).await?;
        let mut found: HashMap<EntryId, Option<ChatMessage>> = HashMap::new();
        for entry in &mut stretch.entries {
            let Some(edited) = edited(entry) else { continue };
            let id = edited.message_id;
            if !found.contains_key(&id) {
                found.insert(id, self.message_now(room, id).await?);
            }
            if let Some(data) = found.get(&id).and_then(Option::as_ref).and_then(|now| filled(edited, now)) {
                *entry = Arc::new(entry.with_data(data));
            }
        }
        Ok(stretch)
    }

    /// What a message says, if it is there and says anything.
    async fn message_now(&self, room: &RoomKey, id: EntryId) -> Result<Option<ChatMessage>, StoreError> {
        let found = self.store.message(room.clone(), id, None).await?;
        let whole = found.filter(|found| found.deleted_at.is_none() && is_of_type(&found.entry, MESSAGE));
        Ok(whole.and_then(|found| serde_json::from_str(found.entry.data.as_str()).ok()))
    }
}

/// What an entry tells of an edit without saying what the message says.
fn edited(entry: &Entry) -> Option<MessageEdited> {
    let is_edit = is_of_type(entry, EDITED);
    let told = is_edit.then(|| serde_json::from_str::<MessageEdited>(entry.data.as_str()).ok()).flatten();
    told.filter(|told| told.content.is_none())
}

fn filled(edited: MessageEdited, now: &ChatMessage) -> Option<Json> {
    Json::of(&MessageEdited {
        content: Some(now.content.clone()),
        mentions: now.mentions.clone(),
        edited_at: now.edited_at.unwrap_or(edited.edited_at),
        ..edited
    })
    .ok()
}
