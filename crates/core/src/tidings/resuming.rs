//! Coming back: everything that was followed, from one cursor.

use std::sync::Arc;

use parking_lot::Mutex;
use tidings_protocol::{
    ErrorCode, Fault, Reply, ResumeCursor, RoomName,
    command::PresenceOf,
    notification::UnreadCount,
    reply::{Counters, ResumedLog, ResumedPart},
};

use super::{Tidings, notifications::reader};
use crate::{Connection, Identity, hub::Joined};

/// Most notifications of a snapshot of an inbox.
const SNAPSHOT: usize = 20;

/// Somebody who came in with a cursor, and is to be told what became of it.
pub struct Resuming<'a> {
    /// Who.
    pub connection: &'a Arc<Connection>,
    /// As whom.
    pub identity: &'a Identity,
    /// What [`Tidings::welcome`] made of it.
    pub parts: Vec<ResumedPart>,
    /// The badge that the greeting told.
    pub badge: Option<UnreadCount>,
}

impl Tidings {
    /// Brings back what a cursor names and [`Self::welcome`] does not see to. It follows the rooms again: what was missed goes onto the queue, room by room,
    /// each behind what `joined` makes of its state at the very moment of following it. Part by part, what became of all.
    ///
    /// # Errors
    /// `unavailable` when the store is: nothing is lost, the same cursor works later.
    pub async fn resume(
        &self,
        resuming: Resuming<'_>,
        cursor: ResumeCursor,
        joined: &(dyn Fn(&RoomName, Joined) -> Reply + Sync),
    ) -> Result<Vec<ResumedPart>, Fault> {
        let Resuming { connection, identity, mut parts, badge } = resuming;
        parts.reserve(cursor.rooms.len() + 3);
        for (room, since) in cursor.rooms {
            let log = Mutex::new(None);
            let answer = |state: Joined| {
                *log.lock() = Some(log_of(&state));
                joined(&room, state)
            };
            match self.join(connection, identity, room.clone(), since, &answer).await {
                Ok(()) => parts.extend(log.into_inner().map(|log| ResumedPart::Room { room, log })),
                Err(fault) if fault.code == ErrorCode::Unavailable => return Err(fault),
                Err(fault) => {
                    let message = fault.message.into_owned();
                    parts.push(ResumedPart::Refused { room, code: fault.code, message });
                }
            }
        }
        if !cursor.presence.is_empty() {
            let items = self.presence(identity, &PresenceOf::Users(cursor.presence)).await?;
            parts.push(ResumedPart::Presence { items });
        }
        if !identity.anonymous {
            self.resume_inbox(identity, cursor.inbox, badge, &mut parts).await?;
        }
        Ok(parts)
    }

    /// The inbox, and how much there is to be read in it and in the rooms among the parts.
    async fn resume_inbox(
        &self,
        identity: &Identity,
        before: Option<UnreadCount>,
        badge: Option<UnreadCount>,
        parts: &mut Vec<ResumedPart>,
    ) -> Result<(), Fault> {
        let badge = match badge {
            Some(badge) => badge,
            None => {
                let counters = self.counters(reader(identity)).await?;
                UnreadCount { unread: counters.unread, revision: counters.revision }
            }
        };
        // Revisions are those of one life of the store, as the personal room's log is: in another one the same number says nothing.
        let is_same_store =
            parts.iter().any(|part| matches!(part, ResumedPart::Personal { log } if log.recovered));
        let recovered = is_same_store && before == Some(badge);
        let snapshot = match badge.unread {
            _ if recovered => None,
            0 => Some(Vec::new()),
            _ => {
                let filter = Self::in_sight(Some(true));
                Some(self.notifications(reader(identity), filter, None, SNAPSHOT).await?)
            }
        };
        let rooms = parts.iter().filter_map(|part| match part {
            ResumedPart::Room { room, log } => log.offset.map(|_| room.clone()),
            _ => None,
        });
        let rooms = self.unread_of(&identity.user, rooms.collect()).await?;
        let counters = Counters { inbox: badge, rooms };
        parts.push(ResumedPart::Inbox { recovered, snapshot });
        parts.push(ResumedPart::Counters { recovered: false, snapshot: counters });
        Ok(())
    }
}

pub(super) fn log_of(joined: &Joined) -> ResumedLog {
    let (epoch, offset) = joined.position.clone().map(|position| (position.epoch, position.offset)).unzip();
    ResumedLog { epoch, offset, recovered: joined.recovered, lost: joined.lost.clone() }
}
