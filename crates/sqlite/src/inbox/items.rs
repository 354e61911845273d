//! Items: a user's own notifications, and states of broadcasts.

use rusqlite::{Connection, Row, params};
use tidings_core::{
    RoomKey,
    store::inbox::{Category, Filter, Item, Notification, Severity, State},
};
use tidings_protocol::{EntryId, Timestamp, UserId};

use super::{
    broadcasts,
    values::{self as own, moment, part},
};
use crate::{
    error::{Work, damaged},
    ledger::Ledger,
    sum::sum,
    values,
};

/// What [`State`] and lists need of an item: all but the content.
#[derive(Clone)]
pub(super) struct Stated {
    pub(super) id: EntryId,
    /// Of the broadcast; none for the user's own.
    pub(super) number: Option<i64>,
    pub(super) bucket: u8,
    pub(super) category: Option<Category>,
    pub(super) expires_at: Option<Timestamp>,
    /// As it is written down: a snooze that is over may stand there.
    pub(super) state: State,
}

/// What [`Stated::read`] reads.
pub(super) const STATED: &str =
    "id, number, bucket, category, expires_at, seen_at, read_at, archived_at, snoozed_until, state_sum";

impl Stated {
    pub(super) fn read(user: &str, row: &Row<'_>) -> Work<Self> {
        let state = State {
            seen_at: own::time(row, 5)?,
            read_at: own::time(row, 6)?,
            archived_at: own::time(row, 7)?,
            snoozed_until: own::time(row, 8)?,
        };
        let (id, bucket): (EntryId, u8) = (own::id(row, 0)?, row.get(2)?);
        if state_sum(user, id, bucket, &state) != row.get::<_, i64>(9)? {
            return damaged("the state of a notification is not as it was written");
        }
        let (category, expires_at) = (own::category(row, 3)?, own::time(row, 4)?);
        Ok(Self { id, number: row.get(1)?, bucket, category, expires_at, state })
    }

    pub(super) fn severity(&self) -> Severity {
        own::severity(self.bucket)
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.bucket == Filter::DELETED
    }

    /// Whether the inbox's counter has it.
    pub(super) fn is_counted(&self) -> bool {
        self.number.is_none() && Filter::COUNTED.contains(&self.bucket)
    }

    /// Whether it is the user's own and gone by itself.
    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|moment| moment <= now)
    }
}

/// Items of a user that a condition finds; `?1` in it is the user. SQLite, which has no statistics, would take the primary key for some.
pub(super) fn find_by(
    connection: &Connection,
    index: &str,
    condition: &str,
    user: &UserId,
    more: &[&dyn rusqlite::ToSql],
) -> Work<Vec<Stated>> {
    let sql = format!("SELECT {STATED} FROM items {index} WHERE user = ?1 AND {condition}");
    let mut find = connection.prepare_cached(&sql)?;
    let user = user.as_str();
    let mut parameters: Vec<&dyn rusqlite::ToSql> = vec![&user];
    parameters.extend_from_slice(more);
    let mut rows = find.query(&parameters[..])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Stated::read(user, row)?);
    }
    Ok(found)
}

/// The same by whatever index SQLite finds.
pub(super) fn find(
    connection: &Connection,
    condition: &str,
    user: &UserId,
    more: &[&dyn rusqlite::ToSql],
) -> Work<Vec<Stated>> {
    find_by(connection, "", condition, user, more)
}

/// What time has changed and nobody has written down.
pub(super) fn due(connection: &Connection, user: &UserId, now: Timestamp) -> Work<Vec<Stated>> {
    find(connection, "due_at <= ?2", user, &[&values::millis(now)])
}

pub(super) fn of_id(connection: &Connection, user: &UserId, id: EntryId) -> Work<Option<Stated>> {
    Ok(find(connection, "id = ?2", user, &[&id.bytes()])?.pop())
}

/// Writes a new item: the user's own with its notification, or the state of a broadcast.
pub(super) fn insert(
    ledger: &Ledger,
    user: &UserId,
    notification: &Notification,
    number: Option<i64>,
    bucket: u8,
    state: &State,
) -> Work<()> {
    let Notification { id, category, created_at, expires_at, content, .. } = notification;
    let is_own = number.is_none();
    let text = if is_own { Some(own::write_content(content)?) } else { None };
    let text = text.as_ref().map(|text| text.as_str());
    let expires_at = expires_at.filter(|_| is_own);
    let dedupe = own::dedupe(content).filter(|_| is_own);
    let category = category.as_ref().map(Category::as_str);
    let content_sum = content_sum(user.as_str(), *id, number, category, *created_at, expires_at, text);
    let put = "INSERT INTO items (user, id, number, bucket, category, created_at, expires_at, seen_at, read_at, archived_at,
        snoozed_until, due_at, dedupe, content, content_sum, state_sum)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    ledger.connection().prepare_cached(put)?.execute(params![
        user.as_str(),
        id.bytes(),
        number,
        bucket,
        category,
        values::millis(*created_at),
        moment(expires_at),
        moment(state.seen_at),
        moment(state.read_at),
        moment(state.archived_at),
        moment(state.snoozed_until),
        due_at(bucket, state, expires_at),
        dedupe,
        text,
        content_sum,
        state_sum(user.as_str(), *id, bucket, state)
    ])?;
    Ok(())
}

/// Writes another state of an item.
pub(super) fn restate(ledger: &Ledger, user: &UserId, item: &Stated, bucket: u8, state: &State) -> Work<()> {
    let change = "UPDATE items SET bucket = ?3, seen_at = ?4, read_at = ?5, archived_at = ?6, snoozed_until = ?7, due_at = ?8,
        state_sum = ?9 WHERE user = ?1 AND id = ?2";
    ledger.connection().prepare_cached(change)?.execute(params![
        user.as_str(),
        item.id.bytes(),
        bucket,
        moment(state.seen_at),
        moment(state.read_at),
        moment(state.archived_at),
        moment(state.snoozed_until),
        due_at(bucket, state, item.expires_at),
        state_sum(user.as_str(), item.id, bucket, state)
    ])?;
    Ok(())
}

pub(super) fn delete(ledger: &Ledger, user: &UserId, id: EntryId) -> Work<()> {
    let delete = "DELETE FROM items WHERE user = ?1 AND id = ?2";
    ledger.connection().prepare_cached(delete)?.execute(params![user.as_str(), id.bytes()])?;
    Ok(())
}

/// The whole of an item; none of a broadcast that is gone, or that the user deleted.
pub(super) fn whole(connection: &Connection, user: &UserId, id: EntryId) -> Work<Option<Item>> {
    let sql =
        format!("SELECT {STATED}, created_at, content, content_sum FROM items WHERE user = ?1 AND id = ?2");
    let mut find = connection.prepare_cached(&sql)?;
    let mut rows = find.query(params![user.as_str(), id.bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let stated = Stated::read(user.as_str(), row)?;
    if stated.is_deleted() {
        return Ok(None);
    }
    let created_at = values::time(row.get(10)?)?;
    let text = row.get_ref(11)?.as_str_or_null().map_err(rusqlite::Error::from)?;
    let category = stated.category.as_ref().map(Category::as_str);
    let expected =
        content_sum(user.as_str(), id, stated.number, category, created_at, stated.expires_at, text);
    if expected != row.get::<_, i64>(12)? {
        return damaged("a notification is not as it was written");
    }
    let (notification, audience) = match (stated.number, text) {
        (Some(number), None) => match broadcasts::whole(connection, number)? {
            Some(found) => found,
            None => return Ok(None),
        },
        (None, Some(text)) => {
            let severity = stated.severity();
            let Stated { category, expires_at, .. } = stated;
            let content = own::read_content(text)?;
            let audience = RoomKey::Personal(user.clone());
            (Notification { id, severity, category, created_at, expires_at, content }, audience)
        }
        _ => return damaged("a notification is not as it was written"),
    };
    Ok(Some(Item { notification, audience, state: stated.state }))
}

/// When time changes it. A deleted broadcast does not change any more.
fn due_at(bucket: u8, state: &State, expires_at: Option<Timestamp>) -> Option<i64> {
    let first = state.snoozed_until.into_iter().chain(expires_at).min();
    moment(first.filter(|_| bucket != Filter::DELETED))
}

fn state_sum(user: &str, id: EntryId, bucket: u8, state: &State) -> i64 {
    let State { seen_at, read_at, archived_at, snoozed_until } = *state;
    sum(&[
        user.into(),
        id.bytes()[..].into(),
        i64::from(bucket).into(),
        part(moment(seen_at)),
        part(moment(read_at)),
        part(moment(archived_at)),
        part(moment(snoozed_until)),
    ])
}

fn content_sum(
    user: &str,
    id: EntryId,
    number: Option<i64>,
    category: Option<&str>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    content: Option<&str>,
) -> i64 {
    sum(&[
        user.into(),
        id.bytes()[..].into(),
        part(number),
        category.into(),
        values::millis(created_at).into(),
        part(moment(expires_at)),
        content.into(),
    ])
}
