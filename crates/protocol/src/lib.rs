//! The words on the wire: every message, body, code and name that crosses a socket, defined once.
//!
//! Nothing here does I/O or knows what Tidings does with a message. JSON Schemas and the TypeScript types are generated
//! from these definitions (`cargo run -p xtask -- codegen`), and `schema/frames` holds one real example of each.
//! In reading order:

pub mod name;
pub mod position;
pub mod time;

pub mod code;

pub mod audience;
mod buffered;
pub mod chat;
pub mod command;
pub mod entry;
pub mod envelope;
pub mod notification;
pub mod reply;
mod resume;

pub mod http;
pub mod object;

pub mod depth;
pub mod encoding;
pub mod schema;

pub use audience::{Audience, Broadcast};
pub use code::{Close, ErrorCode, Fault};
pub use command::{Command, CorrelationId, Incoming};
pub use encoding::Encoding;
pub use entry::{AudienceRef, EntryMessage, EntryRef, Json};
pub use name::{ConnectionId, EntryId, EventType, Role, RoomName, UserId};
pub use position::{Epoch, Offset, Position};
pub use reply::Reply;
pub use resume::ResumeCursor;
pub use time::Timestamp;
