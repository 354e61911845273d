//! Inboxes: notifications, how each user has them, and the counters.
//!
//! A list of any filter is a merge of stretches of one index, one for each combination of severity, read, archived and snoozed that the
//! filter lets through; broadcasts come from an index of their own. What time has changed and nobody wrote down yet is found by `due_at`
//! and reckoned in. Every answer is one statement, and so of one moment.

mod broadcasts;
mod counting;
mod listing;
mod marking;
mod notifying;
mod plans;
mod rows;
mod settling;
mod standing;

use std::sync::Arc;

use tidings_core::{
    Entry, StoreError,
    store::{
        Answer, Once,
        inbox::{
            Addressed, Change, Counters, Filter, InboxStore, Item, KeepSince, Marked, Notification, Notified,
            Preferences, Reader, Receipt, Scheduled, Stir, Which,
        },
    },
};
use tidings_protocol::{EntryId, Json, Offset, Role, Timestamp, UserId};
use tidings_settings::Keep;
use tokio::time::Instant;
use tokio_postgres::Row;

pub(crate) use self::{
    broadcasts::forget_room,
    plans::{TABLES, erase},
    standing::membership_changed,
};
use crate::{
    PostgresStore,
    failure::{Failure, Kind},
    pool::Pool,
    work::{Param, QUICK, Work, ask, bytes, limit as bounded, number, text},
};

/// How often a change is tried again because another server was quicker.
const RACES_MAX: usize = 3;

impl InboxStore for PostgresStore {
    fn notify(
        &self,
        notification: Notification,
        to: Vec<Addressed>,
        once: Option<Once>,
        now: Timestamp,
    ) -> Answer<'_, Notified> {
        Box::pin(notifying::notify(&self.pool, notifying::Asked { notification, to, once, now }))
    }

    fn mark(
        &self,
        reader: Reader,
        which: Which,
        change: Change,
        tell: Vec<(Entry, Keep)>,
        now: Timestamp,
    ) -> Answer<'_, Marked> {
        Box::pin(marking::mark(&self.pool, marking::Asked { reader, which, change, tell, now }))
    }

    fn inbox(
        &self,
        reader: Reader,
        filter: Filter,
        before: Option<EntryId>,
        limit: usize,
        now: Timestamp,
    ) -> Answer<'_, Vec<Item>> {
        Box::pin(async move {
            let asked = listing::Asked { filter: &filter, before, limit, now };
            loop {
                if let Some(found) = listing::page(&self.pool, &reader, &asked).await? {
                    return Ok(found);
                }
                self.know(&reader.user).await?;
            }
        })
    }

    fn notification(&self, reader: Reader, id: EntryId, now: Timestamp) -> Answer<'_, Option<Item>> {
        Box::pin(async move {
            loop {
                if let Some(found) = listing::one(&self.pool, &reader, id, now).await? {
                    return Ok(found);
                }
                self.know(&reader.user).await?;
            }
        })
    }

    fn counters(&self, reader: Reader, now: Timestamp) -> Answer<'_, Counters> {
        Box::pin(async move {
            loop {
                if let Some(found) = counting::counters(&self.pool, &reader, now).await? {
                    return Ok(found);
                }
                self.know(&reader.user).await?;
            }
        })
    }

    fn recount(&self, reader: Reader, now: Timestamp) -> Answer<'_, u64> {
        Box::pin(async move { Ok(counting::recount(&self.pool, &reader, now).await?) })
    }

    fn notified_roles(&self) -> Answer<'_, Vec<Role>> {
        Box::pin(async move { Ok(broadcasts::roles(&self.pool).await?) })
    }

    fn inboxes(&self, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<UserId>> {
        Box::pin(async move {
            let sql = "SELECT user_id FROM tidings_inboxes WHERE user_id > $1 ORDER BY user_id LIMIT $2";
            let after = after.as_ref().map_or("", UserId::as_str);
            let rows = ask(&self.pool, sql, &[text(&after), number(&bounded(limit))]).await?;
            Ok(rows.iter().map(|row| crate::rows::user(row, "user_id")).collect::<Result<_, _>>()?)
        })
    }

    fn receipts(&self, id: EntryId, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Receipt>> {
        Box::pin(async move {
            let (id, after) = (id.bytes().to_vec(), after.as_ref().map_or("", UserId::as_str));
            let rows =
                look(&self.pool, RECEIPTS, &[bytes(&id), text(&after), number(&bounded(limit))]).await?;
            let receipt = |row| -> Result<Receipt, Failure> {
                let user = crate::rows::user(row, "user_id")?;
                Ok(Receipt {
                    user,
                    seen_at: rows::time(row, "seen_at")?,
                    read_at: rows::time(row, "read_at")?,
                })
            };
            Ok(rows.iter().map(receipt).collect::<Result<_, _>>()?)
        })
    }

    fn inbox_of(&self, user: UserId, after: Option<EntryId>, limit: usize) -> Answer<'_, Vec<Item>> {
        Box::pin(async move { Ok(listing::all_of(&self.pool, &user, after, limit).await?) })
    }

    fn settle(&self, now: Timestamp, limit: usize) -> Answer<'_, Stir> {
        Box::pin(settling::settle(&self.pool, now, limit))
    }

    fn drop_notifications(&self, keep: KeepSince, limit: usize) -> Answer<'_, Stir> {
        Box::pin(settling::drop_old(&self.pool, keep, limit))
    }

    fn preferences(&self, user: UserId) -> Answer<'_, Option<Preferences>> {
        Box::pin(async move { Ok(plans::preferences(&self.pool, &user).await?) })
    }

    fn put_preferences(&self, user: UserId, data: Json) -> Answer<'_, u64> {
        Box::pin(async move { plans::put_preferences(&self.pool, &user, &data).await })
    }

    fn schedule(&self, scheduled: Scheduled) -> Answer<'_, ()> {
        Box::pin(async move { plans::schedule(&self.pool, &scheduled).await })
    }

    fn due_scheduled(&self, now: Timestamp, lease_ms: u64, limit: usize) -> Answer<'_, Vec<Scheduled>> {
        Box::pin(plans::take_due(&self.pool, now, lease_ms, limit))
    }

    fn finish_scheduled(&self, id: EntryId) -> Answer<'_, bool> {
        Box::pin(plans::finish(&self.pool, id))
    }

    fn all_scheduled(&self, after: Option<EntryId>, limit: usize) -> Answer<'_, Vec<Scheduled>> {
        Box::pin(async move { Ok(plans::all_scheduled(&self.pool, after, limit).await?) })
    }

    fn scheduled_of(&self, user: UserId) -> Answer<'_, Vec<Scheduled>> {
        Box::pin(async move { Ok(plans::scheduled_of(&self.pool, &user).await?) })
    }
}

/// Who has something of a notification of their own, and whose marks cover a broadcast that is in their inbox as far as that is known here.
const RECEIPTS: &str = "
    SELECT user_id, seen_at, read_at FROM tidings_items WHERE id = $1 AND user_id > $2
    UNION ALL
    SELECT x.user_id, CASE WHEN x.seen_up_to >= b.number THEN x.seen_at ELSE x.read_at END,
        CASE WHEN x.read_up_to >= b.number THEN x.read_at END
    FROM tidings_broadcasts b JOIN tidings_inboxes x ON x.since < b.number AND greatest(x.seen_up_to, x.read_up_to) >= b.number
    WHERE b.id = $1 AND x.user_id > $2
        AND NOT EXISTS (SELECT FROM tidings_items i WHERE i.user_id = x.user_id AND i.id = $1)
        AND (b.audience = 'everyone' OR EXISTS (
            SELECT FROM tidings_members m WHERE m.room = b.audience AND m.user_id = x.user_id AND m.since <= b.created_at))
    ORDER BY user_id LIMIT $3";

impl PostgresStore {
    /// An inbox is known from now on.
    async fn know(&self, user: &UserId) -> Result<(), StoreError> {
        let work = Work::begin(&self.pool, QUICK).await?;
        let sql = "INSERT INTO tidings_inboxes (user_id, since) SELECT $1, last FROM tidings_broadcasting
            ON CONFLICT (user_id) DO NOTHING";
        work.execute(sql, &[text(&user.as_str())]).await?;
        work.commit().await
    }
}

/// The answer to one statement. Within a transaction, where nothing is compiled: PostgreSQL takes these for expensive, and compiling one
/// costs a hundred times what it does.
async fn look(pool: &Arc<Pool>, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
    let (work, rows) = Work::begin_with(pool, Instant::now() + QUICK, sql, params).await?;
    // It changed nothing, so nothing is lost with it.
    let _ = work.commit().await;
    Ok(rows)
}

/// Entries as they are kept.
fn placed(tell: Vec<(Entry, Keep)>, offsets: Vec<Offset>) -> Vec<Arc<Entry>> {
    tell.into_iter().zip(offsets).map(|((entry, _), offset)| Arc::new(entry.at(offset))).collect()
}

/// Counts how often another server was quicker with the same.
#[derive(Default)]
struct Races(usize);

impl Races {
    /// Ends a transaction with what came of it; none when it is to be done again.
    async fn ended<T>(&mut self, work: Work, done: Result<T, Failure>) -> Option<Result<T, StoreError>> {
        let failure = match done {
            Ok(done) => return Some(work.commit().await.map(|()| done)),
            Err(failure) => work.give_up(failure).await,
        };
        let is_again = failure.kind == Kind::Raced && self.0 < RACES_MAX;
        self.0 += 1;
        (!is_again).then(|| Err(failure.into()))
    }
}
