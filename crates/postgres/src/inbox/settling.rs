//! What time does, written down, and what is too old.

use std::{collections::BTreeMap, sync::Arc};

use tidings_core::{
    RoomKey, StoreError,
    store::inbox::{KeepSince, Stir, Stirred, first_id_of},
};
use tidings_protocol::{Timestamp, UserId};
use tokio_postgres::Row;

use super::{
    Races, broadcasts, marking,
    rows::{self as own, STATED, Stated, States},
};
use crate::{
    failure::Failure,
    pool::Pool,
    rows::{self, get},
    work::{LONG, Param, Work, byte_strings, bytes, int, limit as bounded, number, numbers, texts},
};

pub(super) async fn settle(pool: &Arc<Pool>, now: Timestamp, limit: usize) -> Result<Stir, StoreError> {
    let (at, most) = (int(now.millis()), bounded(limit));
    let due = "due_at <= $1 ORDER BY due_at LIMIT $2";
    let over = "expires_at <= $1 ORDER BY expires_at LIMIT $2";
    let step = async |work: &Work| {
        let mut stir = Stir::default();
        let params = [number(&at), number(&most)];
        let items = locked(work, due, &params, over, &params).await?;
        let mut left = limit.saturating_sub(items.values().map(Vec::len).sum());
        write_down(work, items, now, &mut stir).await?;
        drop_broadcasts(work, over, number(&at), &mut left, &mut stir).await?;
        Ok(stir)
    };
    let mut races = Races::default();
    loop {
        let work = Work::begin(pool, LONG).await?;
        let done = step(&work).await;
        if let Some(done) = races.ended(work, done).await {
            return done;
        }
    }
}

pub(super) async fn drop_old(pool: &Arc<Pool>, keep: KeepSince, limit: usize) -> Result<Stir, StoreError> {
    let [read, unread] = [keep.read, keep.unread].map(|time| first_id_of(time).bytes().to_vec());
    let (both, most) = (read.clone().min(unread.clone()), bounded(limit));
    let last = read.clone().max(unread.clone());
    // Bits 4 and 8 of the bucket: read, archived.
    let old = "number IS NULL AND id < $3 AND id < CASE WHEN bucket & 12 <> 0 THEN $1 ELSE $2 END ORDER BY id LIMIT $4";
    let sent = "id < $1 ORDER BY id LIMIT $2";
    let step = async |work: &Work| {
        let mut stir = Stir::default();
        let params = [bytes(&read), bytes(&unread), bytes(&last), number(&most)];
        let items = locked(work, old, &params, sent, &[bytes(&both), number(&most)]).await?;
        let mut left = limit.saturating_sub(items.values().map(Vec::len).sum());
        delete(work, items, &mut stir).await?;
        drop_broadcasts(work, sent, bytes(&both), &mut left, &mut stir).await?;
        Ok(stir)
    };
    let mut races = Races::default();
    loop {
        let work = Work::begin(pool, LONG).await?;
        let done = step(&work).await;
        if let Some(done) = races.ended(work, done).await {
            return done;
        }
    }
}

/// Items that a condition finds, by their users, whose inboxes are locked; before them the count of broadcasts, if any of them is to go.
async fn locked(
    work: &Work,
    condition: &str,
    params: &[Param<'_>],
    broadcasts_to_go: &str,
    their_params: &[Param<'_>],
) -> Result<BTreeMap<UserId, Vec<Stated>>, Failure> {
    let some = format!("SELECT FROM tidings_broadcasts WHERE {broadcasts_to_go}");
    if !work.query(&some, their_params).await?.is_empty() {
        broadcasts::lock(work).await?;
    }
    let users =
        format!("SELECT DISTINCT user_id FROM (SELECT user_id FROM tidings_items WHERE {condition}) i");
    let users = work.query(&users, params).await?;
    let users: Vec<String> = users.iter().map(|row| get(row, "user_id")).collect::<Result<_, _>>()?;
    let lock = "SELECT FROM tidings_inboxes WHERE user_id = ANY($1) ORDER BY user_id FOR UPDATE";
    work.query(lock, &[texts(&users)]).await?;
    // Again: whoever had the inboxes until now may have changed them. Others that come are left for the next time.
    let sql = format!("SELECT user_id, {STATED} FROM (SELECT * FROM tidings_items WHERE {condition}) i");
    let mut found: BTreeMap<UserId, Vec<Stated>> = BTreeMap::new();
    for row in work.query(&sql, params).await? {
        if users.contains(&get::<String>(&row, "user_id")?) {
            found.entry(rows::user(&row, "user_id")?).or_default().push(Stated::of(&row)?);
        }
    }
    Ok(found)
}

async fn write_down(
    work: &Work,
    items: BTreeMap<UserId, Vec<Stated>>,
    now: Timestamp,
    stir: &mut Stir,
) -> Result<(), Failure> {
    let (mut users, mut states, mut gone) = (Vec::new(), States::default(), Gone::default());
    let mut counts = Counts::default();
    for (user, items) in &items {
        let mut stirred = Stirred { user: user.clone(), woken: Vec::new(), gone: Vec::new() };
        let (mut unread, mut revision) = (0, 0);
        for item in items {
            revision += int(item.state.due(item.expires_at, now));
            unread -= i64::from(item.is_counted());
            if item.is_expired(now) {
                gone.push(user, item);
                stirred.gone.push(item.id);
                continue;
            }
            let state = item.state.at(now);
            unread += i64::from(item.number.is_none() && state.counts());
            users.push(user.as_str());
            states.push(item.id, Some(item.severity()), &state, item.expires_at);
            stirred.woken.push(item.id);
        }
        counts.push(user, unread, revision);
        stir.users.push(stirred);
    }
    marking::restate(work, &users, &states).await?;
    gone.write(work).await?;
    counts.write(work).await
}

async fn delete(work: &Work, items: BTreeMap<UserId, Vec<Stated>>, stir: &mut Stir) -> Result<(), Failure> {
    let (mut gone, mut counts) = (Gone::default(), Counts::default());
    for (user, items) in items {
        let unread = items.iter().map(|item| i64::from(item.is_counted())).sum::<i64>();
        // More than time can have added to it by each item.
        counts.push(&user, -unread, 3 * int(items.len() as u64));
        items.iter().for_each(|item| gone.push(&user, item));
        let ids = items.iter().map(|item| item.id).collect();
        stir.users.push(Stirred { user, woken: Vec::new(), gone: ids });
    }
    gone.write(work).await?;
    counts.write(work).await
}

async fn drop_broadcasts(
    work: &Work,
    condition: &str,
    param: Param<'_>,
    left: &mut usize,
    stir: &mut Stir,
) -> Result<(), Failure> {
    let sql = format!("SELECT number, audience, id FROM tidings_broadcasts WHERE {condition}");
    let most = bounded(*left);
    let rows = work.query(&sql, &[param, number(&most)]).await?;
    if !rows.is_empty() {
        broadcasts::lock(work).await?;
    }
    let mut numbers_of = Vec::new();
    for row in &rows {
        numbers_of.push(get::<i64>(row, "number")?);
        stir.broadcasts.push((audience(row)?, own::id(row, "id")?));
    }
    broadcasts::remove(work, &numbers_of).await?;
    *left = left.saturating_sub(rows.len());
    stir.more = *left == 0;
    Ok(())
}

fn audience(row: &Row) -> Result<RoomKey, Failure> {
    RoomKey::parse(&get::<String>(row, "audience")?).ok_or_else(|| Failure::corrupt("an audience"))
}

/// Items that go, as columns.
#[derive(Default)]
struct Gone {
    users: Vec<String>,
    ids: Vec<Vec<u8>>,
}

impl Gone {
    fn push(&mut self, user: &UserId, item: &Stated) {
        self.users.push(user.as_str().to_owned());
        self.ids.push(item.id.bytes().to_vec());
    }

    async fn write(&self, work: &Work) -> Result<(), Failure> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let sql = "DELETE FROM tidings_items i USING unnest($1::text[], $2::bytea[]) AS gone(user_id, id)
            WHERE i.user_id = gone.user_id AND i.id = gone.id";
        work.execute(sql, &[texts(&self.users), byte_strings(&self.ids)]).await.map(drop)
    }
}

/// How counters change, as columns.
#[derive(Default)]
struct Counts {
    users: Vec<String>,
    unread: Vec<i64>,
    revision: Vec<i64>,
}

impl Counts {
    fn push(&mut self, user: &UserId, unread: i64, revision: i64) {
        self.users.push(user.as_str().to_owned());
        self.unread.push(unread);
        self.revision.push(revision);
    }

    async fn write(&self, work: &Work) -> Result<(), Failure> {
        if self.users.is_empty() {
            return Ok(());
        }
        let sql = "UPDATE tidings_inboxes box SET unread = box.unread + new.unread, revision = box.revision + new.revision
            FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS new(user_id, unread, revision) WHERE box.user_id = new.user_id";
        let params = [texts(&self.users), numbers(&self.unread), numbers(&self.revision)];
        work.execute(sql, &params).await.map(drop)
    }
}
