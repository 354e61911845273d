//! Data keys, as the one who seals gave them.

use rusqlite::{Connection, Row, params};
use tidings_core::store::{Answer, DataKeyId, KeyStore, Rewrap, WrappedKey};

use crate::{
    SqliteStore,
    error::{Work, damaged},
    ledger::Ledger,
    sum::sum,
    values,
};

/// What [`key`] reads; `k` is the key.
const COLUMNS: &str = "k.id, k.scope, k.master, k.wrapped, k.sum";

impl KeyStore for SqliteStore {
    fn data_key(&self, id: DataKeyId) -> Answer<'_, Option<WrappedKey>> {
        self.readers.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM data_keys AS k WHERE k.id = ?1");
            let mut find = connection.prepare_cached(&sql)?;
            let mut rows = find.query([&id.0[..]])?;
            rows.next()?.map(key).transpose()
        })
    }

    fn data_key_of(&self, scope: String) -> Answer<'_, Option<WrappedKey>> {
        self.readers.read(move |connection| of(connection, &scope))
    }

    fn put_data_key(&self, key: WrappedKey) -> Answer<'_, WrappedKey> {
        self.write(key, put)
    }

    fn data_keys(&self, after: Option<DataKeyId>, limit: usize) -> Answer<'_, Vec<WrappedKey>> {
        self.readers.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM data_keys AS k WHERE k.id > ?1 ORDER BY k.id LIMIT ?2");
            let mut page = connection.prepare_cached(&sql)?;
            let after = after.map_or(Vec::new(), |id| id.0.to_vec());
            let mut rows = page.query(params![after, values::rows(limit)])?;
            let mut keys = Vec::new();
            while let Some(row) = rows.next()? {
                keys.push(key(row)?);
            }
            Ok(keys)
        })
    }

    fn rewrap_data_keys(&self, keys: Vec<Rewrap>) -> Answer<'_, u64> {
        self.write(keys, |ledger, keys| {
            let sql =
                "UPDATE data_keys SET master = ?3, wrapped = ?4, sum = ?5 WHERE id = ?1 AND wrapped = ?2";
            let mut change = ledger.connection().prepare_cached(sql)?;
            let mut changed = 0;
            for Rewrap { before, now } in keys {
                let WrappedKey { id, master, wrapped, .. } = now;
                changed +=
                    change.execute(params![&id.0[..], before.wrapped, master, wrapped, key_sum(now)])?;
            }
            Ok(changed as u64)
        })
    }

    fn data_key_masters(&self) -> Answer<'_, Vec<WrappedKey>> {
        self.readers.read(masters)
    }
}

fn of(connection: &Connection, scope: &str) -> Work<Option<WrappedKey>> {
    let sql = format!("SELECT {COLUMNS} FROM data_keys AS k WHERE k.scope = ?1");
    let mut find = connection.prepare_cached(&sql)?;
    let mut rows = find.query([scope])?;
    rows.next()?.map(key).transpose()
}

fn put(ledger: &mut Ledger, key: &WrappedKey) -> Work<WrappedKey> {
    if let Some(known) = of(ledger.connection(), &key.scope)? {
        return Ok(known);
    }
    let put = "INSERT INTO data_keys (id, scope, master, wrapped, sum) VALUES (?1, ?2, ?3, ?4, ?5)";
    let WrappedKey { id, scope, master, wrapped } = key;
    let row = params![&id.0[..], scope, master, wrapped, key_sum(key)];
    ledger.connection().prepare_cached(put)?.execute(row)?;
    Ok(key.clone())
}

/// From one master key to the next by the index, and one data key of each.
pub(crate) fn masters(connection: &Connection) -> Work<Vec<WrappedKey>> {
    let sql = format!(
        "WITH RECURSIVE m(master) AS (
             SELECT min(master) FROM data_keys
             UNION ALL
             SELECT (SELECT min(d.master) FROM data_keys AS d WHERE d.master > m.master)
             FROM m WHERE m.master IS NOT NULL
         )
         SELECT {COLUMNS} FROM m CROSS JOIN data_keys AS k
         WHERE k.id = (SELECT d.id FROM data_keys AS d WHERE d.master = m.master LIMIT 1) ORDER BY m.master"
    );
    let mut one_each = connection.prepare_cached(&sql)?;
    let mut rows = one_each.query([])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(key(row)?);
    }
    Ok(keys)
}

fn key_sum(WrappedKey { id, scope, master, wrapped }: &WrappedKey) -> i64 {
    sum(&[id.0[..].into(), scope.as_str().into(), master.as_str().into(), wrapped[..].into()])
}

fn key(row: &Row<'_>) -> Work<WrappedKey> {
    let (id, scope, master, wrapped): (Vec<u8>, String, String, Vec<u8>) =
        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    let Ok(id) = id.try_into() else { return damaged("a data key's id that is none was found") };
    let key = WrappedKey { id: DataKeyId(id), scope, master, wrapped };
    match key_sum(&key) == row.get::<_, i64>(4)? {
        true => Ok(key),
        false => damaged("a data key is not as it was written"),
    }
}
