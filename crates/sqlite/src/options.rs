//! What can be chosen about the store.

use std::time::Duration;

/// Bounds and sizes; the default is right for all but tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Threads that read, each with a connection; one more does what takes long.
    pub readers: usize,
    /// Most commands that wait to be written.
    pub queue_commands: usize,
    /// Most bytes of data in them.
    pub queue_bytes: usize,
    /// Most reads that wait.
    pub queue_reads: usize,
    /// How long the disk may take over one batch before those who wait are told that it does not answer.
    pub stall: Duration,
    /// Most pages of 4 KiB that the database may have; none for as many as the disk has.
    pub pages_max: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 3,
            queue_commands: 10_000,
            queue_bytes: 32 << 20,
            queue_reads: 10_000,
            // The store owes an answer within two seconds.
            stall: Duration::from_millis(1_500),
            pages_max: None,
        }
    }
}
