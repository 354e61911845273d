//! Idempotency keys: what was appended with each.

use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};
use tidings_core::{
    StoreError,
    store::{Once, Tidy},
};
use tidings_protocol::{EntryId, Offset};

use crate::{
    error::{Work, damaged},
    ledger::Ledger,
    sum::sum,
    values,
};

/// Id and offset of an entry.
const PLACE_BYTES: usize = 16 + 8;

/// What was appended with the key before.
///
/// # Errors
/// [`StoreError::Conflict`] when that was another request.
pub(crate) fn used(ledger: &Ledger, once: &Once) -> Work<Option<Vec<(EntryId, Offset)>>> {
    let (key, find) = (digest(once), "SELECT print, places, at, sum FROM keys WHERE key = ?1");
    let found: Option<(Vec<u8>, Vec<u8>, i64, i64)> = ledger
        .connection()
        .prepare_cached(find)?
        .query_row([&key[..]], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((print, places, at, sum)) = found else { return Ok(None) };
    if key_sum(&key, &print, &places, at) != sum {
        return damaged("an idempotency key is not as it was written");
    }
    if print != once.print {
        return Err(StoreError::Conflict.into());
    }
    Ok(Some(places.as_chunks::<PLACE_BYTES>().0.iter().map(read_place).collect()))
}

pub(crate) fn keep(
    ledger: &Ledger,
    once: &Once,
    places: impl Iterator<Item = (EntryId, Offset)>,
) -> Work<()> {
    let mut bytes = Vec::new();
    for (id, offset) in places {
        bytes.extend_from_slice(&id.bytes());
        bytes.extend_from_slice(&offset.0.to_be_bytes());
    }
    let (key, at) = (digest(once), values::millis(once.now));
    let put = "INSERT INTO keys (key, print, places, at, sum) VALUES (?1, ?2, ?3, ?4, ?5)";
    let sum = key_sum(&key, &once.print, &bytes, at);
    ledger.connection().prepare_cached(put)?.execute(params![&key[..], &once.print[..], bytes, at, sum])?;
    Ok(())
}

/// Drops keys that are too old, but not more than `most`; how many.
pub(crate) fn tidy(ledger: &mut Ledger, tidy: Tidy, most: i64) -> Work<u64> {
    let old = "DELETE FROM keys WHERE key IN (SELECT key FROM keys WHERE at < ?1 ORDER BY at LIMIT ?2)";
    Ok(ledger.connection().prepare_cached(old)?.execute([values::millis(tidy.keys_before), most])? as u64)
}

fn digest(once: &Once) -> [u8; 32] {
    Sha256::digest(once.key.as_bytes()).into()
}

fn key_sum(key: &[u8], print: &[u8], places: &[u8], at: i64) -> i64 {
    sum(&[key.into(), print.into(), places.into(), at.into()])
}

fn read_place(bytes: &[u8; PLACE_BYTES]) -> (EntryId, Offset) {
    let (mut id, mut offset) = ([0; 16], [0; 8]);
    id.copy_from_slice(&bytes[..16]);
    offset.copy_from_slice(&bytes[16..]);
    (EntryId::from_bytes(id), Offset(u64::from_be_bytes(offset)))
}
