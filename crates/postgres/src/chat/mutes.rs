//! Rooms that users have muted.

use std::sync::Arc;

use tidings_core::{RoomKey, StoreError, store::chat::Mute};
use tidings_protocol::{Timestamp, UserId};

use super::moment;
use crate::{
    failure::Failure,
    pool::Pool,
    rows,
    work::{QUICK, Work, ask, int, number, text, texts},
};

pub(super) async fn put(
    pool: &Arc<Pool>,
    room: RoomKey,
    user: UserId,
    mute: Option<Mute>,
) -> Result<(), StoreError> {
    let (room, user) = (room.to_string(), user.as_str());
    let work = Work::begin(pool, QUICK).await?;
    match mute {
        None => {
            let end = "DELETE FROM tidings_chat_mutes WHERE user_id = $1 AND room = $2";
            work.execute(end, &[text(&user), text(&room)]).await?;
        }
        Some(mute) => {
            let until = match mute {
                Mute::Until(end) => Some(int(end.millis())),
                Mute::ForGood => None,
            };
            let put = "INSERT INTO tidings_chat_mutes (user_id, room, until) VALUES ($1, $2, $3)
                       ON CONFLICT (user_id, room) DO UPDATE SET until = EXCLUDED.until";
            work.execute(put, &[text(&user), text(&room), number(&until)]).await?;
        }
    }
    work.commit().await
}

pub(super) async fn of_user(pool: &Arc<Pool>, user: UserId) -> Result<Vec<(RoomKey, Mute)>, Failure> {
    let sql = "SELECT room, until FROM tidings_chat_mutes WHERE user_id = $1 ORDER BY room";
    let found = ask(pool, sql, &[text(&user.as_str())]).await?;
    let mute = |row| Ok((rows::room(row, "room")?, moment(row, "until")?.map_or(Mute::ForGood, Mute::Until)));
    found.iter().map(mute).collect()
}

pub(super) async fn among(
    pool: &Arc<Pool>,
    room: RoomKey,
    users: Vec<UserId>,
    now: Timestamp,
) -> Result<Vec<UserId>, Failure> {
    let sql = "SELECT user_id FROM tidings_chat_mutes
               WHERE user_id = ANY($1) AND room = $2 AND (until IS NULL OR until > $3) ORDER BY user_id";
    let users: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let (room, now) = (room.to_string(), int(now.millis()));
    let found = ask(pool, sql, &[texts(&users), text(&room), number(&now)]).await?;
    found.iter().map(|row| rows::user(row, "user_id")).collect()
}
