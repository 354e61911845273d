//! One transaction with the entries of many appends: two round trips, three with idempotency keys, and the commit.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::try_join3;
use tidings_core::{Entry, StoreError, store::Appended};
use tidings_protocol::Offset;
use tidings_settings::Keep;
use tokio::time::Instant;
use tokio_postgres::Row;

use super::{Command, keys};
use crate::{
    failure::Failure,
    pool::Pool,
    rows,
    work::{Param, Work, byte_strings, int, numbers, texts},
};

type Outcome = Result<Appended, StoreError>;

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
}

/// What a batch does to one room.
struct Room {
    entries: i64,
    created_at: i64,
    /// Up to which of its entries in this batch, counted from 1, nothing is kept.
    floor: Option<i64>,
}

/// Heads first, in the order of keys, as everybody does it, so that no two servers wait for each other; the rows stay locked
/// until the commit. Then the entries right below the new heads.
const APPEND: &str = r#"
    WITH heads AS (
        INSERT INTO tidings_rooms AS room (key, epoch, head, created_at)
        SELECT new.key, meta.epoch, new.entries, new.created_at
        FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS new(key, entries, created_at),
             (SELECT epoch FROM tidings_meta LIMIT 1) meta
        ORDER BY new.key COLLATE "C"
        ON CONFLICT (key) DO UPDATE SET head = room.head + EXCLUDED.head
        RETURNING id, key, head, xmax = 0 AS is_new
    ), kept AS (
        INSERT INTO tidings_entries (room, "offset", time, id, type, sender, data)
        SELECT heads.id, heads.head - new.back, new.time, new.id, new.type, new.sender, new.data
        FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bytea[], $8::text[], $9::text[], $10::text[])
             AS new(key, back, time, id, type, sender, data)
        JOIN heads ON heads.key = new.key
    )
    SELECT key, head, is_new FROM heads"#;

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
    ) -> Result<Vec<Outcome>, Stopped> {
        let (before, firsts) = Self::write(pool, commands, until).await?;
        let mut place = places(&firsts);
        Ok(commands
            .iter_mut()
            .zip(before)
            .map(|(command, before)| {
                before.unwrap_or_else(|| {
                    let entries = std::mem::take(&mut command.entries).into_iter();
                    Ok(Appended::New(
                        entries
                            .map(|(entry, _)| {
                                let offset = place(&entry);
                                Arc::new(entry.at(offset))
                            })
                            .collect(),
                    ))
                })
            })
            .collect())
    }

    /// What is known of each command from before, and the first offset of each room.
    async fn write(
        pool: &Arc<Pool>,
        commands: &[Command],
        until: Instant,
    ) -> Result<(Vec<Option<Outcome>>, BTreeMap<String, i64>), Stopped> {
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
                Some(once) => keys::before(&known, once)?,
                None => None,
            });
        }
        let fresh: Vec<&Command> = commands
            .iter()
            .zip(&before)
            .filter(|(_, before)| before.is_none())
            .map(|(command, _)| command)
            .collect();
        let batch = Batch::of(fresh.iter().flat_map(|command| &command.entries));
        let (work, rows) = batch.append(pool, work, until).await?;
        let Some(work) = work else { return Ok((before, BTreeMap::new())) };
        match batch.finish(&work, &rows, &fresh).await {
            Ok(firsts) => {
                work.commit().await.map_err(Stopped::During)?;
                Ok((before, firsts))
            }
            Err(failure) => Err(Stopped::Before(work.give_up(failure).await)),
        }
    }

    pub(super) fn of(entries: impl Iterator<Item = &'a (Entry, Keep)> + Clone) -> Self {
        let mut batch = Self::default();
        for (entry, keep) in entries.clone() {
            let key = entry.room.to_string();
            let created_at = int(entry.time.millis());
            let room = batch.rooms.entry(key.clone()).or_insert(Room { entries: 0, created_at, floor: None });
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
        self.finish(work, &rows, &[]).await
    }

    fn heads(&self) -> Heads<'_> {
        Heads {
            keys: self.rooms.keys().map(String::as_str).collect(),
            entries: self.rooms.values().map(|room| room.entries).collect(),
            created: self.rooms.values().map(|room| room.created_at).collect(),
        }
    }

    fn params<'p>(&'p self, heads: &'p Heads<'_>) -> [Param<'p>; 10] {
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
        ]
    }

    /// What follows from the heads, in one round trip; the offset before the first new one of each room.
    async fn finish(
        &self,
        work: &Work,
        rows: &[Row],
        commands: &[&Command],
    ) -> Result<BTreeMap<String, i64>, Failure> {
        let (mut firsts, mut created, mut floors) = (BTreeMap::new(), Vec::new(), (Vec::new(), Vec::new()));
        for row in rows {
            let (key, head, is_new): (String, i64, bool) =
                (rows::get(row, "key")?, rows::get(row, "head")?, rows::get(row, "is_new")?);
            let Some(room) = self.rooms.get(&key) else { return Err(Failure::corrupt("a room's name")) };
            let first = head - room.entries;
            if let Some(floor) = room.floor.filter(|floor| first + floor > 0) {
                floors.0.push(key.clone());
                floors.1.push(first + floor);
            }
            if is_new {
                created.push(key.clone());
            }
            firsts.insert(key, first);
        }
        if firsts.len() != self.rooms.len() {
            return Err(Failure::corrupt("a room's record"));
        }
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
        try_join3(settle, forget, use_keys(work, commands, &firsts)).await?;
        Ok(firsts)
    }
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
