//! Looking something up: down the index by numbers, a window at a time, so that the newest come first and no call takes long.

use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use hashbrown::{HashMap, HashSet};
use rusqlite::{Connection, OptionalExtension, params};
use tidings_core::{
    RoomKey,
    search::Token,
    store::search::{CANDIDATES_MAX, Candidate, Found, Search},
};

use crate::{entries, error::Work, values};

/// Up to so many rooms are looked up like words; of more it is looked at each message that has the words.
const ROOMS_LOOKED_UP: usize = 64;
/// Most rows of the index that one call looks at.
const ROWS_MAX: usize = 5_000;
/// Numbers of the first window; each further one is four times as large, up to the last. FTS5 does not say when it only compares and finds nothing, so
/// a window bounds that too.
const WINDOW: i64 = 1 << 16;
const WINDOW_MAX: i64 = 1 << 20;
/// After this no further window is begun.
const PATIENCE: Duration = Duration::from_millis(25);
/// How far the order of numbers and that of times may differ, in milliseconds: times are taken before a message waits for the writer.
const SLACK_MS: i64 = 10_000;

struct Looking<'a> {
    connection: &'a Connection,
    search: &'a Search,
    terms: String,
    rooms: Option<HashSet<&'a RoomKey>>,
    /// Rooms by their numbers, as far as they were met; none for those that are not asked for.
    met: HashMap<i64, Option<RoomKey>>,
    limit: usize,
    rows: usize,
    candidates: Vec<Candidate>,
}

pub(crate) fn search(connection: &Connection, search: &Search) -> Work<Found> {
    let moment = connection.unchecked_transaction()?;
    if search.tokens.is_empty() {
        return Ok(Found::default());
    }
    let Some((bottom, mut top)) = stretch(&moment, search)? else { return Ok(Found::default()) };
    let begun = Instant::now();
    let mut looking = Looking {
        connection: &moment,
        search,
        terms: terms(search),
        rooms: search.rooms.as_ref().map(|rooms| rooms.iter().collect()),
        met: HashMap::new(),
        limit: search.limit.clamp(1, CANDIDATES_MAX),
        rows: 0,
        candidates: Vec::new(),
    };
    let mut window = WINDOW;
    let next = loop {
        let from = top.saturating_sub(window).max(bottom);
        if let Some(next) = looking.window(from, top)? {
            break Some(next);
        }
        if from == bottom {
            break None;
        }
        top = from;
        if begun.elapsed() > PATIENCE {
            break Some(top);
        }
        window = (window * 4).min(WINDOW_MAX);
    };
    Ok(Found { candidates: looking.candidates, next: next.map(values::count).transpose()? })
}

/// From which number on, and below which; none where nothing can be.
fn stretch(connection: &Connection, search: &Search) -> Work<Option<(i64, i64)>> {
    let number = |sql: &str, time: i64| -> Work<Option<i64>> {
        Ok(connection.prepare_cached(sql)?.query_row([time], |row| row.get(0)).optional()?)
    };
    let since = search.since.map_or(i64::MIN, |since| values::millis(since).saturating_sub(SLACK_MS));
    let first = number("SELECT number FROM search WHERE time >= ?1 ORDER BY time, number LIMIT 1", since)?;
    let until = search.until.map_or(i64::MAX, |until| values::millis(until).saturating_add(SLACK_MS));
    let last =
        number("SELECT number FROM search WHERE time <= ?1 ORDER BY time DESC, number DESC LIMIT 1", until)?;
    let (Some(first), Some(last)) = (first, last) else { return Ok(None) };
    // Without a bound of time the ends are those of all numbers, whatever the clock did.
    let ends = "SELECT (SELECT min(number) FROM search), (SELECT max(number) FROM search) WHERE ?1 = ?1";
    let (least, most): (i64, i64) =
        connection.prepare_cached(ends)?.query_row([0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let first = if search.since.is_none() { least } else { first };
    let last = if search.until.is_none() { most } else { last };
    let top = search.before.map_or(i64::MAX, values::number).min(last.saturating_add(1));
    Ok((first < top).then_some((first, top)))
}

/// What FTS5 is asked: nothing but digits in quotation marks, joined by its words.
fn terms(search: &Search) -> String {
    let quoted = |token: Token| format!("\"{}\"", tidings_core::hex(&token.bytes()));
    let each: Vec<String> = search.terms().into_iter().map(quoted).collect();
    let mut terms = each.join(" AND ");
    if let Some(rooms) = search.rooms.as_ref().filter(|rooms| (2..=ROOMS_LOOKED_UP).contains(&rooms.len())) {
        let each: Vec<String> = rooms.iter().map(|room| quoted(Token::room(room))).collect();
        let _ = write!(terms, " AND ({})", each.join(" OR "));
    }
    terms
}

impl Looking<'_> {
    /// Looks at numbers from one on and below another, the highest first; where to go on, if there was enough before the end.
    fn window(&mut self, from: i64, top: i64) -> Work<Option<i64>> {
        let sql = "SELECT i.rowid, s.room, s.offset, s.time FROM search_index AS i LEFT JOIN search AS s ON s.number = i.rowid
                   WHERE search_index MATCH ?1 AND i.rowid >= ?2 AND i.rowid < ?3 ORDER BY i.rowid DESC";
        let connection = self.connection;
        let mut look = connection.prepare_cached(sql)?;
        let mut rows = look.query(params![self.terms, from, top])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            if self.candidates.len() == self.limit || self.rows == ROWS_MAX {
                return Ok(Some(number.saturating_add(1)));
            }
            self.rows += 1;
            // Without a place it is gone, and the index has not forgotten it yet.
            if let (Some(room), Some(offset)) = (row.get(1)?, row.get(2)?)
                && self.is_of_the_time(row.get(3)?)
            {
                self.look_at(number, room, offset)?;
            }
        }
        Ok(None)
    }

    fn is_of_the_time(&self, time: i64) -> bool {
        self.search.since.is_none_or(|since| time >= values::millis(since))
            && self.search.until.is_none_or(|until| time < values::millis(until))
    }

    fn look_at(&mut self, number: i64, room: i64, offset: i64) -> Work<()> {
        if !self.met.contains_key(&room) {
            let key = self.asked_for(room)?;
            self.met.insert(room, key);
        }
        let Some(Some(key)) = self.met.get(&room) else { return Ok(()) };
        if let Some(entry) = entries::at(self.connection, key, room, offset)?
            && self.search.allows(&entry)
        {
            self.candidates.push(Candidate { number: values::count(number)?, entry: Arc::new(entry) });
        }
        Ok(())
    }

    /// A room, if it is one of those that are asked for: by its name, whatever the tokens say.
    fn asked_for(&self, room: i64) -> Work<Option<RoomKey>> {
        let mut find = self.connection.prepare_cached("SELECT key FROM rooms WHERE id = ?1")?;
        let key: Option<String> = find.query_row([room], |row| row.get(0)).optional()?;
        let Some(key) = key.as_deref().map(values::room).transpose()? else { return Ok(None) };
        Ok(self.rooms.as_ref().is_none_or(|rooms| rooms.contains(&key)).then_some(key))
    }
}
