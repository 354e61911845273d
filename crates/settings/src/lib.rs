//! Every setting of Tidings: its type, default, check and text, and the way from flag, environment and file to it.
//!
//! Read `sections.rs` first: the settings themselves, one field each. `table.rs` makes rows of them; `load` fills them
//! and remembers where each value came from; `check` refuses what must not run; `render` prints them.
//! Nothing here is async, and nothing here prints a secret.

mod access;
mod check;
mod duration;
mod format;
mod ip_range;
mod load;
mod nearest;
mod origin;
mod pattern;
mod render;
mod rooms;
mod secret;
mod sections;
mod special;
mod table;
mod value;
mod weak;

pub use access::{Access, AnyOf, InvalidAccess, InvalidKeep, Keep};
pub use ip_range::{InvalidIpRange, IpRange};
pub use load::{DEFAULT_FILE, Loaded, Sources, environment, load, old_names, split_flags};
pub use origin::{Errors, Origin, Problem};
pub use pattern::{InvalidPattern, Pattern};
pub use render::{docs, env, example, example_with, schema};
pub use rooms::{Earlier, RoomRule, built_in_rooms};
pub use secret::{MASK, Secret, Url};
pub use sections::{
    Audience, Auth, Broker, Documents, Limits, Live, Log, LogFormat, Notifications, Security, Server, Store,
    WEBHOOK_EVENTS, Webhooks,
};
pub use special::encryption_key;
pub use table::{Row, Section, room_rows, rows, sections};
pub use value::Value;

/// All settings, with their defaults where nothing else was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the server listens and whom it believes.
    pub server: Server,
    /// Who may connect.
    pub auth: Auth,
    /// Where entries are kept.
    pub store: Store,
    /// What carries entries between servers.
    pub broker: Broker,
    /// What clients may use.
    pub limits: Limits,
    /// Live connections and presence.
    pub live: Live,
    /// Rules of rooms: the configured ones, then the built-in ones. The first that matches decides.
    pub rooms: Vec<RoomRule>,
    /// Durable notifications.
    pub notifications: Notifications,
    /// Encryption, audit, the admin's addresses.
    pub security: Security,
    /// What is reported to the back end.
    pub webhooks: Webhooks,
    /// What is logged.
    pub log: Log,
    /// The paths and names of older clients.
    pub documents: Documents,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            server: Server::default(),
            auth: Auth::default(),
            store: Store::default(),
            broker: Broker::default(),
            limits: Limits::default(),
            live: Live::default(),
            rooms: built_in_rooms(),
            notifications: Notifications::default(),
            security: Security::default(),
            webhooks: Webhooks::default(),
            log: Log::default(),
            documents: Documents::default(),
        }
    }
}
