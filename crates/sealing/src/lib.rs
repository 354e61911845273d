//! Encryption at rest: what is secret stands in no store, backup or archive as it was written.
//!
//! An entry of a room with `encrypt = true`, and one in whose data a secret is found, is *sealed* before it goes to the store, and opened
//! when it is read. Two layers of keys: each room has a *data key*, which the store keeps, itself sealed by a *master key*
//! (`security.encryption_keys`), which no store ever has. So another master key costs a few bytes for each room and touches no entry.
//!
//! In reading order:

mod cipher;
pub mod envelope;

mod keyring;

pub mod detect;

mod apart;
mod data_keys;
mod rotate;
mod store;

pub use apart::{key_of, open_apart};
pub use data_keys::scope;
pub use keyring::{Keyring, Trouble};
pub use rotate::{Rotated, rotate};
pub use store::SealedStore;
