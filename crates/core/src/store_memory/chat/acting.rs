//! Acts, one at a time.

use std::{collections::BTreeMap, sync::Arc};

use tidings_protocol::{EntryId, Offset, Timestamp, UserId};
use tidings_settings::Keep;

use super::rooms::{Chat, Chats, Kept, entry_at};
use crate::{
    Entry, RoomKey,
    search::Token,
    store::{
        Erased,
        chat::{Act, By, Done, Emoji, Pin, Refusal, Sending, UpTo, Version, Versions},
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
            let (room, arrival) = (entry.room.clone(), chats.next_arrival());
            match chats.follow(&room, logs) {
                Some(chat) => change(chat, logs, act, entry, keep, arrival),
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
    let arrival = chats.next_arrival();
    let tokens = tokens(&room, from.as_ref(), sending.words.as_deref());
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
            arrival,
            tokens,
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

/// `arrival` is that of a message that comes into the index with it.
fn change(
    chat: &mut Chat,
    logs: &mut Logs,
    act: Act,
    entry: Entry,
    keep: Keep,
    arrival: u64,
) -> Result<Done, Refusal> {
    match act {
        Act::Send(_) => Err(Refusal::NoSuchMessage),
        Act::Edit { message, data, by, versions, mentions, words } => {
            let (offset, old) = whole(chat, logs, &entry, message, Some(by))?;
            let kept = chat.messages.get_mut(&offset).ok_or(Refusal::NoSuchMessage)?;
            if versions == Versions::Keep {
                kept.keep_version(&old, entry.time);
            }
            kept.edited_at = Some(entry.time);
            kept.index(tokens(&entry.room, old.from.as_ref(), words.as_deref()), arrival);
            logs.rewrite(&entry.room, offset, data);
            let others = mentions.into_iter().filter(|user| Some(user) != old.from.as_ref()).collect();
            let (mentioned, unmentioned) = mention_others(chat, offset, others);
            let entry = logs.append(entry, keep);
            Ok(Done::Edited { entry, message: Offset(offset), mentioned, unmentioned })
        }
        Act::Delete { message, tombstone, by, versions } => {
            let (offset, old) = whole(chat, logs, &entry, message, Some(by))?;
            let kept = chat.messages.get_mut(&offset).ok_or(Refusal::NoSuchMessage)?;
            match versions {
                Versions::Keep => kept.keep_version(&old, entry.time),
                Versions::Drop => kept.versions.clear(),
            }
            (kept.deleted_at, kept.pin) = (Some(entry.time), None);
            kept.reactions.clear();
            kept.tokens.clear();
            logs.rewrite(&entry.room, offset, tombstone);
            let (_, unmentioned) = mention_others(chat, offset, Vec::new());
            Ok(Done::Deleted { entry: logs.append(entry, keep), message: Offset(offset), unmentioned })
        }
        Act::React { message, user, emoji, on } => {
            let (offset, _) = whole(chat, logs, &entry, message, None)?;
            let kept = chat.messages.get_mut(&offset).ok_or(Refusal::NoSuchMessage)?;
            let (changed, count) = kept.react(user, emoji, on, entry.time);
            let entry = changed.then(|| logs.append(entry, keep));
            Ok(Done::Reacted { entry, message: Offset(offset), count })
        }
        Act::Pin { message, on } => {
            let (offset, _) = whole(chat, logs, &entry, message, None)?;
            let kept = chat.messages.get_mut(&offset).ok_or(Refusal::NoSuchMessage)?;
            let changes = kept.pin.is_some() != on;
            if changes {
                kept.pin = on.then(|| Pin { at: entry.time, by: entry.from.clone() });
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
            let moved = last.is_some_and(|last| chat.read(&user, last, entry.time, private));
            let cleared = chat.take_mentions(&user);
            let mark = Offset(chat.mark(&user));
            let entry = (moved && !private).then(|| logs.append(entry, keep));
            Ok(Done::Read { entry, mark, cleared })
        }
    }
}

/// By what a message is found.
fn tokens(room: &RoomKey, sender: Option<&UserId>, words: Option<&str>) -> Vec<Token> {
    words.map(|words| Token::of_message(room, sender, words)).unwrap_or_default()
}

impl Kept {
    /// It is found by these from now on. What comes into the index comes to its end.
    fn index(&mut self, tokens: Vec<Token>, arrival: u64) {
        if self.tokens.is_empty() {
            self.arrival = arrival;
        }
        self.tokens = tokens;
    }

    fn keep_version(&mut self, said: &Entry, until: Timestamp) {
        let number = self.versions.len() as u64 + 1;
        self.versions.push(Version { number, data: said.data.clone(), until });
    }

    /// Adds or takes a reaction; whether that changed anything, and how many there are of its kind now.
    fn react(&mut self, user: UserId, emoji: Emoji, on: bool, now: Timestamp) -> (bool, u64) {
        let users = self.reactions.entry(emoji.clone()).or_default();
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
            self.reactions.remove(&emoji);
        }
        (at.is_some() != on, count)
    }
}

/// Makes these the ones whom a message mentions: who is new, and who of those that are it no more had not read it.
fn mention_others(chat: &mut Chat, offset: u64, others: Vec<UserId>) -> (Vec<UserId>, Vec<UserId>) {
    let of_message = chat.mentions.iter().filter(|((_, at), _)| *at == offset);
    let before: Vec<(UserId, bool)> =
        of_message.map(|((user, _), is_open)| (user.clone(), *is_open)).collect();
    let mut unmentioned = Vec::new();
    for (user, is_open) in before.iter().filter(|(user, _)| !others.contains(user)) {
        chat.mentions.remove(&(user.clone(), offset));
        unmentioned.extend(is_open.then(|| user.clone()));
    }
    let is_new = |user: &UserId| before.iter().all(|(known, _)| known != user);
    let new: Vec<UserId> = others.into_iter().filter(is_new).collect();
    chat.mentions.extend(new.iter().map(|user| ((user.clone(), offset), true)));
    (new, unmentioned)
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
