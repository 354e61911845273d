//! Who is allowed in which room, and as what.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tidings_core::{
    RoomKey,
    store::{Member, MemberRole},
};
use tidings_protocol::{RoomName, Timestamp, UserId};

use crate::{
    error::{Work, damaged},
    inbox,
    ledger::Ledger,
    sum::sum,
    values,
};

/// What [`member`] reads; `m` is the member.
const COLUMNS: &str = "m.room, m.user, m.role, m.since, m.sum";

pub(crate) fn get(connection: &Connection, room: &RoomName, user: &UserId) -> Work<Option<Member>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM rooms AS r JOIN members AS m ON m.room = r.id WHERE r.key = ?1 AND m.user = ?2"
    );
    let mut find = connection.prepare_cached(&sql)?;
    let mut rows = find.query([key(room), user.as_str().to_owned()])?;
    rows.next()?.map(member).transpose()
}

pub(crate) fn of_room(
    connection: &Connection,
    room: &RoomName,
    after: Option<&UserId>,
    limit: usize,
) -> Work<Vec<Member>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM rooms AS r JOIN members AS m ON m.room = r.id
         WHERE r.key = ?1 AND m.user > ?2 ORDER BY m.user LIMIT ?3"
    );
    let mut page = connection.prepare_cached(&sql)?;
    let after = after.map_or("", UserId::as_str);
    let mut rows = page.query(params![key(room), after, values::rows(limit)])?;
    let mut members = Vec::new();
    while let Some(row) = rows.next()? {
        members.push(member(row)?);
    }
    Ok(members)
}

pub(crate) fn rooms_of(
    connection: &Connection,
    user: &UserId,
    after: Option<&RoomName>,
    limit: usize,
) -> Work<Vec<(RoomName, MemberRole)>> {
    // A user is in few rooms, so they are found by user and then sorted.
    let sql = format!(
        "SELECT {COLUMNS}, r.key FROM members AS m CROSS JOIN rooms AS r ON r.id = m.room
         WHERE m.user = ?1 AND r.key > ?2 ORDER BY r.key LIMIT ?3"
    );
    let mut page = connection.prepare_cached(&sql)?;
    let after = after.map_or_else(String::new, key);
    let mut rows = page.query(params![user.as_str(), after, values::rows(limit)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let role = member(row)?.role;
        match values::room(&row.get::<_, String>(5)?)? {
            RoomKey::Named(name) => found.push((name, role)),
            _ => return damaged("a membership of what has no members was found"),
        }
    }
    Ok(found)
}

/// Makes a user a member, or changes the role; true when the user was none before.
pub(crate) fn put(
    ledger: &mut Ledger,
    room: &RoomName,
    user: &UserId,
    role: &MemberRole,
    now: Timestamp,
) -> Work<bool> {
    let (standing, _) = ledger.standing_or_begin(&RoomKey::Named(room.clone()), now)?;
    let find = "SELECT since FROM members WHERE room = ?1 AND user = ?2";
    let known: Option<i64> = ledger
        .connection()
        .prepare_cached(find)?
        .query_row(params![standing.id, user.as_str()], |row| row.get(0))
        .optional()?;
    let since = known.unwrap_or(values::millis(now));
    let sum = member_sum(standing.id, user.as_str(), role.as_str(), since);
    let put = "INSERT INTO members (room, user, role, since, sum) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT DO UPDATE SET role = excluded.role, sum = excluded.sum";
    let mut put = ledger.connection().prepare_cached(put)?;
    put.execute(params![standing.id, user.as_str(), role.as_str(), since, sum])?;
    inbox::membership_changed(ledger, user)?;
    Ok(known.is_none())
}

pub(crate) fn remove(ledger: &mut Ledger, room: &RoomName, user: &UserId) -> Work<bool> {
    let Some(standing) = ledger.standing(&RoomKey::Named(room.clone()))? else { return Ok(false) };
    inbox::membership_changed(ledger, user)?;
    let remove = "DELETE FROM members WHERE room = ?1 AND user = ?2";
    Ok(ledger.connection().prepare_cached(remove)?.execute(params![standing.id, user.as_str()])? > 0)
}

fn key(room: &RoomName) -> String {
    RoomKey::Named(room.clone()).to_string()
}

fn member_sum(room: i64, user: &str, role: &str, since: i64) -> i64 {
    sum(&[room.into(), user.into(), role.into(), since.into()])
}

fn member(row: &Row<'_>) -> Work<Member> {
    let (user, role, since): (String, String, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
    if member_sum(row.get(0)?, &user, &role, since) != row.get::<_, i64>(4)? {
        return damaged("a membership is not as it was written");
    }
    Ok(Member {
        user: values::user(&user)?,
        role: values::name(MemberRole::parse(&role), "a member's role that is none was found")?,
        since: values::time(since)?,
    })
}
