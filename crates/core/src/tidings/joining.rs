//! Coming in, following rooms, and getting what was missed.

use std::sync::{Arc, atomic::Ordering};

use tidings_protocol::{Close, ErrorCode, Fault, Offset, Position, Reply, RoomName, reply::LeftBecause};
use tidings_settings::Keep;

use super::{Tidings, unavailable};
use crate::{
    Connection, Identity, RoomKey,
    access::Act,
    hub::{Attempt, Joined, Past},
    store::{Page, Stretch},
};

/// Entries that are read at once for one who missed some; who missed more gets them page by page, as fast as they are read.
const RECOVERY_PAGE: usize = 200;

impl Tidings {
    /// Lets a fresh connection follow its user, its roles and everyone. `greeting` becomes the first message; what the user missed
    /// since `resume` follows it.
    ///
    /// # Errors
    /// `unavailable` when the store is, `unauthorized` for a token that was revoked meanwhile.
    pub async fn welcome(
        &self,
        connection: &Arc<Connection>,
        identity: &Identity,
        resume: Option<Position>,
        greeting: &(dyn Fn(Joined) -> Reply + Sync),
    ) -> Result<(), Fault> {
        let own = RoomKey::Personal(identity.user.clone());
        self.follow(connection, own, resume, greeting, self.removals.load(Ordering::Acquire)).await?;
        // A revocation meanwhile either knew this connection already, or is known here now.
        self.admit_token(identity)?;
        self.hub.follow_quietly(connection, &RoomKey::Everyone);
        for role in &identity.roles {
            self.hub.follow_quietly(connection, &RoomKey::Role(role.clone()));
        }
        self.hub.tell_connected(&connection.user);
        Ok(())
    }

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
        self.follow(connection, key, since, answer, removals).await
    }

    /// Stops following a room; true when the connection did.
    pub fn leave(&self, connection: &Connection, room: &RoomName) -> bool {
        self.hub.leave(connection, &RoomKey::Named(room.clone()))
    }

    /// `removals` is how many there were when it was asked whether the user may: after each further one it is asked again.
    async fn follow(
        &self,
        connection: &Arc<Connection>,
        key: RoomKey,
        since: Option<Position>,
        answer: &(dyn Fn(Joined) -> Reply + Sync),
        mut removals: u64,
    ) -> Result<(), Fault> {
        let keep = self.kinds.keep(&key);
        let asked = since.is_some() && keep != Keep::None;
        let mut since = since;
        let mut unanswered = Some(answer);
        loop {
            let room = self.hub.room(&key);
            let past = match self.past(&key, keep, since.as_ref()).await {
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
                let answer = unanswered.take().map(|answer| answer as &dyn Fn(Joined) -> Reply);
                self.hub.send_page(connection, &room, past, answer);
                since = past.stretch.last().or(since);
                if connection.drained().await && self.may_go_on(connection, &key, &mut removals).await {
                    continue;
                }
                self.hub.retire(&room);
                return Ok(());
            }
            let answer = unanswered.map(|answer| answer as &dyn Fn(Joined) -> Reply);
            if self.hub.try_join(connection, &room, past.as_ref(), answer) == Attempt::Done {
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

    /// What somebody who joins needs of a room's past; nothing where nothing is kept.
    async fn past(&self, key: &RoomKey, keep: Keep, since: Option<&Position>) -> Result<Option<Past>, Fault> {
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
