//! Counters: what is written down, and what time has done to it since; and the same counted from all rows.

use std::sync::Arc;

use tidings_core::store::inbox::{Counters, Reader};
use tidings_protocol::Timestamp;
use tokio_postgres::Row;

use super::{
    look,
    standing::{AUDIENCE, given_audiences},
};
use crate::{
    failure::Failure,
    pool::Pool,
    rows,
    work::{Work, int, number, text, texts},
};

/// Of a bucket, bit 4 is read, bit 8 archived, bit 16 snoozed; below 4 it counts.
fn sql() -> String {
    format!(
        "WITH box AS MATERIALIZED (SELECT * FROM tidings_inboxes WHERE user_id = $1), {AUDIENCE},
         due AS MATERIALIZED (
             SELECT number, bucket, coalesce(expires_at <= $3, false) AS is_over, coalesce(snoozed_until <= $3, false) AS is_awake
             FROM tidings_items WHERE user_id = $1 AND due_at <= $3
         )
         SELECT (
             box.unread
             + (SELECT coalesce(sum((NOT is_over AND bucket - is_awake::int * 16 < 4)::int - (bucket < 4)::int), 0)
                FROM due WHERE number IS NULL)
             + (SELECT coalesce(sum(behind.count), 0) FROM audience a CROSS JOIN LATERAL (
                    SELECT count(*) FROM tidings_broadcasts b
                    WHERE b.audience = a.key AND b.number > greatest(box.read_up_to, box.since) AND b.created_at >= a.since
                      AND (b.expires_at IS NULL OR b.expires_at > $3)) behind)
             + (SELECT coalesce(sum(
                        (bucket - coalesce(snoozed_until <= $3, false)::int * 16 < 4)::int
                        - (i.number > greatest(box.read_up_to, box.since))::int), 0)
                FROM (SELECT number, bucket, snoozed_until FROM tidings_items
                      WHERE user_id = $1 AND number IS NOT NULL
                        AND (number > greatest(box.read_up_to, box.since) OR bucket & 12 = 0) OFFSET 0) i
                CROSS JOIN LATERAL (
                    SELECT FROM tidings_broadcasts b JOIN audience a ON a.key = b.audience AND a.since <= b.created_at
                    WHERE b.number = i.number AND (b.expires_at IS NULL OR b.expires_at > $3) LIMIT 1) seen)
         )::bigint AS unread,
         (box.revision + counts.changes
             + (SELECT coalesce(sum(is_over::int + is_awake::int), 0) FROM due)
             + (SELECT count(*) FROM tidings_broadcasts WHERE expires_at <= $3)
         )::bigint AS revision
         FROM box, tidings_broadcasting counts"
    )
}

/// None for an inbox that is not known.
pub(super) async fn counters(
    pool: &Arc<Pool>,
    reader: &Reader,
    now: Timestamp,
) -> Result<Option<Counters>, Failure> {
    let (user, audiences, now) = (reader.user.as_str(), given_audiences(reader), int(now.millis()));
    let params = [text(&user), texts(&audiences), number(&now)];
    look(pool, &sql(), &params).await?.first().map(of).transpose()
}

/// Within a change of the inbox.
pub(super) async fn counters_within(
    work: &Work,
    reader: &Reader,
    now: Timestamp,
) -> Result<Counters, Failure> {
    let (user, audiences, now) = (reader.user.as_str(), given_audiences(reader), int(now.millis()));
    let params = [text(&user), texts(&audiences), number(&now)];
    let rows = work.query(&sql(), &params).await?;
    rows.first().map_or_else(|| Err(Failure::corrupt("an inbox")), of)
}

/// Every notification by itself.
pub(super) async fn recount(pool: &Arc<Pool>, reader: &Reader, now: Timestamp) -> Result<u64, Failure> {
    let sql = format!(
        "WITH {AUDIENCE}
         SELECT (
             (SELECT count(*) FROM tidings_items
              WHERE user_id = $1 AND number IS NULL AND read_at IS NULL AND archived_at IS NULL
                AND (snoozed_until IS NULL OR snoozed_until <= $3) AND (expires_at IS NULL OR expires_at > $3))
             + (SELECT count(*) FROM tidings_inboxes box CROSS JOIN audience a
                JOIN tidings_broadcasts b ON b.audience = a.key AND b.created_at >= a.since AND b.number > box.since
                LEFT JOIN tidings_items i ON i.user_id = $1 AND i.id = b.id
                WHERE box.user_id = $1 AND (b.expires_at IS NULL OR b.expires_at > $3)
                  AND CASE WHEN i.id IS NULL THEN b.number > box.read_up_to
                      ELSE i.bucket < 32 AND i.read_at IS NULL AND i.archived_at IS NULL
                           AND (i.snoozed_until IS NULL OR i.snoozed_until <= $3) END)
         )::bigint AS unread"
    );
    let (user, audiences, now) = (reader.user.as_str(), given_audiences(reader), int(now.millis()));
    let params = [text(&user), texts(&audiences), number(&now)];
    let rows = look(pool, &sql, &params).await?;
    rows.first().map_or(Ok(0), |row| rows::count(row, "unread"))
}

fn of(row: &Row) -> Result<Counters, Failure> {
    Ok(Counters { unread: rows::count(row, "unread")?, revision: rows::count(row, "revision")? })
}
