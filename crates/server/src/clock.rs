//! The one place that reads the machine's clocks.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tidings_core::{Clock, Monotonic};
use tidings_protocol::Timestamp;

/// The machine's clocks.
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Counts its monotonic time from now.
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(since_1970.as_millis() as u64)
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(self.started.elapsed().as_millis() as u64)
    }
}
