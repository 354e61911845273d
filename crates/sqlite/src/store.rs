//! The store's methods, each handed to where it is done.

use std::{path::Path, sync::Arc};

use tidings_core::{
    Entry, RoomKey, Store, StoreError,
    store::{
        Answer, Appended, AuditAct, AuditRecord, Erased, JobState, Member, MemberRole, Once, Page,
        Revocation, RoomRecord, Stretch, Tidy,
    },
};
use tidings_protocol::{EntryId, Json, Offset, Position, RoomName, Timestamp, UserId};
use tidings_settings::Keep;

use crate::{
    SqliteStore, audit, backup, entries,
    error::Work,
    jobs, keys,
    ledger::Ledger,
    members, rooms,
    search::{self, Gone},
    task::Task,
    users,
};

/// Rows that one transaction of housekeeping deletes: others wait for it, a few tens of milliseconds.
const CHUNK: i64 = 5_000;
/// What a command is about, beside an entry's data, in bytes.
const COMMAND_BYTES: usize = 512;

impl SqliteStore {
    pub(crate) fn write<S: Send + 'static, T: Send + 'static>(
        &self,
        state: S,
        run: fn(&mut Ledger, &S) -> Work<T>,
    ) -> Answer<'_, T> {
        let (task, answer) = Task::new(state, COMMAND_BYTES, run, |_, done| done);
        self.queue.push(Box::new(task));
        answer
    }

    /// Has the index forget what is found no more, in steps like [`Store::forget`].
    async fn clear_search(&self, which: Gone) -> Result<(), StoreError> {
        while self.write(which, |ledger, which| search::clear(ledger, *which)).await? > 0 {}
        let mut first = true;
        while self.write(first, |ledger, first| search::merge(ledger, *first)).await? {
            first = false;
        }
        Ok(())
    }
}

/// What became of an append inside the transaction.
enum Placed {
    New(Vec<Offset>),
    Before(Vec<(EntryId, Offset)>),
}

fn append(ledger: &mut Ledger, (entries, once): &(Vec<(Entry, Keep)>, Option<Once>)) -> Work<Placed> {
    if let Some(once) = once
        && let Some(before) = keys::used(ledger, once)?
    {
        return Ok(Placed::Before(before));
    }
    let place = |(entry, keep): &(Entry, Keep)| entries::append(ledger, entry, *keep);
    let offsets = entries.iter().map(place).collect::<Work<Vec<Offset>>>()?;
    if let Some(once) = once {
        let places = entries.iter().zip(&offsets).map(|((entry, _), offset)| (entry.id, *offset));
        keys::keep(ledger, once, places)?;
    }
    Ok(Placed::New(offsets))
}

fn appended((entries, _): (Vec<(Entry, Keep)>, Option<Once>), placed: Placed) -> Appended {
    match placed {
        Placed::Before(before) => Appended::Before(before),
        Placed::New(offsets) => {
            let places = entries.into_iter().zip(offsets);
            Appended::New(places.map(|((entry, _), offset)| Arc::new(entry.at(offset))).collect())
        }
    }
}

fn bytes(entry: &Entry) -> usize {
    COMMAND_BYTES + entry.data.as_str().len()
}

impl Store for SqliteStore {
    fn append(&self, entries: Vec<(Entry, Keep)>, once: Option<Once>) -> Answer<'_, Appended> {
        let bytes = COMMAND_BYTES + entries.iter().map(|(entry, _)| bytes(entry)).sum::<usize>();
        let (task, answer) = Task::new((entries, once), bytes, append, appended);
        self.queue.push(Box::new(task));
        answer
    }

    fn append_one(&self, entry: Entry, keep: Keep) -> Answer<'_, Arc<Entry>> {
        let bytes = bytes(&entry);
        let (task, answer) = Task::new(
            (entry, keep),
            bytes,
            |ledger, (entry, keep)| entries::append(ledger, entry, *keep),
            |(entry, _), offset| Arc::new(entry.at(offset)),
        );
        self.queue.push(Box::new(task));
        answer
    }

    fn head(&self, room: RoomKey) -> Answer<'_, Position> {
        self.readers.read(move |connection| {
            let moment = connection.unchecked_transaction()?;
            rooms::head(&moment, &room).map(|(_, head)| head)
        })
    }

    fn read(&self, room: RoomKey, page: Page, limit: usize) -> Answer<'_, Stretch> {
        self.readers.read(move |connection| entries::read(connection, &room, page, limit))
    }

    fn room(&self, room: RoomKey) -> Answer<'_, Option<RoomRecord>> {
        self.readers.read(move |connection| rooms::room(connection, &room))
    }

    fn rooms(&self, after: Option<RoomKey>, limit: usize) -> Answer<'_, Vec<RoomRecord>> {
        self.readers.read(move |connection| rooms::rooms(connection, after.as_ref(), limit))
    }

    fn put_room(&self, room: RoomName, data: Json, now: Timestamp) -> Answer<'_, bool> {
        let bytes = COMMAND_BYTES + data.as_str().len();
        let run: fn(&mut Ledger, &(RoomName, Json, Timestamp)) -> Work<bool> =
            |ledger, (room, data, now)| rooms::put(ledger, room, data, *now);
        let (task, answer) = Task::new((room, data, now), bytes, run, |_, is_new| is_new);
        self.queue.push(Box::new(task));
        answer
    }

    fn delete_room(&self, room: RoomName) -> Answer<'_, bool> {
        self.write(RoomKey::Named(room), |ledger, room| Ok(rooms::delete(ledger, room)?.is_some()))
    }

    fn member(&self, room: RoomName, user: UserId) -> Answer<'_, Option<Member>> {
        self.readers.read(move |connection| members::get(connection, &room, &user))
    }

    fn members(&self, room: RoomName, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Member>> {
        self.readers.read(move |connection| members::of_room(connection, &room, after.as_ref(), limit))
    }

    fn rooms_of(
        &self,
        user: UserId,
        after: Option<RoomName>,
        limit: usize,
    ) -> Answer<'_, Vec<(RoomName, MemberRole)>> {
        self.readers.read(move |connection| members::rooms_of(connection, &user, after.as_ref(), limit))
    }

    fn put_member(&self, room: RoomName, user: UserId, role: MemberRole, now: Timestamp) -> Answer<'_, bool> {
        self.write((room, user, role, now), |ledger, (room, user, role, now)| {
            members::put(ledger, room, user, role, *now)
        })
    }

    fn remove_member(&self, room: RoomName, user: UserId) -> Answer<'_, bool> {
        self.write((room, user), |ledger, (room, user)| members::remove(ledger, room, user))
    }

    fn revoke(&self, user: UserId, at: Timestamp) -> Answer<'_, ()> {
        self.write((user, at), |ledger, (user, at)| users::revoke(ledger, user, *at))
    }

    fn revocations(&self, since: Timestamp) -> Answer<'_, Vec<Revocation>> {
        self.readers.read(move |connection| users::revocations(connection, since))
    }

    fn entries_of(
        &self,
        user: UserId,
        after: Option<(RoomKey, Offset)>,
        limit: usize,
    ) -> Answer<'_, Vec<Arc<Entry>>> {
        self.scans.read(move |connection| entries::of_user(connection, &user, after.as_ref(), limit))
    }

    fn erase(&self, user: UserId) -> Answer<'_, Erased> {
        Box::pin(async move {
            let whose = user.clone();
            let traces = self.scans.read(move |connection| users::traces(connection, &whose)).await?;
            let run: fn(&mut Ledger, &(UserId, users::Traces)) -> Work<Erased> =
                |ledger, (user, traces)| users::erase(ledger, user, traces);
            let erased = self.write((user, traces), run).await?;
            self.clear_search(Gone::Erased).await?;
            // It was done before; what is left of it in the files goes with this.
            let nothing: fn(&mut Ledger, &()) -> Work<()> = |_, ()| Ok(());
            let (task, answer) = Task::new((), COMMAND_BYTES, nothing, |(), ()| ());
            self.queue.push(Box::new(task.emptying_log()));
            answer.await.map(|()| erased)
        })
    }

    /// In steps of a few thousand entries, so that appends go on in between; after an error what went before it is gone.
    fn forget(&self, room: RoomKey, up_to: Offset) -> Answer<'_, u64> {
        Box::pin(async move {
            let mut gone = 0;
            loop {
                let step = (room.clone(), up_to);
                let step =
                    self.write(step, |ledger, (room, up_to)| entries::forget(ledger, room, *up_to, CHUNK));
                let went = step.await?;
                gone += went;
                if went < CHUNK as u64 {
                    return Ok(gone);
                }
            }
        })
    }

    /// In steps like [`Store::forget`]. Entries are laid out by room, not by time, so none go here.
    fn tidy(&self, _: Timestamp, tidy: Tidy) -> Answer<'_, u64> {
        Box::pin(async move {
            let mut gone = self.write(tidy, |ledger, tidy| users::tidy(ledger, *tidy)).await?;
            self.clear_search(Gone::All).await?;
            loop {
                let went = self.write(tidy, |ledger, tidy| keys::tidy(ledger, *tidy, CHUNK)).await?;
                gone += went;
                if went < CHUNK as u64 {
                    return Ok(gone);
                }
            }
        })
    }

    fn audit(&self, act: AuditAct) -> Answer<'_, AuditRecord> {
        self.write(act, |ledger, act| audit::append(ledger, act.clone()))
    }

    fn audit_log(&self, after: u64, limit: usize) -> Answer<'_, Vec<AuditRecord>> {
        self.readers.read(move |connection| audit::read(connection, after, limit))
    }

    fn claim_job(
        &self,
        name: &'static str,
        now: Timestamp,
        every_ms: u64,
        lease_ms: u64,
    ) -> Answer<'_, bool> {
        self.write((name, now, every_ms, lease_ms), |ledger, (name, now, every_ms, lease_ms)| {
            jobs::claim(ledger, name, *now, *every_ms, *lease_ms)
        })
    }

    fn finish_job(
        &self,
        name: &'static str,
        now: Timestamp,
        outcome: Result<Json, String>,
    ) -> Answer<'_, ()> {
        self.write((name, now, outcome), |ledger, (name, now, outcome)| {
            jobs::finish(ledger, name, *now, outcome)
        })
    }

    fn jobs(&self) -> Answer<'_, Vec<JobState>> {
        self.readers.read(jobs::all)
    }

    fn backup<'a>(&'a self, to: &'a Path) -> Answer<'a, ()> {
        let to = to.to_owned();
        self.scans.read(move |connection| backup::backup(connection, &to))
    }

    /// After a write that failed, whether one of a usual size goes through now; else whether there is anything to read.
    fn health(&self) -> Answer<'_, ()> {
        if self.condition.trouble().is_none() {
            return self.readers.read(|connection| rooms::beginning_epoch(connection).map(drop));
        }
        Box::pin(async move {
            // On a disk that is nearly full a few bytes find a place where no entry does.
            let put = "INSERT OR REPLACE INTO meta (name, value) VALUES ('probe', hex(zeroblob(32768)))";
            for statement in [put, "DELETE FROM meta WHERE name = 'probe'"] {
                let run: fn(&mut Ledger, &&'static str) -> Work<()> =
                    |ledger, statement| Ok(ledger.connection().execute(statement, []).map(drop)?);
                self.write(statement, run).await?;
            }
            Ok(())
        })
    }

    fn is_shared(&self) -> bool {
        false
    }
}
