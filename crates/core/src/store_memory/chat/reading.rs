//! Messages as they are asked for: by looking at all of a room's.

use tidings_protocol::{Offset, UserId};

use super::rooms::{Chat, entry_at};
use crate::{
    RoomKey,
    store::chat::{Ask, Message, MessagePage, Of, PAGE_MAX, Place, REACTORS_MAX, Reaction},
    store_memory::logs::Logs,
};

pub(super) fn page(chat: Option<&mut Chat>, logs: &Logs, ask: &Ask, limit: usize) -> MessagePage {
    let Some(chat) = chat else { return MessagePage::default() };
    let limit = limit.min(PAGE_MAX);
    let wanted: Vec<u64> = chat
        .messages
        .iter()
        .filter(|(_, kept)| match ask.of {
            Of::All => true,
            Of::Main => kept.thread.is_none(),
            Of::Thread(id) => kept.thread == Some(id),
            Of::Pinned => kept.pin.is_some(),
        })
        .map(|(offset, _)| *offset)
        .collect();
    let before = |end: u64| wanted.partition_point(|offset| *offset < end);
    let (from, to) = match ask.at {
        Place::Before(end) => (before(end.0).saturating_sub(limit), before(end.0)),
        Place::After(Offset(last)) => {
            let from = before(last.saturating_add(1));
            (from, from.saturating_add(limit).min(wanted.len()))
        }
        Place::Around(id) => {
            let at = chat.offset_of(id).and_then(|offset| wanted.binary_search(&offset).ok());
            let Some(at) = at.filter(|_| limit > 0) else { return MessagePage::default() };
            let from = at.saturating_sub((limit - 1) / 2);
            (from, at.saturating_add(1 + limit / 2).min(wanted.len()))
        }
    };
    let viewer = ask.viewer.as_ref();
    let messages =
        wanted[from..to].iter().filter_map(|offset| message(chat, logs, &ask.room, *offset, viewer));
    MessagePage { messages: messages.collect(), has_older: from > 0, has_newer: to < wanted.len() }
}

pub(super) fn message(
    chat: &Chat,
    logs: &Logs,
    room: &RoomKey,
    offset: u64,
    viewer: Option<&UserId>,
) -> Option<Message> {
    let kept = chat.messages.get(&offset)?;
    let reaction = |(emoji, users): (&_, &Vec<(UserId, _)>)| Reaction {
        emoji: Clone::clone(emoji),
        count: users.len() as u64,
        users: users.iter().take(REACTORS_MAX).map(|(user, _)| user.clone()).collect(),
        mine: viewer.is_some_and(|viewer| users.iter().any(|(user, _)| user == viewer)),
    };
    Some(Message {
        entry: entry_at(logs, room, offset)?,
        number: kept.number,
        reply_to: kept.reply_to,
        thread: kept.thread,
        replies: kept.replies,
        edited_at: kept.edited_at,
        deleted_at: kept.deleted_at,
        pin: kept.pin.clone(),
        reactions: kept.reactions.iter().map(reaction).collect(),
    })
}
