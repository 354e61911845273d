//! Inboxes: notifications, how each user has them, and the counters.
//!
//! A list of any filter is a merge of stretches of one index (`items_by_bucket`, `items_by_category`), one for each combination of severity,
//! read, archived and snoozed that the filter lets through; broadcasts come from an index of their own. What time has changed and
//! nobody wrote down yet is found by `due_at` and reckoned in.

mod broadcasts;
mod counting;
mod items;
mod listing;
mod marking;
mod notifying;
mod plans;
mod settling;
mod standing;
mod values;

use std::sync::Arc;

use rusqlite::{Connection, params};
use tidings_core::{
    Entry,
    store::{
        Answer, Once,
        inbox::{
            Addressed, Change, Counters, Filter, InboxStore, Item, KeepSince, Marked, Notification, Notified,
            Outcome, Preferences, Reader, Receipt, Scheduled, Stir, Which,
        },
    },
};
use tidings_protocol::{EntryId, Json, Offset, Role, Timestamp, UserId};
use tidings_settings::Keep;

use self::standing::Standing;
pub(crate) use self::{broadcasts::forget_room, plans::erase, standing::membership_changed};
use crate::{SqliteStore, error::Work, ledger::Ledger, task::Task};

/// What a command is about, beside entries and contents, in bytes.
const COMMAND_BYTES: usize = 512;

impl SqliteStore {
    /// Reads in an inbox, which is known from then on.
    fn look<'a, T: Send + 'static>(
        &'a self,
        reader: Reader,
        look: impl Fn(&Connection, &Reader, &Standing) -> Work<T> + Clone + Send + 'static,
    ) -> Answer<'a, T> {
        Box::pin(async move {
            loop {
                let (who, with) = (reader.clone(), look.clone());
                let found = self.readers.read(move |connection| {
                    let moment = connection.unchecked_transaction()?;
                    let standing = Standing::find(&moment, &who.user)?;
                    standing.map(|standing| with(&moment, &who, &standing)).transpose()
                });
                if let Some(found) = found.await? {
                    return Ok(found);
                }
                self.write(reader.user.clone(), |ledger, user| Standing::know(ledger, user).map(drop))
                    .await?;
            }
        })
    }

    fn command<S: Send + 'static, K: Send + 'static, T: Send + 'static>(
        &self,
        state: S,
        bytes: usize,
        run: fn(&mut Ledger, &S) -> Work<K>,
        finish: fn(S, K) -> T,
    ) -> Answer<'_, T> {
        let (task, answer) = Task::new(state, bytes, run, finish);
        self.queue.push(Box::new(task));
        answer
    }
}

fn bytes(tell: &[(Entry, Keep)]) -> usize {
    tell.iter().map(|(entry, _)| COMMAND_BYTES + entry.data.as_str().len()).sum()
}

fn placed(tell: Vec<(Entry, Keep)>, offsets: Vec<Offset>) -> Vec<Arc<Entry>> {
    // Of what comes later nothing was appended.
    tell.into_iter().zip(offsets).map(|((entry, _), offset)| Arc::new(entry.at(offset))).collect()
}

fn notified(asked: notifying::Asked, done: notifying::Done) -> Notified {
    match done {
        notifying::Done::Before(ids) => Notified::Before(ids),
        notifying::Done::New(added) => {
            let outcome = |(to, added): (Addressed, notifying::Added)| match added {
                notifying::Added::Known(id) => Outcome::Known(id),
                notifying::Added::New(offsets) => Outcome::Kept(placed(to.tell, offsets)),
            };
            Notified::New(asked.to.into_iter().zip(added).map(outcome).collect())
        }
    }
}

impl InboxStore for SqliteStore {
    fn notify(
        &self,
        notification: Notification,
        to: Vec<Addressed>,
        once: Option<Once>,
        now: Timestamp,
    ) -> Answer<'_, Notified> {
        let later = |to: &Addressed| to.later.as_ref().map_or(0, |later| later.data.as_str().len());
        let tell: usize = to.iter().map(|to| COMMAND_BYTES + bytes(&to.tell) + later(to)).sum();
        let asked = notifying::Asked { notification, to, once, now };
        self.command(asked, COMMAND_BYTES + tell, notifying::notify, notified)
    }

    fn mark(
        &self,
        reader: Reader,
        which: Which,
        change: Change,
        tell: Vec<(Entry, Keep)>,
        now: Timestamp,
    ) -> Answer<'_, Marked> {
        let bytes = COMMAND_BYTES + bytes(&tell);
        let mut asked = marking::Asked { stage: marking::Stage::First, reader, which, change, tell, now };
        Box::pin(async move {
            let mut changed = Vec::new();
            loop {
                let (was_asked, done) =
                    self.command(asked, bytes, marking::mark, |asked, done| (asked, done)).await?;
                let marking::Done { changed: now_changed, offsets, counters, more } = done;
                changed.extend(now_changed);
                if !more {
                    return Ok(Marked { changed, entries: placed(was_asked.tell, offsets), counters });
                }
                let stage = marking::Stage::Later { changed: !changed.is_empty() };
                asked = marking::Asked { stage, ..was_asked };
            }
        })
    }

    fn inbox(
        &self,
        reader: Reader,
        filter: Filter,
        before: Option<EntryId>,
        limit: usize,
        now: Timestamp,
    ) -> Answer<'_, Vec<Item>> {
        self.look(reader, move |connection, reader, standing| {
            let asked = listing::Asked { reader, filter: &filter, before, limit, now };
            listing::page(connection, standing, &asked)
        })
    }

    fn notification(&self, reader: Reader, id: EntryId, now: Timestamp) -> Answer<'_, Option<Item>> {
        self.look(reader, move |connection, reader, standing| one(connection, reader, standing, id, now))
    }

    fn counters(&self, reader: Reader, now: Timestamp) -> Answer<'_, Counters> {
        self.look(reader, move |connection, reader, standing| {
            counting::counters(connection, reader, standing, now)
        })
    }

    fn recount(&self, reader: Reader, now: Timestamp) -> Answer<'_, u64> {
        self.scans.read(move |connection| {
            let moment = connection.unchecked_transaction()?;
            match Standing::find(&moment, &reader.user)? {
                Some(standing) => counting::recount(&moment, &reader, &standing, now),
                None => Ok(0),
            }
        })
    }

    fn notified_roles(&self) -> Answer<'_, Vec<Role>> {
        self.scans.read(broadcasts::roles)
    }

    fn inboxes(&self, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<UserId>> {
        self.scans.read(move |connection| {
            let sql = "SELECT user FROM inboxes WHERE user > ?1 ORDER BY user LIMIT ?2";
            let mut page = connection.prepare_cached(sql)?;
            let after = after.as_ref().map_or("", UserId::as_str);
            let mut rows = page.query(params![after, crate::values::rows(limit)])?;
            let mut users = Vec::new();
            while let Some(row) = rows.next()? {
                users.push(crate::values::user(&row.get::<_, String>(0)?)?);
            }
            Ok(users)
        })
    }

    fn receipts(&self, id: EntryId, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Receipt>> {
        self.readers.read(move |connection| {
            let mut page = connection.prepare_cached(RECEIPTS)?;
            let after = after.as_ref().map_or("", UserId::as_str);
            let mut rows = page.query(params![id.bytes(), after, crate::values::rows(limit)])?;
            let mut receipts = Vec::new();
            while let Some(row) = rows.next()? {
                let user = crate::values::user(&row.get::<_, String>(0)?)?;
                let (seen_at, read_at) = (values::time(row, 1)?, values::time(row, 2)?);
                receipts.push(Receipt { user, seen_at, read_at });
            }
            Ok(receipts)
        })
    }

    fn inbox_of(&self, user: UserId, after: Option<EntryId>, limit: usize) -> Answer<'_, Vec<Item>> {
        self.scans.read(move |connection| {
            let moment = connection.unchecked_transaction()?;
            let sql = "SELECT i.id FROM items AS i WHERE i.user = ?1 AND i.id > ?2 AND i.bucket <> 32
                AND (i.number IS NULL OR EXISTS (SELECT 1 FROM broadcasts AS b WHERE b.number = i.number)) ORDER BY i.id LIMIT ?3";
            let mut page = moment.prepare_cached(sql)?;
            let after = after.map_or([0; 16], EntryId::bytes);
            let mut rows = page.query(params![user.as_str(), after, crate::values::rows(limit)])?;
            let mut items = Vec::new();
            while let Some(row) = rows.next()? {
                items.extend(items::whole(&moment, &user, values::id(row, 0)?)?);
            }
            Ok(items)
        })
    }

    fn settle(&self, now: Timestamp, limit: usize) -> Answer<'_, Stir> {
        self.write((now, limit), |ledger, (now, limit)| settling::settle(ledger, *now, *limit))
    }

    fn drop_notifications(&self, keep: KeepSince, limit: usize) -> Answer<'_, Stir> {
        self.write((keep, limit), |ledger, (keep, limit)| settling::drop_old(ledger, *keep, *limit))
    }

    fn preferences(&self, user: UserId) -> Answer<'_, Option<Preferences>> {
        self.readers.read(move |connection| plans::preferences(connection, &user))
    }

    fn put_preferences(&self, user: UserId, data: Json) -> Answer<'_, u64> {
        let bytes = COMMAND_BYTES + data.as_str().len();
        self.command(
            (user, data),
            bytes,
            |ledger, (user, data)| plans::put_preferences(ledger, user, data),
            last,
        )
    }

    fn schedule(&self, scheduled: Scheduled) -> Answer<'_, ()> {
        let bytes = COMMAND_BYTES + scheduled.data.as_str().len();
        self.command(scheduled, bytes, plans::schedule, last)
    }

    fn due_scheduled(&self, now: Timestamp, lease_ms: u64, limit: usize) -> Answer<'_, Vec<Scheduled>> {
        self.write((now, lease_ms, limit), |ledger, (now, lease_ms, limit)| {
            plans::take_due(ledger, *now, *lease_ms, *limit)
        })
    }

    fn finish_scheduled(&self, id: EntryId) -> Answer<'_, bool> {
        self.write(id, |ledger, id| plans::finish(ledger, *id))
    }

    fn all_scheduled(&self, after: Option<EntryId>, limit: usize) -> Answer<'_, Vec<Scheduled>> {
        self.readers.read(move |connection| plans::all_scheduled(connection, after, limit))
    }

    fn scheduled_of(&self, user: UserId) -> Answer<'_, Vec<Scheduled>> {
        self.readers.read(move |connection| plans::scheduled_of(connection, &user))
    }
}

/// Who has something of a notification of their own, and whose marks cover a broadcast that is in their inbox as far as that is known here.
const RECEIPTS: &str = "
    SELECT user, seen_at, read_at FROM items WHERE id = ?1 AND user > ?2
    UNION ALL
    SELECT x.user, CASE WHEN x.seen_up_to >= b.number THEN x.seen_at ELSE x.read_at END,
        CASE WHEN x.read_up_to >= b.number THEN x.read_at END
    FROM broadcasts AS b CROSS JOIN inboxes AS x
    WHERE b.id = ?1 AND x.user > ?2 AND x.since < b.number AND (x.seen_up_to >= b.number OR x.read_up_to >= b.number)
        AND NOT EXISTS (SELECT 1 FROM items AS i WHERE i.user = x.user AND i.id = ?1)
        AND (b.audience = 'everyone' OR EXISTS (
            SELECT 1 FROM rooms AS r JOIN members AS m ON m.room = r.id
            WHERE r.key = b.audience AND m.user = x.user AND m.since <= b.created_at))
    ORDER BY user LIMIT ?3";

/// The answer of a command whose answer is all that it did.
fn last<S, T>(_: S, done: T) -> T {
    done
}

fn one(
    connection: &Connection,
    reader: &Reader,
    standing: &Standing,
    id: EntryId,
    now: Timestamp,
) -> Work<Option<Item>> {
    let audiences = broadcasts::Audiences::of(connection, reader)?;
    if let Some(item) = items::of_id(connection, &reader.user, id)? {
        let is_there = match item.number {
            Some(number) => audiences.see_number(connection, number, now)?,
            None => !item.is_expired(now),
        };
        return match is_there {
            true => listing::item(connection, standing, &reader.user, id, None, now),
            false => Ok(None),
        };
    }
    let mut find =
        connection.prepare_cached("SELECT number FROM broadcasts WHERE id = ?1 AND number > ?2")?;
    let mut rows = find.query(params![id.bytes(), standing.since])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let number = row.get(0)?;
    match audiences.see_number(connection, number, now)? {
        true => listing::item(connection, standing, &reader.user, id, Some(number), now),
        false => Ok(None),
    }
}
