//! Finding messages: by looking at all there are.

use hashbrown::HashSet;

use super::rooms::{Chat, Chats, entry_at};
use crate::{
    RoomKey,
    store::search::{CANDIDATES_MAX, Candidate, Found, Search},
    store_memory::logs::Logs,
};

pub(super) fn search(chats: &mut Chats, logs: &Logs, search: &Search) -> Found {
    chats.follow_all(logs);
    let rooms: Option<HashSet<&RoomKey>> = search.rooms.as_ref().map(|rooms| rooms.iter().collect());
    let terms = search.terms();
    let mut places: Vec<(u64, &RoomKey, u64)> = Vec::new();
    for (room, chat) in
        chats.all().filter(|(room, _)| rooms.as_ref().is_none_or(|rooms| rooms.contains(room)))
    {
        for (offset, kept) in &chat.messages {
            let is_before = search.before.is_none_or(|before| kept.arrival < before);
            if is_before && terms.iter().all(|term| kept.tokens.binary_search(term).is_ok()) {
                places.push((kept.arrival, room, *offset));
            }
        }
    }
    places.sort_unstable_by_key(|(arrival, ..)| std::cmp::Reverse(*arrival));
    let limit = search.limit.clamp(1, CANDIDATES_MAX);
    let mut candidates = Vec::new();
    for (number, room, offset) in places {
        if candidates.len() == limit {
            let next = candidates.last().map(|last: &Candidate| last.number);
            return Found { candidates, next };
        }
        if let Some(entry) = entry_at(logs, room, offset).filter(|entry| search.allows(entry)) {
            candidates.push(Candidate { number, entry });
        }
    }
    Found { candidates, next: None }
}

/// Rooms in which there are messages; those first whose first message came last.
pub(super) fn rooms(chats: &mut Chats, logs: &Logs, limit: usize) -> Vec<RoomKey> {
    chats.follow_all(logs);
    let first = |chat: &Chat| chat.messages.values().next().map(|kept| kept.arrival);
    let mut rooms: Vec<(u64, &RoomKey)> =
        chats.all().filter_map(|(room, chat)| Some((first(chat)?, room))).collect();
    rooms.sort_unstable_by_key(|(arrival, _)| std::cmp::Reverse(*arrival));
    rooms.into_iter().take(limit).map(|(_, room)| room.clone()).collect()
}
