//! What is done without anybody asking: letting go of what is too old, and writing it down elsewhere first where that is wanted.
//!
//! Nothing here starts anything or waits: jobs of the server call it. In reading order:

pub mod age;
pub mod archive;
pub mod clock_watch;
pub mod retention;

pub use archive::{Archive, Archiving};
pub use clock_watch::ClockWatch;
pub use retention::{Report, Retention, Trouble};
