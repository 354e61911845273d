//! Why a store could not do what was asked.

use std::fmt;

/// The reasons are for operators: they name no user, no room and no content.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreError {
    /// Not now; the same call may succeed later. Nothing was changed.
    Unavailable(String),
    /// There is no room left to write; reading goes on. Nothing was changed.
    Full(String),
    /// It is not known whether the change was made: the commit was under way when something failed. With an idempotency key the
    /// same call may simply be made again.
    Uncertain(String),
    /// What was read is damaged. It was not handed out, and nothing was deleted.
    Corrupt(String),
    /// What was asked for is sealed, and the key that opens it is not there: the sentence names the key. Nothing was changed, and nothing
    /// is lost.
    Sealed(String),
    /// The idempotency key belongs to another request.
    Conflict,
    /// This store cannot do that; the sentence says what can.
    Unsupported(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(why) => write!(f, "the store is not available: {why}"),
            Self::Full(why) => write!(f, "the store is full: {why}"),
            Self::Uncertain(why) => write!(f, "it is not known whether the store has it: {why}"),
            Self::Corrupt(why) => write!(f, "the store is damaged: {why}"),
            Self::Sealed(why) => write!(f, "what the store has cannot be opened: {why}"),
            Self::Conflict => f.write_str("this idempotency key was used for another request"),
            Self::Unsupported(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for StoreError {}
