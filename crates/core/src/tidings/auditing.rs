//! The audit log: what administrators and back ends did, written down before it is done.

use tidings_protocol::{ErrorCode, Fault, Json, RoomName, UserId};

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

/// How far the audit log's chain was found whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chain {
    /// How many records were looked at.
    pub records: u64,
    /// Number and hash of the last one, if there is any.
    pub head: Option<(u64, [u8; 32])>,
    /// The first record that is not as it was written, or does not follow the one before it.
    pub broken_at: Option<u64>,
}

impl Chain {
    /// A chain of which nothing was looked at yet.
    const EMPTY: Self = Self { records: 0, head: None, broken_at: None };

    /// Looks at one more record.
    fn add(&mut self, record: &AuditRecord) {
        // A store that lets go of old records begins with one whose predecessor nobody knows.
        let follows = match &self.head {
            Some((number, hash)) => record.number == number + 1 && record.follows(hash),
            None => record.number > 1 || record.follows(&[0; 32]),
        };
        self.records += 1;
        self.head = Some((record.number, record.hash));
        if !follows && self.broken_at.is_none() {
            self.broken_at = Some(record.number);
        }
    }
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
        let mut chain = Chain::EMPTY;
        records.iter().for_each(|record| chain.add(record));
        records.retain(|record| record.number > after);
        records.truncate(limit);
        Ok((records, chain))
    }

    /// Looks through the whole audit log, a page at a time. `known` is the head of an earlier check: that record must still be there as it
    /// was, which shows a log that was cut off and written anew.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn check_audit(&self, known: Option<(u64, [u8; 32])>) -> Result<Chain, StoreError> {
        let (mut chain, mut after) = (Chain::EMPTY, 0);
        loop {
            let records = self.store.audit_log(after, PAGE).await?;
            let Some(last) = records.last() else { break };
            after = last.number;
            for record in &records {
                chain.add(record);
                let was_changed =
                    known.is_some_and(|(number, hash)| number == record.number && hash != record.hash);
                if was_changed && chain.broken_at.is_none() {
                    chain.broken_at = Some(record.number);
                }
            }
        }
        let reached = chain.head.map_or(0, |(number, _)| number);
        if let Some((number, _)) = known.filter(|(number, _)| *number > reached) {
            chain.broken_at.get_or_insert(number);
        }
        Ok(chain)
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
