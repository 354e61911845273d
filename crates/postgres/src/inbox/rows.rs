//! Items and broadcasts, as rows and as what they stand for.

use sha2::{Digest, Sha256};
use tidings_core::{
    RoomKey,
    store::inbox::{Category, Content, Filter, Item, Notification, Severity, State},
};
use tidings_protocol::{EntryId, Json, Timestamp, UserId};
use tokio_postgres::Row;

use crate::{
    failure::Failure,
    rows::{self, get},
    work::int,
};

/// What [`Stated::of`] reads of an item `i`.
pub(super) const STATED: &str =
    "i.id, i.number, i.bucket, i.expires_at, i.seen_at, i.read_at, i.archived_at, i.snoozed_until";

/// What state and counters need of an item: all but the content.
pub(super) struct Stated {
    pub(super) id: EntryId,
    /// Of the broadcast; none for the user's own.
    pub(super) number: Option<i64>,
    pub(super) bucket: i64,
    pub(super) expires_at: Option<Timestamp>,
    /// As it is written down: a snooze that is over may stand there.
    pub(super) state: State,
}

impl Stated {
    pub(super) fn of(row: &Row) -> Result<Self, Failure> {
        Ok(Self {
            id: id(row, "id")?,
            number: get(row, "number")?,
            bucket: get(row, "bucket")?,
            expires_at: time(row, "expires_at")?,
            state: state(row)?,
        })
    }

    pub(super) fn severity(&self) -> Severity {
        severity(self.bucket)
    }

    /// Whether the inbox's counter has it.
    pub(super) fn is_counted(&self) -> bool {
        self.number.is_none() && (0..4).contains(&self.bucket)
    }

    /// Whether it is the user's own and gone by itself.
    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|moment| moment <= now)
    }
}

/// New states of items, as the columns that statements take.
#[derive(Default)]
pub(super) struct States {
    pub(super) ids: Vec<Vec<u8>>,
    pub(super) buckets: Vec<i64>,
    pub(super) seen: Vec<Option<i64>>,
    pub(super) read: Vec<Option<i64>>,
    pub(super) archived: Vec<Option<i64>>,
    pub(super) snoozed: Vec<Option<i64>>,
    pub(super) due: Vec<Option<i64>>,
}

impl States {
    pub(super) fn push(
        &mut self,
        id: EntryId,
        severity: Option<Severity>,
        state: &State,
        expires_at: Option<Timestamp>,
    ) {
        let State { seen_at, read_at, archived_at, snoozed_until } = *state;
        self.ids.push(id.bytes().to_vec());
        self.buckets
            .push(severity.map_or(i64::from(Filter::DELETED), |severity| state.bucket(severity).into()));
        self.seen.push(moment(seen_at));
        self.read.push(moment(read_at));
        self.archived.push(moment(archived_at));
        self.snoozed.push(moment(snoozed_until));
        // A deleted broadcast does not change any more.
        let due = snoozed_until.into_iter().chain(expires_at).min().filter(|_| severity.is_some());
        self.due.push(moment(due));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// What [`item`] reads of an item `i` that may be none, and of a broadcast `b` that may be none.
pub(super) const ITEM: &str =
    "coalesce(i.id, b.id) AS id, b.audience, coalesce(b.severity, i.bucket & 3) AS severity,
    coalesce(i.category, b.category) AS category, coalesce(i.created_at, b.created_at) AS created_at,
    coalesce(i.expires_at, b.expires_at) AS expires_at, coalesce(i.content, b.content) AS content,
    i.seen_at, i.read_at, i.archived_at, i.snoozed_until";

pub(super) fn item(row: &Row, user: &UserId, state: State) -> Result<Item, Failure> {
    let audience = match get::<Option<String>>(row, "audience")? {
        Some(audience) => RoomKey::parse(&audience).ok_or_else(|| Failure::corrupt("an audience"))?,
        None => RoomKey::Personal(user.clone()),
    };
    let category = match get::<Option<String>>(row, "category")? {
        Some(text) => Some(Category::parse(&text).map_err(|_| Failure::corrupt("a category"))?),
        None => None,
    };
    let content: Content = serde_json::from_str(&get::<String>(row, "content")?)
        .map_err(|_| Failure::corrupt("a notification"))?;
    let notification = Notification {
        id: id(row, "id")?,
        severity: severity(get(row, "severity")?),
        category,
        created_at: rows::time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
        content,
    };
    Ok(Item { notification, audience, state })
}

pub(super) fn state(row: &Row) -> Result<State, Failure> {
    Ok(State {
        seen_at: time(row, "seen_at")?,
        read_at: time(row, "read_at")?,
        archived_at: time(row, "archived_at")?,
        snoozed_until: time(row, "snoozed_until")?,
    })
}

/// Of a bucket, or of a broadcast's column.
pub(super) fn severity(code: i64) -> Severity {
    Severity::ALL[usize::from((code & 3) as u8)]
}

pub(super) fn id(row: &Row, column: &str) -> Result<EntryId, Failure> {
    let bytes: [u8; 16] =
        get::<Vec<u8>>(row, column)?.try_into().map_err(|_| Failure::corrupt("a notification's id"))?;
    Ok(EntryId::from_bytes(bytes))
}

/// Milliseconds, or NULL.
pub(super) fn moment(time: Option<Timestamp>) -> Option<i64> {
    time.map(|time| int(time.millis()))
}

pub(super) fn time(row: &Row, column: &str) -> Result<Option<Timestamp>, Failure> {
    let millis: Option<i64> = get(row, column)?;
    let time = |millis| u64::try_from(millis).map(Timestamp::from_millis);
    millis.map(time).transpose().map_err(|_| Failure::corrupt("a time"))
}

pub(super) fn content(content: &Content) -> Result<Json, Failure> {
    Json::of(content).map_err(|_| Failure::corrupt("a notification"))
}

/// Callers put users' names into keys.
pub(super) fn dedupe(content: &Content) -> Option<Vec<u8>> {
    content.dedupe_key.as_ref().map(|key| Sha256::digest(key.as_bytes()).to_vec())
}
