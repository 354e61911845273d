//! Coming in: what every connection follows without asking. That is its user's own room, and what is published to everyone and to each of its roles.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use parking_lot::Mutex;
use tidings_protocol::{
    Audience, Fault, Position, Reply, ResumeCursor,
    reply::{HistoryLost, ResumedLog, ResumedPart},
};

use super::{Tidings, resuming::log_of, unavailable};
use crate::{
    Connection, Identity, RoomKey,
    hub::{Joined, Past, Room},
};

/// Where a connection begins in what is published to an audience.
pub(super) struct Start {
    to: Audience,
    /// In the hub since before it was looked where the audience stands: it holds what is delivered meanwhile.
    room: Arc<Room>,
    /// What came behind it follows.
    position: Position,
    /// What that was when it was looked for.
    past: Past,
    /// Whether the connection said where it was.
    is_named: bool,
    /// Why it does not begin there.
    lost: Option<HistoryLost>,
}

impl Tidings {
    /// Lets a fresh connection follow its user, its roles and everyone. `greeting` becomes the first message. It is made of the personal room as it stands, recovered
    /// only if all that `cursor` names of these is, and of the cursor that is good from then on: what came behind that follows. What became of each.
    ///
    /// # Errors
    /// `unavailable` when the store is, `unauthorized` for a token that was revoked meanwhile.
    pub async fn welcome(
        &self,
        connection: &Arc<Connection>,
        identity: &Identity,
        cursor: &ResumeCursor,
        greeting: &(dyn Fn(Joined, ResumeCursor) -> Reply + Sync),
    ) -> Result<Vec<ResumedPart>, Fault> {
        let audiences = identity.roles.iter().cloned().map(Audience::Role);
        let audiences = std::iter::once(Audience::Everyone).chain(audiences);
        let starts = self.starts(audiences, &cursor.broadcasts).await?;
        let rooms: Vec<Arc<Room>> = starts.iter().map(|start| start.room.clone()).collect();
        let welcomed =
            self.welcome_from(starts, connection, identity, cursor.personal.clone(), greeting).await;
        if welcomed.is_err() {
            rooms.iter().for_each(|room| self.hub.retire(room));
        }
        welcomed
    }

    async fn welcome_from(
        &self,
        starts: Vec<Start>,
        connection: &Arc<Connection>,
        identity: &Identity,
        since: Option<Position>,
        greeting: &(dyn Fn(Joined, ResumeCursor) -> Reply + Sync),
    ) -> Result<Vec<ResumedPart>, Fault> {
        let removals = self.removals.load(Ordering::Acquire);
        let broadcasts: BTreeMap<_, _> =
            starts.iter().map(|start| (start.to.clone(), start.position.clone())).collect();
        let log = Mutex::new(None);
        let lost = starts.iter().find_map(|start| start.lost.clone());
        let greet = |joined: Joined| {
            *log.lock() = Some(log_of(&joined));
            let recovered = joined.recovered && lost.is_none();
            let personal = if joined.recovered { since.clone() } else { joined.position.clone() };
            let cursor = ResumeCursor { personal, broadcasts: broadcasts.clone(), ..ResumeCursor::default() };
            Some(greeting(Joined { recovered, lost: joined.lost.or(lost.clone()), ..joined }, cursor))
        };
        let own = RoomKey::Personal(identity.user.clone());
        self.follow(connection, own, since.clone(), None, &greet, removals).await?;
        // A revocation meanwhile either knew this connection already, or is known here now.
        self.admit_token(identity)?;
        let mut parts: Vec<ResumedPart> =
            log.into_inner().map(|log| ResumedPart::Personal { log }).into_iter().collect();
        for start in starts {
            parts.push(self.follow_audience(connection, start).await?);
        }
        self.hub.tell_connected(&connection.user);
        Ok(parts)
    }

    /// Where a connection begins in what is published to audiences: where it was, if that can be continued, otherwise where they stand.
    ///
    /// # Errors
    /// `unavailable` when the store is.
    pub(super) async fn starts(
        &self,
        audiences: impl Iterator<Item = Audience>,
        named: &BTreeMap<Audience, Position>,
    ) -> Result<Vec<Start>, Fault> {
        let mut starts: Vec<Start> = Vec::new();
        for to in audiences {
            if starts.iter().any(|start| start.to == to) {
                continue;
            }
            let room = self.hub.room(&to.clone().into());
            match self.start(room.clone(), to.clone(), named.get(&to)).await {
                Ok(start) => starts.push(start),
                Err(fault) => {
                    let begun = starts.iter().map(|start| &start.room);
                    begun.chain([&room]).for_each(|room| self.hub.retire(room));
                    return Err(fault);
                }
            }
        }
        Ok(starts)
    }

    async fn start(&self, room: Arc<Room>, to: Audience, since: Option<&Position>) -> Result<Start, Fault> {
        let key = room.key.clone();
        let is_named = since.is_some();
        let (head, lost) = match since {
            Some(since) => match self.past(&key, self.kinds.keep(&key), Some(since)).await? {
                Some(past) if past.recovered => {
                    let position = since.clone();
                    return Ok(Start { to, room, position, past, is_named, lost: None });
                }
                Some(past) => (Some(past.stretch.head), past.lost),
                None => (None, None),
            },
            // Whoever is here already is where the newcomer begins, and the store need not be asked.
            None => (room.lock().position(), None),
        };
        let position = match head {
            Some(head) => head,
            None => self.store.head(key).await.map_err(unavailable)?,
        };
        Ok(Start { to, room, past: Past::nothing_behind(position.clone()), position, is_named, lost })
    }

    /// Lets a connection follow an audience from its start on; what became of it.
    ///
    /// # Errors
    /// `unavailable` when the store is.
    pub(super) async fn follow_audience(
        &self,
        connection: &Arc<Connection>,
        start: Start,
    ) -> Result<ResumedPart, Fault> {
        let Start { to, room, position, past, is_named, lost } = start;
        let log = Mutex::new(None);
        let note = |joined: Joined| {
            *log.lock() = Some(log_of(&joined));
            None
        };
        // Who is of an audience is said by the token, and not by members who may be removed.
        let removals = self.removals.load(Ordering::Acquire);
        let (key, since) = (room.key.clone(), Some(position.clone()));
        self.follow(connection, key, since, Some((room, past)), &note, removals).await?;
        let fresh = || ResumedLog {
            epoch: Some(position.epoch),
            offset: Some(position.offset),
            recovered: false,
            lost: None,
        };
        let log = log.into_inner().unwrap_or_else(fresh);
        let recovered = is_named && lost.is_none() && log.recovered;
        if is_named {
            self.hub.count_recovery(true, recovered);
        }
        Ok(ResumedPart::Broadcast { to, log: ResumedLog { recovered, lost: lost.or(log.lost), ..log } })
    }
}

#[cfg(test)]
mod tests;
