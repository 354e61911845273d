//! A message comes.

use std::time::Duration;

use rusqlite::{Connection, params};
use tidings_core::{
    Entry,
    store::chat::{Refusal, Sending},
};
use tidings_protocol::UserId;
use tidings_settings::Keep;

use super::{
    Acted, marks,
    messages::{self, Beside},
};
use crate::{entries, error::Work, keys, ledger::Ledger, search, values};

pub(super) fn send(ledger: &mut Ledger, sending: &Sending, entry: &Entry, keep: Keep) -> Work<Acted> {
    let once = sending.once(&entry.room, entry.from.as_ref(), entry.time);
    if let Some(once) = &once
        && let Some((id, offset)) = keys::used(ledger, once)?.and_then(|places| places.first().copied())
    {
        return Ok(Acted::Known { id, offset });
    }
    let room = ledger.standing(&entry.room)?.map(|standing| standing.id);
    let find = |id| match room {
        Some(room) => messages::find(ledger.connection(), room, id),
        None => Ok(None),
    };
    if let Some(target) = sending.reply_to
        && find(target)?.is_none()
    {
        return Ok(Acted::Refused(Refusal::NoSuchReplyTarget));
    }
    let thread = match sending.thread {
        None => None,
        Some(id) => match find(id)? {
            Some(message) => Some(message.thread.unwrap_or(id)),
            None => return Ok(Acted::Refused(Refusal::NoSuchThread)),
        },
    };
    // What it outdates goes last: the sender has read it by then.
    let offset = entries::append(ledger, entry, Keep::For(Duration::ZERO))?;
    let (standing, _) = ledger.standing_or_begin(&entry.room, entry.time)?;
    let (room, at) = (standing.id, values::millis(entry.time));
    let connection = ledger.connection();
    let number = messages::last(connection, room)? + 1;
    let message = Beside {
        room,
        offset: values::place(offset),
        id: entry.id,
        number,
        thread,
        reply_to: sending.reply_to,
        replies: 0,
        edited_at: None,
        deleted_at: None,
        pinned_at: None,
        pinned_by: None,
    };
    message.insert(connection)?;
    search::add(connection, (room, message.offset), entry, sending.words.as_deref())?;
    if let Some(mut root) = thread.map(|id| messages::find(connection, room, id)).transpose()?.flatten() {
        root.replies += 1;
        root.update(connection)?;
    }
    for user in sending.mentions.iter().filter(|user| Some(*user) != entry.from.as_ref()) {
        mention(connection, &message, user)?;
    }
    let mut cleared = Vec::new();
    if let Some(user) = &entry.from {
        marks::read_up_to(connection, room, user, (message.offset, number), at, false)?;
        cleared = marks::take_mentions(connection, room, user, message.offset)?;
    }
    if let Some(once) = &once {
        keys::keep(ledger, once, std::iter::once((entry.id, offset)))?;
    }
    if keep == Keep::Last {
        entries::outdate(ledger.connection(), room, message.offset)?;
    }
    Ok(Acted::Sent { at: offset, thread, cleared })
}

pub(super) fn mention(connection: &Connection, message: &Beside, user: &UserId) -> Work<()> {
    let put =
        "INSERT INTO chat_mentions (room, offset, user, open) VALUES (?1, ?2, ?3, 1) ON CONFLICT DO NOTHING";
    connection.prepare_cached(put)?.execute(params![message.room, message.offset, user.as_str()])?;
    Ok(())
}
