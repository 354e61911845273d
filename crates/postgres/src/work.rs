//! Statements and transactions, each with a time by which it has ended one way or the other.

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::future::join;
use tidings_core::StoreError;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::{
    Row,
    types::{ToSql, Type},
};

use crate::{
    failure::{Failure, Kind},
    pool::{Lent, Pool},
};

/// Longest time for what callers wait for; the rest of the two seconds that a store has is for the way.
pub(crate) const QUICK: Duration = Duration::from_millis(1_800);
/// Longest time for housekeeping.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A value with its type: statements say their types, so that none has to be prepared.
pub(crate) type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// A transaction. Dropped without [`Self::commit`] it never happened.
pub(crate) struct Work {
    lent: Lent,
    until: Instant,
}

/// The answer to one statement outside a transaction: for reading.
pub(crate) async fn ask(pool: &Arc<Pool>, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
    let until = Instant::now() + QUICK;
    loop {
        let lent = pool.lend(until).await?;
        let answer = within(until, lent.client()?.query_typed(sql, params)).await;
        match answer {
            // It may have died while it lay idle: the next one is tried, the last of them is fresh.
            Err(failure) if failure.kind == Kind::Lost && !lent.is_fresh => {}
            answer => {
                if answer.is_ok() {
                    lent.keep();
                }
                return answer;
            }
        }
    }
}

impl Work {
    /// Begins a transaction that ends at `until` at the latest.
    pub(crate) async fn begin(pool: &Arc<Pool>, longest: Duration) -> Result<Self, Failure> {
        let until = Instant::now() + longest;
        loop {
            let lent = pool.lend(until.min(Instant::now() + QUICK)).await?;
            let is_fresh = lent.is_fresh;
            match Self::begin_on(lent, until).await {
                Err(failure) if failure.kind == Kind::Lost && !is_fresh => {}
                begun => return begun,
            }
        }
    }

    /// [`Self::begin`] on a given connection.
    pub(crate) async fn begin_on(lent: Lent, until: Instant) -> Result<Self, Failure> {
        within(until, lent.client()?.batch_execute(&begin(until))).await?;
        Ok(Self { lent, until })
    }

    /// [`Self::begin`] together with the first statement, in one round trip.
    pub(crate) async fn begin_with(
        pool: &Arc<Pool>,
        until: Instant,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<(Self, Vec<Row>), Failure> {
        loop {
            let lent = pool.lend(until).await?;
            let (is_fresh, client) = (lent.is_fresh, lent.client()?);
            let begin = begin(until);
            let both = join(client.batch_execute(&begin), client.query_typed(sql, params));
            let both = within(until, async {
                let (begun, rows) = both.await;
                begun.and(rows)
            });
            let outcome = both.await;
            match outcome {
                Ok(rows) => return Ok((Self { lent, until }, rows)),
                Err(failure) if failure.kind == Kind::Lost && !is_fresh => {}
                Err(failure) => return Err(Self { lent, until }.give_up(failure).await),
            }
        }
    }

    pub(crate) async fn query(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
        within(self.until, self.lent.client()?.query_typed(sql, params)).await
    }

    /// How many rows it was about.
    pub(crate) async fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<u64, Failure> {
        within(self.until, self.lent.client()?.execute_typed(sql, params)).await
    }

    /// Statements without parameters.
    pub(crate) async fn run(&self, sql: &str) -> Result<(), Failure> {
        within(self.until, self.lent.client()?.batch_execute(sql)).await
    }

    /// Commits; only here can it be uncertain what became of a change.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match within(self.until, self.lent.client()?.batch_execute("COMMIT")).await {
            Ok(()) => {
                self.lent.keep();
                Ok(())
            }
            // What PostgreSQL itself refused was rolled back.
            Err(failure) if matches!(failure.kind, Kind::Raced | Kind::Full) => Err(failure.into()),
            Err(failure) => Err(StoreError::Uncertain(failure.why)),
        }
    }

    /// Rolls back after a statement failed and gives the connection back if it still works; the failure, to be passed on.
    pub(crate) async fn give_up(self, failure: Failure) -> Failure {
        let is_usable = !matches!(failure.kind, Kind::Lost | Kind::Late);
        if is_usable
            && within(self.until, async {
                self.lent.client()?.batch_execute("ROLLBACK").await.map_err(Failure::from)
            })
            .await
            .is_ok()
        {
            self.lent.keep();
        }
        failure
    }
}

/// Settings for this transaction only: behind a pooler the session is somebody else's. The server gives up by itself too, so
/// that a connection which broke unnoticed does not hold a room's lock.
fn begin(until: Instant) -> String {
    let left = until.saturating_duration_since(Instant::now()).as_millis().max(1);
    format!(
        "BEGIN; SET LOCAL jit = off; SET LOCAL statement_timeout = {left}; SET LOCAL idle_in_transaction_session_timeout = {}",
        left + 1_000
    )
}

async fn within<T, E: Into<Failure>>(
    until: Instant,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, Failure> {
    match timeout_at(until, answer).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_) => Err(Failure::late()),
    }
}

/// Not more than PostgreSQL can count.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A page's size.
pub(crate) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).min(i64::from(i32::MAX))
}

macro_rules! param {
    ($($name:ident: $type:ident),*) => {
        $(pub(crate) fn $name(value: &(dyn ToSql + Sync)) -> Param<'_> {
            (value, Type::$type)
        })*
    };
}
param!(text: TEXT, texts: TEXT_ARRAY, number: INT8, numbers: INT8_ARRAY, bytes: BYTEA, byte_strings: BYTEA_ARRAY, flag: BOOL, small: INT4);
