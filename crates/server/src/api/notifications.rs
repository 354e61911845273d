//! `/v1/notifications`, `/v1/users/{user}/notifications` and the same under `/v1/me`: notifying, inboxes, and how users want to be told.

mod ask;
mod inbox;
mod mark;
mod preferences;
mod receipts;
mod scheduled;
mod send;

pub(crate) use inbox::{mine, of_user};
pub(crate) use mark::{mark_mine, mark_of_user};
pub(crate) use preferences::{my_preferences, preferences_of, put_my_preferences, put_preferences_of};
pub(crate) use receipts::receipts;
pub(crate) use scheduled::scheduled;
pub(crate) use send::{call_off, notify};
