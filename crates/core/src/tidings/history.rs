//! Reading what rooms keep.

use tidings_protocol::{Epoch, ErrorCode, Fault, Offset, RoomName};

use super::{Tidings, unavailable};
use crate::{
    Identity, RoomKey,
    access::Act,
    store::{Page, Stretch},
};

impl Tidings {
    /// A page of a room's log for a user.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, and those of [`Self::history`].
    pub async fn history_for(
        &self,
        identity: &Identity,
        room: &RoomName,
        page: Page,
        epoch: Option<&Epoch>,
        limit: usize,
    ) -> Result<Stretch, Fault> {
        self.may(identity, Act::History, room).await?;
        self.history(room, page, epoch, limit).await
    }

    /// A page of a room's log. Pages meet exactly, also while entries arrive and go: a page is bounded by offsets.
    ///
    /// # Errors
    /// `not_found` for a room that no rule knows; `history_lost` for an epoch that is over, an offset that the log has not reached, and a page that
    /// would begin with entries that are no longer kept; `unavailable` when the store is.
    pub async fn history(
        &self,
        room: &RoomName,
        page: Page,
        epoch: Option<&Epoch>,
        limit: usize,
    ) -> Result<Stretch, Fault> {
        let key = self.known(room.clone(), "room")?;
        let stretch = self.store.read(RoomKey::clone(&key), page, limit).await.map_err(unavailable)?;
        if let Some(epoch) = epoch.filter(|epoch| **epoch != stretch.head.epoch) {
            let message = format!("the log that {epoch} counts in is over; now it is {}", stretch.head.epoch);
            return Err(lost("epoch", message));
        }
        match page {
            Page::After(after) if after > stretch.head.offset => {
                Err(lost("after", format!("the log ends at {}", stretch.head.offset)))
            }
            Page::After(after) if after > Offset(0) && after.next() < stretch.oldest => {
                Err(lost("after", format!("the oldest entry that is still kept is {}", stretch.oldest)))
            }
            _ => Ok(stretch),
        }
    }
}

fn lost(path: &str, message: String) -> Fault {
    Fault { path: Some(path.into()), ..Fault::new(ErrorCode::HistoryLost, message) }
}
