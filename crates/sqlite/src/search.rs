//! The index of chat's messages: FTS5 over tokens. What is looked up is bound and made of hexadecimal digits, so its query language is out of anybody's
//! reach.

mod forgetting;
mod looking;

use rusqlite::{Connection, OptionalExtension, params};
use tidings_core::{Entry, search::Token};

use crate::{error::Work, values};

pub(crate) use self::{
    forgetting::{Gone, clear, merge},
    looking::search,
};

/// Puts a message into the index.
pub(crate) fn add(
    connection: &Connection,
    place: (i64, i64),
    message: &Entry,
    words: Option<&str>,
) -> Work<()> {
    let Some(words) = words else { return Ok(()) };
    let tokens = tokens(message, words);
    let put = "INSERT INTO search (room, offset, time, tokens) VALUES (?1, ?2, ?3, ?4)";
    let time = values::millis(message.time);
    connection.prepare_cached(put)?.execute(params![place.0, place.1, time, tokens])?;
    index(connection, connection.last_insert_rowid(), &tokens)
}

/// Has a message found by other words from now on, or by none.
pub(crate) fn change(
    connection: &Connection,
    place: (i64, i64),
    message: &Entry,
    words: Option<&str>,
) -> Work<()> {
    let find = "SELECT number, tokens FROM search WHERE room = ?1 AND offset = ?2";
    let found: Option<(i64, Vec<u8>)> = connection
        .prepare_cached(find)?
        .query_row([place.0, place.1], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((number, before)) = found else { return add(connection, place, message, words) };
    forget(connection, number, &before)?;
    match words {
        Some(words) => {
            let tokens = tokens(message, words);
            let put = "UPDATE search SET tokens = ?2 WHERE number = ?1";
            connection.prepare_cached(put)?.execute(params![number, tokens])?;
            index(connection, number, &tokens)
        }
        None => {
            connection.prepare_cached("DELETE FROM search WHERE number = ?1")?.execute([number])?;
            Ok(())
        }
    }
}

/// Has the messages of a room up to a place found no more.
pub(crate) fn leave(connection: &Connection, room: i64, up_to: i64) -> Work<()> {
    let leave = "UPDATE search SET room = NULL, offset = NULL WHERE room = ?1 AND offset <= ?2";
    connection.prepare_cached(leave)?.execute([room, up_to])?;
    Ok(())
}

/// Has one message found no more that is erased: the index forgets it before others.
pub(crate) fn leave_erased(connection: &Connection, room: i64, offset: i64) -> Work<()> {
    let leave = "UPDATE search SET room = NULL, offset = 0 WHERE room = ?1 AND offset = ?2";
    connection.prepare_cached(leave)?.execute([room, offset])?;
    Ok(())
}

fn index(connection: &Connection, number: i64, tokens: &[u8]) -> Work<()> {
    let put = "INSERT INTO search_index (rowid, tokens) VALUES (?1, ?2)";
    connection.prepare_cached(put)?.execute(params![number, digits(tokens)])?;
    Ok(())
}

fn forget(connection: &Connection, number: i64, tokens: &[u8]) -> Work<()> {
    forgetting::note(connection)?;
    let forget = "INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', ?1, ?2)";
    connection.prepare_cached(forget)?.execute(params![number, digits(tokens)])?;
    Ok(())
}

fn tokens(message: &Entry, words: &str) -> Vec<u8> {
    let tokens = Token::of_message(&message.room, message.from.as_ref(), words);
    tokens.into_iter().flat_map(Token::bytes).collect()
}

/// Tokens as FTS5 sees them.
fn digits(tokens: &[u8]) -> String {
    let each: Vec<String> = tokens.chunks(Token::BYTES).map(tidings_core::hex).collect();
    each.join(" ")
}
