//! Load and yardstick for Tidings: who wants to know what a server bears, and against what the machine allows.
//!
//! - [`Session`] is all the clients of one server on one thread; every delivery on every connection is checked and timed.
//! - [`floor`] is the least work with which frames can be written to sockets: the machine's limit.
//! - [`bare`] is the least work with which rows can be kept: the disk's limit.
//! - [`single`] loads one server, anybody's (`tidings bench`).
//! - [`compare`] loads server, floor and peer in alternating slices of one run (`make bench`).
//!
//! Linux only: CPU and memory of the servers come from `/proc`.

mod back_end;
pub mod bare;
mod clock;
pub mod compare;
pub mod drive;
mod error;
pub mod floor;
mod folder;
mod frame;
mod histogram;
mod http;
mod ledger;
mod mark;
mod process;
mod reader;
mod session;
pub mod single;
mod target;
mod token;
mod watcher;

pub use error::Error;
pub use ledger::Faults;
pub use process::hold;
pub use session::{Aim, Connected, Load, Measured, Missed, Recovered, Rooms, Session, Shape};
pub use target::{Credentials, Target};
