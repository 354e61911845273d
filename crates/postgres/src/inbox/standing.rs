//! How an inbox stands, and the parts of statements that say who sees what.

use std::collections::BTreeSet;

use tidings_core::{
    RoomKey,
    store::inbox::{Reader, State},
};
use tidings_protocol::{Timestamp, UserId};
use tokio_postgres::Row;

use super::rows::time;
use crate::{
    failure::Failure,
    rows::get,
    work::{Work, text},
};

/// A row of `tidings_inboxes`.
#[derive(Clone)]
pub(super) struct Standing {
    pub(super) since: i64,
    pub(super) seen: Mark,
    pub(super) read: Mark,
}

/// All broadcasts up to a number were seen, or read, when.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) up_to: i64,
    pub(super) at: Option<Timestamp>,
}

/// What [`Standing::of`] reads of `box`.
pub(super) const STANDING: &str =
    "box.since, box.seen_up_to, box.seen_at AS box_seen_at, box.read_up_to, box.read_at AS box_read_at";

impl Standing {
    pub(super) fn of(row: &Row) -> Result<Self, Failure> {
        Ok(Self {
            since: get(row, "since")?,
            seen: Mark { up_to: get(row, "seen_up_to")?, at: time(row, "box_seen_at")? },
            read: Mark { up_to: get(row, "read_up_to")?, at: time(row, "box_read_at")? },
        })
    }

    /// As it is and stays until the transaction's end: nobody else changes this inbox. One that was not known is from now on.
    pub(super) async fn lock(work: &Work, user: &UserId) -> Result<Self, Failure> {
        let sql = format!(
            "INSERT INTO tidings_inboxes AS box (user_id, since) SELECT $1, last FROM tidings_broadcasting
             ON CONFLICT (user_id) DO UPDATE SET user_id = EXCLUDED.user_id RETURNING {STANDING}"
        );
        let rows = work.query(&sql, &[text(&user.as_str())]).await?;
        rows.first().map_or_else(|| Err(Failure::corrupt("the count of broadcasts")), Self::of)
    }

    /// How the user has a broadcast of which there is no item.
    pub(super) fn default_state(&self, number: i64) -> State {
        let covers = |mark: Mark| mark.at.filter(|_| number <= mark.up_to);
        let read_at = covers(self.read);
        State { seen_at: covers(self.seen).or(read_at), read_at, ..State::default() }
    }
}

/// The audiences that a reader belongs to without the store: `$2` of statements that have [`AUDIENCE`].
pub(super) fn given_audiences(reader: &Reader) -> Vec<String> {
    let mut audiences: BTreeSet<String> =
        reader.roles.iter().map(|role| RoomKey::Role(role.clone()).to_string()).collect();
    audiences.insert(RoomKey::Everyone.to_string());
    audiences.into_iter().collect()
}

/// `$1` is the user, `$2` are [`given_audiences`]: all audiences of the user that have broadcasts, each with the moment from which on
/// they are for the user.
pub(super) const AUDIENCE: &str = "audience AS MATERIALIZED (
        SELECT unnest($2::text[]) AS key, 0::bigint AS since
        UNION ALL
        SELECT m.room, m.since FROM tidings_members m
        WHERE m.user_id = $1 AND EXISTS (SELECT FROM tidings_broadcasts b WHERE b.audience = m.room)
    )";

/// Whether the broadcast of number `i.number` is there and for the user at `$3`.
pub(super) const SEEN_BY_USER: &str = "EXISTS (
        SELECT FROM tidings_broadcasts b JOIN audience a ON a.key = b.audience AND a.since <= b.created_at
        WHERE b.number = i.number AND (b.expires_at IS NULL OR b.expires_at > $3))";

/// A membership begins or ends: the same moment may have other counters.
pub(crate) async fn membership_changed(work: &Work, user: &UserId) -> Result<(), Failure> {
    let sql = "UPDATE tidings_inboxes SET revision = revision + 1 WHERE user_id = $1";
    work.execute(sql, &[text(&user.as_str())]).await.map(drop)
}
