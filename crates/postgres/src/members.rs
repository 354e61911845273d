//! Members of rooms.

use std::sync::Arc;

use tidings_core::{
    RoomKey, StoreError,
    store::{Member, MemberRole},
};
use tidings_protocol::{RoomName, Timestamp, UserId};
use tokio_postgres::Row;

use crate::{
    failure::Failure,
    inbox,
    pool::Pool,
    rooms, rows,
    work::{QUICK, Work, ask, int, limit as bounded, number, text},
};

pub(crate) async fn member(
    pool: &Arc<Pool>,
    room: RoomName,
    user: &UserId,
) -> Result<Option<Member>, Failure> {
    let sql = "SELECT user_id, role, since FROM tidings_members WHERE room = $1 AND user_id = $2";
    let rows = ask(pool, sql, &[text(&key(room)), text(&user.as_str())]).await?;
    rows.first().map(read).transpose()
}

pub(crate) async fn members(
    pool: &Arc<Pool>,
    room: RoomName,
    after: Option<UserId>,
    limit: usize,
) -> Result<Vec<Member>, Failure> {
    let sql = "SELECT user_id, role, since FROM tidings_members
               WHERE room = $1 AND user_id > $2 ORDER BY user_id LIMIT $3";
    let after = after.as_ref().map_or("", UserId::as_str);
    let rows = ask(pool, sql, &[text(&key(room)), text(&after), number(&bounded(limit))]).await?;
    rows.iter().map(read).collect()
}

pub(crate) async fn rooms_of(
    pool: &Arc<Pool>,
    user: &UserId,
    after: Option<RoomName>,
    limit: usize,
) -> Result<Vec<(RoomName, MemberRole)>, Failure> {
    let sql =
        "SELECT room, role FROM tidings_members WHERE user_id = $1 AND room > $2 ORDER BY room LIMIT $3";
    let after = after.map(key).unwrap_or_default();
    let rows = ask(pool, sql, &[text(&user.as_str()), text(&after), number(&bounded(limit))]).await?;
    let read = |row: &Row| match rows::room(row, "room")? {
        RoomKey::Named(name) => Ok((name, rows::role(row)?)),
        _ => Err(Failure::corrupt("a room's name")),
    };
    rows.iter().map(read).collect()
}

pub(crate) async fn put(
    pool: &Arc<Pool>,
    room: RoomName,
    user: &UserId,
    role: &MemberRole,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    inbox::membership_changed(&work, user).await?;
    let room = RoomKey::Named(room);
    rooms::begin(&work, &room, None, now).await?;
    let sql = "INSERT INTO tidings_members (room, user_id, role, since) VALUES ($1, $2, $3, $4)
               ON CONFLICT (room, user_id) DO UPDATE SET role = EXCLUDED.role
               RETURNING xmax = 0 AS is_new";
    let (key, since) = (room.to_string(), int(now.millis()));
    let (user, role) = (user.as_str(), role.as_str());
    let params = [text(&key), text(&user), text(&role), number(&since)];
    let is_new = work.query(sql, &params).await?.first().map_or(Ok(false), |row| rows::get(row, "is_new"))?;
    work.commit().await?;
    Ok(is_new)
}

pub(crate) async fn remove(pool: &Arc<Pool>, room: RoomName, user: &UserId) -> Result<bool, StoreError> {
    let work = Work::begin(pool, QUICK).await?;
    inbox::membership_changed(&work, user).await?;
    let sql = "DELETE FROM tidings_members WHERE room = $1 AND user_id = $2";
    let removed = work.execute(sql, &[text(&key(room)), text(&user.as_str())]).await?;
    work.commit().await?;
    Ok(removed > 0)
}

fn key(room: RoomName) -> String {
    RoomKey::Named(room).to_string()
}

fn read(row: &Row) -> Result<Member, Failure> {
    Ok(Member { user: rows::user(row, "user_id")?, role: rows::role(row)?, since: rows::time(row, "since")? })
}
