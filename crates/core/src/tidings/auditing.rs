//! The audit log: what administrators and back ends did, written down before it is done.

mod chain;

use tidings_protocol::{ErrorCode, Fault, Json, RoomName, UserId};

pub use self::chain::{Break, Chain, Head, Mismatch};
use super::{Tidings, unavailable};
use crate::{
    pseudonym::pseudonym,
    store::{AuditAct, AuditRecord, StoreError},
};

/// Records that are read at once when the whole chain is checked.
const PAGE: usize = 500;

/// To whom or to what something is done. Users appear by their pseudonym only: what is written down for good must not hold what may
/// have to be erased.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject<'a> {
    /// The server as a whole.
    Server,
    /// A user.
    User(&'a UserId),
    /// A room.
    Room(&'a RoomName),
    /// A user in a room.
    Member(&'a RoomName, &'a UserId),
}

impl Tidings {
    /// Writes down what is about to be done: `actor` is whose API key it is and from where, `act` what (`member.put`), `detail` an object
    /// with particulars, never content and never a user's id.
    ///
    /// The record says what was asked for and allowed. It is written first, because an act that nobody wrote down cannot be taken
    /// back, while a record of an act that then failed does no harm.
    ///
    /// # Errors
    /// `unavailable` when it cannot be written: then the act must not be done.
    pub async fn audit(
        &self,
        actor: String,
        act: &'static str,
        subject: Subject<'_>,
        detail: Json,
    ) -> Result<AuditRecord, Fault> {
        let time = self.clock.now();
        let act = AuditAct { time, actor, act: act.into(), subject: self.subject(subject), detail };
        self.store.audit(act).await.map_err(|_| {
            let message = "nothing was done, because it could not be written to the audit log";
            Fault::new(ErrorCode::Unavailable, message)
        })
    }

    /// Audit records behind number `after`, oldest first, with the chain they make: it begins with the record `after` itself, so that
    /// pages hang together.
    ///
    /// # Errors
    /// `unavailable`.
    pub async fn audit_log(&self, after: u64, limit: usize) -> Result<(Vec<AuditRecord>, Chain), Fault> {
        let from = after.saturating_sub(1);
        let mut records = self.store.audit_log(from, limit.saturating_add(1)).await.map_err(unavailable)?;
        let mut chain = if from == 0 { self.first_link() } else { Chain::SOMEWHERE };
        records.iter().for_each(|record| chain.add(record));
        records.retain(|record| record.number > after);
        records.truncate(limit);
        Ok((records, chain))
    }

    /// Looks through the whole audit log, a page at a time. `known` is the head of an earlier check: that record must still be there as it
    /// was, which shows a log that was cut off and written anew. A record that the store cannot hand out breaks the chain like one that was changed.
    ///
    /// # Errors
    /// Those of the store that say nothing about the log.
    pub async fn check_audit(&self, known: Option<Head>) -> Result<Chain, StoreError> {
        let (mut chain, mut after, mut limit) = (self.first_link(), 0, PAGE);
        loop {
            let records = match self.store.audit_log(after, limit).await {
                // One by one, to find out which it is.
                Err(StoreError::Corrupt(_)) if limit > 1 => {
                    limit = 1;
                    continue;
                }
                Err(StoreError::Corrupt(why)) => {
                    chain.break_at(after + 1, Mismatch::Unreadable(why));
                    return Ok(chain);
                }
                records => records?,
            };
            let Some(last) = records.last() else { break };
            after = last.number;
            for record in &records {
                chain.add(record);
                if let Some((number, expected)) = known
                    && number == record.number
                    && expected != record.hash
                {
                    chain.break_at(number, Mismatch::Rewritten { expected, found: record.hash });
                }
            }
        }
        if let Some((number, expected)) = known
            && number > after
        {
            chain.break_at(number, Mismatch::CutOff { expected, last: after });
        }
        Ok(chain)
    }

    /// Where a walk from the beginning begins. A store that lets go of old records begins with one whose predecessor nobody knows.
    fn first_link(&self) -> Chain {
        if self.store.keeps_audit() { Chain::BEGINNING } else { Chain::SOMEWHERE }
    }

    /// A subject as the log shows it. A room whose name holds two users is named by their pseudonyms.
    fn subject(&self, subject: Subject<'_>) -> String {
        match subject {
            Subject::Server => "server".into(),
            Subject::User(user) => format!("user:{}", pseudonym(user)),
            Subject::Room(room) => self.room_subject(room),
            Subject::Member(room, user) => format!("{} user:{}", self.room_subject(room), pseudonym(user)),
        }
    }

    fn room_subject(&self, room: &RoomName) -> String {
        match self.kinds.users_named(room) {
            Some((a, b)) => format!("room of {} and {}", pseudonym(&a), pseudonym(&b)),
            None => format!("room:{room}"),
        }
    }
}

#[cfg(test)]
mod tests;
