//! Rooms that users have muted.

use rusqlite::{Connection, OptionalExtension, params};
use tidings_core::{RoomKey, store::chat::Mute};
use tidings_protocol::{Timestamp, UserId};

use crate::{error::Work, ledger::Ledger, values};

pub(super) fn put(ledger: &mut Ledger, room: &RoomKey, user: &UserId, mute: Option<Mute>) -> Work<()> {
    let (room, user) = (room.to_string(), user.as_str());
    let Some(mute) = mute else {
        let end = "DELETE FROM chat_mutes WHERE user = ?1 AND room = ?2";
        ledger.connection().prepare_cached(end)?.execute(params![user, room])?;
        return Ok(());
    };
    let until = match mute {
        Mute::Until(end) => Some(values::millis(end)),
        Mute::ForGood => None,
    };
    let put = "INSERT INTO chat_mutes (user, room, until) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET until = excluded.until";
    ledger.connection().prepare_cached(put)?.execute(params![user, room, until])?;
    Ok(())
}

pub(super) fn of_user(connection: &Connection, user: &UserId) -> Work<Vec<(RoomKey, Mute)>> {
    let sql = "SELECT room, until FROM chat_mutes WHERE user = ?1 ORDER BY room";
    let mut all = connection.prepare_cached(sql)?;
    let mut rows = all.query([user.as_str()])?;
    let mut mutes = Vec::new();
    while let Some(row) = rows.next()? {
        let room = values::room(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
        mutes.push((room, mute(row.get(1)?)?));
    }
    Ok(mutes)
}

pub(super) fn among(
    connection: &Connection,
    room: &RoomKey,
    mut users: Vec<UserId>,
    now: Timestamp,
) -> Work<Vec<UserId>> {
    let mut find = connection.prepare_cached("SELECT until FROM chat_mutes WHERE user = ?1 AND room = ?2")?;
    let room = room.to_string();
    users.sort_unstable();
    users.dedup();
    let mut muted = Vec::new();
    for user in users {
        let until: Option<Option<i64>> =
            find.query_row(params![user.as_str(), room], |row| row.get(0)).optional()?;
        if until.map(mute).transpose()?.is_some_and(|mute| mute.is_on(now)) {
            muted.push(user);
        }
    }
    Ok(muted)
}

fn mute(until: Option<i64>) -> Work<Mute> {
    Ok(match until {
        Some(end) => Mute::Until(values::time(end)?),
        None => Mute::ForGood,
    })
}
