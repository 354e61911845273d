//! Whether what is unread of rooms is what counting their messages says: of every room with a chat, for up to 100 users who have read in it.

use anyhow::Context;
use serde_json::{Value, json};
use tidings_protocol::{RoomName, UserId};
use tidings_server::App;

use super::{Finding, Status};
use crate::output::many;

/// Rooms that are read at once, and users of each.
const PAGE: usize = 100;
/// Wrong counts that are named.
const NAMED_MAX: usize = 1_000;

/// What was counted.
#[derive(Default)]
pub(super) struct Counted {
    rooms: u64,
    counts: u64,
    wrong_counts: u64,
    /// The first of them.
    wrong: Vec<Wrong>,
}

/// Somebody is told that so much of a room is unread, and it is something else.
struct Wrong {
    room: RoomName,
    user: UserId,
    said: u64,
    right: u64,
}

/// Counts in all rooms.
///
/// # Errors
/// The store does not answer.
pub(super) async fn count(app: &App) -> anyhow::Result<Counted> {
    let (mut counted, mut after) = (Counted::default(), None);
    loop {
        let page =
            app.tidings.recounted_rooms(after, PAGE).await.context("the rooms could not be counted")?;
        let Some(last) = page.last() else { return Ok(counted) };
        after = Some(last.room.clone());
        for room in page {
            counted.rooms += u64::from(!room.users.is_empty());
            for (user, said, right) in room.users {
                counted.counts += 1;
                if said != right {
                    counted.wrong_counts += 1;
                    if counted.wrong.len() < NAMED_MAX {
                        counted.wrong.push(Wrong { room: room.room.clone(), user, said, right });
                    }
                }
            }
        }
    }
}

impl Counted {
    pub(super) fn finding(&self) -> Finding {
        let (rooms, counts) = (many(self.rooms, "room"), many(self.counts, "count"));
        let (status, detail) = match self.wrong_counts {
            0 => (Status::Good, format!("{counts} of what is unread in {rooms}, every one is right")),
            wrong => (Status::Wrong, format!("{wrong} of {counts} of what is unread in {rooms} are wrong")),
        };
        Finding { check: "chat", status, detail }
    }

    pub(super) fn json(&self) -> Value {
        let wrong =
            |it: &Wrong| json!({ "room": it.room, "user": it.user, "unread": it.said, "counted": it.right });
        json!({ "rooms": self.rooms, "counts": self.counts, "wrong": self.wrong.iter().map(wrong).collect::<Vec<_>>() })
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let line = |it: &Wrong| {
            format!(
                "room {}, user {}: {} are said to be unread, counted {}",
                it.room, it.user, it.said, it.right
            )
        };
        self.wrong.iter().map(line)
    }
}
