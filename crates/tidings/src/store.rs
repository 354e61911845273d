//! Which stores there are: the one place that knows them by name.

mod look;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use tidings_core::{Kinds, MemoryStore, RecentStore, Store, StoreError};
use tidings_postgres::{PostgresOptions, PostgresStore};
use tidings_sealing::{Keyring, SealedStore};
use tidings_settings::{Settings, Url};
use tidings_sqlite::SqliteStore;

pub(crate) use look::{Looked, look_at_archive};

/// Where `store.url` points.
pub(crate) enum Address<'a> {
    /// Nowhere: all is gone when the process ends.
    Memory,
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(&'a str),
}

impl<'a> Address<'a> {
    /// Reads `memory:`, `sqlite:tidings.db`, `postgres://…`.
    ///
    /// # Errors
    /// What was expected instead. The address itself is not repeated: it may hold a password.
    pub(crate) fn parse(url: &'a Url) -> anyhow::Result<Self> {
        let text = url.expose();
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        match scheme {
            "memory" if rest.is_empty() => Ok(Self::Memory),
            "sqlite" => {
                let path = rest.strip_prefix("//").unwrap_or(rest);
                if path.is_empty() || path == ":memory:" {
                    bail!("expected a file after sqlite:, such as sqlite:tidings.db, or memory: for no file");
                }
                Ok(Self::Sqlite(path.into()))
            }
            "postgres" | "postgresql" => {
                tidings_postgres::check_address(text)?;
                Ok(Self::Postgres(text))
            }
            // As SQLAlchemy and its kin name the driver, which is theirs.
            _ if scheme.starts_with("postgres") && scheme.contains('+') => {
                bail!("expected postgresql://… without the name of a driver behind a +")
            }
            _ => bail!("expected sqlite:FILE, postgres://… or memory:"),
        }
    }

    /// Opens the store for a server: what is missing of its tables is made, and secrets are sealed before it. A PostgreSQL server that is away
    /// is no error: the store is unavailable until it comes. Must run on a tokio runtime.
    ///
    /// # Errors
    /// A sentence on why it cannot be used, and what to do; also when it has what no master key of the settings opens.
    pub(crate) async fn open(&self, settings: &Settings) -> anyhow::Result<Box<dyn Store>> {
        let sealed = sealed(self.open_as_kept().await?, settings)?;
        match sealed.check().await {
            Err(StoreError::Sealed(why)) => bail!(
                "security.encryption_keys does not open all that is sealed in the {}: {why}",
                self.name()
            ),
            // A store that is away, and what it has, are asked again by the health check.
            Ok(()) | Err(_) => Ok(self.with_recent(sealed)),
        }
    }

    /// [`Self::open`] of a store that is there and answers; nothing is created. Without a master key that is needed it opens too: what does not need
    /// that key can be done.
    ///
    /// # Errors
    /// As [`Self::open`], and when nothing is there.
    pub(crate) async fn open_existing(&self, settings: &Settings) -> anyhow::Result<Box<dyn Store>> {
        let store = self.open_existing_as_kept().await?;
        Ok(self.with_recent(sealed(store, settings)?))
    }

    /// [`Self::open_as_kept`] of a store that is there and answers; nothing is created.
    ///
    /// # Errors
    /// As [`Self::open_as_kept`], and when nothing is there.
    pub(crate) async fn open_existing_as_kept(&self) -> anyhow::Result<Arc<dyn Store>> {
        match self {
            Self::Memory => bail!("store.url: memory: belongs to a server that runs: ask it over HTTP"),
            Self::Sqlite(path) => {
                let is_there = path.try_exists().with_context(|| format!("store.url: {}", path.display()))?;
                if !is_there {
                    bail!(
                        "store.url: there is no file {}: name the server's own, with -c FILE or --store.url",
                        path.display()
                    );
                }
            }
            Self::Postgres(url) => {
                if tidings_postgres::version_at(url).await.context("store.url cannot be used")? == 0 {
                    bail!("store.url: this database has no tables of Tidings: name the server's own");
                }
            }
        }
        let store = self.open_as_kept().await?;
        store.health().await.context("store.url cannot be used")?;
        Ok(store)
    }

    /// Opens the store as it is: what is sealed in it stays so.
    ///
    /// # Errors
    /// A sentence on why it cannot be used, and what to do.
    pub(crate) async fn open_as_kept(&self) -> anyhow::Result<Arc<dyn Store>> {
        Ok(match self {
            Self::Memory => Arc::new(MemoryStore::default()),
            Self::Sqlite(path) => Arc::new(open_file(path)?),
            Self::Postgres(url) => {
                let store = PostgresStore::connect(url, PostgresOptions::default()).await;
                Arc::new(store.context("store.url cannot be used")?)
            }
        })
    }

    /// Memory before what is not in memory. It has entries as they were published, and none is ever written anywhere from there.
    fn with_recent(&self, sealed: SealedStore) -> Box<dyn Store> {
        match self {
            Self::Memory => Box::new(sealed),
            Self::Sqlite(_) | Self::Postgres(_) => Box::new(RecentStore::new(Arc::new(sealed))),
        }
    }

    /// Brings its tables up to date: from which version to which. None where there are no tables.
    ///
    /// # Errors
    /// As [`Self::open`], and when PostgreSQL is away.
    pub(crate) async fn migrate(&self) -> anyhow::Result<Option<(i64, i64)>> {
        Ok(match self {
            Self::Memory => None,
            Self::Sqlite(path) => {
                let done = SqliteStore::migrate(path).context("store.url cannot be used")?;
                Some((done.from.into(), done.to.into()))
            }
            Self::Postgres(url) => {
                let done = tidings_postgres::migrate(url).await.context("store.url cannot be used")?;
                Some((done.from.into(), done.to.into()))
            }
        })
    }

    /// What programs call it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    /// What to call it in a sentence.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Memory => "memory".into(),
            Self::Sqlite(path) => format!("SQLite file {}", path.display()),
            Self::Postgres(_) => "PostgreSQL".into(),
        }
    }
}

fn sealed(store: Arc<dyn Store>, settings: &Settings) -> anyhow::Result<SealedStore> {
    let keyring = Keyring::new(&settings.security.encryption_keys).map_err(|wrong| anyhow!(wrong))?;
    Ok(SealedStore::new(store, Arc::new(keyring), Kinds::new(&settings.rooms)))
}

fn open_file(path: &Path) -> anyhow::Result<SqliteStore> {
    SqliteStore::open(path, tidings_sqlite::Options::default()).context("store.url cannot be used")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |url: &str, expect: Option<&str>| {
            let url = Url::new(url);
            let address = Address::parse(&url);
            assert_eq!(address.as_ref().ok().map(Address::name).as_deref(), expect);
            if let Err(error) = address {
                assert!(!error.to_string().contains("hunter2"), "{error}");
            }
        };
        check("memory:", Some("memory"));
        check("sqlite:tidings.db", Some("SQLite file tidings.db"));
        check("sqlite:///var/lib/tidings.db", Some("SQLite file /var/lib/tidings.db"));
        check("postgres://ada:hunter2@db/app", Some("PostgreSQL"));
        check("sqlite:", None);
        check("sqlite::memory:", None);
        check("mysql://ada:hunter2@db", None);
        check("postgresql+asyncpg://ada:hunter2@db/app", None);
        check("postgres://ada:hunter2@db/app?sslmode=hunter2", None);
    }
}
