//! Messages that come: they are appended with the batch that their entries are in, and what makes messages of them is written beside.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::{try_join, try_join5};
use tidings_core::{
    Entry,
    store::chat::{Refusal, Sending},
};
use tidings_protocol::{EntryId, Offset, UserId};
use tokio_postgres::Row;

use super::{id, indexing::Indexed, to_id};
use crate::{
    failure::Failure,
    rows,
    work::{Work, byte_strings, int, numbers, texts},
};

/// Messages that others answer, by their ids.
#[derive(Default)]
pub(crate) struct Targets(HashMap<EntryId, Target>);

struct Target {
    room: String,
    thread: Option<EntryId>,
}

impl Targets {
    pub(crate) const LOOK_UP: &str = "SELECT m.id, m.thread, r.key FROM tidings_messages m
        JOIN tidings_rooms r ON r.id = m.room WHERE m.id = ANY($1)";

    /// Ids that have to be looked up for these.
    pub(crate) fn wanted<'a>(sendings: impl Iterator<Item = &'a Sending>) -> Vec<Vec<u8>> {
        sendings
            .flat_map(|it| it.reply_to.into_iter().chain(it.thread))
            .map(|id| id.bytes().to_vec())
            .collect()
    }

    pub(crate) fn of(found: &[Row]) -> Result<Self, Failure> {
        let mut targets = HashMap::with_capacity(found.len());
        for row in found {
            let thread: Vec<u8> = rows::get(row, "thread")?;
            let thread = if thread.is_empty() { None } else { Some(to_id(thread)?) };
            targets.insert(id(row, "id")?, Target { room: rows::get(row, "key")?, thread });
        }
        Ok(Self(targets))
    }

    /// The first message of the thread that a message belongs to, if to any.
    pub(crate) fn thread(&self, room: &str, sending: &Sending) -> Result<Option<EntryId>, Refusal> {
        let find = |id: EntryId| self.0.get(&id).filter(|target| target.room == room);
        if sending.reply_to.is_some_and(|id| find(id).is_none()) {
            return Err(Refusal::NoSuchReplyTarget);
        }
        let Some(id) = sending.thread else { return Ok(None) };
        find(id).map(|target| Some(target.thread.unwrap_or(id))).ok_or(Refusal::NoSuchThread)
    }
}

/// A room as a batch left it.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    /// `tidings_rooms.id`.
    pub(crate) room: i64,
    /// The number of the last message before the batch; counted on by [`Messages::add`].
    pub(crate) number: i64,
}

/// What a batch keeps of messages beside their entries, as columns.
#[derive(Default)]
pub(crate) struct Messages<'a> {
    room: Vec<i64>,
    offset: Vec<i64>,
    time: Vec<i64>,
    id: Vec<Vec<u8>>,
    number: Vec<i64>,
    thread: Vec<Vec<u8>>,
    reply_to: Vec<Option<Vec<u8>>>,
    /// How many replies come to each thread, by its room and first message.
    replies: BTreeMap<(i64, [u8; 16]), i64>,
    /// Whom which message mentions: room, offset, user.
    mentions: (Vec<i64>, Vec<i64>, Vec<&'a str>),
    /// Up to where senders have read now, by room: offset, number, time. Each has one mark, of their last message.
    marks: BTreeMap<(i64, &'a str), (i64, i64, i64)>,
    /// By what they are found.
    indexed: Indexed,
    /// Which message of whom is where.
    sent: Vec<(i64, &'a str, i64, EntryId)>,
}

impl<'a> Messages<'a> {
    pub(crate) fn add(
        &mut self,
        head: &mut Head,
        entry: &'a Entry,
        offset: Offset,
        sending: &'a Sending,
        thread: Option<EntryId>,
    ) {
        head.number += 1;
        let (room, number, offset, time) = (head.room, head.number, int(offset.0), int(entry.time.millis()));
        self.room.push(room);
        self.offset.push(offset);
        self.time.push(time);
        self.id.push(entry.id.bytes().to_vec());
        self.number.push(number);
        self.thread.push(thread.map(|id| id.bytes().to_vec()).unwrap_or_default());
        self.reply_to.push(sending.reply_to.map(|id| id.bytes().to_vec()));
        if let Some(words) = sending.words.as_deref() {
            self.indexed.add((room, offset), entry, words);
        }
        if let Some(thread) = thread {
            *self.replies.entry((room, thread.bytes())).or_default() += 1;
        }
        for user in sending.mentions.iter().filter(|user| Some(*user) != entry.from.as_ref()) {
            self.mentions.0.push(room);
            self.mentions.1.push(offset);
            self.mentions.2.push(user.as_str());
        }
        if let Some(user) = entry.from.as_ref().map(UserId::as_str) {
            self.marks.insert((room, user), (offset, number, time));
            self.sent.push((room, user, offset, entry.id));
        }
    }

    /// Writes all of it, in one round trip; of each message what it cleared of its sender's mentions.
    pub(crate) async fn keep(&self, work: &Work) -> Result<HashMap<EntryId, Vec<EntryId>>, Failure> {
        if self.room.is_empty() {
            return Ok(HashMap::new());
        }
        let beside = try_join5(
            self.insert(work),
            self.count_replies(work),
            self.mention(work),
            self.mark(work),
            self.clear(work),
        );
        let ((.., cleared), ()) = try_join(beside, self.indexed.insert(work)).await?;
        let mut of_messages: HashMap<EntryId, Vec<EntryId>> = HashMap::new();
        for row in &cleared {
            let (user, room): (String, i64) = (rows::get(row, "user_id")?, rows::get(row, "room")?);
            let offset: i64 = rows::get(row, "offset")?;
            // The first message that the user sent behind it.
            let by = self.sent.iter().find(|(of, by, at, _)| (*of, *by) == (room, &*user) && *at > offset);
            if let Some((.., message)) = by {
                of_messages.entry(*message).or_default().push(id(row, "id")?);
            }
        }
        Ok(of_messages)
    }

    async fn insert(&self, work: &Work) -> Result<(), Failure> {
        let sql = r#"INSERT INTO tidings_messages (room, "offset", time, id, number, thread, reply_to)
                     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bytea[], $7::bytea[])"#;
        let params = [
            numbers(&self.room),
            numbers(&self.offset),
            numbers(&self.time),
            byte_strings(&self.id),
            numbers(&self.number),
            byte_strings(&self.thread),
            byte_strings(&self.reply_to),
        ];
        work.execute(sql, &params).await.map(drop)
    }

    async fn count_replies(&self, work: &Work) -> Result<(), Failure> {
        if self.replies.is_empty() {
            return Ok(());
        }
        let sql = "UPDATE tidings_messages m SET replies = m.replies + new.count
                   FROM unnest($1::bigint[], $2::bytea[], $3::bigint[]) AS new(room, id, count)
                   WHERE m.id = new.id AND m.room = new.room";
        let rooms: Vec<i64> = self.replies.keys().map(|(room, _)| *room).collect();
        let ids: Vec<Vec<u8>> = self.replies.keys().map(|(_, id)| id.to_vec()).collect();
        let counts: Vec<i64> = self.replies.values().copied().collect();
        work.execute(sql, &[numbers(&rooms), byte_strings(&ids), numbers(&counts)]).await.map(drop)
    }

    async fn mention(&self, work: &Work) -> Result<(), Failure> {
        let (rooms, offsets, users) = &self.mentions;
        if rooms.is_empty() {
            return Ok(());
        }
        let sql = r#"INSERT INTO tidings_chat_mentions (room, "offset", user_id)
                     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])"#;
        work.execute(sql, &[numbers(rooms), numbers(offsets), texts(users)]).await.map(drop)
    }

    async fn mark(&self, work: &Work) -> Result<(), Failure> {
        if self.marks.is_empty() {
            return Ok(());
        }
        let sql = r#"INSERT INTO tidings_chat_marks AS mark (user_id, room, "offset", number, at, private, revision)
                     SELECT new.*, false, 1
                     FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) AS new
                     ON CONFLICT (user_id, room) DO UPDATE SET "offset" = EXCLUDED."offset", number = EXCLUDED.number,
                         at = EXCLUDED.at, private = false, revision = mark.revision + 1"#;
        let (users, rooms) = self.readers();
        let offsets: Vec<i64> = self.marks.values().map(|(offset, ..)| *offset).collect();
        let marked: Vec<i64> = self.marks.values().map(|(_, number, _)| *number).collect();
        let times: Vec<i64> = self.marks.values().map(|(.., at)| *at).collect();
        let params = [texts(&users), numbers(&rooms), numbers(&offsets), numbers(&marked), numbers(&times)];
        work.execute(sql, &params).await.map(drop)
    }

    /// Behind [`Self::mention`], for what came with the same batch.
    async fn clear(&self, work: &Work) -> Result<Vec<Row>, Failure> {
        if self.marks.is_empty() {
            return Ok(Vec::new());
        }
        let sql = r#"WITH read AS (
                         UPDATE tidings_chat_mentions c SET open = false
                         FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS new(user_id, room, up_to)
                         WHERE c.user_id = new.user_id AND c.room = new.room AND c."offset" <= new.up_to AND c.open
                         RETURNING c.user_id, c.room, c."offset"
                     ) SELECT read.*, m.id FROM read
                       JOIN tidings_messages m ON m.room = read.room AND m."offset" = read."offset" ORDER BY m."offset""#;
        let (users, rooms) = self.readers();
        let offsets: Vec<i64> = self.marks.values().map(|(offset, ..)| *offset).collect();
        work.query(sql, &[texts(&users), numbers(&rooms), numbers(&offsets)]).await
    }

    fn readers(&self) -> (Vec<&str>, Vec<i64>) {
        self.marks.keys().map(|(room, user)| (*user, *room)).unzip()
    }
}
