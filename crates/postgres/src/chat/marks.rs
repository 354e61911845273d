//! Up to where users have read, and what is unread of that.

use std::{collections::HashMap, sync::Arc};

use tidings_core::{
    RoomKey,
    store::chat::{Mark, Unread},
};
use tidings_protocol::{EntryId, Offset, UserId};

use super::id;
use crate::{
    failure::Failure,
    pool::Pool,
    rows,
    work::{Work, ask, flag, limit as bounded, number, text, texts},
};

/// A user's mark in a room, as far as it is moved.
#[derive(Clone, Copy, Default)]
pub(super) struct Marked {
    pub(super) offset: i64,
    number: i64,
}

/// A user's mark in a room; at 0 where there is none.
pub(super) async fn of(work: &Work, room: i64, user: &str) -> Result<Marked, Failure> {
    let sql = r#"SELECT "offset", number FROM tidings_chat_marks WHERE user_id = $1 AND room = $2"#;
    let found = work.query(sql, &[text(&user), number(&room)]).await?;
    let mark = |row| Ok(Marked { offset: rows::get(row, "offset")?, number: rows::get(row, "number")? });
    found.first().map_or(Ok(Marked::default()), mark)
}

/// Moves a user's mark forward to the last message up to a place; the mark, and whether it moved.
pub(super) async fn read_up_to(
    work: &Work,
    room: i64,
    user: &str,
    up_to: i64,
    at: i64,
    private: bool,
) -> Result<(Marked, bool), Failure> {
    let known = of(work, room, user).await?;
    let last = r#"SELECT "offset", number FROM tidings_messages
                  WHERE room = $1 AND "offset" <= $2 ORDER BY "offset" DESC LIMIT 1"#;
    let found = work.query(last, &[number(&room), number(&up_to)]).await?;
    let Some(row) = found.first() else { return Ok((known, false)) };
    let mark = Marked { offset: rows::get(row, "offset")?, number: rows::get(row, "number")? };
    // What retention took is as good as read, and so a message that is there is behind it.
    if mark.number <= known.number {
        return Ok((known, false));
    }
    let put = r#"INSERT INTO tidings_chat_marks AS mark (user_id, room, "offset", number, at, private, revision)
                 VALUES ($1, $2, $3, $4, $5, $6, 1)
                 ON CONFLICT (user_id, room) DO UPDATE SET "offset" = EXCLUDED."offset", number = EXCLUDED.number,
                     at = EXCLUDED.at, private = EXCLUDED.private, revision = mark.revision + 1"#;
    let params =
        [text(&user), number(&room), number(&mark.offset), number(&mark.number), number(&at), flag(&private)];
    work.execute(put, &params).await?;
    Ok((mark, true))
}

/// What mentions a user up to a place and was not read before: the messages' ids.
pub(super) async fn take_mentions(
    work: &Work,
    room: i64,
    user: &str,
    up_to: i64,
) -> Result<Vec<EntryId>, Failure> {
    let sql = r#"WITH read AS (
                     UPDATE tidings_chat_mentions SET open = false
                     WHERE user_id = $1 AND room = $2 AND "offset" <= $3 AND open RETURNING "offset"
                 ) SELECT m.id FROM read JOIN tidings_messages m ON m.room = $2 AND m."offset" = read."offset"
                   ORDER BY m."offset""#;
    let found = work.query(sql, &[text(&user), number(&room), number(&up_to)]).await?;
    found.iter().map(|row| id(row, "id")).collect()
}

pub(super) async fn unread_of(
    pool: &Arc<Pool>,
    user: UserId,
    rooms: Vec<RoomKey>,
) -> Result<Vec<Unread>, Failure> {
    let sql = r#"SELECT r.key, greatest(r.messages - greatest(coalesce(c.number, 0), r.gone), 0) AS unread,
                        coalesce(c."offset", 0) AS mark, r.messages + r.gone + coalesce(c.revision, 0) AS revision
                 FROM tidings_rooms r LEFT JOIN tidings_chat_marks c ON c.room = r.id AND c.user_id = $1
                 WHERE r.key = ANY($2)"#;
    let keys: Vec<String> = rooms.iter().map(RoomKey::to_string).collect();
    let rows = ask(pool, sql, &[text(&user.as_str()), texts(&keys)]).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let told = (rows::count(row, "unread")?, rows::count(row, "mark")?, rows::count(row, "revision")?);
        found.insert(rows::get::<String>(row, "key")?, told);
    }
    let unread = |(room, key): (RoomKey, String)| {
        let (unread, mark, revision) = found.get(&key).copied().unwrap_or_default();
        Unread { room, unread, mark: Offset(mark), revision }
    };
    Ok(rooms.into_iter().zip(keys).map(unread).collect())
}

pub(super) async fn recount(
    pool: &Arc<Pool>,
    user: UserId,
    rooms: Vec<RoomKey>,
) -> Result<Vec<u64>, Failure> {
    let sql = r#"SELECT r.key, (
                     SELECT count(*) FROM tidings_messages m
                     WHERE m.room = r.id AND m."offset" > coalesce(
                         (SELECT c."offset" FROM tidings_chat_marks c WHERE c.room = r.id AND c.user_id = $1), 0)
                 ) AS unread FROM tidings_rooms r WHERE r.key = ANY($2)"#;
    let keys: Vec<String> = rooms.iter().map(RoomKey::to_string).collect();
    let rows = ask(pool, sql, &[text(&user.as_str()), texts(&keys)]).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        found.insert(rows::get::<String>(row, "key")?, rows::count(row, "unread")?);
    }
    Ok(keys.iter().map(|key| found.get(key).copied().unwrap_or_default()).collect())
}

pub(super) async fn of_room(
    pool: &Arc<Pool>,
    room: RoomKey,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<Mark>, Failure> {
    let sql = r#"SELECT user_id, "offset", at, private FROM tidings_chat_marks
                 WHERE room = (SELECT id FROM tidings_rooms WHERE key = $1) AND user_id > $2
                 ORDER BY user_id LIMIT $3"#;
    let (room, after, limit) = (room.to_string(), after.as_ref().map_or("", UserId::as_str), bounded(limit));
    let found = ask(pool, sql, &[text(&room), text(&after), number(&limit)]).await?;
    let mark = |row| {
        Ok(Mark {
            user: rows::user(row, "user_id")?,
            offset: Offset(rows::count(row, "offset")?),
            at: rows::time(row, "at")?,
            private: rows::get(row, "private")?,
        })
    };
    found.iter().map(mark).collect()
}
