//! Every act but that a message comes, in transactions that lock the room's row first, so that acts in one room follow each other.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use tidings_core::{
    Entry, RoomKey, StoreError,
    store::{
        Erased,
        chat::{Act, By, Done, Emoji, Refusal, UpTo, Versions},
    },
};
use tidings_protocol::{EntryId, Json, Offset, UserId};
use tokio::time::Instant;
use tokio_postgres::Row;

use super::{indexing, marks, turns::Turn};
use crate::{
    append,
    failure::Failure,
    pool::Pool,
    rows,
    work::{Work, bytes, int, number, text, texts},
};

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

/// Why none of some acts is done.
pub(super) enum Stopped {
    /// Nothing was changed.
    Before(Failure),
    /// The commit was under way.
    During(StoreError),
}

/// A message that something is done to.
struct Whole {
    room: i64,
    offset: i64,
    is_pinned: bool,
    entry: Entry,
}

/// Acts in one transaction, one after the other.
struct Acting<'a> {
    work: &'a Work,
    key: &'a RoomKey,
    /// None where nothing was appended yet.
    room: Option<i64>,
    /// Messages that were looked at, and not changed since.
    known: HashMap<EntryId, Arc<Whole>>,
}

/// What came of an act, and the place of the entry that tells it.
pub(super) struct Outcome(Result<Acted, Refusal>, Option<Offset>);

impl Outcome {
    /// The same with that entry.
    pub(super) fn with(self, entry: Entry) -> Result<Result<Done, Refusal>, Failure> {
        let entry = self.1.map(|offset| Arc::new(entry.at(offset)));
        self.0.map_or_else(|refusal| Ok(Err(refusal)), |acted| acted.told_by(entry).map(Ok))
    }
}

/// Does acts in one room in their order, all in one transaction; what came of each, or why none is done.
pub(super) async fn act_all(
    pool: &Arc<Pool>,
    turns: &[Turn],
    until: Instant,
) -> Result<Vec<Outcome>, Stopped> {
    let key = turns.first().map(|turn| turn.told.0.room.to_string()).unwrap_or_default();
    let begun = Work::begin_with(pool, until, LOCK, &[text(&key)]).await;
    let (work, found) = begun.map_err(Stopped::Before)?;
    match in_turn(&work, &found, turns).await {
        Ok(outcomes) => work.commit().await.map(|()| outcomes).map_err(Stopped::During),
        Err(failure) => Err(Stopped::Before(work.give_up(failure).await)),
    }
}

async fn in_turn(work: &Work, found: &[Row], turns: &[Turn]) -> Result<Vec<Outcome>, Failure> {
    let room = found.first().map(|row| rows::get(row, "id")).transpose()?;
    let Some(key) = turns.first().map(|turn| &turn.told.0.room) else { return Ok(Vec::new()) };
    let mut acting = Acting { work, key, room, known: HashMap::new() };
    let mut outcomes = Vec::with_capacity(turns.len());
    for turn in turns {
        let outcome = match acting.act(turn).await {
            Ok(acted) => Ok(acted),
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(Stop::Failed(failure)) => return Err(failure),
        };
        outcomes.push(Outcome(outcome, None));
    }
    // Nobody else appends to the room meanwhile: what tells the acts comes behind all of them.
    let is_told = |outcome: &Outcome| outcome.0.as_ref().is_ok_and(|acted| acted.is_told);
    let told: Vec<_> =
        turns.iter().zip(&outcomes).filter(|(_, it)| is_told(it)).map(|(turn, _)| &turn.told).collect();
    let places = append::within(work, told.into_iter()).await?;
    for (outcome, place) in outcomes.iter_mut().filter(|it| is_told(it)).zip(places) {
        outcome.1 = Some(place);
    }
    Ok(outcomes)
}

/// What was done.
pub(super) struct Acted {
    what: What,
    /// Whether something tells it.
    is_told: bool,
}

enum What {
    Edited { message: Offset, mentioned: Vec<UserId>, unmentioned: Vec<UserId> },
    Deleted { message: Offset, unmentioned: Vec<UserId> },
    Reacted { message: Offset, count: u64 },
    Pinned { message: Offset },
    Read { mark: Offset, cleared: Vec<EntryId> },
}

impl Acted {
    /// The same with what tells it; none where nothing does.
    fn told_by(self, entry: Option<Arc<Entry>>) -> Result<Done, Failure> {
        let needed = || entry.clone().ok_or_else(|| Failure::corrupt("an append"));
        Ok(match self.what {
            What::Edited { message, mentioned, unmentioned } => {
                Done::Edited { entry: needed()?, message, mentioned, unmentioned }
            }
            What::Deleted { message, unmentioned } => {
                Done::Deleted { entry: needed()?, message, unmentioned }
            }
            What::Reacted { message, count } => Done::Reacted { entry, message, count },
            What::Pinned { message } => Done::Pinned { entry, message },
            What::Read { mark, cleared } => Done::Read { entry, mark, cleared },
        })
    }
}

impl Acting<'_> {
    async fn act(&mut self, turn: &Turn) -> Result<Acted, Stop> {
        match &turn.act {
            Act::Send(_) => Err(Refusal::NoSuchMessage.into()),
            Act::Edit { message, data, by, versions, mentions, words } => {
                let whole = self.whole(*message, Some((*by, &turn.told.0))).await?;
                if *versions == Versions::Keep {
                    self.keep_version(&whole, turn.now()).await?;
                }
                self.known.remove(message);
                self.edit(&whole, turn, data, mentions, words.as_deref()).await
            }
            Act::Delete { message, tombstone, by, versions } => {
                let whole = self.whole(*message, Some((*by, &turn.told.0))).await?;
                match versions {
                    Versions::Keep => self.keep_version(&whole, turn.now()).await?,
                    Versions::Drop => self.take(&whole, "tidings_chat_versions").await?,
                }
                self.known.remove(message);
                self.delete(&whole, turn, tombstone).await
            }
            Act::React { message, user, emoji, on } => {
                let whole = self.whole(*message, None).await?;
                self.react(&whole, turn, user, emoji, *on).await
            }
            Act::Pin { message, on } => {
                let whole = self.whole(*message, None).await?;
                self.known.remove(message);
                self.pin(&whole, turn, *on).await
            }
            Act::Read { user, up_to, private } => self.read(turn, user, *up_to, *private).await,
        }
    }

    /// A message that something can be done to, for who has a right to.
    async fn whole(&mut self, id: EntryId, by: Option<(By, &Entry)>) -> Result<Arc<Whole>, Stop> {
        let whole = match self.known.get(&id) {
            Some(whole) => whole.clone(),
            None => {
                let whole = Arc::new(self.look_up(id).await?);
                self.known.insert(id, whole.clone());
                whole
            }
        };
        match by {
            Some((By::Sender, told)) if whole.entry.from != told.from => Err(Refusal::NotYours.into()),
            _ => Ok(whole),
        }
    }

    async fn look_up(&self, id: EntryId) -> Result<Whole, Stop> {
        let Some(room) = self.room else { return Err(Refusal::NoSuchMessage.into()) };
        let sql = r#"SELECT m.deleted_at, m.pinned_at, e."offset", e.time, e.id, e.type, e.sender, e.data
                     FROM tidings_messages m
                     JOIN tidings_entries e ON e.room = m.room AND e."offset" = m."offset" AND e.time = m.time
                     WHERE m.id = $1 AND m.room = $2"#;
        let found = self.work.query(sql, &[bytes(&&id.bytes()[..]), number(&room)]).await?;
        let row = found.first().ok_or(Refusal::NoSuchMessage)?;
        let entry = rows::entry(row, self.key.clone())?;
        let is_deleted = rows::get::<Option<i64>>(row, "deleted_at")?.is_some();
        if is_deleted || entry.r#type.as_str() == Erased::ENTRY_TYPE {
            return Err(Refusal::Deleted.into());
        }
        let is_pinned = rows::get::<Option<i64>>(row, "pinned_at")?.is_some();
        Ok(Whole { room, offset: rows::get(row, "offset")?, is_pinned, entry })
    }

    async fn edit(
        &self,
        whole: &Whole,
        turn: &Turn,
        data: &Json,
        mentions: &BTreeSet<UserId>,
        words: Option<&str>,
    ) -> Result<Acted, Stop> {
        self.rewrite(whole, data).await?;
        indexing::change(self.work, (whole.room, whole.offset), &whole.entry, words).await?;
        let sql = r#"UPDATE tidings_messages SET edited_at = $3 WHERE room = $1 AND "offset" = $2"#;
        self.work.execute(sql, &[number(&whole.room), number(&whole.offset), number(&turn.now())]).await?;
        let before = self.mentioned(whole).await?;
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
        let what = What::Edited { message: whole.place()?, mentioned, unmentioned };
        Ok(Acted { what, is_told: true })
    }

    async fn delete(&self, whole: &Whole, turn: &Turn, tombstone: &Json) -> Result<Acted, Stop> {
        self.rewrite(whole, tombstone).await?;
        indexing::change(self.work, (whole.room, whole.offset), &whole.entry, None).await?;
        let sql = r#"UPDATE tidings_messages SET deleted_at = $3, pinned_at = NULL, pinned_by = NULL
                     WHERE room = $1 AND "offset" = $2"#;
        self.work.execute(sql, &[number(&whole.room), number(&whole.offset), number(&turn.now())]).await?;
        self.take(whole, "tidings_chat_reactions").await?;
        self.take(whole, "tidings_chat_reaction_counts").await?;
        let before = self.mentioned(whole).await?;
        let unmentioned = before.into_iter().filter(|(_, is_open)| *is_open).map(|(user, _)| user).collect();
        self.take(whole, "tidings_chat_mentions").await?;
        Ok(Acted { what: What::Deleted { message: whole.place()?, unmentioned }, is_told: true })
    }

    async fn react(
        &self,
        whole: &Whole,
        turn: &Turn,
        user: &UserId,
        emoji: &Emoji,
        on: bool,
    ) -> Result<Acted, Stop> {
        let (put, count) = match on {
            true => (
                r#"INSERT INTO tidings_chat_reactions (room, "offset", emoji, user_id, at)
                   VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING at"#,
                "known.count + 1",
            ),
            false => (
                r#"DELETE FROM tidings_chat_reactions
                   WHERE room = $1 AND "offset" = $2 AND emoji = $3 AND user_id = $4 RETURNING at"#,
                "known.count - 1",
            ),
        };
        let sql = format!(
            r#"WITH changed AS ({put}), counted AS (
                   INSERT INTO tidings_chat_reaction_counts AS known (room, "offset", emoji, count)
                   SELECT $1, $2, $3, 1 FROM changed
                   ON CONFLICT (room, "offset", emoji) DO UPDATE SET count = {count}
                   RETURNING count
               )
               SELECT EXISTS (SELECT FROM changed) AS is_changed, coalesce(
                   (SELECT count FROM counted),
                   (SELECT count FROM tidings_chat_reaction_counts WHERE room = $1 AND "offset" = $2 AND emoji = $3),
                   0) AS count"#
        );
        let (user, emoji, now) = (user.as_str(), emoji.as_str(), turn.now());
        let of = [number(&whole.room), number(&whole.offset), text(&emoji), text(&user), number(&now)];
        let found = self.work.query(&sql, &of).await?;
        let row = found.first().ok_or_else(|| Failure::corrupt("a reaction"))?;
        let what = What::Reacted { message: whole.place()?, count: rows::count(row, "count")? };
        Ok(Acted { what, is_told: rows::get(row, "is_changed")? })
    }

    async fn pin(&self, whole: &Whole, turn: &Turn, on: bool) -> Result<Acted, Stop> {
        let what = What::Pinned { message: whole.place()? };
        if whole.is_pinned == on {
            return Ok(Acted { what, is_told: false });
        }
        let sql =
            r#"UPDATE tidings_messages SET pinned_at = $3, pinned_by = $4 WHERE room = $1 AND "offset" = $2"#;
        let (at, by) =
            (on.then_some(turn.now()), turn.told.0.from.as_ref().filter(|_| on).map(UserId::as_str));
        self.work.execute(sql, &[number(&whole.room), number(&whole.offset), number(&at), text(&by)]).await?;
        Ok(Acted { what, is_told: true })
    }

    async fn read(&self, turn: &Turn, user: &UserId, up_to: UpTo, private: bool) -> Result<Acted, Stop> {
        let Some(room) = self.room else {
            return match up_to {
                UpTo::Offset(_) => {
                    let what = What::Read { mark: Offset(0), cleared: Vec::new() };
                    Ok(Acted { what, is_told: false })
                }
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
        let (mark, moved) = marks::read_up_to(self.work, room, user, up_to, turn.now(), private).await?;
        let cleared = marks::take_mentions(self.work, room, user, mark.offset).await?;
        Ok(Acted { what: What::Read { mark: place(mark.offset)?, cleared }, is_told: moved && !private })
    }

    async fn rewrite(&self, whole: &Whole, data: &Json) -> Result<(), Failure> {
        let sql = r#"UPDATE tidings_entries SET data = $4 WHERE room = $1 AND "offset" = $2 AND time = $3"#;
        let (time, data) = (int(whole.entry.time.millis()), data.as_str());
        let params = [number(&whole.room), number(&whole.offset), number(&time), text(&data)];
        self.work.execute(sql, &params).await?;
        Ok(())
    }

    async fn keep_version(&self, whole: &Whole, until: i64) -> Result<(), Failure> {
        let sql = r#"INSERT INTO tidings_chat_versions (room, "offset", number, sender, until, data)
                     SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5
                     FROM tidings_chat_versions WHERE room = $1 AND "offset" = $2"#;
        let sender = whole.entry.from.as_ref().map(UserId::as_str);
        let of = [number(&whole.room), number(&whole.offset), text(&sender)];
        let [room, offset, sender] = of;
        let data = whole.entry.data.as_str();
        self.work.execute(sql, &[room, offset, sender, number(&until), text(&data)]).await?;
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
