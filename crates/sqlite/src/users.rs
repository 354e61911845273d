//! What there is of a user beyond rooms: revocations, and being forgotten.

use hashbrown::HashMap;
use rusqlite::{Connection, OptionalExtension, params};
use tidings_core::{
    RoomKey,
    store::{Erased, Revocation, Tidy},
};
use tidings_protocol::{Timestamp, UserId};

use crate::{
    chat,
    entries::Content,
    error::{Work, damaged},
    inbox,
    ledger::Ledger,
    receipts, rooms, search,
    sum::sum,
    values,
};

pub(crate) fn revoke(ledger: &mut Ledger, user: &UserId, at: Timestamp) -> Work<()> {
    let (user, at) = (user.as_str(), values::millis(at));
    let put = "INSERT INTO revocations (user, at, sum) VALUES (?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET at = excluded.at, sum = excluded.sum WHERE excluded.at > at";
    ledger.connection().prepare_cached(put)?.execute(params![user, at, revocation_sum(user, at)])?;
    Ok(())
}

pub(crate) fn revocations(connection: &Connection, since: Timestamp) -> Work<Vec<Revocation>> {
    let mut young = connection.prepare_cached("SELECT user, at, sum FROM revocations WHERE at >= ?1")?;
    let mut rows = young.query([values::millis(since)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (user, at): (String, i64) = (row.get(0)?, row.get(1)?);
        if revocation_sum(&user, at) != row.get::<_, i64>(2)? {
            return damaged("a revocation is not as it was written");
        }
        found.push(Revocation { user: values::user(&user)?, at: values::time(at)? });
    }
    Ok(found)
}

/// Drops revocations that are too old; how many. There are few: tokens live for hours.
pub(crate) fn tidy(ledger: &mut Ledger, tidy: Tidy) -> Work<u64> {
    let old = "DELETE FROM revocations WHERE at < ?1";
    let before = values::millis(tidy.revocations_before);
    Ok(ledger.connection().prepare_cached(old)?.execute([before])? as u64)
}

fn revocation_sum(user: &str, at: i64) -> i64 {
    sum(&[user.into(), at.into()])
}

/// Where a user's entries are, found before the writer is asked, so that it need not look at everything while others wait.
pub(crate) struct Traces {
    /// Room and offset of each.
    places: Vec<(i64, i64)>,
    /// The head of each room when that was so: only what is behind it has to be looked at again.
    heads: HashMap<i64, i64>,
}

pub(crate) fn traces(connection: &Connection, user: &UserId) -> Work<Traces> {
    let moment = connection.unchecked_transaction()?;
    let pairs = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| -> rusqlite::Result<Vec<(i64, i64)>> {
        moment.prepare_cached(sql)?.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    let places = pairs("SELECT room, offset FROM entries WHERE sender = ?1", &[&user.as_str()])?;
    let heads = pairs("SELECT id, head FROM rooms", &[])?.into_iter().collect();
    Ok(Traces { places, heads })
}

/// Forgets a user, in one transaction: one of hundreds of thousands of entries holds others up for seconds.
pub(crate) fn erase(ledger: &mut Ledger, user: &UserId, traces: &Traces) -> Work<Erased> {
    let personal_entries = rooms::delete(ledger, &RoomKey::Personal(user.clone()))?.unwrap_or(0);
    let mut blanked_entries = 0;
    for (room, offset) in &traces.places {
        blanked_entries += u64::from(blank(ledger.connection(), *room, *offset, user)?);
    }
    for (room, offset) in since(ledger.connection(), user, traces)? {
        blanked_entries += u64::from(blank(ledger.connection(), room, offset, user)?);
    }
    let delete = |sql: &str| ledger.connection().prepare_cached(sql)?.execute([user.as_str()]);
    let memberships = delete("DELETE FROM members WHERE user = ?1")? as u64;
    delete("DELETE FROM revocations WHERE user = ?1")?;
    delete("DELETE FROM people WHERE user = ?1")?;
    let notifications = inbox::erase(ledger, user)?;
    chat::erase(ledger, user)?;
    receipts::erase(ledger, user)?;
    Ok(Erased { personal_entries, blanked_entries, memberships, notifications })
}

/// Places of the user's entries that came after the traces were looked for.
fn since(connection: &Connection, user: &UserId, traces: &Traces) -> Work<Vec<(i64, i64)>> {
    let mut rooms = connection.prepare_cached("SELECT id, head FROM rooms")?;
    let mut later = connection
        .prepare_cached("SELECT offset FROM entries WHERE room = ?1 AND offset > ?2 AND sender = ?3")?;
    let mut rooms = rooms.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rooms.next()? {
        let (room, head): (i64, i64) = (row.get(0)?, row.get(1)?);
        let seen = traces.heads.get(&room).copied().unwrap_or(0);
        if head > seen {
            let mut rows = later.query(params![room, seen, user.as_str()])?;
            while let Some(row) = rows.next()? {
                found.push((room, row.get(0)?));
            }
        }
    }
    Ok(found)
}

/// Leaves an entry's place and takes the rest; false where it is gone already.
fn blank(connection: &Connection, room: i64, offset: i64, user: &UserId) -> Work<bool> {
    let find = "SELECT id, time FROM entries WHERE room = ?1 AND offset = ?2 AND sender = ?3";
    let found: Option<(Vec<u8>, i64)> = connection
        .prepare_cached(find)?
        .query_row(params![room, offset, user.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, time)) = found else { return Ok(false) };
    let left =
        Content { room, offset, id: &id, time, r#type: Erased::ENTRY_TYPE, sender: None, data: "null" };
    let change =
        "UPDATE entries SET type = ?3, sender = NULL, data = ?4, sum = ?5 WHERE room = ?1 AND offset = ?2";
    let mut change = connection.prepare_cached(change)?;
    change.execute(params![room, offset, left.r#type, left.data, left.sum()])?;
    search::leave_erased(connection, room, offset)?;
    Ok(true)
}
