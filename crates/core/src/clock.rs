//! Time, handed in. The wall clock dates entries and may jump; the monotonic one measures waits and never goes back.

use std::time::Duration;

use tidings_protocol::Timestamp;

/// Milliseconds since the server started; never goes back.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Monotonic(pub u64);

impl Monotonic {
    /// This much later.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait.as_millis() as u64))
    }

    /// How long ago `earlier` was; zero when it is still to come.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The date, for entries and tokens.
    fn now(&self) -> Timestamp;
    /// The time that waits are measured by.
    fn monotonic(&self) -> Monotonic;
}
