//! Acts: each is looked at first, and then done whole.

use rusqlite::{Connection, params};
use tidings_core::{
    Entry,
    store::{
        Erased,
        chat::{Act, By, Refusal, UpTo, Versions},
    },
};
use tidings_protocol::{EntryId, Json, Offset, UserId};

use super::{
    Acted, Asked, marks,
    messages::{self, Beside},
    reactions,
    sending::{self, mention},
};
use crate::{entries, error::Work, ledger::Ledger, search, values};

pub(super) fn act(ledger: &mut Ledger, asked: &Asked) -> Work<Acted> {
    let Asked { act, entry, keep } = asked;
    if let Act::Send(sending) = act {
        return sending::send(ledger, sending, entry, *keep);
    }
    let room = ledger.standing(&entry.room)?.map(|standing| standing.id);
    if let Act::Read { user, up_to, private } = act {
        return read(ledger, asked, room, user, *up_to, *private);
    }
    let Some(room) = room else { return Ok(Acted::Refused(Refusal::NoSuchMessage)) };
    let (message, by) = match act {
        Act::Edit { message, by, .. } | Act::Delete { message, by, .. } => (message, Some(*by)),
        Act::React { message, .. } | Act::Pin { message, .. } => (message, None),
        Act::Send(_) | Act::Read { .. } => return Ok(Acted::Refused(Refusal::NoSuchMessage)),
    };
    match whole(ledger.connection(), room, entry, *message, by)? {
        Ok((message, old)) => change(ledger, asked, message, &old),
        Err(refusal) => Ok(Acted::Refused(refusal)),
    }
}

/// A message that something can be done to.
fn whole(
    connection: &Connection,
    room: i64,
    acting: &Entry,
    id: EntryId,
    by: Option<By>,
) -> Work<Result<(Beside, Entry), Refusal>> {
    let Some(message) = messages::find(connection, room, id)? else { return Ok(Err(Refusal::NoSuchMessage)) };
    let Some(entry) = entries::at(connection, &acting.room, room, message.offset)? else {
        return Ok(Err(Refusal::NoSuchMessage));
    };
    if message.deleted_at.is_some() || entry.r#type.as_str() == Erased::ENTRY_TYPE {
        return Ok(Err(Refusal::Deleted));
    }
    if by == Some(By::Sender) && entry.from != acting.from {
        return Ok(Err(Refusal::NotYours));
    }
    Ok(Ok((message, entry)))
}

fn change(ledger: &mut Ledger, asked: &Asked, mut message: Beside, old: &Entry) -> Work<Acted> {
    let (entry, now, place) = (&asked.entry, values::millis(asked.entry.time), message.place()?);
    let connection = ledger.connection();
    match &asked.act {
        Act::Edit { data, versions, mentions, words, .. } => {
            if *versions == Versions::Keep {
                messages::keep_version(connection, &message, old.from.as_ref(), &old.data, now)?;
            }
            message.edited_at = Some(now);
            message.update(connection)?;
            rewrite(connection, &message, old, data)?;
            search::change(connection, (message.room, message.offset), old, words.as_deref())?;
            let others = mentions.iter().filter(|user| Some(*user) != old.from.as_ref()).collect();
            let (mentioned, unmentioned) = mention_others(connection, &message, others)?;
            let at = append(ledger, asked)?;
            Ok(Acted::Edited { at, message: place, mentioned, unmentioned })
        }
        Act::Delete { tombstone, versions, .. } => {
            match versions {
                Versions::Keep => {
                    messages::keep_version(connection, &message, old.from.as_ref(), &old.data, now)?
                }
                Versions::Drop => {
                    let drop = "DELETE FROM chat_versions WHERE room = ?1 AND offset = ?2";
                    connection.prepare_cached(drop)?.execute([message.room, message.offset])?;
                }
            }
            (message.deleted_at, message.pinned_at, message.pinned_by) = (Some(now), None, None);
            message.update(connection)?;
            rewrite(connection, &message, old, tombstone)?;
            search::change(connection, (message.room, message.offset), old, None)?;
            reactions::clear(connection, message.room, message.offset)?;
            let (_, unmentioned) = mention_others(connection, &message, Vec::new())?;
            Ok(Acted::Deleted { at: append(ledger, asked)?, message: place, unmentioned })
        }
        Act::React { user, emoji, on, .. } => {
            let of = (message.room, message.offset);
            let (changed, count) = reactions::react(connection, of, user, emoji, *on, now)?;
            let at = changed.then(|| append(ledger, asked)).transpose()?;
            Ok(Acted::Reacted { at, message: place, count: values::count(count)? })
        }
        Act::Pin { on, .. } => {
            let changed = message.pinned_at.is_some() != *on;
            if changed {
                message.pinned_at = on.then_some(now);
                let by = entry.from.as_ref().filter(|_| *on);
                message.pinned_by = by.map(|user| user.as_str().to_owned());
                message.update(connection)?;
            }
            let at = changed.then(|| append(ledger, asked)).transpose()?;
            Ok(Acted::Pinned { at, message: place })
        }
        Act::Send(_) | Act::Read { .. } => Ok(Acted::Refused(Refusal::NoSuchMessage)),
    }
}

fn read(
    ledger: &mut Ledger,
    asked: &Asked,
    room: Option<i64>,
    user: &UserId,
    up_to: UpTo,
    private: bool,
) -> Work<Acted> {
    let offset = match (up_to, room) {
        (UpTo::Offset(offset), Some(_)) => values::place(offset),
        (UpTo::Offset(_), None) => return Ok(Acted::Read { at: None, mark: Offset(0), cleared: Vec::new() }),
        (UpTo::Message(_), None) => return Ok(Acted::Refused(Refusal::NoSuchMessage)),
        (UpTo::Message(id), Some(room)) => match messages::find(ledger.connection(), room, id)? {
            Some(message) => message.offset,
            None => return Ok(Acted::Refused(Refusal::NoSuchMessage)),
        },
    };
    let room = room.unwrap_or_default();
    let connection = ledger.connection();
    let (mark, moved) = match messages::last_up_to(connection, room, offset)? {
        Some(last) => {
            let now = values::millis(asked.entry.time);
            marks::read_up_to(connection, room, user, last, now, private)?
        }
        None => (marks::of(connection, room, user)?, false),
    };
    let cleared = marks::take_mentions(connection, room, user, mark.offset)?;
    let at = (moved && !private).then(|| append(ledger, asked)).transpose()?;
    Ok(Acted::Read { at, mark: values::offset(mark.offset)?, cleared })
}

fn append(ledger: &mut Ledger, asked: &Asked) -> Work<Offset> {
    entries::append(ledger, &asked.entry, asked.keep)
}

/// Gives a message's entry other data.
fn rewrite(connection: &Connection, message: &Beside, old: &Entry, data: &Json) -> Work<()> {
    let id = old.id.bytes();
    let content = entries::Content {
        room: message.room,
        offset: message.offset,
        id: &id,
        time: values::millis(old.time),
        r#type: old.r#type.as_str(),
        sender: old.from.as_ref().map(UserId::as_str),
        data: data.as_str(),
    };
    let change = "UPDATE entries SET data = ?3, sum = ?4 WHERE room = ?1 AND offset = ?2";
    let mut change = connection.prepare_cached(change)?;
    change.execute(params![content.room, content.offset, content.data, content.sum()])?;
    Ok(())
}

/// Makes these the ones whom a message mentions: who is new, and who of those that are it no more had not read it.
fn mention_others(
    connection: &Connection,
    message: &Beside,
    others: Vec<&UserId>,
) -> Work<(Vec<UserId>, Vec<UserId>)> {
    let before = mentioned(connection, message)?;
    let mut unmentioned = Vec::new();
    let take = "DELETE FROM chat_mentions WHERE room = ?1 AND offset = ?2 AND user = ?3";
    for (user, is_open) in before.iter().filter(|(user, _)| !others.contains(&user)) {
        connection.prepare_cached(take)?.execute(params![message.room, message.offset, user.as_str()])?;
        unmentioned.extend(is_open.then(|| user.clone()));
    }
    let is_new = |user: &&UserId| before.iter().all(|(known, _)| known != *user);
    let new: Vec<UserId> = others.into_iter().filter(is_new).cloned().collect();
    for user in &new {
        mention(connection, message, user)?;
    }
    Ok((new, unmentioned))
}

/// Whom a message mentions, and whether they have not read it yet.
fn mentioned(connection: &Connection, message: &Beside) -> Work<Vec<(UserId, bool)>> {
    let sql = "SELECT user, open FROM chat_mentions WHERE room = ?1 AND offset = ?2 ORDER BY user";
    let mut all = connection.prepare_cached(sql)?;
    let mut rows = all.query([message.room, message.offset])?;
    let mut users = Vec::new();
    while let Some(row) = rows.next()? {
        users.push((values::user(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?, row.get(1)?));
    }
    Ok(users)
}
