//! Rows as what they stand for. What does not fit is damage, and is said so instead of handed out.

use tidings_core::{Entry, Publication, RoomKey, store::MemberRole};
use tidings_protocol::{EntryId, Epoch, EventType, Json, Offset, Position, Timestamp, UserId};
use tokio_postgres::{Row, types::FromSqlOwned};

use crate::failure::Failure;

/// A column as the type it must have.
pub(crate) fn get<T: FromSqlOwned>(row: &Row, column: &str) -> Result<T, Failure> {
    row.try_get(column).map_err(|_| Failure::corrupt("a value"))
}

/// A number that is never negative.
pub(crate) fn count(row: &Row, column: &str) -> Result<u64, Failure> {
    u64::try_from(get::<i64>(row, column)?).map_err(|_| Failure::corrupt("a number"))
}

pub(crate) fn time(row: &Row, column: &str) -> Result<Timestamp, Failure> {
    count(row, column).map(Timestamp::from_millis)
}

pub(crate) fn position(row: &Row) -> Result<Position, Failure> {
    let epoch: String = get(row, "epoch")?;
    Ok(Position { epoch: Epoch(epoch.into()), offset: Offset(count(row, "head")?) })
}

pub(crate) fn json(row: &Row, column: &str) -> Result<Json, Failure> {
    parse_json(&get::<String>(row, column)?)
}

pub(crate) fn parse_json(text: &str) -> Result<Json, Failure> {
    serde_json::from_str(text).map_err(|_| Failure::corrupt("JSON"))
}

pub(crate) fn room(row: &Row, column: &str) -> Result<RoomKey, Failure> {
    RoomKey::parse(&get::<String>(row, column)?).ok_or_else(|| Failure::corrupt("a room's name"))
}

pub(crate) fn user(row: &Row, column: &str) -> Result<UserId, Failure> {
    UserId::parse(&get::<String>(row, column)?).map_err(|_| Failure::corrupt("a user's id"))
}

pub(crate) fn role(row: &Row) -> Result<MemberRole, Failure> {
    MemberRole::parse(&get::<String>(row, "role")?).map_err(|_| Failure::corrupt("a member's role"))
}

pub(crate) fn hash(row: &Row, column: &str) -> Result<[u8; 32], Failure> {
    get::<Vec<u8>>(row, column)?.try_into().map_err(|_| Failure::corrupt("a hash"))
}

/// An entry of a room.
pub(crate) fn entry(row: &Row, room: RoomKey) -> Result<Entry, Failure> {
    let id: [u8; 16] =
        get::<Vec<u8>>(row, "id")?.try_into().map_err(|_| Failure::corrupt("an entry's id"))?;
    let r#type =
        EventType::parse(&get::<String>(row, "type")?).map_err(|_| Failure::corrupt("an entry's type"))?;
    let from = match get::<Option<String>>(row, "sender")? {
        Some(sender) => Some(UserId::parse(&sender).map_err(|_| Failure::corrupt("an entry's sender"))?),
        None => None,
    };
    let publication = Publication { r#type, data: json(row, "data")?, from, except: None };
    let offset = Offset(count(row, "offset")?);
    Ok(Entry::new(room, publication, EntryId::from_bytes(id), time(row, "time")?, Some(offset)))
}
