//! Receipts of entries: to whom they came, on what and when, and who has seen and read them.

use std::sync::Arc;

use tidings_core::{
    StoreError,
    store::{
        Answer,
        receipts::{DEVICES_MAX, Delivered, Delivery, EntryReceipt, ReceiptStore, Tracked},
    },
};
use tidings_protocol::{EntryId, Timestamp, UserId};
use tokio_postgres::Row;

use crate::{
    failure::Failure,
    pool::Pool,
    rows::{self, get},
    store::{PostgresStore, answer},
    work::{
        LONG, Param, QUICK, Work, ask, byte_strings, bytes, flag, int, limit as bounded, number, numbers,
        text, texts,
    },
};

/// The tables that [`erase`] takes from.
pub(crate) const TABLES: [&str; 2] = ["tidings_receipts", "tidings_deliveries"];

impl ReceiptStore for PostgresStore {
    fn track(&self, tracked: Vec<Tracked>) -> Answer<'_, ()> {
        answer(track(&self.pool, tracked))
    }

    fn tracked(&self, from: EntryId, limit: usize) -> Answer<'_, Vec<EntryId>> {
        answer(newest(&self.pool, from, limit))
    }

    fn note_deliveries(&self, deliveries: Vec<Delivery>) -> Answer<'_, ()> {
        answer(note(&self.pool, deliveries))
    }

    fn acknowledge(
        &self,
        user: UserId,
        ids: Vec<EntryId>,
        read: bool,
        now: Timestamp,
    ) -> Answer<'_, Vec<EntryId>> {
        answer(acknowledge(&self.pool, user, ids, read, now))
    }

    fn entry_receipts(
        &self,
        id: EntryId,
        after: Option<UserId>,
        limit: usize,
    ) -> Answer<'_, Vec<EntryReceipt>> {
        answer(async move {
            let (id, after) = (id.bytes().to_vec(), after.as_ref().map_or("", UserId::as_str).to_owned());
            let page =
                "SELECT * FROM tidings_receipts WHERE id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3";
            let limit = bounded(limit);
            let params = [bytes(&id), text(&after), number(&limit)];
            let found = page_of(&self.pool, page, "user_id", &params).await?;
            Ok::<_, Failure>(found.into_iter().map(|(_, receipt)| receipt).collect())
        })
    }

    fn receipts_of(
        &self,
        user: UserId,
        after: Option<EntryId>,
        limit: usize,
    ) -> Answer<'_, Vec<(EntryId, EntryReceipt)>> {
        answer(async move {
            let after = after.map_or([0; 16], EntryId::bytes).to_vec();
            let page = "SELECT * FROM tidings_receipts WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3";
            let user = user.as_str();
            page_of(&self.pool, page, "id", &[text(&user), bytes(&after), number(&bounded(limit))]).await
        })
    }

    fn drop_receipts(&self, now: Timestamp, limit: usize) -> Answer<'_, u64> {
        answer(drop_old(&self.pool, now, limit))
    }
}

async fn track(pool: &Arc<Pool>, mut tracked: Vec<Tracked>) -> Result<(), StoreError> {
    // All servers in one order: none waits for another in a circle.
    tracked.sort_unstable_by_key(|it| it.id);
    let work = Work::begin(pool, QUICK).await?;
    let ids: Vec<Vec<u8>> = tracked.iter().map(|it| it.id.bytes().to_vec()).collect();
    let until: Vec<i64> = tracked.iter().map(|it| int(it.until.millis())).collect();
    let notifications: Vec<i64> = tracked.iter().map(|it| i64::from(it.is_notification)).collect();
    let sql = "INSERT INTO tidings_tracked (id, until, notification)
               SELECT id, until, notification = 1 FROM unnest($1, $2, $3) AS new (id, until, notification)
               ON CONFLICT (id) DO NOTHING";
    work.execute(sql, &[byte_strings(&ids), numbers(&until), numbers(&notifications)]).await?;
    let mut rows: Vec<(Vec<u8>, &str)> = tracked
        .iter()
        .flat_map(|it| it.users.iter().map(|user| (it.id.bytes().to_vec(), user.as_str())))
        .collect();
    rows.sort_unstable();
    if !rows.is_empty() {
        let (ids, users): (Vec<Vec<u8>>, Vec<&str>) = rows.into_iter().unzip();
        let sql =
            "INSERT INTO tidings_receipts (id, user_id) SELECT * FROM unnest($1, $2) ON CONFLICT DO NOTHING";
        work.execute(sql, &[byte_strings(&ids), texts(&users)]).await?;
    }
    work.commit().await
}

async fn newest(pool: &Arc<Pool>, from: EntryId, limit: usize) -> Result<Vec<EntryId>, Failure> {
    let sql = "SELECT id FROM tidings_tracked WHERE id >= $1 ORDER BY id DESC LIMIT $2";
    let from = from.bytes().to_vec();
    ask(pool, sql, &[bytes(&from), number(&bounded(limit))]).await?.iter().map(id).collect()
}

async fn note(pool: &Arc<Pool>, mut deliveries: Vec<Delivery>) -> Result<(), StoreError> {
    // In one order, and each device once: one statement cannot put a row twice.
    deliveries.sort_by(|a, b| (a.id, &a.user, &a.on.device).cmp(&(b.id, &b.user, &b.on.device)));
    deliveries.dedup_by(|a, b| (a.id, &a.user, &a.on.device) == (b.id, &b.user, &b.on.device));
    let ids: Vec<Vec<u8>> = deliveries.iter().map(|it| it.id.bytes().to_vec()).collect();
    let users: Vec<&str> = deliveries.iter().map(|it| it.user.as_str()).collect();
    let devices: Vec<&str> = deliveries.iter().map(|it| &*it.on.device).collect();
    let types: Vec<Option<&str>> = deliveries.iter().map(|it| it.on.client_type.as_deref()).collect();
    let times: Vec<i64> = deliveries.iter().map(|it| int(it.on.at.millis())).collect();
    let work = Work::begin(pool, QUICK).await?;
    let begin = "INSERT INTO tidings_receipts (id, user_id)
                 SELECT DISTINCT new.id, new.user_id FROM unnest($1, $2) AS new (id, user_id)
                 WHERE EXISTS (SELECT FROM tidings_tracked t WHERE t.id = new.id)
                 ORDER BY new.id, new.user_id ON CONFLICT DO NOTHING";
    work.execute(begin, &[byte_strings(&ids), texts(&users)]).await?;
    let put = format!(
        "INSERT INTO tidings_deliveries (id, user_id, device, client_type, at)
         SELECT new.* FROM unnest($1, $2, $3, $4, $5) AS new (id, user_id, device, client_type, at)
         WHERE EXISTS (SELECT FROM tidings_tracked t WHERE t.id = new.id)
           AND (SELECT count(*) FROM tidings_deliveries d WHERE d.id = new.id AND d.user_id = new.user_id) < {DEVICES_MAX}
         ON CONFLICT DO NOTHING"
    );
    let params = [byte_strings(&ids), texts(&users), texts(&devices), texts(&types), numbers(&times)];
    work.execute(&put, &params).await?;
    work.commit().await
}

async fn acknowledge(
    pool: &Arc<Pool>,
    user: UserId,
    ids: Vec<EntryId>,
    read: bool,
    now: Timestamp,
) -> Result<Vec<EntryId>, StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    let sql = "UPDATE tidings_receipts r SET seen_at = coalesce(r.seen_at, $3),
                   read_at = CASE WHEN $4 THEN coalesce(r.read_at, $3) ELSE r.read_at END
               FROM tidings_tracked t
               WHERE t.id = r.id AND NOT t.notification AND r.user_id = $1 AND r.id = ANY($2) RETURNING r.id";
    let named: Vec<Vec<u8>> = ids.iter().map(|id| id.bytes().to_vec()).collect();
    let (user, now) = (user.as_str(), int(now.millis()));
    let rows = work.query(sql, &[text(&user), byte_strings(&named), number(&now), flag(&read)]).await?;
    let found = rows.iter().map(id).collect::<Result<Vec<EntryId>, Failure>>()?;
    work.commit().await?;
    Ok(ids.into_iter().filter(|id| found.contains(id)).collect())
}

/// Receipts of a page, each with its devices; the page and they are of one moment.
async fn page_of(
    pool: &Arc<Pool>,
    page: &str,
    order: &str,
    params: &[Param<'_>],
) -> Result<Vec<(EntryId, EntryReceipt)>, Failure> {
    let sql = format!(
        "WITH page AS MATERIALIZED ({page})
         SELECT p.id, p.user_id, p.seen_at, p.read_at, d.device, d.client_type, d.at
         FROM page p LEFT JOIN tidings_deliveries d ON d.id = p.id AND d.user_id = p.user_id ORDER BY p.{order}, d.device"
    );
    let mut found: Vec<(EntryId, EntryReceipt)> = Vec::new();
    for row in &ask(pool, &sql, params).await? {
        let (id, user) = (id(row)?, rows::user(row, "user_id")?);
        if found.last().is_none_or(|(last, receipt)| (*last, &receipt.user) != (id, &user)) {
            let (seen_at, read_at) = (moment(row, "seen_at")?, moment(row, "read_at")?);
            found.push((id, EntryReceipt { user, delivered: Vec::new(), seen_at, read_at }));
        }
        if let (Some(device), Some((_, receipt))) = (get::<Option<String>>(row, "device")?, found.last_mut())
        {
            let client_type = get::<Option<String>>(row, "client_type")?.map(String::into_boxed_str);
            receipt.delivered.push(Delivered {
                device: device.into(),
                client_type,
                at: rows::time(row, "at")?,
            });
        }
    }
    Ok(found)
}

async fn drop_old(pool: &Arc<Pool>, now: Timestamp, limit: usize) -> Result<u64, StoreError> {
    let work = Work::begin(pool, LONG).await?;
    let (now, limit) = (int(now.millis()), bounded(limit));
    let old =
        "SELECT id FROM tidings_tracked WHERE until <= $1 ORDER BY until LIMIT $2 FOR UPDATE SKIP LOCKED";
    let old = work.query(old, &[number(&now), number(&limit)]).await?;
    let old = old.iter().map(|row| get::<Vec<u8>>(row, "id")).collect::<Result<Vec<_>, _>>()?;
    let piece = "WITH piece AS MATERIALIZED (
            SELECT id, user_id FROM tidings_receipts WHERE id = ANY($1) ORDER BY id, user_id LIMIT $2
        ), devices AS (
            DELETE FROM tidings_deliveries d USING piece p WHERE d.id = p.id AND d.user_id = p.user_id
        )
        DELETE FROM tidings_receipts r USING piece p WHERE r.id = p.id AND r.user_id = p.user_id";
    let mut gone = work.execute(piece, &[byte_strings(&old), number(&limit)]).await?;
    let last = "DELETE FROM tidings_tracked t WHERE t.id = ANY($1)
                AND NOT EXISTS (SELECT FROM tidings_receipts r WHERE r.id = t.id)";
    gone += work.execute(last, &[byte_strings(&old)]).await?;
    work.commit().await?;
    Ok(gone)
}

/// Lets all go that is a user's.
pub(crate) async fn erase(work: &Work, user: &UserId) -> Result<(), Failure> {
    let user = user.as_str();
    let devices = "DELETE FROM tidings_deliveries
                   WHERE user_id = $1 AND id IN (SELECT id FROM tidings_receipts WHERE user_id = $1)";
    for sql in [devices, "DELETE FROM tidings_receipts WHERE user_id = $1"] {
        work.execute(sql, &[text(&user)]).await?;
    }
    Ok(())
}

fn id(row: &Row) -> Result<EntryId, Failure> {
    let bytes = get::<Vec<u8>>(row, "id")?.try_into().map_err(|_| Failure::corrupt("an entry's id"))?;
    Ok(EntryId::from_bytes(bytes))
}

fn moment(row: &Row, column: &str) -> Result<Option<Timestamp>, Failure> {
    match get::<Option<i64>>(row, column)? {
        Some(_) => rows::time(row, column).map(Some),
        None => Ok(None),
    }
}
