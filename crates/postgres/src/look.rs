//! A look at a database from outside: what a start would find, and nothing is changed.

use std::time::{Duration, SystemTime};

use tidings_core::store::WrappedKey;
use tokio::time::Instant;

use crate::{
    OpenError,
    address::Address,
    data_keys,
    failure::{Failure, Kind},
    pool::Pool,
    rows,
    schema::{self, NotUp, VERSION},
    work::{QUICK, Work},
};

/// The first schema with data keys.
const DATA_KEYS_SINCE: i32 = 3;

/// What is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Look {
    /// The schema; 0 where there are no tables yet.
    pub version: i32,
    /// How long it took to be connected, let in and answered.
    pub connected_in: Duration,
    /// By how many milliseconds the server's clock is ahead of this machine's; below nothing, behind it.
    pub clock_ahead_ms: i64,
    /// A data key of each master key that something is sealed with.
    pub data_keys: Vec<WrappedKey>,
}

/// Looks at a database.
///
/// # Errors
/// [`OpenError`], as a start would give it; also where a start would go on and wait: PostgreSQL is away, or read-only.
pub async fn look(url: &str) -> Result<Look, OpenError> {
    let pool = Pool::new(Address::parse(url)?, 1);
    let looked = async {
        let begun = Instant::now();
        let lent = pool.lend_before_open(begun + QUICK).await?;
        let work = Work::begin_on(lent, Instant::now() + QUICK).await?;
        let connected_in = begun.elapsed();
        let clock_ahead_ms = clock(&work).await?;
        let version = schema::version(&work).await?;
        match version {
            0 => schema::encoding(&work).await?,
            newer if newer > VERSION => {
                return Err(NotUp::Never(OpenError::Newer { found: newer, known: VERSION }));
            }
            _ => {}
        }
        let data_keys = match version {
            DATA_KEYS_SINCE.. => data_keys::one_a_master(&work).await?,
            _ => Vec::new(),
        };
        Ok(Look { version, connected_in, clock_ahead_ms, data_keys })
    };
    looked.await.map_err(|not_up| match not_up {
        NotUp::Later(why) => OpenError::Away(why),
        NotUp::Never(error) => error,
    })
}

/// What an address says that can be said without asking anybody.
///
/// # Errors
/// [`OpenError::Address`].
pub fn check_address(url: &str) -> Result<(), OpenError> {
    Address::parse(url).map(drop)
}

/// The server's clock against the middle of the time that asking it took.
async fn clock(work: &Work) -> Result<i64, Failure> {
    let asked = now();
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS at,
                      current_setting('transaction_read_only') = 'on' AS is_standby";
    let found = work.query(sql, &[]).await?;
    let answered = now();
    let row = found.first().ok_or_else(|| Failure::corrupt("the server's clock"))?;
    if rows::get(row, "is_standby")? {
        return Err(Failure::new(
            Kind::Other,
            "PostgreSQL is read-only here: a standby? Let the address lead to the primary",
        ));
    }
    let at: i64 = rows::get(row, "at")?;
    Ok(at.saturating_sub(asked + (answered - asked) / 2))
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
}
