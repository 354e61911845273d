//! All that is kept of a user, as JSON lines, piece by piece as it is read.

use serde_json::json;
use tidings_core::{
    RoomKey, StoreError, Tidings,
    store::chat::{Mute, Trace, TraceOf},
};
use tidings_protocol::{Offset, RoomName, Timestamp, UserId};

use crate::archive::Line;

/// What is read at once.
const PAGE: usize = 500;

/// An export under way: who it is and when they were last seen, then memberships, then entries, then what there is of them in chats beside their
/// messages. The last line says how many there were: without it, the export is not whole.
pub struct Export<'a> {
    tidings: &'a Tidings,
    user: UserId,
    next: Next,
    so_far: Exported,
}

/// How much an export has.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Exported {
    /// Rooms of which the user is a member.
    pub memberships: u64,
    /// Entries that the user published or has in the personal room.
    pub entries: u64,
    /// What there is of the user in chats beside messages: what they read, muted, said before and reacted to, and who mentioned them.
    pub chat_traces: u64,
    /// When the user was last seen, if that is known.
    pub last_seen: Option<Timestamp>,
}

/// What comes next, behind which place.
enum Next {
    Head,
    Memberships(Option<RoomName>),
    Entries(Option<(RoomKey, Offset)>),
    Chats(Option<Trace>),
    Nothing,
}

impl<'a> Export<'a> {
    /// Of which nothing was read yet.
    pub fn new(tidings: &'a Tidings, user: UserId) -> Self {
        Self { tidings, user, next: Next::Head, so_far: Exported::default() }
    }

    /// How much there was so far.
    pub fn so_far(&self) -> Exported {
        self.so_far
    }

    /// The next lines; none after the last.
    ///
    /// # Errors
    /// Those of the store. The export is not whole then, and goes on no more.
    pub async fn lines(&mut self) -> Result<Option<String>, StoreError> {
        match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::Head => {
                self.next = Next::Memberships(None);
                self.so_far.last_seen = self.tidings.last_seen(&self.user).await?;
                Ok(Some(format!("{}\n", self.head())))
            }
            Next::Memberships(after) => self.memberships(after).await.map(Some),
            Next::Entries(after) => self.entries(after).await.map(Some),
            Next::Chats(after) => self.chats(after).await.map(Some),
            Next::Nothing => Ok(None),
        }
    }

    fn head(&self) -> serde_json::Value {
        let (user, now) = (&self.user, self.tidings.clock().now());
        json!({ "kind": "user", "user": user, "last_seen": self.so_far.last_seen, "exported_at": now })
    }

    async fn memberships(&mut self, after: Option<RoomName>) -> Result<String, StoreError> {
        let rooms = self.tidings.store().rooms_of(self.user.clone(), after, PAGE).await?;
        let Some((last, _)) = rooms.last() else { return self.entries(None).await };
        self.next = Next::Memberships(Some(last.clone()));
        self.so_far.memberships += rooms.len() as u64;
        let line = |room: &RoomName, role: &str| json!({ "kind": "membership", "room": room, "role": role });
        Ok(rooms.iter().map(|(room, role)| format!("{}\n", line(room, role.as_str()))).collect())
    }

    async fn entries(&mut self, after: Option<(RoomKey, Offset)>) -> Result<String, StoreError> {
        let page = self.tidings.store().entries_of(self.user.clone(), after, PAGE).await?;
        let Some(last) = page.last() else { return self.chats(None).await };
        self.next = Next::Entries(Some((last.room.clone(), last.offset.unwrap_or_default())));
        self.so_far.entries += page.len() as u64;
        let mut text = String::new();
        for entry in &page {
            let entry = serde_json::to_string(&Line::of(entry))
                .map_err(|_| StoreError::Corrupt("an entry has no JSON".into()))?;
            // The same fields as in an archive, behind what kind of line it is.
            text.push_str(r#"{"kind":"entry","#);
            text.push_str(entry.trim_start_matches('{'));
            text.push('\n');
        }
        Ok(text)
    }

    async fn chats(&mut self, after: Option<Trace>) -> Result<String, StoreError> {
        let page = self.tidings.store().chat_traces(self.user.clone(), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(self.end()) };
        self.next = Next::Chats(Some(last.clone()));
        self.so_far.chat_traces += page.len() as u64;
        Ok(page.iter().map(|trace| format!("{}\n", line(trace))).collect())
    }

    fn end(&self) -> String {
        let Exported { memberships, entries, chat_traces, .. } = self.so_far;
        let end = json!({ "kind": "end", "memberships": memberships, "entries": entries, "chat_traces": chat_traces });
        format!("{end}\n")
    }
}

/// Something of a user in a chat, as a line.
fn line(trace: &Trace) -> serde_json::Value {
    let room = trace.room.name();
    match &trace.of {
        TraceOf::Mark { offset, at } => {
            json!({ "kind": "room_read", "room": room, "up_to": offset, "at": at })
        }
        TraceOf::Mute(mute) => {
            let until = if let Mute::Until(end) = mute { Some(end) } else { None };
            json!({ "kind": "room_muted", "room": room, "until": until })
        }
        TraceOf::Mention(message) => json!({ "kind": "mention", "room": room, "message_id": message }),
        TraceOf::Reaction { message, emoji, at } => {
            json!({ "kind": "reaction", "room": room, "message_id": message, "emoji": emoji.as_str(), "at": at })
        }
        TraceOf::Version { message, version } => json!({
            "kind": "message_version", "room": room, "message_id": message,
            "number": version.number, "until": version.until, "data": version.data,
        }),
    }
}
