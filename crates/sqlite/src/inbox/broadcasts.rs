//! Broadcasts, and who may see which.

use hashbrown::HashMap;
use rusqlite::{Connection, OptionalExtension, params};
use tidings_core::{
    RoomKey,
    store::inbox::{Category, Notification, Reader},
};
use tidings_protocol::{EntryId, Role, Timestamp};

use super::{
    standing::{Broadcasting, Standing},
    values::{self as own, moment, part},
};
use crate::{
    error::{Work, damaged},
    ledger::Ledger,
    sum::sum,
    values,
};

/// The audiences that a reader belongs to and that have broadcasts, each with the moment from which on its broadcasts are for the reader.
pub(super) struct Audiences(HashMap<String, i64>);

/// What decides whether somebody sees a broadcast.
pub(super) struct Sent {
    pub(super) audience: String,
    pub(super) created_at: i64,
    pub(super) expires_at: Option<i64>,
}

impl Audiences {
    pub(super) fn of(connection: &Connection, reader: &Reader) -> Work<Self> {
        let mut audiences: HashMap<String, i64> =
            reader.roles.iter().map(|role| (RoomKey::Role(role.clone()).to_string(), 0)).collect();
        audiences.insert(RoomKey::Everyone.to_string(), 0);
        let rooms = "SELECT r.key, m.since FROM members AS m CROSS JOIN rooms AS r ON r.id = m.room
            WHERE m.user = ?1 AND EXISTS (SELECT 1 FROM broadcasts AS b WHERE b.audience = r.key)";
        let mut rooms = connection.prepare_cached(rooms)?;
        let mut rows = rooms.query([reader.user.as_str()])?;
        while let Some(row) = rows.next()? {
            audiences.insert(row.get(0)?, row.get(1)?);
        }
        Ok(Self(audiences))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0.iter().map(|(audience, from)| (audience.as_str(), *from))
    }

    pub(super) fn see(&self, sent: &Sent, now: Timestamp) -> bool {
        sent.expires_at.is_none_or(|expires_at| expires_at > values::millis(now))
            && self.0.get(&sent.audience).is_some_and(|from| sent.created_at >= *from)
    }

    /// Whether a broadcast is there and for the reader.
    pub(super) fn see_number(&self, connection: &Connection, number: i64, now: Timestamp) -> Work<bool> {
        let sql = "SELECT audience, created_at, expires_at FROM broadcasts WHERE number = ?1";
        let sent = connection
            .prepare_cached(sql)?
            .query_row([number], |row| {
                Ok(Sent { audience: row.get(0)?, created_at: row.get(1)?, expires_at: row.get(2)? })
            })
            .optional()?;
        Ok(sent.is_some_and(|sent| self.see(&sent, now)))
    }
}

/// Roles to which something went that is still there.
pub(super) fn roles(connection: &Connection) -> Work<Vec<Role>> {
    let sql = "SELECT DISTINCT audience FROM broadcasts WHERE audience >= 'role:' AND audience < 'role;' ORDER BY audience";
    let mut all = connection.prepare_cached(sql)?;
    let mut rows = all.query([])?;
    let mut roles = Vec::new();
    while let Some(row) = rows.next()? {
        if let RoomKey::Role(role) = values::room(&row.get::<_, String>(0)?)? {
            roles.push(role);
        }
    }
    Ok(roles)
}

/// Keeps a broadcast; its number.
pub(super) fn insert(ledger: &Ledger, audience: &RoomKey, notification: &Notification) -> Work<()> {
    let mut counts = Broadcasting::read(ledger.connection())?;
    (counts.last, counts.changes) = (counts.last + 1, counts.changes + 1);
    counts.keep(ledger)?;
    let Notification { id, severity, category, created_at, expires_at, content } = notification;
    let (text, audience) = (own::write_content(content)?, audience.to_string());
    let category = category.as_ref().map(Category::as_str);
    let severity = *severity as u8;
    let sum = broadcast_sum(
        counts.last,
        *id,
        &audience,
        severity,
        category,
        values::millis(*created_at),
        moment(*expires_at),
        text.as_str(),
    );
    let put = "INSERT INTO broadcasts (number, id, audience, severity, category, created_at, expires_at, dedupe, content, sum)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    ledger.connection().prepare_cached(put)?.execute(params![
        counts.last,
        id.bytes(),
        audience,
        severity,
        category,
        values::millis(*created_at),
        moment(*expires_at),
        own::dedupe(content),
        text.as_str(),
        sum
    ])?;
    Ok(())
}

/// The whole of a broadcast.
pub(super) fn whole(connection: &Connection, number: i64) -> Work<Option<(Notification, RoomKey)>> {
    let sql = "SELECT id, audience, severity, category, created_at, expires_at, content, sum FROM broadcasts WHERE number = ?1";
    let mut find = connection.prepare_cached(sql)?;
    let mut rows = find.query([number])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let text = |column| -> Work<&str> { Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?) };
    let (id, audience, severity) = (own::id(row, 0)?, text(1)?, row.get::<_, u8>(2)?);
    let (category, content) = (own::category(row, 3)?, text(6)?);
    let (created_at, expires_at): (i64, Option<i64>) = (row.get(4)?, row.get(5)?);
    let name = category.as_ref().map(Category::as_str);
    if broadcast_sum(number, id, audience, severity, name, created_at, expires_at, content)
        != row.get::<_, i64>(7)?
    {
        return damaged("a broadcast is not as it was written");
    }
    let notification = Notification {
        id,
        severity: own::severity(severity),
        category,
        created_at: values::time(created_at)?,
        expires_at: expires_at.map(values::time).transpose()?,
        content: own::read_content(content)?,
    };
    Ok(Some((notification, values::room(audience)?)))
}

/// Lets a broadcast go, with all states of it.
pub(super) fn remove(ledger: &Ledger, number: i64) -> Work<()> {
    let connection = ledger.connection();
    let snoozed = "SELECT user FROM items WHERE number = ?1 AND snoozed_until IS NOT NULL";
    let mut snoozed = connection.prepare_cached(snoozed)?;
    let snoozed: Vec<String> =
        snoozed.query_map([number], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for user in snoozed {
        // Time may have added to the revision by this item.
        let user = values::user(&user)?;
        if let Some(mut standing) = Standing::find(connection, &user)? {
            standing.revision += 1;
            standing.keep(ledger, &user)?;
        }
    }
    connection.prepare_cached("DELETE FROM items WHERE number = ?1")?.execute([number])?;
    connection.prepare_cached("DELETE FROM broadcasts WHERE number = ?1")?.execute([number])?;
    let mut counts = Broadcasting::read(connection)?;
    counts.changes += 1;
    counts.keep(ledger)
}

/// A room is gone, and with it what was sent to its members.
pub(crate) fn forget_room(ledger: &Ledger, room: &RoomKey) -> Work<()> {
    let sql = "SELECT number FROM broadcasts WHERE audience = ?1";
    let mut numbers = ledger.connection().prepare_cached(sql)?;
    let numbers: Vec<i64> =
        numbers.query_map([room.to_string()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    numbers.into_iter().try_for_each(|number| remove(ledger, number))
}

#[expect(clippy::too_many_arguments, reason = "they are the row")]
fn broadcast_sum(
    number: i64,
    id: EntryId,
    audience: &str,
    severity: u8,
    category: Option<&str>,
    created_at: i64,
    expires_at: Option<i64>,
    content: &str,
) -> i64 {
    sum(&[
        number.into(),
        id.bytes()[..].into(),
        audience.into(),
        i64::from(severity).into(),
        category.into(),
        created_at.into(),
        part(expires_at),
        content.into(),
    ])
}
