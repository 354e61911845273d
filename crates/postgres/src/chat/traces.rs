//! What there is of a user, kind by kind, for exports.

use std::sync::Arc;

use tidings_core::store::chat::{Emoji, Mute, Trace, TraceOf};
use tidings_protocol::{EntryId, Offset, UserId};
use tokio_postgres::Row;

use super::{id, moment, pages};
use crate::{
    failure::Failure,
    pool::Pool,
    rows,
    work::{ask, bytes, int, limit as bounded, number, text},
};

/// Each takes the user, the place behind which to begin (the room's text, an offset, a number, a text), and how many.
const KINDS: [&str; TraceOf::KINDS] = [
    r#"SELECT r.key, c."offset", c.at FROM tidings_chat_marks c JOIN tidings_rooms r ON r.id = c.room
       WHERE c.user_id = $1 AND r.key > $2 AND $3 = $3 AND $4 = $4 AND $5 = $5 ORDER BY r.key LIMIT $6"#,
    "SELECT c.room AS key, c.until FROM tidings_chat_mutes c
     WHERE c.user_id = $1 AND c.room > $2 AND $3 = $3 AND $4 = $4 AND $5 = $5 ORDER BY c.room LIMIT $6",
    r#"SELECT r.key, m.id FROM tidings_chat_mentions c JOIN tidings_rooms r ON r.id = c.room
       JOIN tidings_messages m ON m.room = c.room AND m."offset" = c."offset"
       WHERE c.user_id = $1 AND (r.key, c."offset") > ($2, $3) AND $4 = $4 AND $5 = $5
       ORDER BY r.key, c."offset" LIMIT $6"#,
    r#"SELECT r.key, m.id, c.emoji, c.at FROM tidings_chat_reactions c JOIN tidings_rooms r ON r.id = c.room
       JOIN tidings_messages m ON m.room = c.room AND m."offset" = c."offset"
       WHERE c.user_id = $1 AND (r.key, c."offset", c.emoji) > ($2, $3, $5) AND $4 = $4
       ORDER BY r.key, c."offset", c.emoji LIMIT $6"#,
    r#"SELECT r.key, m.id, v.number, v.until, v.data FROM tidings_chat_versions v JOIN tidings_rooms r ON r.id = v.room
       JOIN tidings_messages m ON m.room = v.room AND m."offset" = v."offset"
       WHERE v.sender = $1 AND (r.key, v."offset", v.number) > ($2, $3, $4) AND $5 = $5
       ORDER BY r.key, v."offset", v.number LIMIT $6"#,
];

pub(super) async fn of_user(
    pool: &Arc<Pool>,
    user: UserId,
    after: Option<Trace>,
    limit: usize,
) -> Result<Vec<Trace>, Failure> {
    let mut found = Vec::new();
    for (kind, sql) in KINDS.iter().enumerate().skip(after.as_ref().map_or(0, |after| after.of.kind())) {
        let place = match after.as_ref().filter(|after| after.of.kind() == kind) {
            Some(after) => Place::of(pool, after).await?,
            None => Place::default(),
        };
        let (user, left) = (user.as_str(), bounded(limit - found.len()));
        let params = [
            text(&user),
            text(&place.room),
            number(&place.offset),
            number(&place.number),
            text(&place.text),
            number(&left),
        ];
        for row in ask(pool, sql, &params).await? {
            found.push(Trace { room: rows::room(&row, "key")?, of: trace(kind, &row)? });
        }
    }
    Ok(found)
}

/// Behind what a page begins.
#[derive(Default)]
struct Place {
    room: String,
    offset: i64,
    number: i64,
    text: String,
}

impl Place {
    async fn of(pool: &Arc<Pool>, after: &Trace) -> Result<Self, Failure> {
        let room = after.room.to_string();
        let (message, number, text) = match &after.of {
            TraceOf::Mark { .. } | TraceOf::Mute(_) => return Ok(Self { room, ..Self::default() }),
            TraceOf::Mention(message) => (message, 0, String::new()),
            TraceOf::Reaction { message, emoji, .. } => (message, 0, emoji.as_str().to_owned()),
            TraceOf::Version { message, version } => (message, int(version.number), String::new()),
        };
        let offset = offset_of(pool, &room, *message).await?;
        Ok(Self { room, offset, number, text })
    }
}

/// A message's place; 0 for one that is gone, as is all before it.
async fn offset_of(pool: &Arc<Pool>, room: &str, message: EntryId) -> Result<i64, Failure> {
    let sql = r#"SELECT "offset" FROM tidings_messages
                 WHERE id = $1 AND room = (SELECT id FROM tidings_rooms WHERE key = $2)"#;
    let found = ask(pool, sql, &[bytes(&&message.bytes()[..]), text(&room)]).await?;
    found.first().map_or(Ok(0), |row| rows::get(row, "offset"))
}

fn trace(kind: usize, row: &Row) -> Result<TraceOf, Failure> {
    Ok(match kind {
        0 => TraceOf::Mark { offset: Offset(rows::count(row, "offset")?), at: rows::time(row, "at")? },
        1 => TraceOf::Mute(moment(row, "until")?.map_or(Mute::ForGood, Mute::Until)),
        2 => TraceOf::Mention(id(row, "id")?),
        3 => {
            let emoji = Emoji::parse(&rows::get::<String>(row, "emoji")?);
            let emoji = emoji.map_err(|_| Failure::corrupt("a reaction"))?;
            TraceOf::Reaction { message: id(row, "id")?, emoji, at: rows::time(row, "at")? }
        }
        _ => TraceOf::Version { message: id(row, "id")?, version: pages::version(row)? },
    })
}
