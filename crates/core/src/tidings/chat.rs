//! Chat: messages that are entries of a room's log, and what people do to them. The store has both; here is who may, who is told, and who is notified.
//!
//! Each act is told by an entry in the room, like any other event. What is about one user alone, how much of a room they have not read, is told in
//! `room_unread` to all of their devices, whole and with a revision, behind each change. A mention is a notification with the message's own id, so
//! that whoever has read the message has read that. In reading order:

mod author;
mod draft;
mod refusal;

mod acting;
mod changing;
mod sending;

mod marking;
mod mentions;
mod muting;
mod telling;

mod filling;
mod pages;
pub(super) mod shown;
mod unread;

#[cfg(test)]
mod tests;

pub(super) use telling::Desk;

pub use acting::Acted;
pub use author::Author;
pub use pages::{Asked, MESSAGES_BYTES_MAX};
pub use unread::RecountedRoom;
