//! The writer's side of the database: what a piece of work may do inside the batch's transaction.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use tidings_core::{RoomKey, store::fresh_epoch};
use tidings_protocol::{Epoch, Timestamp};

use crate::{
    error::{Work, damaged},
    file,
    heads::{Heads, Standing},
    rooms,
    values::millis,
};

/// The one connection that writes, and what it remembers.
pub(crate) struct Ledger {
    connection: Connection,
    heads: Heads,
    /// The epoch of logs that begin now.
    epoch: Option<Epoch>,
}

impl Ledger {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, heads: Heads::default(), epoch: None }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn page_bytes(&self) -> rusqlite::Result<usize> {
        self.connection
            .pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0))
            .map(|size| size as usize)
    }

    /// Puts all of the log into the database and cuts it to nothing, if nobody needs it; waits for nobody.
    pub(crate) fn empty_log(&self) -> bool {
        let at_once = self.connection.busy_timeout(Duration::ZERO);
        let emptied = at_once.and_then(|()| file::empty_log(&self.connection));
        let _ = self.connection.busy_timeout(file::BUSY_TIMEOUT);
        emptied.unwrap_or(false)
    }

    pub(crate) fn begin(&self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([]).map(drop)
    }

    /// Ready for the commit: all that was remembered only is written.
    pub(crate) fn settle(&mut self) -> Work<()> {
        let mut update =
            self.connection.prepare_cached("UPDATE rooms SET head = ?2, head_sum = ?3 WHERE id = ?1")?;
        for (room, Standing { id, epoch, head, .. }) in self.heads.take_touched() {
            update.execute(params![id, head, rooms::head_sum(&room.to_string(), &epoch.0, head)])?;
        }
        Ok(())
    }

    pub(crate) fn commit(&mut self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.heads.age();
        Ok(())
    }

    /// Nothing of the transaction was; what was remembered may be wrong.
    pub(crate) fn roll_back(&mut self) {
        self.forget();
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    /// Does one piece of work so that it can fail half-way without taking others along.
    pub(crate) fn apart<T>(&mut self, work: impl FnOnce(&mut Self) -> Work<T>) -> Work<T> {
        self.connection.prepare_cached("SAVEPOINT apart")?.execute([])?;
        let done = work(self).and_then(|done| self.settle().map(|()| done));
        if done.is_err() {
            self.forget();
            if self.connection.is_autocommit() {
                return done;
            }
            self.connection.prepare_cached("ROLLBACK TO apart")?.execute([])?;
        }
        self.connection.prepare_cached("RELEASE apart")?.execute([])?;
        done
    }

    /// Where a room's log stands, if there is the room.
    pub(crate) fn standing(&mut self, room: &RoomKey) -> Work<Option<Standing>> {
        if let Some(standing) = self.heads.get(room) {
            return Ok(Some(standing.clone()));
        }
        let key = room.to_string();
        let found = self
            .connection
            .prepare_cached("SELECT id, epoch, head, head_sum FROM rooms WHERE key = ?1")?
            .query_row([&key], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, i64>(3)?,
                ))
            })
            .optional()?;
        let Some((id, epoch, head, sum)) = found else { return Ok(None) };
        if rooms::head_sum(&key, &epoch, head) != sum {
            return damaged("where a room's log ends cannot be trusted");
        }
        let standing = Standing::new(id, Epoch(epoch.into()), head);
        self.heads.insert(room.clone(), standing.clone());
        Ok(Some(standing))
    }

    /// The same, and begins the room where there is none; true when it did.
    pub(crate) fn standing_or_begin(&mut self, room: &RoomKey, now: Timestamp) -> Work<(Standing, bool)> {
        if let Some(standing) = self.standing(room)? {
            return Ok((standing, false));
        }
        let (epoch, key, now) = (self.epoch()?, room.to_string(), millis(now));
        self.connection
            .prepare_cached(
                "INSERT INTO rooms (key, epoch, head, data, created_at, head_sum, data_sum)
                 VALUES (?1, ?2, 0, 'null', ?3, ?4, ?5)",
            )?
            .execute(params![
                key,
                &*epoch.0,
                now,
                rooms::head_sum(&key, &epoch.0, 0),
                rooms::data_sum("null", now)
            ])?;
        let standing = Standing::new(self.connection.last_insert_rowid(), epoch, 0);
        self.heads.insert(room.clone(), standing.clone());
        Ok((standing, true))
    }

    pub(crate) fn advance(&mut self, room: &RoomKey, head: i64) {
        self.heads.advance(room, head);
    }

    /// Forgets a room whose log ends; whoever begins next does so in another epoch.
    pub(crate) fn end_log(&mut self, room: &RoomKey) -> Work<()> {
        self.heads.remove(room);
        let epoch = fresh_epoch();
        self.connection
            .prepare_cached("UPDATE meta SET value = ?1 WHERE name = 'epoch'")?
            .execute([&*epoch.0])?;
        self.epoch = Some(epoch);
        Ok(())
    }

    fn epoch(&mut self) -> Work<Epoch> {
        if let Some(epoch) = &self.epoch {
            return Ok(epoch.clone());
        }
        let epoch = rooms::beginning_epoch(&self.connection)?;
        Ok(self.epoch.insert(epoch).clone())
    }

    fn forget(&mut self) {
        self.heads.clear();
        self.epoch = None;
    }
}
