//! Every act but that a message comes: a transaction each, which locks the room's row first, so that acts in one room follow each other.

use std::{collections::BTreeSet, sync::Arc};

use tidings_core::{
    Entry, StoreError,
    store::{
        Erased,
        chat::{Act, By, Done, Emoji, Refusal, UpTo, Versions},
    },
};
use tidings_protocol::{EntryId, Json, Offset, UserId};
use tidings_settings::Keep;
use tokio::time::Instant;

use super::{indexing, marks};
use crate::{
    append,
    failure::{Failure, Kind},
    pool::Pool,
    rows,
    work::{QUICK, Work, bytes, int, number, text, texts},
};

/// How often one act is tried again because another server was quicker.
const RACES_MAX: usize = 3;

const LOCK: &str = "SELECT id FROM tidings_rooms WHERE key = $1 FOR UPDATE";

/// Why an act is not done.
enum Stop {
    Refused(Refusal),
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A message that something is done to.
struct Whole {
    room: i64,
    offset: i64,
    is_pinned: bool,
    entry: Entry,
}

/// One act in its transaction.
struct Acting<'a> {
    work: &'a Work,
    told: &'a (Entry, Keep),
    now: i64,
}

pub(super) async fn act(
    pool: &Arc<Pool>,
    act: Act,
    entry: Entry,
    keep: Keep,
) -> Result<Result<Done, Refusal>, StoreError> {
    let (told, until, mut races) = ((entry, keep), Instant::now() + QUICK, 0);
    let key = told.0.room.to_string();
    let done = loop {
        let (work, found) = Work::begin_with(pool, until, LOCK, &[text(&key)]).await?;
        let room = found.first().map(|row| rows::get(row, "id")).transpose();
        let acting = Acting { work: &work, told: &told, now: int(told.0.time.millis()) };
        let done = match room {
            Ok(room) => acting.act(room, &act).await,
            Err(failure) => Err(failure.into()),
        };
        match done {
            Ok(done) => {
                work.commit().await?;
                break done;
            }
            Err(Stop::Refused(refusal)) => {
                work.commit().await?;
                return Ok(Err(refusal));
            }
            Err(Stop::Failed(failure)) => {
                let failure = work.give_up(failure).await;
                races += 1;
                if failure.kind != Kind::Raced || races > RACES_MAX {
                    return Err(failure.into());
                }
            }
        }
    };
    let entry = told.0;
    let placed = |offset: Offset| Arc::new(entry.at(offset));
    Ok(Ok(done.with(placed)))
}

/// What was done, with the place of the entry that tells it.
enum Acted {
    Edited { at: Offset, message: Offset, mentioned: Vec<UserId>, unmentioned: Vec<UserId> },
    Deleted { at: Offset, message: Offset, unmentioned: Vec<UserId> },
    Reacted { at: Option<Offset>, message: Offset, count: u64 },
    Pinned { at: Option<Offset>, message: Offset },
    Read { at: Option<Offset>, mark: Offset, cleared: Vec<EntryId> },
}

impl Acted {
    fn with(self, placed: impl FnOnce(Offset) -> Arc<Entry>) -> Done {
        match self {
            Self::Edited { at, message, mentioned, unmentioned } => {
                Done::Edited { entry: placed(at), message, mentioned, unmentioned }
            }
            Self::Deleted { at, message, unmentioned } => {
                Done::Deleted { entry: placed(at), message, unmentioned }
            }
            Self::Reacted { at, message, count } => Done::Reacted { entry: at.map(placed), message, count },
            Self::Pinned { at, message } => Done::Pinned { entry: at.map(placed), message },
            Self::Read { at, mark, cleared } => Done::Read { entry: at.map(placed), mark, cleared },
        }
    }
}

impl Acting<'_> {
    async fn act(&self, room: Option<i64>, act: &Act) -> Result<Acted, Stop> {
        match act {
            Act::Send(_) => Err(Refusal::NoSuchMessage.into()),
            Act::Edit { message, data, by, versions, mentions, words } => {
                let whole = self.whole(room, *message, Some(*by)).await?;
                if *versions == Versions::Keep {
                    self.keep_version(&whole).await?;
                }
                self.edit(whole, data, mentions, words.as_deref()).await
            }
            Act::Delete { message, tombstone, by, versions } => {
                let whole = self.whole(room, *message, Some(*by)).await?;
                match versions {
                    Versions::Keep => self.keep_version(&whole).await?,
                    Versions::Drop => self.take(&whole, "tidings_chat_versions").await?,
                }
                self.delete(whole, tombstone).await
            }
            Act::React { message, user, emoji, on } => {
                let whole = self.whole(room, *message, None).await?;
                self.react(whole, user, emoji, *on).await
            }
            Act::Pin { message, on } => {
                let whole = self.whole(room, *message, None).await?;
                self.pin(whole, *on).await
            }
            Act::Read { user, up_to, private } => self.read(room, user, *up_to, *private).await,
        }
    }

    /// A message that something can be done to.
    async fn whole(&self, room: Option<i64>, id: EntryId, by: Option<By>) -> Result<Whole, Stop> {
        let Some(room) = room else { return Err(Refusal::NoSuchMessage.into()) };
        let sql = r#"SELECT m.deleted_at, m.pinned_at, e."offset", e.time, e.id, e.type, e.sender, e.data
                     FROM tidings_messages m
                     JOIN tidings_entries e ON e.room = m.room AND e."offset" = m."offset" AND e.time = m.time
                     WHERE m.id = $1 AND m.room = $2"#;
        let found = self.work.query(sql, &[bytes(&&id.bytes()[..]), number(&room)]).await?;
        let row = found.first().ok_or(Refusal::NoSuchMessage)?;
        let entry = rows::entry(row, self.told.0.room.clone())?;
        let is_deleted = rows::get::<Option<i64>>(row, "deleted_at")?.is_some();
        if is_deleted || entry.r#type.as_str() == Erased::ENTRY_TYPE {
            return Err(Refusal::Deleted.into());
        }
        if by == Some(By::Sender) && entry.from != self.told.0.from {
            return Err(Refusal::NotYours.into());
        }
        let is_pinned = rows::get::<Option<i64>>(row, "pinned_at")?.is_some();
        Ok(Whole { room, offset: rows::get(row, "offset")?, is_pinned, entry })
    }

    async fn edit(
        &self,
        whole: Whole,
        data: &Json,
        mentions: &BTreeSet<UserId>,
        words: Option<&str>,
    ) -> Result<Acted, Stop> {
        self.rewrite(&whole, data).await?;
        indexing::change(self.work, (whole.room, whole.offset), &whole.entry, words).await?;
        let sql = r#"UPDATE tidings_messages SET edited_at = $3 WHERE room = $1 AND "offset" = $2"#;
        self.work.execute(sql, &[number(&whole.room), number(&whole.offset), number(&self.now)]).await?;
        let before = self.mentioned(&whole).await?;
        let others: Vec<&UserId> =
            mentions.iter().filter(|user| Some(*user) != whole.entry.from.as_ref()).collect();
        let (mut gone, mut unmentioned) = (Vec::new(), Vec::new());
        for (user, is_open) in before.iter().filter(|(user, _)| !others.contains(&user)) {
            gone.push(user.as_str());
            unmentioned.extend(is_open.then(|| user.clone()));
        }
        if !gone.is_empty() {
            let sql = r#"DELETE FROM tidings_chat_mentions WHERE room = $1 AND "offset" = $2 AND user_id = ANY($3)"#;
            self.work.execute(sql, &[number(&whole.room), number(&whole.offset), texts(&gone)]).await?;
        }
        let is_new = |user: &&UserId| before.iter().all(|(known, _)| known != *user);
        let mentioned: Vec<UserId> = others.into_iter().filter(is_new).cloned().collect();
        if !mentioned.is_empty() {
            let users: Vec<&str> = mentioned.iter().map(UserId::as_str).collect();
            let sql = r#"INSERT INTO tidings_chat_mentions (room, "offset", user_id)
                         SELECT $1, $2, new FROM unnest($3::text[]) AS new"#;
            self.work.execute(sql, &[number(&whole.room), number(&whole.offset), texts(&users)]).await?;
        }
        Ok(Acted::Edited { at: self.tell().await?, message: whole.place()?, mentioned, unmentioned })
    }

    async fn delete(&self, whole: Whole, tombstone: &Json) -> Result<Acted, Stop> {
        self.rewrite(&whole, tombstone).await?;
        indexing::change(self.work, (whole.room, whole.offset), &whole.entry, None).await?;
        let sql = r#"UPDATE tidings_messages SET deleted_at = $3, pinned_at = NULL, pinned_by = NULL
                     WHERE room = $1 AND "offset" = $2"#;
        self.work.execute(sql, &[number(&whole.room), number(&whole.offset), number(&self.now)]).await?;
        self.take(&whole, "tidings_chat_reactions").await?;
        self.take(&whole, "tidings_chat_reaction_counts").await?;
        let before = self.mentioned(&whole).await?;
        let unmentioned = before.into_iter().filter(|(_, is_open)| *is_open).map(|(user, _)| user).collect();
        self.take(&whole, "tidings_chat_mentions").await?;
        Ok(Acted::Deleted { at: self.tell().await?, message: whole.place()?, unmentioned })
    }

    async fn react(&self, whole: Whole, user: &UserId, emoji: &Emoji, on: bool) -> Result<Acted, Stop> {
        let (user, emoji) = (user.as_str(), emoji.as_str());
        let of = [number(&whole.room), number(&whole.offset), text(&emoji)];
        let changed = if on {
            let sql = r#"INSERT INTO tidings_chat_reactions (room, "offset", emoji, user_id, at)
                         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"#;
            let [room, offset, emoji] = of.clone();
            self.work.execute(sql, &[room, offset, emoji, text(&user), number(&self.now)]).await?
        } else {
            let sql = r#"DELETE FROM tidings_chat_reactions
                         WHERE room = $1 AND "offset" = $2 AND emoji = $3 AND user_id = $4"#;
            let [room, offset, emoji] = of.clone();
            self.work.execute(sql, &[room, offset, emoji, text(&user)]).await?
        } > 0;
        let found = if changed {
            let sql = r#"INSERT INTO tidings_chat_reaction_counts AS known (room, "offset", emoji, count)
                         VALUES ($1, $2, $3, $4)
                         ON CONFLICT (room, "offset", emoji) DO UPDATE SET count = known.count + EXCLUDED.count
                         RETURNING count"#;
            let [room, offset, emoji] = of;
            let by: i64 = if on { 1 } else { -1 };
            self.work.query(sql, &[room, offset, emoji, number(&by)]).await?
        } else {
            let sql = r#"SELECT count FROM tidings_chat_reaction_counts
                         WHERE room = $1 AND "offset" = $2 AND emoji = $3"#;
            self.work.query(sql, &of).await?
        };
        let count = found.first().map_or(Ok(0), |row| rows::count(row, "count"))?;
        let at = if changed { Some(self.tell().await?) } else { None };
        Ok(Acted::Reacted { at, message: whole.place()?, count })
    }

    async fn pin(&self, whole: Whole, on: bool) -> Result<Acted, Stop> {
        let message = whole.place()?;
        if whole.is_pinned == on {
            return Ok(Acted::Pinned { at: None, message });
        }
        let sql =
            r#"UPDATE tidings_messages SET pinned_at = $3, pinned_by = $4 WHERE room = $1 AND "offset" = $2"#;
        let (at, by) = (on.then_some(self.now), self.told.0.from.as_ref().filter(|_| on).map(UserId::as_str));
        self.work.execute(sql, &[number(&whole.room), number(&whole.offset), number(&at), text(&by)]).await?;
        Ok(Acted::Pinned { at: Some(self.tell().await?), message })
    }

    async fn read(
        &self,
        room: Option<i64>,
        user: &UserId,
        up_to: UpTo,
        private: bool,
    ) -> Result<Acted, Stop> {
        let Some(room) = room else {
            return match up_to {
                UpTo::Offset(_) => Ok(Acted::Read { at: None, mark: Offset(0), cleared: Vec::new() }),
                UpTo::Message(_) => Err(Refusal::NoSuchMessage.into()),
            };
        };
        let up_to = match up_to {
            UpTo::Offset(offset) => int(offset.0),
            UpTo::Message(id) => {
                let sql = r#"SELECT "offset" FROM tidings_messages WHERE id = $1 AND room = $2"#;
                let found = self.work.query(sql, &[bytes(&&id.bytes()[..]), number(&room)]).await?;
                rows::get(found.first().ok_or(Refusal::NoSuchMessage)?, "offset")?
            }
        };
        let user = user.as_str();
        let (mark, moved) = marks::read_up_to(self.work, room, user, up_to, self.now, private).await?;
        let cleared = marks::take_mentions(self.work, room, user, mark.offset).await?;
        let at = if moved && !private { Some(self.tell().await?) } else { None };
        Ok(Acted::Read { at, mark: place(mark.offset)?, cleared })
    }

    /// Appends what tells the act; its place.
    async fn tell(&self) -> Result<Offset, Failure> {
        let places = append::within(self.work, std::iter::once(self.told)).await?;
        places.first().copied().ok_or_else(|| Failure::corrupt("an append"))
    }

    async fn rewrite(&self, whole: &Whole, data: &Json) -> Result<(), Failure> {
        let sql = r#"UPDATE tidings_entries SET data = $4 WHERE room = $1 AND "offset" = $2 AND time = $3"#;
        let (time, data) = (int(whole.entry.time.millis()), data.as_str());
        let params = [number(&whole.room), number(&whole.offset), number(&time), text(&data)];
        self.work.execute(sql, &params).await?;
        Ok(())
    }

    async fn keep_version(&self, whole: &Whole) -> Result<(), Failure> {
        let sql = r#"INSERT INTO tidings_chat_versions (room, "offset", number, sender, until, data)
                     SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5
                     FROM tidings_chat_versions WHERE room = $1 AND "offset" = $2"#;
        let sender = whole.entry.from.as_ref().map(UserId::as_str);
        let of = [number(&whole.room), number(&whole.offset), text(&sender)];
        let [room, offset, sender] = of;
        let data = whole.entry.data.as_str();
        self.work.execute(sql, &[room, offset, sender, number(&self.now), text(&data)]).await?;
        Ok(())
    }

    /// Takes what a table has of a message.
    async fn take(&self, whole: &Whole, table: &str) -> Result<(), Failure> {
        let sql = format!(r#"DELETE FROM {table} WHERE room = $1 AND "offset" = $2"#);
        self.work.execute(&sql, &[number(&whole.room), number(&whole.offset)]).await?;
        Ok(())
    }

    /// Whom a message mentions, and whether they have not read it yet.
    async fn mentioned(&self, whole: &Whole) -> Result<Vec<(UserId, bool)>, Failure> {
        let sql = r#"SELECT user_id, open FROM tidings_chat_mentions
                     WHERE room = $1 AND "offset" = $2 ORDER BY user_id"#;
        let found = self.work.query(sql, &[number(&whole.room), number(&whole.offset)]).await?;
        found.iter().map(|row| Ok((rows::user(row, "user_id")?, rows::get(row, "open")?))).collect()
    }
}

impl Whole {
    fn place(&self) -> Result<Offset, Failure> {
        place(self.offset)
    }
}

fn place(offset: i64) -> Result<Offset, Failure> {
    u64::try_from(offset).map(Offset).map_err(|_| Failure::corrupt("an offset"))
}
