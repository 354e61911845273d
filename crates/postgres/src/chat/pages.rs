//! Messages as they are asked for. A page is two stretches of one index that meet, in one statement; their reactions come with a second one.

use std::{collections::HashMap, sync::Arc};

use tidings_core::{
    RoomKey,
    store::chat::{
        Ask, Emoji, Message, MessagePage, Of, PAGE_MAX, Pin, Place, REACTORS_MAX, Reaction, Version,
    },
};
use tidings_protocol::{EntryId, UserId};
use tokio_postgres::Row;

use super::{moment, to_id};
use crate::{
    failure::Failure,
    pool::Pool,
    rows,
    work::{ask, bytes, int, limit as bounded, number, numbers, text},
};

/// Beyond this no offset is: far enough from the largest number to add one to it.
const OFFSET_MAX: i64 = i64::MAX / 2;

const COLUMNS: &str = r#"m.room, m.number, m.thread, m.reply_to, m.replies, m.edited_at, m.deleted_at, m.pinned_at, m.pinned_by,
    e."offset", e.time, e.id, e.type, e.sender, e.data"#;

pub(super) async fn page(pool: &Arc<Pool>, asked: Ask, limit: usize) -> Result<MessagePage, Failure> {
    let (key, limit) = (asked.room.to_string(), limit.min(PAGE_MAX));
    let (thread, filter) = match asked.of {
        Of::All => (None, "$5 = $5"),
        Of::Main => (None, "m.thread = $5"),
        Of::Thread(root) => (Some(root), "m.thread = $5"),
        Of::Pinned => (None, "m.pinned_at IS NOT NULL AND $5 = $5"),
    };
    let thread = thread.map(|id| id.bytes().to_vec()).unwrap_or_default();
    // Where the two stretches meet, and how many are wanted of each.
    let (border, older, newer) = match asked.at {
        Place::Before(end) => (int(end.0).min(OFFSET_MAX), limit, 0),
        Place::After(last) => (int(last.0).min(OFFSET_MAX) + 1, 0, limit),
        Place::Around(id) => {
            let sql = r#"SELECT m."offset" FROM tidings_messages m
                         WHERE m.id = $1 AND m.room = (SELECT id FROM tidings_rooms WHERE key = $2)"#;
            let found = ask(pool, sql, &[bytes(&&id.bytes()[..]), text(&key)]).await?;
            let Some(row) = found.first().filter(|_| limit > 0) else { return Ok(MessagePage::default()) };
            (rows::get(row, "offset")?, (limit - 1) / 2, limit / 2 + 1)
        }
    };
    let stretch = |behind: &str, order: &str, most: &str| {
        format!(
            r#"(SELECT m.* FROM tidings_messages m
                WHERE m.room = (SELECT id FROM tidings_rooms WHERE key = $1) AND m."offset" {behind} $2 AND {filter}
                ORDER BY m."offset" {order} LIMIT {most})"#
        )
    };
    let sql = format!(
        r#"SELECT {COLUMNS}, m."offset" < $2 AS is_older
           FROM ({} UNION ALL {}) m
           CROSS JOIN LATERAL (
               SELECT * FROM tidings_entries e
               WHERE e.room = m.room AND e."offset" = m."offset" AND e.time = m.time LIMIT 1
           ) e ORDER BY e."offset""#,
        stretch("<", "DESC", "$3"),
        stretch(">=", "ASC", "$4")
    );
    let most = (bounded(older + 1), bounded(newer + 1));
    let params = [text(&key), number(&border), number(&most.0), number(&most.1), bytes(&thread)];
    let mut found = ask(pool, &sql, &params).await?;
    let behind = found.iter().filter(|row| matches!(row.try_get("is_older"), Ok(true))).count();
    let (has_older, has_newer) = (behind > older, found.len() - behind > newer);
    if has_newer {
        found.pop();
    }
    if has_older {
        found.remove(0);
    }
    let messages = whole(pool, &asked.room, &found, asked.viewer.as_ref()).await?;
    match asked.at {
        // Another one than was asked for, if that is in no such list or was let go meanwhile.
        Place::Around(id) if messages.iter().all(|message| message.entry.id != id) => {
            Ok(MessagePage::default())
        }
        _ => Ok(MessagePage { messages, has_older, has_newer }),
    }
}

pub(super) async fn message(
    pool: &Arc<Pool>,
    room: RoomKey,
    id: EntryId,
    viewer: Option<UserId>,
) -> Result<Option<Message>, Failure> {
    let sql = format!(
        r#"SELECT {COLUMNS} FROM tidings_messages m
           JOIN tidings_entries e ON e.room = m.room AND e."offset" = m."offset" AND e.time = m.time
           WHERE m.id = $1 AND m.room = (SELECT id FROM tidings_rooms WHERE key = $2)"#
    );
    let found = ask(pool, &sql, &[bytes(&&id.bytes()[..]), text(&room.to_string())]).await?;
    Ok(whole(pool, &room, &found, viewer.as_ref()).await?.pop())
}

pub(super) async fn versions(
    pool: &Arc<Pool>,
    room: RoomKey,
    message: EntryId,
) -> Result<Vec<Version>, Failure> {
    let sql = r#"SELECT v.number, v.until, v.data FROM tidings_messages m
                 JOIN tidings_chat_versions v ON v.room = m.room AND v."offset" = m."offset"
                 WHERE m.id = $1 AND m.room = (SELECT id FROM tidings_rooms WHERE key = $2) ORDER BY v.number"#;
    let found = ask(pool, sql, &[bytes(&&message.bytes()[..]), text(&room.to_string())]).await?;
    found.iter().map(version).collect()
}

pub(super) fn version(row: &Row) -> Result<Version, Failure> {
    Ok(Version {
        number: rows::count(row, "number")?,
        data: rows::json(row, "data")?,
        until: rows::time(row, "until")?,
    })
}

/// Messages with their reactions.
async fn whole(
    pool: &Arc<Pool>,
    room: &RoomKey,
    found: &[Row],
    viewer: Option<&UserId>,
) -> Result<Vec<Message>, Failure> {
    let Some(first) = found.first() else { return Ok(Vec::new()) };
    let offsets = found.iter().map(|row| rows::get(row, "offset")).collect::<Result<Vec<i64>, Failure>>()?;
    let mut reactions = reactions(pool, rows::get(first, "room")?, &offsets, viewer).await?;
    let mut messages = Vec::with_capacity(found.len());
    for (row, offset) in found.iter().zip(offsets) {
        messages.push(beside(row, room, reactions.remove(&offset).unwrap_or_default())?);
    }
    Ok(messages)
}

fn beside(row: &Row, room: &RoomKey, reactions: Vec<Reaction>) -> Result<Message, Failure> {
    let thread: Vec<u8> = rows::get(row, "thread")?;
    let pinned_by: Option<String> = rows::get(row, "pinned_by")?;
    let by = pinned_by
        .map(|user| UserId::parse(&user).map_err(|_| Failure::corrupt("a user's id")))
        .transpose()?;
    Ok(Message {
        entry: Arc::new(rows::entry(row, room.clone())?),
        number: rows::count(row, "number")?,
        reply_to: rows::get::<Option<Vec<u8>>>(row, "reply_to")?.map(to_id).transpose()?,
        thread: if thread.is_empty() { None } else { Some(to_id(thread)?) },
        replies: rows::count(row, "replies")?,
        edited_at: moment(row, "edited_at")?,
        deleted_at: moment(row, "deleted_at")?,
        pin: moment(row, "pinned_at")?.map(|at| Pin { at, by }),
        reactions,
    })
}

/// Reactions to messages, by their places.
async fn reactions(
    pool: &Arc<Pool>,
    room: i64,
    offsets: &[i64],
    viewer: Option<&UserId>,
) -> Result<HashMap<i64, Vec<Reaction>>, Failure> {
    let sql = r#"SELECT c."offset", c.emoji, c.count, ARRAY(
                     SELECT r.user_id FROM tidings_chat_reactions r
                     WHERE r.room = c.room AND r."offset" = c."offset" AND r.emoji = c.emoji
                     ORDER BY r.at, r.user_id LIMIT $4
                 ) AS users, EXISTS (
                     SELECT FROM tidings_chat_reactions r
                     WHERE r.room = c.room AND r."offset" = c."offset" AND r.emoji = c.emoji AND r.user_id = $3
                 ) AS mine
                 FROM tidings_chat_reaction_counts c
                 WHERE c.room = $1 AND c."offset" = ANY($2) AND c.count > 0 ORDER BY c."offset", c.emoji"#;
    let (viewer, most) = (viewer.map_or("", UserId::as_str), bounded(REACTORS_MAX));
    let found = ask(pool, sql, &[number(&room), numbers(&offsets), text(&viewer), number(&most)]).await?;
    let mut reactions: HashMap<i64, Vec<Reaction>> = HashMap::new();
    for row in &found {
        let users: Vec<String> = rows::get(row, "users")?;
        let emoji = Emoji::parse(&rows::get::<String>(row, "emoji")?);
        let user = |user: &String| UserId::parse(user).map_err(|_| Failure::corrupt("a user's id"));
        reactions.entry(rows::get(row, "offset")?).or_default().push(Reaction {
            emoji: emoji.map_err(|_| Failure::corrupt("a reaction"))?,
            count: rows::count(row, "count")?,
            users: users.iter().map(user).collect::<Result<_, _>>()?,
            mine: rows::get(row, "mine")?,
        });
    }
    Ok(reactions)
}
