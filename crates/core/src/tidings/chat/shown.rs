//! Messages as the wire shows them.

use tidings_protocol::{
    RoomName,
    chat::{Message as Shown, MessagePin, ReactionCount},
};

use crate::store::chat::{Message, Pin, Reaction};

/// One, as it stands.
pub(in crate::tidings) fn message(room: &RoomName, message: Message) -> Shown {
    let Message { entry, number, replies, pin, reactions, .. } = message;
    Shown {
        r#type: entry.r#type.clone(),
        room: room.clone(),
        id: entry.id,
        offset: entry.offset.unwrap_or_default(),
        from: entry.from.clone(),
        time: entry.time,
        data: entry.data.clone(),
        number,
        replies,
        pin: pin.map(|Pin { at, by }| MessagePin { at, by }),
        reactions: reactions.into_iter().map(reaction).collect(),
    }
}

fn reaction(reaction: Reaction) -> ReactionCount {
    let Reaction { emoji, count, users, mine } = reaction;
    ReactionCount { emoji: emoji.to_string(), count, users, mine }
}
