//! The tables: created, brought up to date and checked, by one server at a time.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use tidings_core::store::fresh_epoch;
use tidings_protocol::Timestamp;
use tokio::time::Instant;

use crate::{
    OpenError,
    address::Address,
    failure::{Failure, Kind},
    partitions,
    pool::Pool,
    work::{LONG, QUICK, Work, small, text},
};

/// The schema version that this crate works with.
pub const VERSION: i32 = MIGRATIONS.len() as i32;

/// Each brings the tables to the next version; none is ever changed after a release.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_tables.sql"),
    include_str!("../migrations/0002_people.sql"),
    include_str!("../migrations/0003_data_keys.sql"),
    include_str!("../migrations/0004_inboxes.sql"),
    include_str!("../migrations/0005_chat.sql"),
    include_str!("../migrations/0006_search.sql"),
    include_str!("../migrations/0007_receipts.sql"),
    include_str!("../migrations/0008_parts.sql"),
];

/// `pg_advisory_xact_lock`: who changes the tables. The text `tidings` as a number.
pub(crate) const TABLES_LOCK: i64 = 0x0074_6964_696e_6773;

/// Pause between attempts while the database is away, and the longest one.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_millis(1_000);

/// What [`migrate`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Migrated {
    /// The version that was there; 0 for an empty database.
    pub from: i32,
    /// The version that is there now.
    pub to: i32,
}

/// Brings the tables of a database up to date: `tidings db migrate`. Servers that start do the same by themselves.
///
/// # Errors
/// [`OpenError`]; then nothing was changed.
pub async fn migrate(url: &str) -> Result<Migrated, OpenError> {
    let pool = Pool::new(Address::parse(url)?, 1);
    match bring_up(&pool).await {
        Ok(migrated) => Ok(migrated),
        Err(NotUp::Never(error)) => Err(error),
        Err(NotUp::Later(why)) => Err(OpenError::Away(why)),
    }
}

/// The schema version of a database's tables, 0 where there are none; nothing is changed.
///
/// # Errors
/// [`OpenError`].
pub async fn version_at(url: &str) -> Result<i32, OpenError> {
    let pool = Pool::new(Address::parse(url)?, 1);
    let look = async {
        let lent = pool.lend_before_open(Instant::now() + QUICK).await?;
        let work = Work::begin_on(lent, Instant::now() + QUICK).await?;
        version(&work).await
    };
    look.await.map_err(|failure| match NotUp::from(failure) {
        NotUp::Later(why) => OpenError::Away(why),
        NotUp::Never(error) => error,
    })
}

/// Why the tables are not as they should be.
pub(crate) enum NotUp {
    /// It may go by itself.
    Later(String),
    /// Somebody has to do something.
    Never(OpenError),
}

/// Sees to the tables until they are as they should be, then opens the pool.
pub(crate) async fn watch(pool: Arc<Pool>) {
    let mut pause = PAUSE_MIN;
    loop {
        match bring_up(&pool).await {
            Ok(migrated) => {
                tracing::info!(from = migrated.from, to = migrated.to, "PostgreSQL is there");
                return pool.open();
            }
            Err(NotUp::Later(why)) => pool.stay_closed(why),
            // Somebody may set it right without a restart.
            Err(NotUp::Never(error)) => {
                pause = PAUSE_MAX;
                pool.stay_closed(error.to_string());
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// One attempt to bring the tables up to date.
pub(crate) async fn bring_up(pool: &Arc<Pool>) -> Result<Migrated, NotUp> {
    let migrated = attempt(pool).await?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // Without a partition of its own an entry goes to the one for the rest, so this may wait until the next housekeeping.
    if let Err(failure) = partitions::make_ahead(pool, Timestamp::from_millis(now.as_millis() as u64)).await {
        tracing::warn!(why = failure.why, "no partitions were created ahead");
    }
    Ok(migrated)
}

async fn attempt(pool: &Arc<Pool>) -> Result<Migrated, NotUp> {
    let lent = pool.lend_before_open(Instant::now() + QUICK).await?;
    let work = Work::begin_on(lent, Instant::now() + LONG).await?;
    let mut from = version(&work).await?;
    if from == VERSION {
        work.commit().await.map_err(|error| NotUp::Later(error.to_string()))?;
        return Ok(Migrated { from, to: from });
    }
    // Another server may be at it: its work is looked at when it is done.
    work.run(&format!("SELECT pg_advisory_xact_lock({TABLES_LOCK})")).await?;
    from = version(&work).await?;
    if from > VERSION {
        return Err(NotUp::Never(OpenError::Newer { found: from, known: VERSION }));
    }
    if from == 0 {
        encoding(&work).await?;
    }
    for migration in MIGRATIONS.iter().skip(usize::try_from(from).unwrap_or_default()) {
        work.run(migration).await?;
    }
    let sql = "INSERT INTO tidings_meta (version, epoch) VALUES ($1, $2)
               ON CONFLICT (singleton) DO UPDATE SET version = EXCLUDED.version";
    work.execute(sql, &[small(&VERSION), text(&&*fresh_epoch().0)]).await?;
    work.commit().await.map_err(|error| NotUp::Later(error.to_string()))?;
    Ok(Migrated { from, to: VERSION })
}

pub(crate) async fn version(work: &Work) -> Result<i32, Failure> {
    // Not `to_regclass`: it remembers that a table was not there, even when another server made it meanwhile.
    let sql = "SELECT EXISTS (
                   SELECT FROM pg_catalog.pg_class WHERE relname = 'tidings_meta' AND pg_table_is_visible(oid)
               )";
    let rows = work.query(sql, &[]).await?;
    let is_there: bool = rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or_default();
    if !is_there {
        return Ok(0);
    }
    let rows = work.query("SELECT version FROM tidings_meta", &[]).await?;
    rows.first().and_then(|row| row.try_get(0).ok()).ok_or_else(|| Failure::corrupt("the schema's version"))
}

/// Names and data are UTF-8; another encoding would refuse some of them, one by one, later.
pub(crate) async fn encoding(work: &Work) -> Result<(), NotUp> {
    let rows = work.query("SELECT current_setting('server_encoding')", &[]).await?;
    match rows.first().and_then(|row| row.try_get::<_, String>(0).ok()).as_deref() {
        Some("UTF8") => Ok(()),
        _ => Err(NotUp::Never(OpenError::Refused(
            "the database is not in UTF-8; create one that is: createdb --encoding=UTF8 --template=template0 …".into(),
        ))),
    }
}

impl From<Failure> for NotUp {
    fn from(failure: Failure) -> Self {
        match failure.kind {
            Kind::Lost | Kind::Late | Kind::Raced | Kind::Full => Self::Later(failure.why),
            Kind::Refused | Kind::Corrupt | Kind::Other => Self::Never(OpenError::Refused(failure.why)),
        }
    }
}
