//! Pages of an inbox: the newest of a few stretches that are sorted already.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use tidings_core::store::inbox::{Category, Filter, Item, PAGE_MAX, Reader, Severity};
use tidings_protocol::{EntryId, Timestamp, UserId};

use super::{
    broadcasts::{self, Audiences},
    items,
    standing::Standing,
    values as own,
};
use crate::{error::Work, values};

/// What the page is asked for.
pub(super) struct Asked<'a> {
    pub(super) reader: &'a Reader,
    pub(super) filter: &'a Filter,
    pub(super) before: Option<EntryId>,
    pub(super) limit: usize,
    pub(super) now: Timestamp,
}

/// The newest ids so far, each with its broadcast where there is no item.
struct Newest {
    found: BTreeMap<EntryId, Option<i64>>,
    limit: usize,
}

impl Newest {
    fn has_place_for(&self, id: EntryId) -> bool {
        self.found.len() < self.limit || self.found.first_key_value().is_some_and(|(oldest, _)| id > *oldest)
    }

    fn take(&mut self, id: EntryId, number: Option<i64>) {
        self.found.insert(id, number);
        if self.found.len() > self.limit {
            self.found.pop_first();
        }
    }
}

pub(super) fn page(connection: &Connection, standing: &Standing, asked: &Asked<'_>) -> Work<Vec<Item>> {
    let limit = asked.limit.min(PAGE_MAX);
    if limit == 0 {
        return Ok(Vec::new());
    }
    let audiences = Audiences::of(connection, asked.reader)?;
    let mut newest = Newest { found: BTreeMap::new(), limit };
    stirred(connection, &audiences, asked, &mut newest)?;
    for bucket in asked.filter.buckets() {
        stretch(connection, &audiences, asked, bucket, &mut newest)?;
    }
    untouched(connection, standing, &audiences, asked, &mut newest)?;
    let mut page = Vec::with_capacity(newest.found.len());
    for (id, number) in newest.found.into_iter().rev() {
        page.extend(item(connection, standing, &asked.reader.user, id, number, asked.now)?);
    }
    Ok(page)
}

/// An item, or a broadcast of which there is none.
pub(super) fn item(
    connection: &Connection,
    standing: &Standing,
    user: &UserId,
    id: EntryId,
    number: Option<i64>,
    now: Timestamp,
) -> Work<Option<Item>> {
    let Some(number) = number else {
        let item = items::whole(connection, user, id)?;
        return Ok(item.map(|item| Item { state: item.state.at(now), ..item }));
    };
    let whole = broadcasts::whole(connection, number)?;
    let state = standing.default_state(number);
    Ok(whole.map(|(notification, audience)| Item { notification, audience, state }))
}

/// What time has changed, which is few, by what it is now.
fn stirred(
    connection: &Connection,
    audiences: &Audiences,
    asked: &Asked<'_>,
    newest: &mut Newest,
) -> Work<()> {
    for item in items::due(connection, &asked.reader.user, asked.now)? {
        let state = item.state.at(asked.now);
        let is_there = match item.number {
            Some(number) => audiences.see_number(connection, number, asked.now)?,
            None => !item.is_expired(asked.now),
        };
        if is_there
            && asked.before.is_none_or(|before| item.id < before)
            && asked.filter.matches(item.severity(), item.category.as_ref(), &state)
        {
            newest.take(item.id, None);
        }
    }
    Ok(())
}

/// Items of a bucket, newest first, until the page cannot have more of them.
fn stretch(
    connection: &Connection,
    audiences: &Audiences,
    asked: &Asked<'_>,
    bucket: u8,
    newest: &mut Newest,
) -> Work<()> {
    let category = asked.filter.category.as_ref().map(Category::as_str);
    let which = if category.is_some() { "category = ?5" } else { "?5 IS NULL" };
    let sql = format!(
        "SELECT id, number FROM items WHERE user = ?1 AND bucket = ?2 AND id < ?3 AND (due_at IS NULL OR due_at > ?4) AND {which}
         ORDER BY id DESC"
    );
    let mut stretch = connection.prepare_cached(&sql)?;
    let (user, before) = (asked.reader.user.as_str(), bound(asked.before));
    let mut rows = stretch.query(params![user, bucket, before, values::millis(asked.now), category])?;
    while let Some(row) = rows.next()? {
        let id = own::id(row, 0)?;
        if !newest.has_place_for(id) {
            break;
        }
        let number: Option<i64> = row.get(1)?;
        if number.map_or(Ok(true), |number| audiences.see_number(connection, number, asked.now))? {
            newest.take(id, None);
        }
    }
    Ok(())
}

/// Broadcasts of which the user has no item.
fn untouched(
    connection: &Connection,
    standing: &Standing,
    audiences: &Audiences,
    asked: &Asked<'_>,
    newest: &mut Newest,
) -> Work<()> {
    let Filter { unread, archived, snoozed, category, severity } = asked.filter;
    if *archived == Some(true) || *snoozed == Some(true) {
        return Ok(());
    }
    let read = standing.read.up_to;
    let floor = if *unread == Some(true) { standing.since.max(read) } else { standing.since };
    let oldest = "SELECT min(+id) FROM broadcasts INDEXED BY broadcasts_order WHERE number > ?1";
    let oldest: Option<[u8; 16]> = connection.prepare_cached(oldest)?.query_row([floor], |row| row.get(0))?;
    let Some(oldest) = oldest else { return Ok(()) };
    let category = category.as_ref().map(Category::as_str);
    let which = if category.is_some() { "category = ?5" } else { "?5 IS NULL" };
    let sql = format!(
        "SELECT id, number, created_at, expires_at FROM broadcasts
         WHERE audience = ?1 AND severity = ?2 AND id >= ?3 AND id < ?4 AND {which} ORDER BY id DESC"
    );
    let mut stretch = connection.prepare_cached(&sql)?;
    let mut touched = connection.prepare_cached("SELECT 1 FROM items WHERE user = ?1 AND id = ?2")?;
    let now = values::millis(asked.now);
    for (audience, from) in audiences.iter() {
        for severity in Severity::ALL.into_iter().filter(|it| severity.is_none_or(|wanted| wanted == *it)) {
            let parameters = params![audience, severity as u8, oldest, bound(asked.before), category];
            let mut rows = stretch.query(parameters)?;
            while let Some(row) = rows.next()? {
                let id = own::id(row, 0)?;
                if !newest.has_place_for(id) {
                    break;
                }
                let (number, created_at): (i64, i64) = (row.get(1)?, row.get(2)?);
                let is_over = row.get::<_, Option<i64>>(3)?.is_some_and(|expires_at| expires_at <= now);
                let fits = number > floor && created_at >= from && !is_over;
                if fits
                    && unread.is_none_or(|unread| unread == (number > read))
                    && !touched.exists(params![asked.reader.user.as_str(), id.bytes()])?
                {
                    newest.take(id, Some(number));
                }
            }
        }
    }
    Ok(())
}

/// No id is as great as the greatest.
fn bound(before: Option<EntryId>) -> [u8; 16] {
    before.map_or([u8::MAX; 16], EntryId::bytes)
}
