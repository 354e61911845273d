//! `/v1/rooms/{room}/messages/…` and what belongs to it; under `/v1/me` the same with a user's own token. One handler serves both: who may act for
//! whom is all in which they differ.

mod act;
mod body;
mod caller;
mod list;
mod mark;

pub(crate) use act::{delete, edit, pin, react, send, unpin, unreact};
pub(crate) use list::{is_asked, message, messages, versions};
pub(crate) use mark::{marks, mute, read, unmute};
