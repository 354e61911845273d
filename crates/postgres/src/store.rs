//! The store: which part of this crate does what the seam asks for.

use std::{path::Path, sync::Arc};

use tidings_core::{
    Entry, RoomKey, Store, StoreError,
    store::{
        Answer, Appended, AuditAct, AuditRecord, Erased, JobState, Member, MemberRole, Once, Page,
        Revocation, RoomRecord, Stretch, Tidy,
    },
};
use tidings_protocol::{Json, Offset, Position, RoomName, Timestamp, UserId};
use tidings_settings::Keep;
use tokio::task::AbortHandle;

use crate::{
    OpenError,
    address::Address,
    append::{Appends, Outcome},
    audit, backup,
    chat::Turns,
    entries, erase,
    failure::{Failure, Kind},
    house, jobs, members,
    pool::Pool,
    rooms, rows,
    schema::{self, NotUp},
    work::ask,
};

/// How much of PostgreSQL one server uses.
#[derive(Clone, Copy, Debug)]
pub struct PostgresOptions {
    /// Most connections at a time.
    pub connections: usize,
    /// How many batches of appends may be under way at a time, each on one of the connections.
    pub writers: usize,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self { connections: 10, writers: 2 }
    }
}

/// Keeps all there is in PostgreSQL.
pub struct PostgresStore {
    pub(crate) pool: Arc<Pool>,
    pub(crate) appends: Appends,
    pub(crate) turns: Turns,
    /// Sees to the tables until they are there.
    watch: Option<AbortHandle>,
}

impl PostgresStore {
    /// A store at `postgres://user:password@host:5432/database`. When PostgreSQL is away it begins without it: calls are
    /// answered with [`StoreError::Unavailable`], and work as soon as PostgreSQL is there. The tables are created and brought up to
    /// date by then. Needs a tokio runtime, and uses it until it is dropped.
    ///
    /// # Errors
    /// [`OpenError`] for what does not go by waiting: an address, a password or a database that is wrong, or newer tables.
    pub async fn connect(url: &str, options: PostgresOptions) -> Result<Self, OpenError> {
        // One connection is for the writers each, one for everything else at least.
        let writers = options.writers.max(1);
        let pool = Pool::new(Address::parse(url)?, options.connections.max(writers + 1));
        let watch = match schema::bring_up(&pool).await {
            Ok(_) => {
                pool.open();
                None
            }
            Err(NotUp::Never(error)) => return Err(error),
            Err(NotUp::Later(why)) => {
                tracing::warn!(why, "starting without PostgreSQL");
                pool.stay_closed(why);
                Some(tokio::spawn(schema::watch(pool.clone())).abort_handle())
            }
        };
        let appends = Appends::start(&pool, writers);
        let turns = Turns::new(&pool);
        Ok(Self { pool, appends, turns, watch })
    }

    async fn check(&self) -> Result<(), Failure> {
        let rows =
            ask(&self.pool, "SELECT current_setting('transaction_read_only') = 'on' AS is_standby", &[])
                .await?;
        let is_standby = rows.first().map_or(Ok(false), |row| rows::get(row, "is_standby"))?;
        match is_standby {
            true => Err(Failure::new(
                Kind::Other,
                "PostgreSQL is read-only here: a standby? Let the address lead to the primary",
            )),
            false => Ok(()),
        }
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.abort();
        }
    }
}

/// An answer of a part that changes nothing.
pub(crate) fn answer<'a, T, E: Into<StoreError>>(
    part: impl Future<Output = Result<T, E>> + Send + 'a,
) -> Answer<'a, T> {
    Box::pin(async move { part.await.map_err(Into::into) })
}

impl Store for PostgresStore {
    fn append(&self, entries: Vec<(Entry, Keep)>, once: Option<Once>) -> Answer<'_, Appended> {
        let outcome = self.appends.push(entries, once);
        let stopped = |_| Err(StoreError::Uncertain("the store was closed meanwhile".into()));
        Box::pin(async move {
            match outcome?.await.unwrap_or_else(stopped)? {
                Outcome::Entries(appended) => Ok(appended),
                Outcome::Message(_) => Err(Failure::corrupt("an append").into()),
            }
        })
    }

    fn head(&self, room: RoomKey) -> Answer<'_, Position> {
        answer(async move { entries::head(&self.pool, &room).await })
    }

    fn read(&self, room: RoomKey, page: Page, limit: usize) -> Answer<'_, Stretch> {
        answer(entries::read(&self.pool, room, page, limit))
    }

    fn room(&self, room: RoomKey) -> Answer<'_, Option<RoomRecord>> {
        answer(async move { rooms::room(&self.pool, &room).await })
    }

    fn rooms(&self, after: Option<RoomKey>, limit: usize) -> Answer<'_, Vec<RoomRecord>> {
        answer(rooms::rooms(&self.pool, after, limit))
    }

    fn put_room(&self, room: RoomName, data: Json, now: Timestamp) -> Answer<'_, bool> {
        answer(rooms::put(&self.pool, room, data, now))
    }

    fn delete_room(&self, room: RoomName) -> Answer<'_, bool> {
        answer(rooms::delete(&self.pool, room))
    }

    fn member(&self, room: RoomName, user: UserId) -> Answer<'_, Option<Member>> {
        answer(async move { members::member(&self.pool, room, &user).await })
    }

    fn members(&self, room: RoomName, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Member>> {
        answer(members::members(&self.pool, room, after, limit))
    }

    fn rooms_of(
        &self,
        user: UserId,
        after: Option<RoomName>,
        limit: usize,
    ) -> Answer<'_, Vec<(RoomName, MemberRole)>> {
        answer(async move { members::rooms_of(&self.pool, &user, after, limit).await })
    }

    fn put_member(&self, room: RoomName, user: UserId, role: MemberRole, now: Timestamp) -> Answer<'_, bool> {
        answer(async move { members::put(&self.pool, room, &user, &role, now).await })
    }

    fn remove_member(&self, room: RoomName, user: UserId) -> Answer<'_, bool> {
        answer(async move { members::remove(&self.pool, room, &user).await })
    }

    fn revoke(&self, user: UserId, at: Timestamp) -> Answer<'_, ()> {
        answer(async move { erase::revoke(&self.pool, &user, at).await })
    }

    fn revocations(&self, since: Timestamp) -> Answer<'_, Vec<Revocation>> {
        answer(erase::revocations(&self.pool, since))
    }

    fn entries_of(
        &self,
        user: UserId,
        after: Option<(RoomKey, Offset)>,
        limit: usize,
    ) -> Answer<'_, Vec<Arc<Entry>>> {
        answer(async move { entries::of_user(&self.pool, &user, after, limit).await })
    }

    fn erase(&self, user: UserId) -> Answer<'_, Erased> {
        answer(async move { erase::erase(&self.pool, &user).await })
    }

    fn forget(&self, room: RoomKey, up_to: Offset) -> Answer<'_, u64> {
        answer(async move { rooms::forget(&self.pool, &room, up_to).await })
    }

    fn tidy(&self, now: Timestamp, tidy: Tidy) -> Answer<'_, u64> {
        answer(house::tidy(&self.pool, now, tidy))
    }

    fn audit(&self, act: AuditAct) -> Answer<'_, AuditRecord> {
        answer(audit::append(&self.pool, act))
    }

    fn audit_log(&self, after: u64, limit: usize) -> Answer<'_, Vec<AuditRecord>> {
        answer(audit::log(&self.pool, after, limit))
    }

    fn claim_job(
        &self,
        name: &'static str,
        now: Timestamp,
        every_ms: u64,
        lease_ms: u64,
    ) -> Answer<'_, bool> {
        answer(jobs::claim(&self.pool, name, now, every_ms, lease_ms))
    }

    fn finish_job(
        &self,
        name: &'static str,
        now: Timestamp,
        outcome: Result<Json, String>,
    ) -> Answer<'_, ()> {
        answer(jobs::finish(&self.pool, name, now, outcome))
    }

    fn jobs(&self) -> Answer<'_, Vec<JobState>> {
        answer(jobs::all(&self.pool))
    }

    fn backup<'a>(&'a self, to: &'a Path) -> Answer<'a, ()> {
        answer(backup::backup(&self.pool.address, to))
    }

    fn health(&self) -> Answer<'_, ()> {
        answer(self.check())
    }

    fn is_shared(&self) -> bool {
        true
    }
}
