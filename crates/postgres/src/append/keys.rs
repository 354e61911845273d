//! Idempotency keys: what was appended with one before.

use tidings_core::{
    StoreError,
    store::{Appended, Once},
};
use tidings_protocol::{EntryId, Offset};
use tokio_postgres::Row;

use crate::{failure::Failure, rows};

pub(crate) const LOOK_UP: &str = "SELECT key, print, places FROM tidings_keys WHERE key = ANY($1)";

/// In the order of the keys, as everybody does it, so that no two servers wait for each other.
pub(crate) const USE: &str = r#"
    INSERT INTO tidings_keys (key, print, places, used_at)
    SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bigint[]) AS used(key, print, places, used_at)
    ORDER BY key COLLATE "C""#;

const PLACE_BYTES: usize = 24;

/// What became of the first use, if this is not it.
pub(crate) fn before(rows: &[Row], once: &Once) -> Result<Option<Result<Appended, StoreError>>, Failure> {
    for row in rows {
        if rows::get::<String>(row, "key")? == *once.key {
            return Ok(Some(match rows::hash(row, "print")? == once.print {
                true => Ok(Appended::Before(places(&rows::get::<Vec<u8>>(row, "places")?)?)),
                false => Err(StoreError::Conflict),
            }));
        }
    }
    Ok(None)
}

pub(crate) fn write_place(out: &mut Vec<u8>, id: EntryId, offset: Offset) {
    out.extend_from_slice(&id.bytes());
    out.extend_from_slice(&offset.0.to_be_bytes());
}

fn places(bytes: &[u8]) -> Result<Vec<(EntryId, Offset)>, Failure> {
    let damaged = || Failure::corrupt("an idempotency key");
    if !bytes.len().is_multiple_of(PLACE_BYTES) {
        return Err(damaged());
    }
    let place = |place: &[u8]| {
        let (id, offset) = place.split_at_checked(16)?;
        Some((EntryId::from_bytes(id.try_into().ok()?), Offset(u64::from_be_bytes(offset.try_into().ok()?))))
    };
    bytes.chunks_exact(PLACE_BYTES).map(|bytes| place(bytes).ok_or_else(damaged)).collect()
}
