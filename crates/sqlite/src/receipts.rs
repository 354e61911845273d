//! Receipts of entries: to whom they came, on what and when, and who has seen and read them.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tidings_core::store::{
    Answer,
    receipts::{DEVICES_MAX, Delivered, Delivery, EntryReceipt, ReceiptStore, Tracked},
};
use tidings_protocol::{EntryId, Timestamp, UserId};

use crate::{
    SqliteStore,
    error::{Work, damaged},
    ledger::Ledger,
    sum::{Part, sum},
    values,
};

impl ReceiptStore for SqliteStore {
    fn track(&self, tracked: Vec<Tracked>) -> Answer<'_, ()> {
        self.write(tracked, |ledger, tracked| tracked.iter().try_for_each(|it| track(ledger, it)))
    }

    fn tracked(&self, from: EntryId, limit: usize) -> Answer<'_, Vec<EntryId>> {
        self.readers.read(move |connection| {
            let sql = "SELECT id FROM tracked WHERE id >= ?1 ORDER BY id DESC LIMIT ?2";
            let mut page = connection.prepare_cached(sql)?;
            let mut rows = page.query(params![from.bytes(), values::rows(limit)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(id(row, 0)?);
            }
            Ok(found)
        })
    }

    fn note_deliveries(&self, deliveries: Vec<Delivery>) -> Answer<'_, ()> {
        self.write(deliveries, |ledger, deliveries| deliveries.iter().try_for_each(|it| note(ledger, it)))
    }

    fn acknowledge(
        &self,
        user: UserId,
        ids: Vec<EntryId>,
        read: bool,
        now: Timestamp,
    ) -> Answer<'_, Vec<EntryId>> {
        self.write((user, ids, read, now), |ledger, (user, ids, read, now)| {
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                if acknowledge(ledger, user, *id, *read, *now)? {
                    found.push(*id);
                }
            }
            Ok(found)
        })
    }

    fn entry_receipts(
        &self,
        id: EntryId,
        after: Option<UserId>,
        limit: usize,
    ) -> Answer<'_, Vec<EntryReceipt>> {
        self.readers.read(move |connection| {
            let moment = connection.unchecked_transaction()?;
            let sql =
                format!("SELECT {COLUMNS} FROM receipts WHERE id = ?1 AND user > ?2 ORDER BY user LIMIT ?3");
            let mut page = moment.prepare_cached(&sql)?;
            let after = after.as_ref().map_or("", UserId::as_str);
            let mut rows = page.query(params![id.bytes(), after, values::rows(limit)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(receipt(&moment, row)?.1);
            }
            Ok(found)
        })
    }

    fn receipts_of(
        &self,
        user: UserId,
        after: Option<EntryId>,
        limit: usize,
    ) -> Answer<'_, Vec<(EntryId, EntryReceipt)>> {
        self.scans.read(move |connection| {
            let moment = connection.unchecked_transaction()?;
            let sql =
                format!("SELECT {COLUMNS} FROM receipts WHERE user = ?1 AND id > ?2 ORDER BY id LIMIT ?3");
            let mut page = moment.prepare_cached(&sql)?;
            let after = after.map_or([0; 16], EntryId::bytes);
            let mut rows = page.query(params![user.as_str(), after, values::rows(limit)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(receipt(&moment, row)?);
            }
            Ok(found)
        })
    }

    fn drop_receipts(&self, now: Timestamp, limit: usize) -> Answer<'_, u64> {
        self.write((now, limit), |ledger, (now, limit)| drop_old(ledger.connection(), *now, *limit))
    }
}

/// What [`receipt`] reads.
const COLUMNS: &str = "id, user, seen_at, read_at, sum";

fn track(ledger: &mut Ledger, tracked: &Tracked) -> Work<()> {
    let Tracked { id, users, until, is_notification } = tracked;
    let put = "INSERT OR IGNORE INTO tracked (id, until, notification, sum) VALUES (?1, ?2, ?3, ?4)";
    let (until, notification) = (values::millis(*until), i64::from(*is_notification));
    let sum = sum(&[id.bytes()[..].into(), until.into(), notification.into()]);
    ledger.connection().prepare_cached(put)?.execute(params![id.bytes(), until, notification, sum])?;
    users.iter().try_for_each(|user| begin(ledger.connection(), *id, user))
}

/// A user's receipt begins, if it has not.
fn begin(connection: &Connection, id: EntryId, user: &UserId) -> Work<()> {
    let put =
        "INSERT OR IGNORE INTO receipts (id, user, seen_at, read_at, sum) VALUES (?1, ?2, NULL, NULL, ?3)";
    let sum = receipt_sum(id, user.as_str(), None, None);
    connection.prepare_cached(put)?.execute(params![id.bytes(), user.as_str(), sum])?;
    Ok(())
}

fn note(ledger: &mut Ledger, Delivery { id, user, on }: &Delivery) -> Work<()> {
    let connection = ledger.connection();
    if !connection.prepare_cached("SELECT 1 FROM tracked WHERE id = ?1")?.exists([id.bytes()])? {
        return Ok(());
    }
    begin(connection, *id, user)?;
    let put = "INSERT OR IGNORE INTO deliveries (id, user, device, client_type, at, sum)
               SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE (SELECT count(*) FROM deliveries WHERE id = ?1 AND user = ?2) < ?7";
    let Delivered { device, client_type, at } = on;
    let (client_type, at) = (client_type.as_deref(), values::millis(*at));
    let sum = delivery_sum(*id, user.as_str(), device, client_type, at);
    let most = values::rows(DEVICES_MAX);
    connection.prepare_cached(put)?.execute(params![
        id.bytes(),
        user.as_str(),
        device,
        client_type,
        at,
        sum,
        most
    ])?;
    Ok(())
}

fn acknowledge(ledger: &mut Ledger, user: &UserId, id: EntryId, read: bool, now: Timestamp) -> Work<bool> {
    let connection = ledger.connection();
    let find = "SELECT r.seen_at, r.read_at FROM receipts AS r JOIN tracked AS t ON t.id = r.id
                WHERE r.id = ?1 AND r.user = ?2 AND t.notification = 0";
    let known: Option<(Option<i64>, Option<i64>)> = connection
        .prepare_cached(find)?
        .query_row(params![id.bytes(), user.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some(known) = known else { return Ok(false) };
    let now = values::millis(now);
    let noted = (known.0.or(Some(now)), known.1.or(read.then_some(now)));
    if noted != known {
        let put = "UPDATE receipts SET seen_at = ?3, read_at = ?4, sum = ?5 WHERE id = ?1 AND user = ?2";
        let sum = receipt_sum(id, user.as_str(), noted.0, noted.1);
        connection.prepare_cached(put)?.execute(params![id.bytes(), user.as_str(), noted.0, noted.1, sum])?;
    }
    Ok(true)
}

fn receipt(connection: &Connection, row: &Row<'_>) -> Work<(EntryId, EntryReceipt)> {
    let (id, user): (_, String) = (id(row, 0)?, row.get(1)?);
    let (seen_at, read_at): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
    if receipt_sum(id, &user, seen_at, read_at) != row.get::<_, i64>(4)? {
        return damaged("a receipt is not as it was written");
    }
    let delivered = delivered(connection, id, &user)?;
    let time = |moment: Option<i64>| moment.map(values::time).transpose();
    let (seen_at, read_at) = (time(seen_at)?, time(read_at)?);
    Ok((id, EntryReceipt { user: values::user(&user)?, delivered, seen_at, read_at }))
}

fn delivered(connection: &Connection, id: EntryId, user: &str) -> Work<Vec<Delivered>> {
    let sql =
        "SELECT device, client_type, at, sum FROM deliveries WHERE id = ?1 AND user = ?2 ORDER BY device";
    let mut all = connection.prepare_cached(sql)?;
    let mut rows = all.query(params![id.bytes(), user])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (device, client_type, at): (String, Option<String>, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        if delivery_sum(id, user, &device, client_type.as_deref(), at) != row.get::<_, i64>(3)? {
            return damaged("a receipt's device is not as it was written");
        }
        let client_type = client_type.map(String::into_boxed_str);
        found.push(Delivered { device: device.into(), client_type, at: values::time(at)? });
    }
    Ok(found)
}

fn drop_old(connection: &Connection, now: Timestamp, limit: usize) -> Work<u64> {
    let next = "SELECT id FROM tracked WHERE until <= ?1 ORDER BY until LIMIT 1";
    let mut gone = 0;
    while gone < limit {
        let id: Option<[u8; 16]> =
            connection.prepare_cached(next)?.query_row([values::millis(now)], |row| row.get(0)).optional()?;
        let Some(id) = id else { break };
        let piece = params![id, values::rows(limit)];
        // What is on devices first, so that none is left whose receipt is gone.
        for sql in [
            "DELETE FROM deliveries WHERE id = ?1 AND user IN (SELECT user FROM receipts WHERE id = ?1 ORDER BY user LIMIT ?2)",
            "DELETE FROM receipts WHERE id = ?1 AND user IN (SELECT user FROM receipts WHERE id = ?1 ORDER BY user LIMIT ?2)",
        ] {
            gone += connection.prepare_cached(sql)?.execute(piece)?;
        }
        let last = "DELETE FROM tracked WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM receipts WHERE id = ?1)";
        gone += connection.prepare_cached(last)?.execute([id])?;
    }
    Ok(gone as u64)
}

/// Lets all go that is a user's.
pub(crate) fn erase(ledger: &Ledger, user: &UserId) -> Work<()> {
    for sql in [
        "DELETE FROM deliveries WHERE user = ?1 AND id IN (SELECT id FROM receipts WHERE user = ?1)",
        "DELETE FROM receipts WHERE user = ?1",
    ] {
        ledger.connection().prepare_cached(sql)?.execute([user.as_str()])?;
    }
    Ok(())
}

fn id(row: &Row<'_>, column: usize) -> Work<EntryId> {
    let bytes = row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?;
    match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) => Ok(EntryId::from_bytes(bytes)),
        Err(_) => damaged("an entry's id that is none was found"),
    }
}

fn receipt_sum(id: EntryId, user: &str, seen_at: Option<i64>, read_at: Option<i64>) -> i64 {
    let part = |moment: Option<i64>| moment.map_or(Part::Nothing, Part::Number);
    sum(&[id.bytes()[..].into(), user.into(), part(seen_at), part(read_at)])
}

fn delivery_sum(id: EntryId, user: &str, device: &str, client_type: Option<&str>, at: i64) -> i64 {
    sum(&[id.bytes()[..].into(), user.into(), device.into(), client_type.into(), at.into()])
}
