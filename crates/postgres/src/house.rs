//! Keeping house.

use std::sync::Arc;

use tidings_core::{StoreError, store::Tidy};
use tidings_protocol::Timestamp;

use crate::{
    partitions,
    pool::Pool,
    work::{LONG, Work, int, number},
};

/// Each step is a transaction of its own: what one could not do now it does the next time.
pub(crate) async fn tidy(pool: &Arc<Pool>, now: Timestamp, tidy: Tidy) -> Result<u64, StoreError> {
    let work = Work::begin(pool, LONG).await?;
    let keys = "DELETE FROM tidings_keys WHERE used_at < $1";
    let mut gone = work.execute(keys, &[number(&int(tidy.keys_before.millis()))]).await?;
    let revocations = "DELETE FROM tidings_revocations WHERE at < $1";
    gone += work.execute(revocations, &[number(&int(tidy.revocations_before.millis()))]).await?;
    work.commit().await?;
    partitions::make_ahead(pool, now).await?;
    gone += partitions::drop_before(pool, tidy.entries_before).await?;
    Ok(gone)
}
