//! Notifications: what users shall know, whether they are connected or not. The store has the inboxes; here is who is told, and when.
//!
//! What is told comes in three entries. `new_notification` and `notification_updated` are events; they are kept in the user's personal room
//! like any other, but for those of broadcasts. `unread_count` is the badge as it stands, whole and with its revision. It is read anew and sent behind each
//! change, so that nothing that got lost, or came twice, can make it wrong. In reading order:

mod ask;
mod beginning;
mod desk;
mod repeat;
mod rules;
mod shown;
mod window;

mod sending;
mod telling;

mod digesting;
mod inbox;
mod marking;
mod preferences;
mod scheduling;
mod upkeep;

pub(super) use ask::check_url;
pub(super) use desk::Desk;
pub(super) use sending::{json, own_entry};
pub(super) use telling::reader;

pub use ask::{Ask, Audience};
pub use marking::{MarkedAs, WhichOnes};
pub use rules::Rules;
pub use scheduling::Planned;
pub use sending::Sent;
pub use upkeep::Upkeep;

#[cfg(test)]
mod tests;
