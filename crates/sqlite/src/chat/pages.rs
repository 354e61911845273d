//! Messages as they are asked for. A page is one stretch of one index, in the order of places.

use rusqlite::{Connection, params};
use tidings_core::{
    RoomKey,
    store::chat::{Ask, Message, MessagePage, Of, PAGE_MAX, Place},
};
use tidings_protocol::{EntryId, UserId};

use super::{
    marks,
    messages::{self, Beside, COLUMNS, thread_key},
    reactions,
};
use crate::{
    entries,
    error::{Work, damaged},
    values,
};

/// One direction of a page.
#[derive(Clone, Copy)]
enum Way {
    Older,
    Newer,
}

pub(super) fn page(connection: &Connection, ask: &Ask, limit: usize) -> Work<MessagePage> {
    let moment = connection.unchecked_transaction()?;
    let limit = limit.min(PAGE_MAX);
    let Some(room) = marks::number_of(&moment, &ask.room)? else { return Ok(MessagePage::default()) };
    let look = |way, from, limit| places(&moment, room, ask.of, way, from, limit);
    let (mut found, has_older, has_newer);
    match ask.at {
        Place::Before(end) => {
            let end = values::place(end);
            (found, has_older) = look(Way::Older, end, limit)?;
            has_newer = look(Way::Newer, end.saturating_sub(1), 0)?.1;
        }
        Place::After(last) => {
            let last = values::place(last);
            (found, has_newer) = look(Way::Newer, last, limit)?;
            has_older = look(Way::Older, last.saturating_add(1), 0)?.1;
        }
        Place::Around(id) => {
            let middle = messages::find(&moment, room, id)?.filter(|it| is_one(it, ask.of));
            let Some(middle) = middle.filter(|_| limit > 0) else { return Ok(MessagePage::default()) };
            (found, has_older) = look(Way::Older, middle.offset, (limit - 1) / 2)?;
            let behind = look(Way::Newer, middle.offset, limit / 2)?;
            found.push(middle);
            found.extend(behind.0);
            has_newer = behind.1;
        }
    }
    let mut all = Vec::with_capacity(found.len());
    for beside in found {
        all.push(whole(&moment, &ask.room, &beside, ask.viewer.as_ref())?);
    }
    Ok(MessagePage { messages: all, has_older, has_newer })
}

pub(super) fn message(
    connection: &Connection,
    room: &RoomKey,
    id: EntryId,
    viewer: Option<&UserId>,
) -> Work<Option<Message>> {
    let moment = connection.unchecked_transaction()?;
    let Some(number) = marks::number_of(&moment, room)? else { return Ok(None) };
    let Some(beside) = messages::find(&moment, number, id)? else { return Ok(None) };
    whole(&moment, room, &beside, viewer).map(Some)
}

/// Messages in order, and whether there are more that way.
fn places(
    connection: &Connection,
    room: i64,
    of: Of,
    way: Way,
    from: i64,
    limit: usize,
) -> Work<(Vec<Beside>, bool)> {
    let (index, filter, thread) = match of {
        Of::All => ("", "?4 = ?4", None),
        Of::Main => ("INDEXED BY messages_by_thread", "m.thread = ?4", None),
        Of::Thread(root) => ("INDEXED BY messages_by_thread", "m.thread = ?4", Some(root)),
        Of::Pinned => ("INDEXED BY messages_pinned", "m.pinned_at IS NOT NULL AND ?4 = ?4", None),
    };
    let (behind, order) = match way {
        Way::Older => ("<", "DESC"),
        Way::Newer => (">", "ASC"),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM messages AS m {index} WHERE m.room = ?1 AND m.offset {behind} ?2 AND {filter}
         ORDER BY m.offset {order} LIMIT ?3"
    );
    let mut page = connection.prepare_cached(&sql)?;
    let mut rows = page.query(params![room, from, values::rows(limit + 1), thread_key(thread)])?;
    let mut found = Vec::with_capacity(limit);
    while let Some(row) = rows.next()? {
        if found.len() == limit {
            found_in_order(&mut found, way);
            return Ok((found, true));
        }
        found.push(Beside::read(row, 0)?);
    }
    found_in_order(&mut found, way);
    Ok((found, false))
}

fn found_in_order(found: &mut [Beside], way: Way) {
    if matches!(way, Way::Older) {
        found.reverse();
    }
}

fn is_one(message: &Beside, of: Of) -> bool {
    match of {
        Of::All => true,
        Of::Main => message.thread.is_none(),
        Of::Thread(root) => message.thread == Some(root),
        Of::Pinned => message.pinned_at.is_some(),
    }
}

fn whole(connection: &Connection, room: &RoomKey, beside: &Beside, viewer: Option<&UserId>) -> Work<Message> {
    let Some(entry) = entries::at(connection, room, beside.room, beside.offset)? else {
        return damaged("a message without its entry was found");
    };
    let moment = |time: Option<i64>| time.map(values::time).transpose();
    Ok(Message {
        entry: entry.into(),
        number: values::count(beside.number)?,
        reply_to: beside.reply_to,
        thread: beside.thread,
        replies: values::count(beside.replies)?,
        edited_at: moment(beside.edited_at)?,
        deleted_at: moment(beside.deleted_at)?,
        pin: beside.pin()?,
        reactions: reactions::of_message(connection, (beside.room, beside.offset), viewer)?,
    })
}
