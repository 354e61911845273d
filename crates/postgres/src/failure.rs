//! What PostgreSQL says when something fails, as sentences for operators: with its code, never with what was in a statement.

use tidings_core::StoreError;
use tokio_postgres::error::SqlState;

/// Why the store cannot be opened, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address cannot be understood.
    #[error("{0}")]
    Address(String),
    /// PostgreSQL answered, and will go on refusing until somebody changes something.
    #[error("{0}")]
    Refused(String),
    /// PostgreSQL does not answer: of [`crate::migrate`] and [`crate::version_at`] only, a store waits for it.
    #[error("{0}")]
    Away(String),
    /// The tables are of a newer Tidings.
    #[error(
        "the tables are of schema version {found}, this Tidings knows up to {known}: run the newer Tidings, or restore the backup \
         from before its migration"
    )]
    Newer {
        /// What the database has.
        found: i32,
        /// What this crate has.
        known: i32,
    },
}

/// Why something failed before it was committed: nothing was changed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) why: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// No connection, or it broke.
    Lost,
    /// It took too long.
    Late,
    /// Somebody else was quicker; the same may succeed now.
    Raced,
    /// The password, the database or a right is not there: nothing to wait for.
    Refused,
    Full,
    Corrupt,
    /// Anything else.
    Other,
}

impl Failure {
    pub(crate) fn new(kind: Kind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into() }
    }

    pub(crate) fn late() -> Self {
        Self::new(
            Kind::Late,
            "PostgreSQL did not answer in time; look at its load, its locks and the network",
        )
    }

    pub(crate) fn corrupt(what: &str) -> Self {
        Self::new(Kind::Corrupt, format!("{what} in the database cannot be read"))
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) => of_code(code),
            None => Self::new(Kind::Lost, lost(&error)),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(Failure { kind, why }: Failure) -> Self {
        match kind {
            Kind::Full => Self::Full(why),
            Kind::Corrupt => Self::Corrupt(why),
            _ => Self::Unavailable(why),
        }
    }
}

fn lost(error: &tokio_postgres::Error) -> String {
    // An I/O error names no content; other sources are parsers that might.
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return format!("no connection to PostgreSQL ({io}); is it running, and is the address right?");
        }
        source = inner.source();
    }
    match error.is_closed() {
        true => "the connection to PostgreSQL was closed".into(),
        false => {
            "no connection to PostgreSQL, or what answers there is none; look at the address and sslmode"
                .into()
        }
    }
}

fn of_code(code: &SqlState) -> Failure {
    let (class, code_text) = (code.code().get(..2).unwrap_or_default(), code.code());
    let (kind, why) = match code.code() {
        "28P01" | "28000" => (
            Kind::Refused,
            "PostgreSQL refuses the user or the password; look at the address and at pg_hba.conf",
        ),
        "3D000" => {
            (Kind::Refused, "the database does not exist; create it (createdb), or correct the address")
        }
        "42501" => (
            Kind::Refused,
            "the database user lacks a right; it must own the tables or may create them (GRANT CREATE ON SCHEMA …)",
        ),
        "25006" => {
            (Kind::Lost, "PostgreSQL is read-only here: a standby? Let the address lead to the primary")
        }
        "57P01" | "57P02" | "57P03" => (Kind::Lost, "PostgreSQL is starting or stopping"),
        "53300" => (Kind::Lost, "PostgreSQL has no connection left; raise max_connections, or use a pooler"),
        "53100" => (Kind::Full, "PostgreSQL's disk is full"),
        "57014" | "55P03" | "25P03" => return Failure::late(),
        "40001" | "40P01" | "23505" => (Kind::Raced, "another server did the same at the same moment"),
        "42P01" | "42703" => {
            (Kind::Other, "a table of Tidings is missing; run `tidings db migrate`, or restore a backup")
        }
        "XX001" | "XX002" => (Kind::Corrupt, "PostgreSQL found a damaged page; look at its log"),
        _ if class == "08" => (Kind::Lost, "the connection to PostgreSQL failed"),
        _ => (Kind::Other, "PostgreSQL refused; look at its log"),
    };
    Failure::new(kind, format!("{why} (SQLSTATE {code_text})"))
}
