//! One transaction with the entries of many appends: two round trips, three with idempotency keys, and the commit.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures_util::future::{try_join, try_join4};
use tidings_core::{
    Entry, StoreError,
    store::{Appended, chat::Done},
};
use tidings_protocol::{EntryId, Offset};
use tidings_settings::Keep;
use tokio::time::Instant;
use tokio_postgres::Row;

use super::{Command, Outcome, keys};
use crate::{
    chat::{
        self,
        sending::{Head, Messages, Targets},
    },
    failure::Failure,
    pool::Pool,
    rows,
    work::{Param, Work, byte_strings, int, numbers, texts},
};

type Answer = Result<Outcome, StoreError>;

/// Why a batch was not committed.
pub(super) enum Stopped {
    /// Nothing was changed.
    Before(Failure),
    /// The commit was under way.
    During(StoreError),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Before(failure)
    }
}

/// What one batch appends, as the columns that its statements take.
#[derive(Default)]
pub(super) struct Batch<'a> {
    rooms: BTreeMap<String, Room>,
    room: Vec<String>,
    /// How far before the room's new head an entry is.
    back: Vec<i64>,
    time: Vec<i64>,
    id: Vec<Vec<u8>>,
    r#type: Vec<&'a str>,
    sender: Vec<Option<&'a str>>,
    data: Vec<&'a str>,
}

/// What a batch does to its rooms' heads, as columns.
struct Heads<'a> {
    keys: Vec<&'a str>,
    entries: Vec<i64>,
    created: Vec<i64>,
    messages: Vec<i64>,
}

/// What a batch does to one room.
struct Room {
    entries: i64,
    /// How many of them are chat's messages.
    messages: i64,
    created_at: i64,
    /// Up to which of its entries in this batch, counted from 1, nothing is kept.
    floor: Option<i64>,
}

/// Heads first, in the order of keys, as everybody does it, so that no two servers wait for each other; the rows stay locked
/// until the commit. Then the entries right below the new heads.
const APPEND: &str = r#"
    WITH heads AS (
        INSERT INTO tidings_rooms AS room (key, epoch, head, created_at, messages)
        SELECT new.key, meta.epoch, new.entries, new.created_at, new.messages
        FROM unnest($1::text[], $2::bigint[], $3::bigint[], $11::bigint[]) AS new(key, entries, created_at, messages),
             (SELECT epoch FROM tidings_meta LIMIT 1) meta
        ORDER BY new.key COLLATE "C"
        ON CONFLICT (key) DO UPDATE SET head = room.head + EXCLUDED.head, messages = room.messages + EXCLUDED.messages
        RETURNING id, key, head, messages, xmax = 0 AS is_new
    ), kept AS (
        INSERT INTO tidings_entries (room, "offset", time, id, type, sender, data)
        SELECT heads.id, heads.head - new.back, new.time, new.id, new.type, new.sender, new.data
        FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bytea[], $8::text[], $9::text[], $10::text[])
             AS new(key, back, time, id, type, sender, data)
        JOIN heads ON heads.key = new.key
    )
    SELECT id, key, head, messages, is_new FROM heads"#;

/// A statement of its own: it sees what others committed while the heads were waited for.
const FORGET: &str = r#"
    DELETE FROM tidings_entries e
    USING unnest($1::text[], $2::bigint[]) AS last(key, up_to) JOIN tidings_rooms r ON r.key = last.key
    WHERE e.room = r.id AND e."offset" <= last.up_to"#;

/// A room that was deleted while this batch waited for its row begins in the epoch of after that.
pub(crate) const SETTLE_EPOCHS: &str =
    "UPDATE tidings_rooms room SET epoch = meta.epoch FROM tidings_meta meta
    WHERE room.key = ANY($1) AND room.epoch <> meta.epoch";

impl<'a> Batch<'a> {
    /// Appends in one transaction; an outcome for each command, or why there is none for any.
    pub(super) async fn run(
        pool: &Arc<Pool>,
        commands: &mut [Command],
        until: Instant,
    ) -> Result<Vec<Answer>, Stopped> {
        let (before, mut written) = Self::write(pool, commands, until).await?;
        let mut place = places(&written.firsts);
        Ok(commands
            .iter_mut()
            .zip(before)
            .map(|(command, before)| {
                before.unwrap_or_else(|| {
                    let entries = std::mem::take(&mut command.entries).into_iter();
                    let placed = |(entry, _): (Entry, Keep)| {
                        let offset = place(&entry);
                        Arc::new(entry.at(offset))
                    };
                    let mut entries: Vec<Arc<Entry>> = entries.map(placed).collect();
                    if command.sending.is_none() {
                        return Ok(Outcome::Entries(Appended::New(entries)));
                    }
                    let Some(entry) = entries.pop() else { return Err(Failure::corrupt("a message").into()) };
                    let thread = written.threads.remove(&entry.id);
                    let cleared = written.cleared.remove(&entry.id).unwrap_or_default();
                    Ok(Outcome::Message(Ok(Done::Sent { entry, thread, cleared })))
                })
            })
            .collect())
    }

    /// What is known of each command from before, and what became of the others.
    async fn write(
        pool: &Arc<Pool>,
        commands: &[Command],
        until: Instant,
    ) -> Result<(Vec<Option<Answer>>, Written), Stopped> {
        let used: Vec<&str> =
            commands.iter().filter_map(|command| command.once.as_ref()).map(|once| &*once.key).collect();
        let (work, known) = match used.is_empty() {
            true => (None, Vec::new()),
            false => {
                let (work, rows) = Work::begin_with(pool, until, keys::LOOK_UP, &[texts(&used)]).await?;
                (Some(work), rows)
            }
        };
        let mut before = Vec::with_capacity(commands.len());
        for command in commands {
            before.push(match &command.once {
                Some(once) => keys::before(&known, once)?.map(|before| known_before(command, before)),
                None => None,
            });
        }
        let (work, threads) = refuse(pool, work, commands, &mut before, until).await?;
        let fresh: Vec<&Command> = commands
            .iter()
            .zip(&before)
            .filter(|(_, before)| before.is_none())
            .map(|(command, _)| command)
            .collect();
        let mut batch = Batch::of(fresh.iter().flat_map(|command| &command.entries));
        batch.count_messages(&fresh);
        let (work, rows) = batch.append(pool, work, until).await?;
        let Some(work) = work else { return Ok((before, Written::default())) };
        match batch.finish(&work, &rows, &fresh, threads).await {
            Ok(written) => {
                work.commit().await.map_err(Stopped::During)?;
                Ok((before, written))
            }
            Err(failure) => Err(Stopped::Before(work.give_up(failure).await)),
        }
    }

    pub(super) fn of(entries: impl Iterator<Item = &'a (Entry, Keep)> + Clone) -> Self {
        let mut batch = Self::default();
        for (entry, keep) in entries.clone() {
            let key = entry.room.to_string();
            let created_at = int(entry.time.millis());
            let room = batch.rooms.entry(key.clone()).or_insert(Room {
                entries: 0,
                messages: 0,
                created_at,
                floor: None,
            });
            room.entries += 1;
            match keep {
                Keep::None => room.floor = Some(room.entries),
                Keep::Last => room.floor = Some(room.entries - 1),
                Keep::For(_) => {}
            }
            batch.back.push(room.entries);
            batch.room.push(key);
        }
        // What the batch itself outdates is not written at all.
        let mut numbers = std::mem::take(&mut batch.back).into_iter();
        let mut keys = std::mem::take(&mut batch.room).into_iter();
        for (entry, _) in entries {
            let (Some(number), Some(key)) = (numbers.next(), keys.next()) else { break };
            let Some(room) = batch.rooms.get(&key) else { continue };
            if room.floor.is_some_and(|floor| number <= floor) {
                continue;
            }
            batch.back.push(room.entries - number);
            batch.room.push(key);
            batch.time.push(int(entry.time.millis()));
            batch.id.push(entry.id.bytes().to_vec());
            batch.r#type.push(entry.r#type.as_str());
            batch.sender.push(entry.from.as_ref().map(|user| user.as_str()));
            batch.data.push(entry.data.as_str());
        }
        batch
    }

    fn count_messages(&mut self, commands: &[&Command]) {
        let messages = commands.iter().filter(|command| command.sending.is_some());
        for (entry, _) in messages.flat_map(|command| &command.entries) {
            if let Some(room) = self.rooms.get_mut(&entry.room.to_string()) {
                room.messages += 1;
            }
        }
    }

    /// Without anything to append there may be a transaction nevertheless, for the keys.
    async fn append(
        &self,
        pool: &Arc<Pool>,
        work: Option<Work>,
        until: Instant,
    ) -> Result<(Option<Work>, Vec<Row>), Stopped> {
        if self.rooms.is_empty() {
            return Ok((work, Vec::new()));
        }
        let heads = self.heads();
        let params = self.params(&heads);
        match work {
            None => {
                let (work, rows) = Work::begin_with(pool, until, APPEND, &params).await?;
                Ok((Some(work), rows))
            }
            Some(work) => match work.query(APPEND, &params).await {
                Ok(rows) => Ok((Some(work), rows)),
                Err(failure) => Err(Stopped::Before(work.give_up(failure).await)),
            },
        }
    }

    /// Appends inside a transaction that others go on with; the offset before the first new one of each room.
    pub(super) async fn append_within(&self, work: &Work) -> Result<BTreeMap<String, i64>, Failure> {
        if self.rooms.is_empty() {
            return Ok(BTreeMap::new());
        }
        let heads = self.heads();
        let rows = work.query(APPEND, &self.params(&heads)).await?;
        self.finish(work, &rows, &[], HashMap::new()).await.map(|written| written.firsts)
    }

    fn heads(&self) -> Heads<'_> {
        Heads {
            keys: self.rooms.keys().map(String::as_str).collect(),
            entries: self.rooms.values().map(|room| room.entries).collect(),
            created: self.rooms.values().map(|room| room.created_at).collect(),
            messages: self.rooms.values().map(|room| room.messages).collect(),
        }
    }

    fn params<'p>(&'p self, heads: &'p Heads<'_>) -> [Param<'p>; 11] {
        [
            texts(&heads.keys),
            numbers(&heads.entries),
            numbers(&heads.created),
            texts(&self.room),
            numbers(&self.back),
            numbers(&self.time),
            byte_strings(&self.id),
            texts(&self.r#type),
            texts(&self.sender),
            texts(&self.data),
            numbers(&heads.messages),
        ]
    }

    /// What follows from the heads, in one round trip.
    async fn finish(
        &self,
        work: &Work,
        rows: &[Row],
        commands: &[&Command],
        threads: HashMap<EntryId, EntryId>,
    ) -> Result<Written, Failure> {
        let (mut firsts, mut created, mut floors) = (BTreeMap::new(), Vec::new(), (Vec::new(), Vec::new()));
        let (mut heads, mut outdated) = (HashMap::new(), (Vec::new(), Vec::new()));
        for row in rows {
            let (key, head, is_new): (String, i64, bool) =
                (rows::get(row, "key")?, rows::get(row, "head")?, rows::get(row, "is_new")?);
            let (id, messages): (i64, i64) = (rows::get(row, "id")?, rows::get(row, "messages")?);
            let Some(room) = self.rooms.get(&key) else { return Err(Failure::corrupt("a room's name")) };
            let first = head - room.entries;
            if let Some(floor) = room.floor.filter(|floor| first + floor > 0) {
                floors.0.push(key.clone());
                floors.1.push(first + floor);
                if messages > 0 {
                    outdated.0.push(id);
                    outdated.1.push(first + floor);
                }
            }
            if is_new {
                created.push(key.clone());
            }
            heads.insert(key.clone(), Head { room: id, number: messages - room.messages });
            firsts.insert(key, first);
        }
        if firsts.len() != self.rooms.len() {
            return Err(Failure::corrupt("a room's record"));
        }
        let messages = messages(commands, &firsts, heads, &threads);
        // Sent in this order: what comes is there when what it outdates is let go.
        let chat = async {
            let forget = async {
                match outdated.0.is_empty() {
                    true => Ok(()),
                    false => chat::forget(work, &outdated.0, &outdated.1).await,
                }
            };
            try_join(messages.keep(work), forget).await.map(|(cleared, ())| cleared)
        };
        let forget = async {
            match floors.0.is_empty() {
                true => Ok(0),
                false => work.execute(FORGET, &[texts(&floors.0), numbers(&floors.1)]).await,
            }
        };
        let settle = async {
            match created.is_empty() {
                true => Ok(0),
                false => work.execute(SETTLE_EPOCHS, &[texts(&created)]).await,
            }
        };
        let (_, _, _, cleared) = try_join4(settle, forget, use_keys(work, commands, &firsts), chat).await?;
        Ok(Written { firsts, threads, cleared })
    }
}

/// What a batch did.
#[derive(Default)]
struct Written {
    /// The offset before the first new one of each room.
    firsts: BTreeMap<String, i64>,
    /// Threads that messages were filed in.
    threads: HashMap<EntryId, EntryId>,
    /// Messages that mentioned the sender of another one, by that.
    cleared: HashMap<EntryId, Vec<EntryId>>,
}

/// What a command is told that was done before.
fn known_before(command: &Command, before: Result<Appended, StoreError>) -> Answer {
    match (before?, &command.sending) {
        (Appended::Before(places), Some(_)) => match places.first() {
            Some((id, offset)) => Ok(Outcome::Message(Ok(Done::Known { id: *id, offset: *offset }))),
            None => Err(Failure::corrupt("an idempotency key").into()),
        },
        (appended, _) => Ok(Outcome::Entries(appended)),
    }
}

/// Answers for messages whose targets are not there; the threads of the others, by their ids.
async fn refuse(
    pool: &Arc<Pool>,
    work: Option<Work>,
    commands: &[Command],
    before: &mut [Option<Answer>],
    until: Instant,
) -> Result<(Option<Work>, HashMap<EntryId, EntryId>), Stopped> {
    let fresh = commands.iter().zip(&*before).filter(|(_, before)| before.is_none());
    let wanted = Targets::wanted(fresh.filter_map(|(command, _)| command.sending.as_ref()));
    if wanted.is_empty() {
        return Ok((work, HashMap::new()));
    }
    let (work, rows) = match work {
        None => Work::begin_with(pool, until, Targets::LOOK_UP, &[byte_strings(&wanted)]).await?,
        Some(work) => match work.query(Targets::LOOK_UP, &[byte_strings(&wanted)]).await {
            Ok(rows) => (work, rows),
            Err(failure) => return Err(Stopped::Before(work.give_up(failure).await)),
        },
    };
    let (targets, mut threads) = (Targets::of(&rows)?, HashMap::new());
    for (command, before) in commands.iter().zip(before).filter(|(_, before)| before.is_none()) {
        let (Some(sending), Some((entry, _))) = (&command.sending, command.entries.first()) else { continue };
        match targets.thread(&entry.room.to_string(), sending) {
            Ok(thread) => threads.extend(thread.map(|thread| (entry.id, thread))),
            Err(refusal) => *before = Some(Ok(Outcome::Message(Err(refusal)))),
        }
    }
    Ok((Some(work), threads))
}

/// What makes messages of those entries that are some.
fn messages<'a>(
    commands: &[&'a Command],
    firsts: &BTreeMap<String, i64>,
    mut heads: HashMap<String, Head>,
    threads: &HashMap<EntryId, EntryId>,
) -> Messages<'a> {
    let (mut place, mut messages) = (places(firsts), Messages::default());
    for command in commands {
        for (entry, _) in &command.entries {
            let offset = place(entry);
            if let (Some(sending), Some(head)) = (&command.sending, heads.get_mut(&entry.room.to_string())) {
                messages.add(head, entry, offset, sending, threads.get(&entry.id).copied());
            }
        }
    }
    messages
}

async fn use_keys(
    work: &Work,
    commands: &[&Command],
    firsts: &BTreeMap<String, i64>,
) -> Result<u64, Failure> {
    let (mut keys, mut prints, mut all_places, mut used_at) = (vec![], vec![], vec![], vec![]);
    let mut place = places(firsts);
    for command in commands {
        let mut bytes = Vec::new();
        for (entry, _) in &command.entries {
            keys::write_place(&mut bytes, entry.id, place(entry));
        }
        let Some(once) = &command.once else { continue };
        keys.push(&*once.key);
        prints.push(once.print.to_vec());
        all_places.push(bytes);
        used_at.push(int(once.now.millis()));
    }
    if keys.is_empty() {
        return Ok(0);
    }
    let params = [texts(&keys), byte_strings(&prints), byte_strings(&all_places), numbers(&used_at)];
    work.execute(keys::USE, &params).await
}

/// Counts the offsets of each room upwards, entry by entry.
pub(super) fn places(firsts: &BTreeMap<String, i64>) -> impl FnMut(&Entry) -> Offset {
    let mut last = firsts.clone();
    move |entry| {
        let last = last.entry(entry.room.to_string()).or_default();
        *last += 1;
        Offset(u64::try_from(*last).unwrap_or_default())
    }
}
