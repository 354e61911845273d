//! What the index forgets. FTS5 marks what is deleted and leaves it where it is until segments are merged; merging all of them into one takes it out of
//! the file, some pages at a time.

use rusqlite::{Connection, OptionalExtension};

use super::forget;
use crate::{error::Work, ledger::Ledger};

/// Messages that are marked in one transaction: others wait for it, some milliseconds.
const CLEARED_AT_ONCE: u32 = 100;
/// Pages that are merged in one transaction.
const MERGED_AT_ONCE: i32 = 200;

/// Which of those that are found no more.
#[derive(Clone, Copy)]
pub(crate) enum Gone {
    Erased,
    All,
}

/// Has the index forget some of those that are found no more; how many.
pub(crate) fn clear(ledger: &mut Ledger, which: Gone) -> Work<u64> {
    let connection = ledger.connection();
    let which = match which {
        Gone::Erased => "offset = 0",
        Gone::All => "true",
    };
    let find = format!(
        "SELECT number, tokens FROM search INDEXED BY search_leaving WHERE room IS NULL AND {which}
         ORDER BY offset DESC LIMIT {CLEARED_AT_ONCE}"
    );
    let mut find = connection.prepare_cached(&find)?;
    let gone: Vec<(i64, Vec<u8>)> =
        find.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    for (number, tokens) in &gone {
        forget(connection, *number, tokens)?;
        connection.prepare_cached("DELETE FROM search WHERE number = ?1")?.execute([number])?;
    }
    Ok(gone.len() as u64)
}

/// Remembers that something is marked that was not merged away.
pub(super) fn note(connection: &Connection) -> Work<()> {
    let note = "INSERT OR IGNORE INTO meta (name, value) VALUES ('search_marks', '1')";
    connection.prepare_cached(note)?.execute([])?;
    Ok(())
}

/// Merges some more of the index, from the beginning if that is the first step; whether there is more to do. What is marked while it goes on is left for the
/// next time.
pub(crate) fn merge(ledger: &mut Ledger, first: bool) -> Work<bool> {
    let connection = ledger.connection();
    if first {
        let marks = "DELETE FROM meta WHERE name = 'search_marks' RETURNING 1";
        let marked: Option<i64> =
            connection.prepare_cached(marks)?.query_row([], |row| row.get(0)).optional()?;
        if marked.is_none() {
            return Ok(false);
        }
    }
    // Below zero it takes all segments for ones of the same level first.
    let pages = if first { -MERGED_AT_ONCE } else { MERGED_AT_ONCE };
    let before = connection.total_changes();
    let merge = "INSERT INTO search_index (search_index, rank) VALUES ('merge', ?1)";
    connection.prepare_cached(merge)?.execute([pages])?;
    // By its own book a step that finds nothing to do changes less than two rows.
    Ok(connection.total_changes() - before >= 2)
}
