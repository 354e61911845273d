//! Following rooms, and getting what was missed.

use std::sync::{Arc, atomic::Ordering};

use tidings_protocol::{Close, ErrorCode, Fault, Offset, Position, Reply, RoomName, reply::LeftBecause};
use tidings_settings::Keep;

use super::{Tidings, unavailable};
use crate::{
    Connection, Identity, RoomKey,
    access::Act,
    hub::{Answer, Attempt, Joined, Past, Room},
    store::{Page, Stretch},
};

/// Entries that are read at once for one who missed some; who missed more gets them page by page, as fast as they are read.
const RECOVERY_PAGE: usize = 200;

impl Tidings {
    /// Lets a connection follow a room; `answer` goes onto its queue with what it missed behind.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `rate_limited` for too many rooms, `unavailable` when the store is.
    pub async fn join(
        &self,
        connection: &Arc<Connection>,
        identity: &Identity,
        room: RoomName,
        since: Option<Position>,
        answer: &(dyn Fn(Joined) -> Reply + Sync),
    ) -> Result<(), Fault> {
        let removals = self.removals.load(Ordering::Acquire);
        self.may(identity, Act::Join, &room).await?;
        let key = RoomKey::Named(room.clone());
        if connection.room_count() >= self.rooms_per_connection && !connection.follows(&key) {
            let message = format!("a connection can follow at most {} rooms", self.rooms_per_connection);
            return Err(Fault { path: Some("room".into()), ..Fault::new(ErrorCode::RateLimited, message) });
        }
        self.follow(connection, key, since, None, &|joined| Some(answer(joined)), removals).await
    }

    /// Stops following a room; true when the connection did.
    pub fn leave(&self, connection: &Connection, room: &RoomName) -> bool {
        self.hub.leave(connection, &RoomKey::Named(room.clone()))
    }

    /// `first` is a room that the hub had, and what was read behind `since` from then on. `removals` is how many there were when it was asked whether the user may: after each further one
    /// it is asked again.
    pub(super) async fn follow(
        &self,
        connection: &Arc<Connection>,
        key: RoomKey,
        since: Option<Position>,
        mut first: Option<(Arc<Room>, Past)>,
        answer: Answer<'_>,
        mut removals: u64,
    ) -> Result<(), Fault> {
        let keep = self.kinds.keep(&key);
        let asked = since.is_some() && first.is_none() && keep != Keep::None;
        let mut since = since;
        let mut unanswered = Some(answer);
        loop {
            let (room, known) = match first.take() {
                Some((room, past)) => (room, Some(past)),
                None => (self.hub.room(&key), None),
            };
            let past = match self.past_and_present(&key, keep, since.as_ref(), known).await {
                Ok(past) => past,
                Err(fault) => {
                    self.hub.retire(&room);
                    return Err(fault);
                }
            };
            if unanswered.is_none() && past.as_ref().is_some_and(|past| past.lost.is_some()) {
                // It was promised all, and the rest went while it read: it comes anew and is told so.
                connection.end(Close::CONTINUITY_LOST);
                self.hub.retire(&room);
                return Ok(());
            }
            if let Some(past) = past.as_ref().filter(|past| past.is_not_all()) {
                self.hub.send_page(connection, &room, past, unanswered.take());
                since = past.stretch.last().or(since);
                if connection.drained().await && self.may_go_on(connection, &key, &mut removals).await {
                    continue;
                }
                self.hub.retire(&room);
                return Ok(());
            }
            if self.hub.try_join(connection, &room, past.as_ref(), unanswered) == Attempt::Done {
                self.hub.count_recovery(asked, past.is_some_and(|past| past.recovered));
                break;
            }
        }
        if let Some(name) = key.name().filter(|_| removals != self.removals.load(Ordering::Acquire)) {
            self.show_out(connection, name).await;
        }
        Ok(())
    }

    /// Whether one who reads page after page still may; who no longer may is told.
    async fn may_go_on(&self, connection: &Connection, key: &RoomKey, removals: &mut u64) -> bool {
        let now = self.removals.load(Ordering::Acquire);
        let Some(name) = key.name().filter(|_| *removals != now) else { return true };
        *removals = now;
        let may = self.may(&connection.identity(), Act::Join, name).await.is_ok();
        if !may {
            self.tell_left(connection, name, LeftBecause::AccessEnded);
        }
        may
    }

    /// [`Self::past`], unless it is known; with what other servers appended meanwhile handed to those who are here: the joiner shall not be told that all is there
    /// as long as this server does not know of some.
    async fn past_and_present(
        &self,
        key: &RoomKey,
        keep: Keep,
        since: Option<&Position>,
        known: Option<Past>,
    ) -> Result<Option<Past>, Fault> {
        let past = match known {
            Some(past) => Some(past),
            None => self.past(key, keep, since).await?,
        };
        if self.store.is_shared()
            && let Some(Past { stretch: Stretch { head, .. }, .. }) = &past
            && self
                .hub
                .position(key)
                .is_some_and(|here| here.epoch == head.epoch && here.offset < head.offset)
        {
            self.settle_room(key).await.map_err(unavailable)?;
        }
        Ok(past)
    }

    /// What somebody who joins needs of a room's past; nothing where nothing is kept.
    pub(super) async fn past(
        &self,
        key: &RoomKey,
        keep: Keep,
        since: Option<&Position>,
    ) -> Result<Option<Past>, Fault> {
        let page = match (keep, since) {
            (Keep::None, _) => return Ok(None),
            (_, Some(since)) => Page::After(since.offset),
            // The last value is shown to whoever comes.
            (Keep::Last, None) => Page::Before(Offset(u64::MAX)),
            (Keep::For(_), None) => Page::After(Offset(u64::MAX)),
        };
        let limit = if since.is_none() { 1 } else { RECOVERY_PAGE };
        let mut stretch = self.read(key, page, limit).await.map_err(unavailable)?;
        let lost = since.and_then(|since| stretch.lost(since));
        if lost.is_some() {
            stretch = match keep {
                Keep::Last => self.read(key, Page::Before(Offset(u64::MAX)), 1).await.map_err(unavailable)?,
                _ => Stretch { entries: Vec::new(), ..stretch },
            };
        }
        let (recovered, shows_last) = (since.is_some() && lost.is_none(), keep == Keep::Last);
        Ok(Some(Past { stretch, recovered, shows_last, lost }))
    }
}

#[cfg(test)]
mod tests;
