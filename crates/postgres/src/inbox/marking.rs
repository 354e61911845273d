//! Changes by a user.

use std::sync::Arc;

use tidings_core::{
    Entry, StoreError,
    store::inbox::{Change, Counters, Marked, Reader, Severity, State, Which},
};
use tidings_protocol::{EntryId, Offset, Timestamp};
use tidings_settings::Keep;

use super::{
    Races, counting, placed,
    rows::{self as own, STATED, Stated, States, moment},
    standing::{AUDIENCE, Mark, SEEN_BY_USER, Standing, given_audiences},
};
use crate::{
    append,
    failure::Failure,
    pool::Pool,
    rows::get,
    work::{Param, QUICK, Work, byte_strings, bytes, int, limit as bounded, number, numbers, text, texts},
};

/// Own notifications that one transaction changes when all of an inbox are meant.
const STEP: usize = 2_000;

/// Where in a change of several transactions this one is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was changed yet.
    First,
    /// Whether transactions before changed something.
    Later { changed: bool },
}

/// What one transaction did.
struct Done {
    changed: Vec<EntryId>,
    offsets: Vec<Offset>,
    counters: Counters,
    /// Whether there may be more to change; the entries are appended by the last one.
    more: bool,
}

/// What is to be done.
pub(super) struct Asked {
    pub(super) reader: Reader,
    pub(super) which: Which,
    pub(super) change: Change,
    pub(super) tell: Vec<(Entry, Keep)>,
    pub(super) now: Timestamp,
}

/// A broadcast of which the user has no item.
struct Untouched {
    id: EntryId,
    number: i64,
    severity: Severity,
}

/// What is written.
#[derive(Default)]
struct Changes {
    changed: Vec<EntryId>,
    /// Items that there are.
    states: States,
    /// The user's own that go.
    gone: Vec<Vec<u8>>,
    /// Items that come: states of broadcasts, in the order of `new_numbers`.
    new: States,
    new_numbers: Vec<i64>,
    /// How the counter changes.
    unread: i64,
}

pub(super) async fn mark(pool: &Arc<Pool>, asked: Asked) -> Result<Marked, StoreError> {
    let (mut races, mut stage, mut changed) = (Races::default(), Stage::First, Vec::new());
    loop {
        let work = Work::begin(pool, QUICK).await?;
        let done = within(&work, &asked, stage).await;
        let Some(done) = races.ended(work, done).await else { continue };
        let Done { changed: now_changed, offsets, counters, more } = done?;
        changed.extend(now_changed);
        if !more {
            return Ok(Marked { changed, entries: placed(asked.tell, offsets), counters });
        }
        stage = Stage::Later { changed: !changed.is_empty() };
    }
}

async fn within(work: &Work, asked: &Asked, stage: Stage) -> Result<Done, Failure> {
    let user = asked.reader.user.as_str();
    let standing = Standing::lock(work, &asked.reader.user).await?;
    // Before the broadcasts are looked at: one that comes meanwhile is behind the mark.
    let mark = covered(work, asked).await?;
    let mut changes = Changes::default();
    let (items, more) = touched(work, asked, stage).await?;
    items.iter().for_each(|item| changes.restate(asked, item));
    for broadcast in untouched(work, asked, &standing).await? {
        changes.touch(asked, &broadcast, standing.default_state(broadcast.number), mark);
    }
    changes.write(work, asked).await?;
    let at = |is_it: bool, known: Mark| match is_it && mark > known.up_to {
        true => (Mark { up_to: mark, at: Some(asked.now) }, 1),
        false => (known, 0),
    };
    let (seen, seen_more) = at(asked.change == Change::Seen, standing.seen);
    let (read, read_more) = at(asked.change == Change::Read, standing.read);
    // Twice each: a snooze that was over may have counted already. A mark covers what other roles of the user would see.
    let revision = 2 * int(changes.changed.len() as u64) + seen_more + read_more;
    let (seen_at, read_at) = (moment(seen.at), moment(read.at));
    let sql = "UPDATE tidings_inboxes SET unread = unread + $2, revision = revision + $3, seen_up_to = $4, seen_at = $5,
        read_up_to = $6, read_at = $7 WHERE user_id = $1";
    let params = [
        text(&user),
        number(&changes.unread),
        number(&revision),
        number(&seen.up_to),
        number(&seen_at),
        number(&read.up_to),
        number(&read_at),
    ];
    work.execute(sql, &params).await?;
    let is_told = !more && (!changes.changed.is_empty() || stage == (Stage::Later { changed: true }));
    let offsets = if is_told { append::within(work, asked.tell.iter()).await? } else { Vec::new() };
    let counters = counting::counters_within(work, &asked.reader, asked.now).await?;
    Ok(Done { changed: changes.changed, offsets, counters, more })
}

/// Items that the change is about, and whether there may be more of them.
async fn touched(work: &Work, asked: &Asked, stage: Stage) -> Result<(Vec<Stated>, bool), Failure> {
    let Asked { reader, which, change, now, .. } = asked;
    let (user, audiences, at) = (reader.user.as_str(), given_audiences(reader), int(now.millis()));
    let (ids, up_to): (Vec<Vec<u8>>, Vec<u8>) = match which {
        Which::Ids(ids) => (ids.iter().map(|id| id.bytes().to_vec()).collect(), Vec::new()),
        Which::UpTo(up_to) => (Vec::new(), up_to.bytes().to_vec()),
    };
    let mut params: Vec<Param<'_>> = vec![text(&user), texts(&audiences), number(&at)];
    let condition = match which {
        Which::Ids(_) => {
            params.push(byte_strings(&ids));
            "i.id = ANY($4)"
        }
        Which::UpTo(_) => {
            params.push(bytes(&up_to));
            "i.id <= $4 AND (i.number IS NOT NULL OR i.due_at <= $3)"
        }
    };
    let sql = format!(
        "WITH {AUDIENCE} SELECT {STATED} FROM tidings_items i
         WHERE i.user_id = $1 AND i.bucket < 32 AND {condition}
           AND (i.expires_at IS NULL OR i.expires_at > $3) AND (i.number IS NULL OR {SEEN_BY_USER})"
    );
    let mut found = Vec::new();
    if stage == Stage::First {
        for row in work.query(&sql, &params).await? {
            let item = Stated::of(&row)?;
            let state = item.state.at(*now);
            if matches!(which, Which::Ids(_)) || change.scope().matches(item.severity(), None, &state) {
                found.push(item);
            }
        }
    }
    if matches!(which, Which::Ids(_)) {
        return Ok((found, false));
    }
    let own = own_in_scope(work, asked, &up_to).await?;
    let more = own.len() == STEP;
    found.extend(own);
    Ok((found, more))
}

/// As many of the user's own as one step changes, but for those that time has changed: all of them leave the scope by the change.
async fn own_in_scope(work: &Work, asked: &Asked, up_to: &[u8]) -> Result<Vec<Stated>, Failure> {
    let (user, now) = (asked.reader.user.as_str(), int(asked.now.millis()));
    let buckets: Vec<i64> = asked.change.scope().buckets().into_iter().map(i64::from).collect();
    let step = bounded(STEP);
    let which = match asked.change {
        // Bits 8 and 16 of the bucket: archived, snoozed. There is an index of what is unseen.
        Change::Seen => {
            "SELECT * FROM tidings_items i WHERE i.user_id = $1 AND i.id <= $2 AND i.seen_at IS NULL AND i.bucket & 24 = 0
               AND $3::bigint[] IS NOT NULL AND i.number IS NULL AND (i.due_at IS NULL OR i.due_at > $4) LIMIT $5"
        }
        _ => {
            "SELECT i.* FROM unnest($3::bigint[]) AS wanted(bucket) CROSS JOIN LATERAL (
                 SELECT * FROM tidings_items i
                 WHERE i.user_id = $1 AND i.bucket = wanted.bucket AND i.id <= $2 AND i.number IS NULL
                   AND (i.due_at IS NULL OR i.due_at > $4) LIMIT $5) i LIMIT $5"
        }
    };
    let sql = format!("SELECT {STATED} FROM ({which}) i");
    let params = [text(&user), bytes(&up_to), numbers(&buckets), number(&now), number(&step)];
    work.query(&sql, &params).await?.iter().map(Stated::of).collect()
}

/// Broadcasts without an item that the change is about.
async fn untouched(work: &Work, asked: &Asked, standing: &Standing) -> Result<Vec<Untouched>, Failure> {
    let Asked { reader, which, change, now, .. } = asked;
    let (audiences, now) = (given_audiences(reader), int(now.millis()));
    let floor = match (which, change) {
        (Which::UpTo(_), Change::Unarchive) => return Ok(Vec::new()),
        (Which::UpTo(_), Change::Seen) => standing.seen.up_to.max(standing.read.up_to),
        (Which::UpTo(_), Change::Read) => standing.read.up_to,
        _ => 0,
    };
    let floor = floor.max(standing.since);
    let (ids, up_to): (Vec<Vec<u8>>, Vec<u8>) = match which {
        Which::Ids(ids) => (ids.iter().map(|id| id.bytes().to_vec()).collect(), Vec::new()),
        Which::UpTo(up_to) => (Vec::new(), up_to.bytes().to_vec()),
    };
    let user = reader.user.as_str();
    let mut params: Vec<Param<'_>> = vec![text(&user), texts(&audiences), number(&now), number(&floor)];
    let condition = match which {
        Which::Ids(_) => {
            params.push(byte_strings(&ids));
            "b.id = ANY($5)"
        }
        Which::UpTo(_) => {
            params.push(bytes(&up_to));
            "b.id <= $5"
        }
    };
    let sql = format!(
        "WITH {AUDIENCE} SELECT b.id, b.number, b.severity FROM audience a JOIN tidings_broadcasts b ON b.audience = a.key
         WHERE b.number > $4 AND b.created_at >= a.since AND (b.expires_at IS NULL OR b.expires_at > $3) AND {condition}
           AND NOT EXISTS (SELECT FROM tidings_items i WHERE i.user_id = $1 AND i.id = b.id)"
    );
    let of = |row: &tokio_postgres::Row| {
        let severity = own::severity(get(row, "severity")?);
        Ok(Untouched { id: own::id(row, "id")?, number: get(row, "number")?, severity })
    };
    work.query(&sql, &params).await?.iter().map(of).collect()
}

/// Up to which number all broadcasts have an id up to the one of a mark, which covers them; 0 for what is no mark.
async fn covered(work: &Work, asked: &Asked) -> Result<i64, Failure> {
    let (Which::UpTo(up_to), Change::Seen | Change::Read) = (&asked.which, asked.change) else {
        return Ok(0);
    };
    let sql = "SELECT coalesce(
            (SELECT min(number) - 1 FROM (SELECT number FROM tidings_broadcasts WHERE id > $1 OFFSET 0) later), last) AS mark
        FROM tidings_broadcasting";
    let rows = work.query(sql, &[bytes(&up_to.bytes().to_vec())]).await?;
    rows.first().map_or_else(|| Err(Failure::corrupt("the count of broadcasts")), |row| get(row, "mark"))
}

impl Changes {
    fn restate(&mut self, asked: &Asked, item: &Stated) {
        let Some(state) = item.state.with(asked.change, asked.now) else { return };
        self.changed.push(item.id);
        let is_gone = asked.change == Change::Delete;
        if item.number.is_none() {
            self.unread += i64::from(!is_gone && state.counts()) - i64::from(item.is_counted());
        }
        match (is_gone, item.number) {
            (true, None) => self.gone.push(item.id.bytes().to_vec()),
            (true, Some(_)) => self.states.push(item.id, None, &state, item.expires_at),
            (false, _) => self.states.push(item.id, Some(item.severity()), &state, item.expires_at),
        }
    }

    fn touch(&mut self, asked: &Asked, broadcast: &Untouched, state: State, mark: i64) {
        let Some(state) = state.with(asked.change, asked.now) else { return };
        self.changed.push(broadcast.id);
        if broadcast.number > mark {
            let is_gone = asked.change == Change::Delete;
            self.new.push(broadcast.id, (!is_gone).then_some(broadcast.severity), &state, None);
            self.new_numbers.push(broadcast.number);
        }
    }

    async fn write(&self, work: &Work, asked: &Asked) -> Result<(), Failure> {
        let user = asked.reader.user.as_str();
        if !self.gone.is_empty() {
            let sql = "DELETE FROM tidings_items WHERE user_id = $1 AND id = ANY($2)";
            work.execute(sql, &[text(&user), byte_strings(&self.gone)]).await?;
        }
        if !self.states.is_empty() {
            restate(work, &vec![user; self.states.ids.len()], &self.states).await?;
        }
        if !self.new.is_empty() {
            let sql = "INSERT INTO tidings_items
                (user_id, id, number, bucket, category, created_at, seen_at, read_at, archived_at, snoozed_until, due_at)
                SELECT $1, b.id, b.number, new.bucket, b.category, b.created_at, new.seen, new.read, new.archived, new.snoozed, new.due
                FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
                     AS new(number, bucket, seen, read, archived, snoozed, due)
                JOIN tidings_broadcasts b ON b.number = new.number";
            let States { buckets, seen, read, archived, snoozed, due, .. } = &self.new;
            let params = [
                text(&user),
                numbers(&self.new_numbers),
                numbers(buckets),
                numbers(seen),
                numbers(read),
                numbers(archived),
                numbers(snoozed),
                numbers(due),
            ];
            work.execute(sql, &params).await?;
        }
        Ok(())
    }
}

/// Writes other states of items, each of the user in its place.
pub(super) async fn restate(work: &Work, users: &[&str], states: &States) -> Result<(), Failure> {
    let sql = "UPDATE tidings_items i SET bucket = new.bucket, seen_at = new.seen, read_at = new.read, archived_at = new.archived,
            snoozed_until = new.snoozed, due_at = new.due
        FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
             AS new(user_id, id, bucket, seen, read, archived, snoozed, due)
        WHERE i.user_id = new.user_id AND i.id = new.id";
    let States { ids, buckets, seen, read, archived, snoozed, due } = states;
    let params = [
        texts(&users),
        byte_strings(ids),
        numbers(buckets),
        numbers(seen),
        numbers(read),
        numbers(archived),
        numbers(snoozed),
        numbers(due),
    ];
    work.execute(sql, &params).await.map(drop)
}
