//! How an inbox stands: what is known of it beside its items.

use rusqlite::{Connection, params};
use tidings_core::store::inbox::State;
use tidings_protocol::{Timestamp, UserId};

use super::values::{moment, part};
use crate::{
    error::{Work, damaged},
    ledger::Ledger,
    sum::sum,
    values,
};

/// A row of `inboxes`.
#[derive(Clone, Default)]
pub(super) struct Standing {
    /// The last broadcast of before the inbox was known.
    pub(super) since: i64,
    /// Unread ones of the user's own, by what is written in the items.
    pub(super) unread: i64,
    pub(super) revision: i64,
    pub(super) seen: Mark,
    pub(super) read: Mark,
}

/// All broadcasts up to a number were seen, or read, when.
#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    pub(super) up_to: i64,
    pub(super) at: Option<Timestamp>,
}

/// What there is one of: the last broadcast's number, and how many came and went.
#[derive(Clone, Copy)]
pub(super) struct Broadcasting {
    pub(super) last: i64,
    pub(super) changes: i64,
}

impl Standing {
    pub(super) fn find(connection: &Connection, user: &UserId) -> Work<Option<Self>> {
        let sql = "SELECT since, unread, revision, seen_up_to, seen_at, read_up_to, read_at, sum FROM inboxes WHERE user = ?1";
        let mut find = connection.prepare_cached(sql)?;
        let mut rows = find.query([user.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let time = |column| row.get::<_, Option<i64>>(column)?.map(values::time).transpose();
        let standing = Self {
            since: row.get(0)?,
            unread: row.get(1)?,
            revision: row.get(2)?,
            seen: Mark { up_to: row.get(3)?, at: time(4)? },
            read: Mark { up_to: row.get(5)?, at: time(6)? },
        };
        match standing.sum(user) == row.get::<_, i64>(7)? {
            true => Ok(Some(standing)),
            false => damaged("how an inbox stands cannot be trusted"),
        }
    }

    /// As it is; an inbox that was not known is from now on.
    pub(super) fn know(ledger: &Ledger, user: &UserId) -> Work<Self> {
        if let Some(standing) = Self::find(ledger.connection(), user)? {
            return Ok(standing);
        }
        let since = Broadcasting::read(ledger.connection())?.last;
        let standing = Self { since, ..Self::default() };
        standing.keep(ledger, user)?;
        Ok(standing)
    }

    pub(super) fn keep(&self, ledger: &Ledger, user: &UserId) -> Work<()> {
        let put = "INSERT OR REPLACE INTO inboxes
            (user, since, unread, revision, seen_up_to, seen_at, read_up_to, read_at, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let Self { since, unread, revision, seen, read } = self;
        let sum = self.sum(user);
        ledger.connection().prepare_cached(put)?.execute(params![
            user.as_str(),
            since,
            unread,
            revision,
            seen.up_to,
            moment(seen.at),
            read.up_to,
            moment(read.at),
            sum
        ])?;
        Ok(())
    }

    /// How the user has a broadcast of which there is no item.
    pub(super) fn default_state(&self, number: i64) -> State {
        let covers = |mark: Mark| mark.at.filter(|_| number <= mark.up_to);
        let read_at = covers(self.read);
        State { seen_at: covers(self.seen).or(read_at), read_at, ..State::default() }
    }

    fn sum(&self, user: &UserId) -> i64 {
        let Self { since, unread, revision, seen, read } = self;
        sum(&[
            user.as_str().into(),
            (*since).into(),
            (*unread).into(),
            (*revision).into(),
            seen.up_to.into(),
            part(moment(seen.at)),
            read.up_to.into(),
            part(moment(read.at)),
        ])
    }
}

impl Broadcasting {
    pub(super) fn read(connection: &Connection) -> Work<Self> {
        let mut read = connection.prepare_cached("SELECT last, changes FROM broadcasting")?;
        Ok(read.query_row([], |row| Ok(Self { last: row.get(0)?, changes: row.get(1)? }))?)
    }

    pub(super) fn keep(self, ledger: &Ledger) -> Work<()> {
        let put = "UPDATE broadcasting SET last = ?1, changes = ?2";
        ledger.connection().prepare_cached(put)?.execute([self.last, self.changes])?;
        Ok(())
    }
}

/// A membership began or ended: the same moment may have other counters.
pub(crate) fn membership_changed(ledger: &Ledger, user: &UserId) -> Work<()> {
    if let Some(mut standing) = Standing::find(ledger.connection(), user)? {
        standing.revision += 1;
        standing.keep(ledger, user)?;
    }
    Ok(())
}
