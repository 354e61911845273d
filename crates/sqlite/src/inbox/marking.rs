//! Changes by a user.

use hashbrown::HashSet;
use rusqlite::{Connection, params};
use tidings_core::{
    Entry,
    store::inbox::{Change, Counters, Filter, Notification, Reader, Severity, State, Which},
};
use tidings_protocol::{EntryId, Offset, Timestamp};
use tidings_settings::Keep;

use super::{
    broadcasts::{self, Audiences, Sent},
    counting,
    items::{self, Stated},
    notifying,
    standing::{Broadcasting, Mark, Standing},
    values as own,
};
use crate::{error::Work, ledger::Ledger, values};

/// Own notifications that one step changes when all of an inbox are meant: others wait for it, a few tens of milliseconds.
const STEP: usize = 2_000;

/// Where in a change of several steps this one is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was changed yet.
    First,
    /// Whether steps before changed something.
    Later { changed: bool },
}

/// What is to be done.
pub(super) struct Asked {
    pub(super) stage: Stage,
    pub(super) reader: Reader,
    pub(super) which: Which,
    pub(super) change: Change,
    pub(super) tell: Vec<(Entry, Keep)>,
    pub(super) now: Timestamp,
}

/// What was done, inside the transaction.
pub(super) struct Done {
    pub(super) changed: Vec<EntryId>,
    pub(super) offsets: Vec<Offset>,
    pub(super) counters: Counters,
    /// Whether there may be more to change; the entries are appended by the last step.
    pub(super) more: bool,
}

/// A broadcast of which the user has no item.
struct Untouched {
    id: EntryId,
    number: i64,
    severity: Severity,
}

pub(super) fn mark(ledger: &mut Ledger, asked: &Asked) -> Work<Done> {
    let user = &asked.reader.user;
    let mut standing = Standing::know(ledger, user)?;
    let before = standing.clone();
    let audiences = Audiences::of(ledger.connection(), &asked.reader)?;
    let mut changed = Vec::new();
    let (items, more) = touched(ledger.connection(), &audiences, asked)?;
    for item in items {
        let Some(state) = item.state.with(asked.change, asked.now) else { continue };
        restate(ledger, asked, &mut standing, &item, &state)?;
        changed.push(item.id);
    }
    let mark = covered(ledger.connection(), asked)?;
    for broadcast in untouched(ledger.connection(), &audiences, &before, asked)? {
        let state = before.default_state(broadcast.number);
        let Some(state) = state.with(asked.change, asked.now) else { continue };
        changed.push(broadcast.id);
        if broadcast.number > mark {
            touch(ledger, asked, &broadcast, &state)?;
        }
    }
    let mark = Mark { up_to: mark, at: Some(asked.now) };
    let known = if asked.change == Change::Seen { &mut standing.seen } else { &mut standing.read };
    if mark.up_to > known.up_to {
        *known = mark;
        // It covers what other roles of the user would see.
        standing.revision += 1;
    }
    let mut offsets = Vec::new();
    // Twice each: a snooze that was over may have counted already.
    standing.revision += 2 * values::rows(changed.len());
    standing.keep(ledger, user)?;
    if !more && (!changed.is_empty() || asked.stage == (Stage::Later { changed: true })) {
        offsets = notifying::append(ledger, &asked.tell)?;
    }
    let counters = counting::counters(ledger.connection(), &asked.reader, &standing, asked.now)?;
    Ok(Done { changed, offsets, counters, more })
}

/// Items that the change is about, and whether there may be more of them.
fn touched(connection: &Connection, audiences: &Audiences, asked: &Asked) -> Work<(Vec<Stated>, bool)> {
    let Asked { reader: Reader { user, .. }, which, change, now, stage, .. } = asked;
    let (mut found, mut more) = (Vec::new(), false);
    match which {
        Which::Ids(ids) => {
            let mut once = HashSet::new();
            for id in ids.iter().filter(|id| once.insert(**id)) {
                found.extend(items::of_id(connection, user, *id)?);
            }
        }
        Which::UpTo(up_to) => {
            let (up_to, now) = (up_to.bytes(), values::millis(*now));
            if *stage == Stage::First {
                found = items::find_by(
                    connection,
                    "INDEXED BY items_touched",
                    "number IS NOT NULL AND id <= ?2",
                    user,
                    &[&up_to],
                )?;
                let due = "due_at <= ?2 AND +id <= ?3 AND +number IS NULL";
                found.extend(items::find(connection, due, user, &[&now, &up_to])?);
            }
            let own = own_in_scope(connection, asked, up_to)?;
            more = own.len() == STEP;
            found.extend(own);
        }
    }
    let is_in_scope = |item: &Stated| match which {
        Which::Ids(_) => true,
        Which::UpTo(_) => change.scope().matches(item.severity(), None, &item.state.at(*now)),
    };
    found.retain(|item| !item.is_deleted() && !item.is_expired(*now) && is_in_scope(item));
    let mut visible = Vec::with_capacity(found.len());
    for item in found {
        if item.number.map_or(Ok(true), |number| audiences.see_number(connection, number, *now))? {
            visible.push(item);
        }
    }
    Ok((visible, more))
}

/// As many of the user's own as one step changes, but for those that time has changed: all of them leave the scope by the change.
fn own_in_scope(connection: &Connection, asked: &Asked, up_to: [u8; 16]) -> Work<Vec<Stated>> {
    let (user, now) = (&asked.reader.user, values::millis(asked.now));
    let mut found = Vec::new();
    if asked.change == Change::Seen {
        // Bits 8 and 16 of the bucket: archived, snoozed.
        let unseen = "seen_at IS NULL AND id <= ?2 AND bucket & 24 = 0 AND number IS NULL AND (due_at IS NULL OR due_at > ?3) LIMIT ?4";
        let parameters: [&dyn rusqlite::ToSql; 3] = [&up_to, &now, &values::rows(STEP)];
        return items::find_by(connection, "INDEXED BY items_unseen", unseen, user, &parameters);
    }
    for bucket in asked.change.scope().buckets() {
        let left = values::rows(STEP - found.len());
        let own = "bucket = ?2 AND id <= ?3 AND number IS NULL AND (due_at IS NULL OR due_at > ?4) LIMIT ?5";
        let parameters: [&dyn rusqlite::ToSql; 4] = [&bucket, &up_to, &now, &left];
        found.extend(items::find_by(connection, "INDEXED BY items_by_bucket", own, user, &parameters)?);
    }
    Ok(found)
}

/// Broadcasts without an item that the change is about.
fn untouched(
    connection: &Connection,
    audiences: &Audiences,
    standing: &Standing,
    asked: &Asked,
) -> Work<Vec<Untouched>> {
    let Asked { reader: Reader { user, .. }, which, change, now, .. } = asked;
    let mut found = Vec::new();
    let mut look = |condition: &str, parameters: &[&dyn rusqlite::ToSql]| -> Work<()> {
        let sql = format!(
            "SELECT id, number, severity, audience, created_at, expires_at FROM broadcasts AS b
             WHERE {condition} AND NOT EXISTS (SELECT 1 FROM items AS i WHERE i.user = ?1 AND i.id = b.id)"
        );
        let mut look = connection.prepare_cached(&sql)?;
        let mut rows = look.query(parameters)?;
        while let Some(row) = rows.next()? {
            let sent = Sent { audience: row.get(3)?, created_at: row.get(4)?, expires_at: row.get(5)? };
            let number: i64 = row.get(1)?;
            if number > standing.since && audiences.see(&sent, *now) {
                let severity = own::severity(row.get(2)?);
                found.push(Untouched { id: own::id(row, 0)?, number, severity });
            }
        }
        Ok(())
    };
    let user = user.as_str();
    match which {
        Which::Ids(ids) => {
            let mut once = HashSet::new();
            for id in ids.iter().filter(|id| once.insert(**id)) {
                look("b.id = ?2", &[&user, &id.bytes()])?;
            }
        }
        Which::UpTo(_) if *change == Change::Unarchive => {}
        Which::UpTo(up_to) => {
            let floor = match change {
                Change::Seen => standing.seen.up_to.max(standing.read.up_to),
                Change::Read => standing.read.up_to,
                _ => 0,
            };
            for (audience, _) in audiences.iter() {
                let floor = floor.max(standing.since);
                let parameters: [&dyn rusqlite::ToSql; 4] = [&user, &audience, &floor, &up_to.bytes()];
                look("b.audience = ?2 AND b.number > ?3 AND b.id <= ?4", &parameters)?;
            }
        }
    }
    Ok(found)
}

/// Up to which number all broadcasts have an id up to the one of a mark, which covers them; 0 for what is no mark.
fn covered(connection: &Connection, asked: &Asked) -> Work<i64> {
    let (Which::UpTo(up_to), Change::Seen | Change::Read) = (&asked.which, asked.change) else {
        return Ok(0);
    };
    let later = "SELECT min(+number) FROM broadcasts WHERE id > ?1";
    let later: Option<i64> =
        connection.prepare_cached(later)?.query_row(params![up_to.bytes()], |row| row.get(0))?;
    match later {
        Some(later) => Ok(later - 1),
        None => Ok(Broadcasting::read(connection)?.last),
    }
}

fn restate(
    ledger: &Ledger,
    asked: &Asked,
    standing: &mut Standing,
    item: &Stated,
    state: &State,
) -> Work<()> {
    let user = &asked.reader.user;
    let is_gone = asked.change == Change::Delete;
    if item.number.is_none() {
        let counts = !is_gone && state.counts();
        standing.unread += i64::from(counts) - i64::from(item.is_counted());
        if is_gone {
            return items::delete(ledger, user, item.id);
        }
    }
    let bucket = if is_gone { Filter::DELETED } else { state.bucket(item.severity()) };
    items::restate(ledger, user, item, bucket, state)
}

/// The user has a state of this broadcast from now on.
fn touch(ledger: &Ledger, asked: &Asked, broadcast: &Untouched, state: &State) -> Work<()> {
    let bucket = match asked.change {
        Change::Delete => Filter::DELETED,
        _ => state.bucket(broadcast.severity),
    };
    let whole = broadcasts::whole(ledger.connection(), broadcast.number)?;
    let Some((notification, _)): Option<(Notification, _)> = whole else { return Ok(()) };
    items::insert(ledger, &asked.reader.user, &notification, Some(broadcast.number), bucket, state)
}
