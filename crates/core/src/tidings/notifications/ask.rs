//! What a back end asks to be told, checked: from here on it is right but for what only the clock and the rules of rooms can say.

use tidings_protocol::{
    EntryId, Fault, Json, RoomName, Timestamp, UserId,
    http::{NotifyRequest, TargetFields},
    notification::NotificationAction,
};

use super::{repeat::Repeating, rules::digest_key};
use crate::{
    RoomKey,
    store::inbox::{Category, Content, Notification, Severity},
};

const TITLE_CHARS_MAX: usize = 200;
const MESSAGE_CHARS_MAX: usize = 4_000;
const DATA_BYTES_MAX: usize = 16 << 10;
const URL_BYTES_MAX: usize = 2_048;
const ACTIONS_MAX: usize = 5;
const ACTION_MAX: usize = 64;
const KEY_BYTES_MAX: usize = 128;
/// Most users that one notification may name.
pub(super) const USERS_MAX: usize = 1_000;

/// For whom a notification is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Audience {
    /// These users, 1 to 1000, each once.
    Users(Vec<UserId>),
    /// The members of a room.
    Members(RoomName),
    /// Everyone with a role, or everyone.
    All(RoomKey),
}

/// A notification as a back end asked for it.
#[derive(Clone, Debug)]
pub struct Ask {
    /// For whom.
    pub to: Audience,
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub category: Option<Category>,
    /// What it says.
    pub content: Content,
    /// When it is gone.
    pub expires_at: Option<Timestamp>,
    /// When it is sent, if not now.
    pub send_at: Option<Timestamp>,
    /// Whether it is kept on what it came.
    pub receipts: bool,
    /// How it is sent again, if it is.
    pub(super) repeat: Option<Repeating>,
    /// As it came, to be kept until it is sent.
    pub(super) request: Box<NotifyRequest>,
}

impl Ask {
    /// Checks a request.
    ///
    /// # Errors
    /// `invalid_request` with the field; what it says is not repeated.
    pub fn read(request: NotifyRequest) -> Result<Self, Fault> {
        let to = audience(request.to.clone())?;
        let repeat = request.repeat.as_ref().map(Repeating::read).transpose()?;
        if repeat.is_some() && request.expires_at.is_some() {
            return Err(Fault::invalid(
                "expires_at",
                "expected none with repeat, of which each one has an end of its own: repeat.expires_after",
            ));
        }
        let category = request.category.as_deref().map(Category::parse).transpose();
        Ok(Self {
            to,
            severity: severity(request.severity.unwrap_or_default()),
            category: category.map_err(|expected| Fault::invalid("category", expected))?,
            content: content(&request)?,
            expires_at: request.expires_at,
            send_at: request.send_at,
            receipts: request.receipts.unwrap_or_default(),
            repeat,
            request: Box::new(request),
        })
    }
}

impl Ask {
    /// The notification that is asked for, as taken at a moment.
    pub(super) fn notification(&self, id: EntryId, created_at: Timestamp) -> Notification {
        Notification {
            id,
            severity: self.severity,
            category: self.category.clone(),
            created_at,
            expires_at: self.expires_at,
            content: self.content.clone(),
        }
    }
}

fn audience(fields: TargetFields) -> Result<Audience, Fault> {
    let expected = "expected exactly one of user, users, room, role and everyone";
    let TargetFields { user, users, room, rooms, role, everyone } = fields;
    if rooms.is_some() {
        return Err(Fault::invalid("to.rooms", "a notification has one audience: send one to each room"));
    }
    match (user, users, room, role, everyone) {
        (Some(user), None, None, None, None) => Ok(Audience::Users(vec![user])),
        (None, Some(mut users), None, None, None) => {
            if !(1..=USERS_MAX).contains(&users.len()) {
                return Err(Fault::invalid("to.users", format!("expected 1 to {USERS_MAX} names")));
            }
            let mut seen = hashbrown::HashSet::with_capacity(users.len());
            users.retain(|user| seen.insert(user.clone()));
            Ok(Audience::Users(users))
        }
        (None, None, Some(room), None, None) => Ok(Audience::Members(room)),
        (None, None, None, Some(role), None) => Ok(Audience::All(RoomKey::Role(role))),
        (None, None, None, None, Some(true)) => Ok(Audience::All(RoomKey::Everyone)),
        (None, None, None, None, Some(false)) => Err(Fault::invalid("to.everyone", "expected true")),
        _ => Err(Fault::invalid("to", expected)),
    }
}

fn content(request: &NotifyRequest) -> Result<Content, Fault> {
    let title = request.title.trim();
    let one_line = "1 to 200 characters in one line, without control characters";
    if !(1..=TITLE_CHARS_MAX).contains(&title.chars().count()) || title.chars().any(char::is_control) {
        return Err(Fault::invalid("title", format!("expected {one_line}")));
    }
    let message = request.message.as_deref().map(str::trim).filter(|message| !message.is_empty());
    let is_binary = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if message.is_some_and(|text| text.chars().count() > MESSAGE_CHARS_MAX || text.chars().any(is_binary)) {
        let expected = "expected at most 4000 characters, of the control characters only tabs and line ends";
        return Err(Fault::invalid("message", expected));
    }
    let data = request.data.clone().filter(|data| data.as_str() != "null");
    if data.as_ref().is_some_and(|data| data.as_str().len() > DATA_BYTES_MAX) {
        return Err(Fault::invalid("data", "expected at most 16 KiB"));
    }
    let key = request.dedupe_key.as_deref();
    let is_key = |key: &str| (1..=KEY_BYTES_MAX).contains(&key.len()) && !key.chars().any(char::is_control);
    if key.is_some_and(|key| !is_key(key)) {
        return Err(Fault::invalid("dedupe_key", "expected 1 to 128 bytes without control characters"));
    }
    request.digest_key.as_deref().map(|key| digest_key("digest_key", key)).transpose()?;
    check_url("url", request.url.as_deref())?;
    let actions = request.actions.as_deref().unwrap_or_default();
    check_actions(actions)?;
    let actions = if actions.is_empty() { None } else { Json::of(&actions).ok() };
    Ok(Content {
        title: title.into(),
        message: message.map(Into::into),
        data,
        url: request.url.as_deref().map(Into::into),
        actions,
        dedupe_key: key.map(Into::into),
        digest: None,
    })
}

fn check_actions(actions: &[NotificationAction]) -> Result<(), Fault> {
    if actions.len() > ACTIONS_MAX {
        return Err(Fault::invalid("actions", format!("expected at most {ACTIONS_MAX}")));
    }
    for (index, NotificationAction { id, label, url }) in actions.iter().enumerate() {
        let is_word = |text: &str, length: usize| {
            (1..=ACTION_MAX).contains(&length)
                && !text.chars().any(char::is_control)
                && !text.trim().is_empty()
        };
        if !is_word(id, id.len()) || actions[..index].iter().any(|other| other.id == *id) {
            let expected = "expected 1 to 64 bytes, no two actions with the same";
            return Err(Fault::invalid(format!("actions[{index}].id"), expected));
        }
        if !is_word(label, label.chars().count()) {
            return Err(Fault::invalid(format!("actions[{index}].label"), "expected 1 to 64 characters"));
        }
        check_url(&format!("actions[{index}].url"), url.as_deref())?;
    }
    Ok(())
}

/// Whoever shows a notification makes a link of it: what a link would execute is none.
pub(in crate::tidings) fn check_url(path: &str, url: Option<&str>) -> Result<(), Fault> {
    let Some(url) = url else { return Ok(()) };
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    let executes = matches!(scheme.as_deref(), Some("javascript" | "data" | "vbscript"));
    let is_written = !url.chars().any(|c| c.is_control() || c.is_whitespace());
    match (1..=URL_BYTES_MAX).contains(&url.len()) && is_written && !executes {
        true => Ok(()),
        false => Err(Fault::invalid(
            path,
            "expected an address such as https://example.com/7, or a path such as /orders/7",
        )),
    }
}

fn severity(severity: tidings_protocol::notification::Severity) -> Severity {
    Severity::parse(severity.as_str()).unwrap_or_default()
}
