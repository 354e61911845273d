//! All that is kept of a user, as JSON lines, piece by piece as it is read.

use serde_json::json;
use tidings_core::{
    RoomKey, StoreError, Tidings,
    store::{
        chat::{Mute, Trace, TraceOf},
        receipts::{Delivered, EntryReceipt},
    },
};
use tidings_protocol::{EntryId, Offset, RoomName, Timestamp, UserId};

use crate::archive::Line;

/// What is read at once.
const PAGE: usize = 500;

/// An export under way: who it is and when they were last seen, how they want to be told, then memberships, notifications, what waits to be sent,
/// receipts, entries, then what there is of them in chats beside their messages. The last line says how many there were: without it, the export is not whole.
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
    /// Notifications of the user's own, and broadcasts with which they did something.
    pub notifications: u64,
    /// Notifications that wait to be sent to the user alone.
    pub scheduled: u64,
    /// Entries of which it was asked whether the user got them.
    pub receipts: u64,
    /// Whether the user has said how they want to be told.
    pub preferences: bool,
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
    Preferences,
    Memberships(Option<RoomName>),
    Notifications(Option<EntryId>),
    Receipts(Option<EntryId>),
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
                self.next = Next::Preferences;
                self.so_far.last_seen = self.tidings.last_seen(&self.user).await?;
                Ok(Some(format!("{}\n", self.head())))
            }
            Next::Preferences => self.preferences().await.map(Some),
            Next::Memberships(after) => self.memberships(after).await.map(Some),
            Next::Notifications(after) => self.notifications(after).await.map(Some),
            Next::Receipts(after) => self.receipts(after).await.map(Some),
            Next::Entries(after) => self.entries(after).await.map(Some),
            Next::Chats(after) => self.chats(after).await.map(Some),
            Next::Nothing => Ok(None),
        }
    }

    fn head(&self) -> serde_json::Value {
        let (user, now) = (&self.user, self.tidings.clock().now());
        json!({ "kind": "user", "user": user, "last_seen": self.so_far.last_seen, "exported_at": now })
    }

    async fn preferences(&mut self) -> Result<String, StoreError> {
        let Some(kept) = self.tidings.store().preferences(self.user.clone()).await? else {
            return self.memberships(None).await;
        };
        self.next = Next::Memberships(None);
        self.so_far.preferences = true;
        // As it was put, whatever version understands it.
        line("preferences", &json!({ "data": kept.data }))
    }

    async fn memberships(&mut self, after: Option<RoomName>) -> Result<String, StoreError> {
        let rooms = self.tidings.store().rooms_of(self.user.clone(), after, PAGE).await?;
        let Some((last, _)) = rooms.last() else { return self.notifications(None).await };
        self.next = Next::Memberships(Some(last.clone()));
        self.so_far.memberships += rooms.len() as u64;
        let line = |room: &RoomName, role: &str| json!({ "kind": "membership", "room": room, "role": role });
        Ok(rooms.iter().map(|(room, role)| format!("{}\n", line(room, role.as_str()))).collect())
    }

    async fn notifications(&mut self, after: Option<EntryId>) -> Result<String, StoreError> {
        let page = self.tidings.all_notifications_of(&self.user, after, PAGE).await?;
        let Some(last) = page.last() else { return self.scheduled().await };
        self.next = Next::Notifications(Some(last.id));
        self.so_far.notifications += page.len() as u64;
        page.iter().map(|it| line("notification", it)).collect()
    }

    async fn scheduled(&mut self) -> Result<String, StoreError> {
        let all = self.tidings.store().scheduled_of(self.user.clone()).await?;
        if all.is_empty() {
            return self.receipts(None).await;
        }
        self.next = Next::Receipts(None);
        self.so_far.scheduled += all.len() as u64;
        let shown = all.iter().map(|it| json!({ "id": it.id, "send_at": it.due_at, "data": it.data }));
        shown.map(|it| line("scheduled", &it)).collect()
    }

    async fn receipts(&mut self, after: Option<EntryId>) -> Result<String, StoreError> {
        let page = self.tidings.store().receipts_of(self.user.clone(), after, PAGE).await?;
        let Some((last, _)) = page.last() else { return self.entries(None).await };
        self.next = Next::Receipts(Some(*last));
        self.so_far.receipts += page.len() as u64;
        let device = |Delivered { device, client_type, at }: &Delivered| json!({ "device": device, "client_type": client_type, "at": at });
        let shown = page.iter().map(|(id, EntryReceipt { delivered, seen_at, read_at, .. })| {
            let delivered: Vec<_> = delivered.iter().map(device).collect();
            json!({ "entry": id, "delivered": delivered, "seen_at": seen_at, "read_at": read_at })
        });
        shown.map(|it| line("receipt", &it)).collect()
    }

    async fn entries(&mut self, after: Option<(RoomKey, Offset)>) -> Result<String, StoreError> {
        let page = self.tidings.store().entries_of(self.user.clone(), after, PAGE).await?;
        let Some(last) = page.last() else { return self.chats(None).await };
        self.next = Next::Entries(Some((last.room.clone(), last.offset.unwrap_or_default())));
        self.so_far.entries += page.len() as u64;
        let mut text = String::new();
        for entry in &page {
            // The same fields as in an archive.
            text.push_str(&line("entry", &Line::of(entry))?);
        }
        Ok(text)
    }

    async fn chats(&mut self, after: Option<Trace>) -> Result<String, StoreError> {
        let page = self.tidings.store().chat_traces(self.user.clone(), after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(self.end()) };
        self.next = Next::Chats(Some(last.clone()));
        self.so_far.chat_traces += page.len() as u64;
        Ok(page.iter().map(|trace| format!("{}\n", trace_line(trace))).collect())
    }

    fn end(&self) -> String {
        let Exported { memberships, notifications, scheduled, receipts, entries, chat_traces, .. } =
            self.so_far;
        let end = json!({ "kind": "end", "memberships": memberships, "notifications": notifications,
            "scheduled": scheduled, "receipts": receipts, "entries": entries, "chat_traces": chat_traces });
        format!("{end}\n")
    }
}

/// Something of a user in a chat, as a line.
fn trace_line(trace: &Trace) -> serde_json::Value {
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

/// An object as a line, behind what kind of line it is.
fn line(kind: &str, object: &impl serde::Serialize) -> Result<String, StoreError> {
    let text =
        serde_json::to_string(object).map_err(|_| StoreError::Corrupt(format!("a {kind} has no JSON")))?;
    let fields = text.strip_prefix('{').unwrap_or_default();
    Ok(format!("{{\"kind\":\"{kind}\",{fields}\n"))
}
