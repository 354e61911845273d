//! What Tidings means: rooms that are logs, the connections that follow them, and how an entry gets from one to the other.
//!
//! No socket, no file, no clock and no task in here: time, encoding and sockets are handed in ([`Clock`], [`Encode`],
//! [`Outlet`]), so that the tests drive the same code through random histories. In reading order:

pub mod clock;
pub mod entry;
pub mod hex;
pub mod identity;
pub mod pseudonym;
pub mod room;

pub mod access;
pub mod limits;

pub mod search;

pub mod store;
pub mod store_memory;
pub mod store_recent;

pub mod encode;
pub mod hub;

pub mod metrics;
pub mod presence;
pub mod typing;

pub mod tidings;

pub mod housekeeping;

pub use clock::{Clock, Monotonic};
pub use encode::{Encode, Format};
pub use entry::{Asked, Entry, Publication, Target};
pub use hex::hex;
pub use hub::{Connection, Hub, HubSettings, Joined, Left, Next, Origin, Outlet, Pace};
pub use identity::{Grant, Identity};
pub use room::{Kinds, RoomKey};
pub use store::{Store, StoreError};
pub use store_memory::MemoryStore;
pub use store_recent::RecentStore;
pub use tidings::{Published, Resuming, Tidings};
