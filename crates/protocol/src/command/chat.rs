//! Reading commands about messages.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::Command;
use crate::{
    EntryId, Fault, RoomName,
    chat::{HITS_MAX, MessageDraft, PAGE_MAX, SearchRequest, UNREAD_ROOMS_MAX},
    envelope::{Envelope, optional, required},
};

impl Command {
    /// A command about messages; none for another type.
    pub(super) fn read_chat(kind: &str, fields: &Envelope<'_>) -> Result<Option<Self>, Fault> {
        let room = || required::<RoomName>("room", fields.room);
        let message_id = || required::<EntryId>("message_id", fields.message_id);
        Ok(Some(match kind {
            "chat_message" => Self::ChatMessage { room: room()?, message: draft(fields)? },
            "edit_message" => Self::EditMessage {
                room: room()?,
                message_id: message_id()?,
                content: required("content", fields.content)?,
                mentions: optional("mentions", fields.mentions)?,
            },
            "delete_message" => Self::DeleteMessage { room: room()?, message_id: message_id()? },
            "react" => Self::React {
                room: room()?,
                message_id: message_id()?,
                emoji: required("emoji", fields.emoji)?,
            },
            "unreact" => Self::Unreact {
                room: room()?,
                message_id: message_id()?,
                emoji: required("emoji", fields.emoji)?,
            },
            "mark_room_read" => Self::MarkRoomRead {
                room: room()?,
                up_to: required("up_to", fields.up_to)?,
                private: or_default("private", fields.private)?,
            },
            "pin_message" => Self::PinMessage { room: room()?, message_id: message_id()? },
            "unpin_message" => Self::UnpinMessage { room: room()?, message_id: message_id()? },
            "mute_room" => Self::MuteRoom { room: room()?, until: optional("until", fields.until)? },
            "unmute_room" => Self::UnmuteRoom { room: room()? },
            "get_messages" => Self::get_messages(room()?, fields)?,
            "get_unread_rooms" => Self::get_unread_rooms(fields)?,
            "search" => Self::search(fields)?,
            _ => return Ok(None),
        }))
    }

    fn search(fields: &Envelope<'_>) -> Result<Self, Fault> {
        let limit: Option<u16> = optional("limit", fields.limit)?;
        if limit.is_some_and(|limit| !(1..=HITS_MAX).contains(&limit)) {
            return Err(Fault::invalid("limit", "expected a number from 1 to 100"));
        }
        Ok(Self::Search(SearchRequest {
            query: required("query", fields.query)?,
            room: optional("room", fields.room)?,
            from: optional("from", fields.from)?,
            since: optional("since", fields.since)?,
            until: optional("until", fields.until)?,
            order: optional("order", fields.order)?,
            limit,
            cursor: optional("cursor", fields.cursor)?,
        }))
    }

    fn get_messages(room: RoomName, fields: &Envelope<'_>) -> Result<Self, Fault> {
        let limit: Option<u16> = optional("limit", fields.limit)?;
        if limit.is_some_and(|limit| !(1..=PAGE_MAX).contains(&limit)) {
            return Err(Fault::invalid("limit", "expected a number from 1 to 200"));
        }
        let (before, after) = (optional("before", fields.before)?, optional("after", fields.after)?);
        let around = optional("around", fields.around)?;
        if usize::from(before.is_some()) + usize::from(after.is_some()) + usize::from(around.is_some()) > 1 {
            return Err(Fault::invalid("around", "expected at most one of before, after and around"));
        }
        let thread = optional("thread", fields.thread)?;
        let (pinned, main) = (or_default("pinned", fields.pinned)?, or_default("main", fields.main)?);
        if usize::from(thread.is_some()) + usize::from(pinned) + usize::from(main) > 1 {
            return Err(Fault::invalid("thread", "expected at most one of thread, pinned and main"));
        }
        Ok(Self::GetMessages { room, before, after, around, thread, pinned, main, limit })
    }

    fn get_unread_rooms(fields: &Envelope<'_>) -> Result<Self, Fault> {
        let rooms: Option<Vec<RoomName>> = optional("rooms", fields.rooms)?;
        match rooms.as_ref().is_some_and(|rooms| rooms.len() > UNREAD_ROOMS_MAX) {
            true => Err(Fault::invalid("rooms", format!("expected at most {UNREAD_ROOMS_MAX} rooms"))),
            false => Ok(Self::GetUnreadRooms { rooms }),
        }
    }
}

fn draft(fields: &Envelope<'_>) -> Result<MessageDraft, Fault> {
    Ok(MessageDraft {
        content: or_default("content", fields.content)?,
        message_type: or_default("message_type", fields.message_type)?,
        reply_to_message: optional("reply_to_message", fields.reply_to_message)?,
        thread: optional("thread", fields.thread)?,
        mentions: or_default("mentions", fields.mentions)?,
        attachments: or_default("attachments", fields.attachments)?,
        metadata: optional("metadata", fields.metadata)?,
        client_id: optional("client_id", fields.client_id)?,
    })
}

fn or_default<T: DeserializeOwned + Default>(path: &'static str, raw: Option<&RawValue>) -> Result<T, Fault> {
    Ok(optional(path, raw)?.unwrap_or_default())
}
