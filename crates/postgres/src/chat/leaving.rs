//! What goes with entries, rooms and users.

use tidings_protocol::UserId;

use crate::{
    failure::Failure,
    work::{Work, number, numbers, text},
};

/// What is kept of messages by their places.
const BY_PLACE: [&str; 6] = [
    "tidings_messages",
    "tidings_chat_mentions",
    "tidings_chat_reactions",
    "tidings_chat_reaction_counts",
    "tidings_chat_versions",
    "tidings_search",
];
/// What may hold something of a user.
pub(crate) const TABLES: [&str; 5] = [
    "tidings_chat_marks",
    "tidings_chat_mentions",
    "tidings_chat_reactions",
    "tidings_chat_versions",
    "tidings_chat_mutes",
];

/// Lets the messages of rooms go whose entries go: of each room those up to a place. `places` is a query for `room` and `last`.
fn forget_sql(places: &str) -> String {
    let others: Vec<String> = BY_PLACE[1..]
        .iter()
        .map(|table| {
            format!(
                r#"of_{table} AS (DELETE FROM {table} t USING places WHERE t.room = places.room AND t."offset" <= places.last)"#
            )
        })
        .collect();
    format!(
        r#"WITH places AS MATERIALIZED ({places}), messages AS (
               DELETE FROM tidings_messages m USING places WHERE m.room = places.room AND m."offset" <= places.last
               RETURNING m.room, m.number
           ), {}
           UPDATE tidings_rooms r SET gone = last.number
           FROM (SELECT room, max(number) AS number FROM messages GROUP BY room) last WHERE r.id = last.room"#,
        others.join(", ")
    )
}

/// Lets the messages of rooms go whose entries go: of each those up to a place.
pub(crate) async fn forget(work: &Work, rooms: &[i64], up_to: &[i64]) -> Result<(), Failure> {
    let sql = forget_sql("SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS given(room, last)");
    work.execute(&sql, &[numbers(&rooms), numbers(&up_to)]).await?;
    Ok(())
}

/// Lets the messages go whose entries go with a partition, and what is before them in their rooms. `of` follows its name.
pub(crate) async fn forget_partition(work: &Work, table: &str, of: &str) -> Result<(), Failure> {
    let places = format!(r#"SELECT room, max("offset") AS last FROM {table} {of} GROUP BY room"#);
    work.run(&forget_sql(&places)).await
}

/// Lets all go that belongs to a room; by its number, where it has one.
pub(crate) async fn forget_room(work: &Work, key: &str, room: Option<i64>) -> Result<(), Failure> {
    work.execute("DELETE FROM tidings_chat_mutes WHERE room = $1", &[text(&key)]).await?;
    let Some(room) = room else { return Ok(()) };
    for table in BY_PLACE.into_iter().chain(["tidings_chat_marks"]) {
        work.execute(&format!("DELETE FROM {table} WHERE room = $1"), &[number(&room)]).await?;
    }
    Ok(())
}

/// Lets all go that is a user's, after their entries were blanked; whether pins of theirs were among it, which are in the messages' table.
pub(crate) async fn erase(work: &Work, user: &UserId) -> Result<bool, Failure> {
    let user = user.as_str();
    let unpin = "UPDATE tidings_messages SET pinned_by = NULL WHERE pinned_by = $1";
    let pins = work.execute(unpin, &[text(&user)]).await?;
    work.execute("DELETE FROM tidings_chat_versions WHERE sender = $1", &[text(&user)]).await?;
    let reactions = r#"WITH theirs AS (
                           DELETE FROM tidings_chat_reactions WHERE user_id = $1 RETURNING room, "offset", emoji
                       ) UPDATE tidings_chat_reaction_counts c SET count = c.count - 1 FROM theirs
                         WHERE c.room = theirs.room AND c."offset" = theirs."offset" AND c.emoji = theirs.emoji"#;
    work.execute(reactions, &[text(&user)]).await?;
    for table in ["tidings_chat_mentions", "tidings_chat_marks", "tidings_chat_mutes"] {
        work.execute(&format!("DELETE FROM {table} WHERE user_id = $1"), &[text(&user)]).await?;
    }
    Ok(pins > 0)
}
