//! Data keys, as the one who seals gave them.

use std::sync::Arc;

use tidings_core::{
    StoreError,
    store::{Answer, DataKeyId, KeyStore, Rewrap, WrappedKey},
};
use tokio_postgres::Row;

use crate::{
    failure::Failure,
    pool::Pool,
    rows,
    store::{PostgresStore, answer},
    work::{LONG, QUICK, Work, ask, byte_strings, bytes, limit as bounded, number, text, texts},
};

/// What [`key`] reads; `k` is the key.
const COLUMNS: &str = "k.id, k.scope, k.master, k.wrapped";

impl KeyStore for PostgresStore {
    fn data_key(&self, id: DataKeyId) -> Answer<'_, Option<WrappedKey>> {
        answer(async move {
            let sql = format!("SELECT {COLUMNS} FROM tidings_data_keys k WHERE k.id = $1");
            ask(&self.pool, &sql, &[bytes(&&id.0[..])]).await?.first().map(key).transpose()
        })
    }

    fn data_key_of(&self, scope: String) -> Answer<'_, Option<WrappedKey>> {
        answer(
            async move { ask(&self.pool, &of_scope(), &[text(&scope)]).await?.first().map(key).transpose() },
        )
    }

    fn put_data_key(&self, key: WrappedKey) -> Answer<'_, WrappedKey> {
        answer(put(&self.pool, key))
    }

    fn data_keys(&self, after: Option<DataKeyId>, limit: usize) -> Answer<'_, Vec<WrappedKey>> {
        answer(async move {
            let sql =
                format!("SELECT {COLUMNS} FROM tidings_data_keys k WHERE k.id > $1 ORDER BY k.id LIMIT $2");
            let (after, limit) = (after.map_or(Vec::new(), |id| id.0.to_vec()), bounded(limit));
            ask(&self.pool, &sql, &[bytes(&after), number(&limit)]).await?.iter().map(key).collect()
        })
    }

    fn rewrap_data_keys(&self, keys: Vec<Rewrap>) -> Answer<'_, u64> {
        answer(rewrap(&self.pool, keys))
    }

    fn data_key_masters(&self) -> Answer<'_, Vec<WrappedKey>> {
        answer(async move { ask(&self.pool, &masters(), &[]).await?.iter().map(key).collect() })
    }
}

fn of_scope() -> String {
    format!("SELECT {COLUMNS} FROM tidings_data_keys k WHERE k.scope = $1")
}

/// Whoever comes second waits for the first, and then finds that one's key.
async fn put(pool: &Arc<Pool>, new: WrappedKey) -> Result<WrappedKey, StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    let WrappedKey { id, scope, master, wrapped } = &new;
    let sql = "INSERT INTO tidings_data_keys (id, scope, master, wrapped) VALUES ($1, $2, $3, $4)
               ON CONFLICT (scope) DO NOTHING";
    work.execute(sql, &[bytes(&&id.0[..]), text(scope), text(master), bytes(wrapped)]).await?;
    let rows = work.query(&of_scope(), &[text(scope)]).await?;
    let found = rows.first().map_or_else(|| Err(Failure::corrupt("a data key")), key)?;
    work.commit().await?;
    Ok(found)
}

async fn rewrap(pool: &Arc<Pool>, mut keys: Vec<Rewrap>) -> Result<u64, StoreError> {
    // All servers in one order: none waits for another in a circle.
    keys.sort_unstable_by_key(|key| key.now.id);
    let ids: Vec<Vec<u8>> = keys.iter().map(|key| key.now.id.0.to_vec()).collect();
    let before: Vec<Vec<u8>> = keys.iter().map(|key| key.before.wrapped.clone()).collect();
    let masters: Vec<&str> = keys.iter().map(|key| &*key.now.master).collect();
    let wrapped: Vec<Vec<u8>> = keys.iter().map(|key| key.now.wrapped.clone()).collect();
    let work = Work::begin(pool, LONG).await?;
    let sql = "UPDATE tidings_data_keys k SET master = new.master, wrapped = new.wrapped
               FROM unnest($1, $2, $3, $4) AS new (id, before, master, wrapped)
               WHERE k.id = new.id AND k.wrapped = new.before";
    let params = [byte_strings(&ids), byte_strings(&before), texts(&masters), byte_strings(&wrapped)];
    let changed = work.execute(sql, &params).await?;
    work.commit().await?;
    Ok(changed)
}

/// A data key of each master key.
pub(crate) async fn one_a_master(work: &Work) -> Result<Vec<WrappedKey>, Failure> {
    work.query(&masters(), &[]).await?.iter().map(key).collect()
}

/// From one master key to the next by the index, and one data key of each.
fn masters() -> String {
    format!(
        "WITH RECURSIVE m(master) AS (
             SELECT min(master) FROM tidings_data_keys
             UNION ALL
             SELECT (SELECT min(d.master) FROM tidings_data_keys d WHERE d.master > m.master)
             FROM m WHERE m.master IS NOT NULL
         )
         SELECT {COLUMNS} FROM m CROSS JOIN LATERAL (
             SELECT * FROM tidings_data_keys d WHERE d.master = m.master LIMIT 1
         ) k ORDER BY m.master"
    )
}

fn key(row: &Row) -> Result<WrappedKey, Failure> {
    let id = rows::get::<Vec<u8>>(row, "id")?.try_into().map_err(|_| Failure::corrupt("a data key's id"))?;
    let (scope, master, wrapped) =
        (rows::get(row, "scope")?, rows::get(row, "master")?, rows::get(row, "wrapped")?);
    Ok(WrappedKey { id: DataKeyId(id), scope, master, wrapped })
}
