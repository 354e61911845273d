//! Acts, one at a time.

use std::{collections::BTreeMap, sync::Arc};

use tidings_protocol::{EntryId, Offset, UserId};
use tidings_settings::Keep;

use super::rooms::{Chat, Chats, Kept, entry_at};
use crate::{
    Entry,
    store::{
        Erased,
        chat::{Act, By, Done, Pin, Refusal, Sending, UpTo, Version, Versions},
    },
    store_memory::logs::Logs,
};

pub(super) fn act(
    chats: &mut Chats,
    logs: &mut Logs,
    act: Act,
    entry: Entry,
    keep: Keep,
) -> Result<Done, Refusal> {
    match act {
        Act::Send(sending) => send(chats, logs, &sending, entry, keep),
        act => {
            let room = entry.room.clone();
            match chats.follow(&room, logs) {
                Some(chat) => change(chat, logs, act, entry, keep),
                None => match act {
                    Act::Read { up_to: UpTo::Offset(_), .. } => {
                        Ok(Done::Read { entry: None, mark: Offset(0), cleared: Vec::new() })
                    }
                    _ => Err(Refusal::NoSuchMessage),
                },
            }
        }
    }
}

fn send(
    chats: &mut Chats,
    logs: &mut Logs,
    sending: &Sending,
    entry: Entry,
    keep: Keep,
) -> Result<Done, Refusal> {
    let once = sending.once(&entry.room, entry.from.as_ref(), entry.time);
    if let Some((id, offset)) = once.as_ref().and_then(|once| chats.known(once)) {
        return Ok(Done::Known { id, offset });
    }
    let (room, from, time, id) = (entry.room.clone(), entry.from.clone(), entry.time, entry.id);
    let chat = chats.follow(&room, logs);
    let find = |id: EntryId| chat.as_ref().and_then(|chat| chat.messages.get(&chat.offset_of(id)?));
    if sending.reply_to.is_some_and(|id| find(id).is_none()) {
        return Err(Refusal::NoSuchReplyTarget);
    }
    let thread = match sending.thread {
        Some(id) => Some(find(id).map(|kept| kept.thread.unwrap_or(id)).ok_or(Refusal::NoSuchThread)?),
        None => None,
    };
    let entry = logs.append(entry, keep);
    let offset = entry.offset.unwrap_or_default();
    let epoch = logs.standing(&room).map_or_else(crate::store::fresh_epoch, |(head, ..)| head.epoch);
    let chat = chats.chat(&room, epoch);
    if let Some(root) = thread.and_then(|id| chat.offset_of(id)).and_then(|root| chat.messages.get_mut(&root))
    {
        root.replies += 1;
    }
    chat.add(
        offset.0,
        Kept {
            id,
            number: 0,
            reply_to: sending.reply_to,
            thread,
            replies: 0,
            edited_at: None,
            deleted_at: None,
            pin: None,
            versions: Vec::new(),
            reactions: BTreeMap::new(),
        },
    );
    let others = sending.mentions.iter().filter(|user| Some(*user) != from.as_ref());
    chat.mentions.extend(others.map(|user| ((user.clone(), offset.0), true)));
    let mut cleared = Vec::new();
    if let Some(user) = &from {
        chat.read(user, (offset.0, chat.last), time, false);
        cleared = chat.take_mentions(user);
    }
    if let Some(once) = once {
        chats.know(once, id, offset);
    }
    Ok(Done::Sent { entry, thread, cleared })
}

fn change(chat: &mut Chat, logs: &mut Logs, act: Act, entry: Entry, keep: Keep) -> Result<Done, Refusal> {
    let now = entry.time;
    match act {
        Act::Send(_) => Err(Refusal::NoSuchMessage),
        Act::Edit { message, data, by, versions, mentions, words: _ } => {
            let (offset, old) = whole(chat, logs, &entry, message, Some(by))?;
            let Some(kept) = chat.messages.get_mut(&offset) else { return Err(Refusal::NoSuchMessage) };
            if versions == Versions::Keep {
                let number = kept.versions.len() as u64 + 1;
                kept.versions.push(Version { number, data: old.data.clone(), until: now });
            }
            kept.edited_at = Some(now);
            logs.rewrite(&entry.room, offset, data);
            let before = mentioned(chat, offset);
            let others: Vec<UserId> =
                mentions.into_iter().filter(|user| Some(user) != old.from.as_ref()).collect();
            let mut unmentioned = Vec::new();
            for (user, is_open) in before.iter().filter(|(user, _)| !others.contains(user)) {
                chat.mentions.remove(&(user.clone(), offset));
                unmentioned.extend(is_open.then(|| user.clone()));
            }
            let new: Vec<UserId> =
                others.into_iter().filter(|user| before.iter().all(|(known, _)| known != user)).collect();
            chat.mentions.extend(new.iter().map(|user| ((user.clone(), offset), true)));
            let entry = logs.append(entry, keep);
            Ok(Done::Edited { entry, message: Offset(offset), mentioned: new, unmentioned })
        }
        Act::Delete { message, tombstone, by, versions } => {
            let (offset, old) = whole(chat, logs, &entry, message, Some(by))?;
            let Some(kept) = chat.messages.get_mut(&offset) else { return Err(Refusal::NoSuchMessage) };
            match versions {
                Versions::Keep => {
                    let number = kept.versions.len() as u64 + 1;
                    kept.versions.push(Version { number, data: old.data.clone(), until: now });
                }
                Versions::Drop => kept.versions.clear(),
            }
            kept.deleted_at = Some(now);
            kept.pin = None;
            kept.reactions.clear();
            logs.rewrite(&entry.room, offset, tombstone);
            let unmentioned = mentioned(chat, offset)
                .into_iter()
                .filter(|(_, is_open)| *is_open)
                .map(|(user, _)| user)
                .collect();
            chat.mentions.retain(|(_, at), _| *at != offset);
            Ok(Done::Deleted { entry: logs.append(entry, keep), message: Offset(offset), unmentioned })
        }
        Act::React { message, user, emoji, on } => {
            let (offset, _) = whole(chat, logs, &entry, message, None)?;
            let Some(kept) = chat.messages.get_mut(&offset) else { return Err(Refusal::NoSuchMessage) };
            let users = kept.reactions.entry(emoji.clone()).or_default();
            let at = users.iter().position(|(of, _)| *of == user);
            match (at, on) {
                (None, true) => {
                    users.push((user, now));
                    users.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
                }
                (Some(at), false) => drop(users.remove(at)),
                _ => {}
            }
            let count = users.len() as u64;
            if count == 0 {
                kept.reactions.remove(&emoji);
            }
            let entry = (at.is_some() != on).then(|| logs.append(entry, keep));
            Ok(Done::Reacted { entry, message: Offset(offset), count })
        }
        Act::Pin { message, on } => {
            let (offset, _) = whole(chat, logs, &entry, message, None)?;
            let Some(kept) = chat.messages.get_mut(&offset) else { return Err(Refusal::NoSuchMessage) };
            let changes = kept.pin.is_some() != on;
            if changes {
                kept.pin = on.then(|| Pin { at: now, by: entry.from.clone() });
            }
            let entry = changes.then(|| logs.append(entry, keep));
            Ok(Done::Pinned { entry, message: Offset(offset) })
        }
        Act::Read { user, up_to, private } => {
            let up_to = match up_to {
                UpTo::Offset(offset) => offset.0,
                UpTo::Message(id) => chat.offset_of(id).ok_or(Refusal::NoSuchMessage)?,
            };
            let last = chat.last_up_to(up_to);
            let moved = last.is_some_and(|last| chat.read(&user, last, now, private));
            let cleared = chat.take_mentions(&user);
            let mark = Offset(chat.mark(&user));
            let entry = (moved && !private).then(|| logs.append(entry, keep));
            Ok(Done::Read { entry, mark, cleared })
        }
    }
}

/// A message that something can be done to: its place and its entry.
fn whole(
    chat: &Chat,
    logs: &Logs,
    acting: &Entry,
    id: EntryId,
    by: Option<By>,
) -> Result<(u64, Arc<Entry>), Refusal> {
    let offset = chat.offset_of(id).ok_or(Refusal::NoSuchMessage)?;
    let entry = entry_at(logs, &acting.room, offset).ok_or(Refusal::NoSuchMessage)?;
    let is_deleted = chat.messages.get(&offset).is_some_and(|kept| kept.deleted_at.is_some());
    if is_deleted || entry.r#type.as_str() == Erased::ENTRY_TYPE {
        return Err(Refusal::Deleted);
    }
    if by == Some(By::Sender) && entry.from != acting.from {
        return Err(Refusal::NotYours);
    }
    Ok((offset, entry))
}

/// Whom a message mentions, and whether they have not read it yet.
fn mentioned(chat: &Chat, offset: u64) -> Vec<(UserId, bool)> {
    let of_message = chat.mentions.iter().filter(|((_, at), _)| *at == offset);
    of_message.map(|((user, _), is_open)| (user.clone(), *is_open)).collect()
}
