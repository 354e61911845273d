//! Coming back: everything that was followed, from one cursor.

use std::sync::Arc;

use parking_lot::Mutex;
use tidings_protocol::{
    ErrorCode, Fault, Reply, ResumeCursor, RoomName,
    command::PresenceOf,
    reply::{ResumedLog, ResumedPart},
};

use super::Tidings;
use crate::{Connection, Identity, hub::Joined};

impl Tidings {
    /// Follows again the rooms that a cursor names; the personal room is [`Self::welcome`]'s. What was missed goes onto the queue, room by room, each behind what `joined` makes of
    /// its state at the very moment of following it; the parts say what became of each.
    ///
    /// # Errors
    /// `unavailable` when the store is: nothing is lost, the same cursor works later.
    pub async fn resume(
        &self,
        connection: &Arc<Connection>,
        identity: &Identity,
        cursor: ResumeCursor,
        joined: &(dyn Fn(&RoomName, Joined) -> Reply + Sync),
    ) -> Result<Vec<ResumedPart>, Fault> {
        let mut parts = Vec::with_capacity(cursor.rooms.len() + 1);
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
        Ok(parts)
    }
}

fn log_of(joined: &Joined) -> ResumedLog {
    let (epoch, offset) = joined.position.clone().map(|position| (position.epoch, position.offset)).unzip();
    ResumedLog { epoch, offset, recovered: joined.recovered, lost: joined.lost.clone() }
}
