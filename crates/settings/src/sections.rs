//! Every setting, once: name, type, default, format and doc comment of each stand on one field.
//!
//! The doc comments are the reference's text. Checks of one value are its format's bounds; checks between settings, and
//! what only production minds, are in `check.rs`.

use std::time::Duration;

use crate::Settings;
use crate::format::{Bytes, Count, Flag, Hidden, Link, List, Plain, Text, Time};
use crate::ip_range::IpRange;
use crate::secret::{Secret, Url};
use crate::special::{EncryptionKey, PublicKey, WebOrigin};
use crate::table::section;

const fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}
const fn minutes(n: u64) -> Duration {
    ms(n * 60_000)
}
const fn days(n: u64) -> Duration {
    ms(n * 86_400_000)
}

const ADDRESS: Text = Text::that("address", "host:port, such as 127.0.0.1:8000", is_address);
const OPTIONAL_ADDRESS: Text =
    Text::that("address", "host:port, such as 127.0.0.1:9000, or nothing", |text| {
        text.is_empty() || is_address(text)
    });
const PATH: Text = Text::that("path", "the path of a file", is_path).unsaid();
const FOLDER: Text = Text::that("path", "the path of a folder", is_path).unsaid();
const CLAIM: Text = Text::that("text", "the name of a claim", |text| !text.trim().is_empty());
const LEVEL: Text =
    Text::that("level", "error, warn, info, debug or trace, also as target=level, …", is_level);
const EVENT: Text =
    Text::that("event", "the name of a webhook event, or *", |text| WEBHOOK_EVENTS.contains(&text));
const KEY_SET: Text =
    Text::that("address", "an address such as https://login.example.com/keys", is_key_set).unsaid();
const HTTP: Link = Link::optional("an address such as https://app.example.com/hooks");
/// Most of anything that is counted: far above what one machine can hold, and safe to multiply.
const MANY: u64 = 100_000_000;

/// The events that `webhooks.events` may name; `*` stands for all of them.
pub const WEBHOOK_EVENTS: [&str; 16] = [
    "*",
    "connection.opened",
    "connection.closed",
    "user.online",
    "user.offline",
    "room.joined",
    "room.left",
    "room.occupied",
    "room.vacated",
    "message.created",
    "message.edited",
    "message.deleted",
    "notification.created",
    "notification.read",
    "notification.undelivered",
    "command",
];

section! {
    /// Where the server listens and whom it believes.
    pub struct Server in Settings.server;
    /// Address for clients and back ends. Port 0 takes any free port.
    listen: String = "127.0.0.1:8000", ADDRESS;
    /// Second address for health, metrics and the admin page. Empty: they are served on `server.listen`.
    ops_listen: String = "", OPTIONAL_ADDRESS;
    /// Web origins whose pages may connect, compared whole. Empty: only pages from the server's own address. `*`: all.
    allowed_origins: Vec<String> = "", List::of(WebOrigin);
    /// PEM file with the certificate chain. Not in this version yet: let a reverse proxy end TLS.
    tls_cert: String = "", PATH;
    /// PEM file with the certificate's private key. Not in this version yet.
    tls_key: String = "", PATH;
    /// Reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    trusted_proxies: Vec<IpRange> = "", List::of(Plain("address range"));
    /// How long a planned stop waits for connections to leave.
    shutdown_grace: Duration = "20s", Time::between(Duration::ZERO, minutes(60));
    /// Worker threads. 0: one for each core.
    threads: usize = "0", Count::between(0, 1024);
}

section! {
    /// Who may connect, and how the server knows.
    pub struct Auth in Settings.auth;
    /// Keys of back ends. The first is the current one; the others still open, which makes room for a change of keys.
    api_keys: Vec<Secret> = "", List::of(Hidden);
    /// Secret for tokens signed with HS256: at least 32 random bytes.
    jwt_secret: Secret = "", Hidden;
    /// Public key for tokens signed with RS256, ES256 or EdDSA, as the path of a PEM file or its text. The key decides
    /// the algorithm.
    jwt_public_key: String = "", PublicKey;
    /// Address of a JSON Web Key Set. Not in this version yet: use `auth.jwt_public_key`.
    jwks_url: String = "", KEY_SET;
    /// The `iss` that tokens must carry. Empty: any.
    issuer: String = "", Text::any();
    /// The `aud` that tokens must carry. Empty: any.
    audience: String = "", Text::any();
    /// The claim that holds the user.
    user_claim: String = "sub", CLAIM;
    /// The claim that holds the user's roles.
    roles_claim: String = "roles", CLAIM;
    /// The claim that holds the rooms which the token grants.
    rooms_claim: String = "rooms", CLAIM;
    /// Whether clients may connect without a token. They reach only rooms whose `join` is `anyone`.
    anonymous: bool = "false", Flag;
    /// How far the clocks of issuer and server may differ.
    leeway: Duration = "30s", Time::between(Duration::ZERO, minutes(5));
}

section! {
    /// Where entries, members and notifications are kept.
    pub struct Store in Settings.store;
    /// Address of the store: `sqlite:FILE`, `postgres://…`, or `memory:`, which forgets everything at a stop.
    url: Url = "sqlite:tidings.db", Link::needed("the address of a store, such as sqlite:tidings.db");
    /// How often entries that are kept no longer are let go.
    retention_every: Duration = "10m", Time::between(ms(100), days(1));
    /// Folder into which those entries are written before they are let go, as gzipped JSON lines. Empty: they are not.
    archive: String = "", FOLDER;
}

section! {
    /// What carries entries between several servers.
    pub struct Broker in Settings.broker;
    /// Address of the broker. `local:` serves one server; it is the only one in this version.
    url: Url = "local:", Link::needed("the address of a broker, such as local:");
}

section! {
    /// What one client, and all of them together, may use.
    pub struct Limits in Settings.limits;
    /// Open connections on this server. 0: unlimited.
    connections: usize = "0", Count::between(0, MANY);
    /// Open connections of one user. 0: unlimited.
    connections_per_user: usize = "20", Count::between(0, MANY);
    /// Open connections from one IP address. 0: unlimited.
    connections_per_ip: usize = "100", Count::between(0, MANY);
    /// Attempts to connect from one IP address in a minute. 0: unlimited.
    attempts_per_minute: u32 = "300", Count::between(0, MANY);
    /// Messages that one user may send in a minute, over all connections. 0: unlimited.
    messages_per_minute: u32 = "600", Count::between(0, MANY);
    /// Messages that one user may send at once, before the rate counts.
    messages_burst: u32 = "60", Count::between(1, MANY);
    /// Size of one message from a client, all fragments together and after inflation.
    message_bytes: usize = "64KiB", Bytes::between(128, 64 << 20);
    /// What waits for one connection. A client that reads too slowly for it is closed with 4100 and can resume.
    queue_bytes: usize = "1MiB", Bytes::between(1 << 10, 1 << 30);
    /// Size of an HTTP body.
    body_bytes: usize = "1MiB", Bytes::between(1 << 10, 1 << 30);
    /// Rooms that one connection may follow.
    rooms_per_connection: usize = "100", Count::between(1, MANY);
    /// How deeply JSON from a client may nest.
    json_depth: usize = "32", Count::between(2, 128);
    /// A connection that sends nothing for this long is closed.
    idle_timeout: Duration = "30m", Time::between(ms(50), days(30));
    /// Time for a client to finish its request and to authenticate.
    handshake_timeout: Duration = "10s", Time::between(ms(50), minutes(5));
}

section! {
    /// Live connections and presence.
    pub struct Live in Settings.live;
    /// How often the server pings a quiet connection.
    ping_interval: Duration = "25s", Time::between(ms(50), minutes(60));
    /// How long a user still counts as online after the last connection is gone.
    presence_grace: Duration = "5s", Time::between(Duration::ZERO, minutes(60));
    /// A user who does nothing for this long counts as away.
    away_after: Duration = "5m", Time::between(ms(50), days(1));
    /// Whether to offer permessage-deflate.
    compression: bool = "true", Flag;
    /// Who hears that a user comes or goes: `rooms`, those who share a room with them, or `everyone`.
    presence_audience: Audience = "rooms", Plain("rooms or everyone");
    /// Members whose names a room tells its newcomers; of a larger room they hear the number.
    presence_names_max: usize = "100", Count::between(0, 10_000);
}

section! {
    /// Durable notifications.
    pub struct Notifications in Settings.notifications;
    /// How long a notification is kept once it was read or archived.
    keep: Duration = "90d", Time::between(ms(1_000), days(3_650));
    /// How long one is kept that nobody read. To a role, a room or everyone: the longer of the two.
    keep_unread: Duration = "90d", Time::between(ms(1_000), days(3_650));
}

section! {
    /// Encryption at rest, audit and the admin's addresses.
    pub struct Security in Settings.security;
    /// Master keys that seal what is secret where it is stored, each as `<id>:<base64 of 32 bytes>`. The first one seals, all of them open; without
    /// one nothing is sealed.
    encryption_keys: Vec<Secret> = "", List::of(EncryptionKey);
    /// Whether to write an audit entry for what administrators and back ends do.
    audit_log: bool = "true", Flag;
    /// Addresses that may see the admin page and the connection statistics without an API key.
    admin_allow: Vec<IpRange> = "127.0.0.0/8, ::1/128", List::of(Plain("address range"));
}

section! {
    /// Events that the server reports to the back end. Not in this version yet.
    pub struct Webhooks in Settings.webhooks;
    /// Where events are sent. Not in this version yet.
    url: Url = "", HTTP;
    /// Secret that signs them.
    secret: Secret = "", Hidden;
    /// Which events are sent; `*` for all.
    events: Vec<String> = "", List::of(EVENT);
    /// Where clients' commands are sent. Empty: to `webhooks.url`. Not in this version yet.
    command_url: Url = "", HTTP;
    /// Whether webhooks may go to private and loopback addresses.
    allow_private: bool = "false", Flag;
}

section! {
    /// What the server writes to standard error.
    pub struct Log in Settings.log;
    /// How much: `error`, `warn`, `info`, `debug` or `trace`; with commas also by target, as in `info,hyper=warn`.
    level: String = "info", LEVEL;
    /// `text` for people, `json` for machines: one object a line.
    format: LogFormat = "text", Plain("text or json");
}

section! {
    /// The paths and message names of older clients.
    pub struct Documents in Settings.documents;
    /// Whether to serve them beside the native ones.
    routes: bool = "true", Flag;
}

/// Who hears that a user comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Those who share a room with the user.
    Rooms,
    /// Everyone who is connected.
    Everyone,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A type that is one of a few words: reads and prints them, and names them in its error.
macro_rules! words {
    ($type:ident, $expected:literal, $($word:literal = $variant:ident),+) => {
        impl std::str::FromStr for $type {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($expected),
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$variant => $word),+ })
            }
        }
    };
}

pub(crate) use words;

words!(Audience, "\"rooms\" or \"everyone\"", "rooms" = Rooms, "everyone" = Everyone);
words!(LogFormat, "\"text\" or \"json\"", "text" = Text, "json" = Json);

/// Whether the text is `host:port`, an IPv6 host in brackets.
fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let host_good = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
    };
    host_good && port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

/// Whether the text is a level, or a comma list of levels and `target=level`.
fn is_level(text: &str) -> bool {
    text.split(',').all(|part| {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level).trim().to_ascii_lowercase();
        matches!(level.as_str(), "error" | "warn" | "info" | "debug" | "trace" | "off")
    })
}

/// Whether the text can be a path, and not the content of the file that was meant.
fn is_path(text: &str) -> bool {
    !text.contains(['\0', '\n']) && !text.contains("-----BEGIN")
}

/// Whether the text can be the address of a key set. It is shown as it stands, so a password has no place in it.
fn is_key_set(text: &str) -> bool {
    text.is_empty() || ((text.starts_with("https://") || text.starts_with("http://")) && !text.contains('@'))
}
