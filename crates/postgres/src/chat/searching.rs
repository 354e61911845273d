//! Finding messages. A GIN index knows no order, and what is said often is found at once among the newest, so those are walked first; what is not found
//! there is said seldom, and the index has few of it.

use std::sync::Arc;

use tidings_core::{
    RoomKey,
    search::Token,
    store::search::{CANDIDATES_MAX, Candidate, Found, Search},
};
use tokio_postgres::Row;

use crate::{
    failure::Failure,
    pool::Pool,
    rows,
    work::{Param, ask, int, limit as bounded, number, numbers, texts},
};

/// Rows of the first walk, and of a further one.
const WALK: i64 = 4_096;
const WALK_ON: i64 = 16_384;
/// As many hits an index may be asked for that have to be sorted.
const SORTED_MAX: i64 = 20_000;
/// Up to so many rooms are looked up like words; of more it is looked at each message that has the words.
const ROOMS_LOOKED_UP: usize = 64;
/// How far the order of numbers and that of times may differ, in milliseconds: servers' clocks, and how long a message waits for its commit.
const SLACK_MS: i64 = 10_000;

/// A search on its way.
struct Looking<'a> {
    pool: &'a Arc<Pool>,
    search: &'a Search,
    terms: Vec<i64>,
    /// Texts of the rooms' keys; none for all rooms.
    rooms: Option<Vec<String>>,
    /// The lowest number.
    bottom: i64,
    /// From when on, and until before when.
    since: i64,
    until: i64,
}

/// A page of what was found.
struct Page {
    /// How many of them there are: not all that the index found are candidates.
    taken: i64,
    candidates: Vec<Candidate>,
    /// The lowest number of them.
    last: Option<i64>,
}

/// What a walk met.
struct Walked {
    /// How many messages there were.
    rows: i64,
    /// The lowest number of those.
    low: i64,
    /// How many had all the words, in whichever room.
    fitting: i64,
    page: Page,
}

pub(super) async fn search(pool: &Arc<Pool>, search: Search) -> Result<Found, Failure> {
    let Some((bottom, top)) = stretch(pool, &search).await? else { return Ok(Found::default()) };
    let limit = bounded(search.limit.clamp(1, CANDIDATES_MAX));
    let looking = Looking {
        pool,
        search: &search,
        terms: search.terms().into_iter().map(Token::number).collect(),
        rooms: search.rooms.as_ref().map(|rooms| rooms.iter().map(RoomKey::to_string).collect()),
        bottom,
        since: search.since.map_or(0, |since| int(since.millis())),
        until: search.until.map_or(i64::MAX, |until| int(until.millis())),
    };
    let Walked { rows, low, fitting, page } = looking.walk(top, WALK, limit).await?;
    let left = limit - page.taken;
    if left == 0 || rows < WALK {
        return found(page.candidates, page.last.filter(|_| left == 0));
    }
    let mut candidates = page.candidates;
    // How many there are of the words further on, if they are said as often as among the newest.
    let expected = fitting.saturating_mul(low - bottom) / WALK;
    let (page, end) = match looking.is_in_many_rooms() && expected > SORTED_MAX {
        true => {
            let walked = looking.walk(low, WALK_ON, left).await?;
            (walked.page, (walked.rows == WALK_ON).then_some(walked.low))
        }
        false => (looking.look_up(low, left).await?, None),
    };
    candidates.extend(page.candidates);
    found(candidates, if page.taken == left { page.last } else { end })
}

fn found(candidates: Vec<Candidate>, next: Option<i64>) -> Result<Found, Failure> {
    let next = next.map(|next| u64::try_from(next).map_err(|_| Failure::corrupt("a number"))).transpose()?;
    Ok(Found { candidates, next })
}

/// From which number on, and below which; none where nothing can be.
async fn stretch(pool: &Arc<Pool>, search: &Search) -> Result<Option<(i64, i64)>, Failure> {
    let before = search.before.map_or(i64::MAX, int);
    let since = search.since.map(|since| int(since.millis()).saturating_sub(SLACK_MS));
    let until = search.until.map(|until| int(until.millis()).saturating_add(SLACK_MS));
    let (mut bottom, mut top) = (0, before);
    if let Some(since) = since {
        let sql = "SELECT number FROM tidings_search WHERE time >= $1 ORDER BY time, number LIMIT 1";
        let Some(row) = ask(pool, sql, &[number(&since)]).await?.pop() else { return Ok(None) };
        bottom = rows::get(&row, "number")?;
    }
    if let Some(until) = until {
        let sql =
            "SELECT number FROM tidings_search WHERE time <= $1 ORDER BY time DESC, number DESC LIMIT 1";
        let Some(row) = ask(pool, sql, &[number(&until)]).await?.pop() else { return Ok(None) };
        top = top.min(rows::get::<i64>(&row, "number")?.saturating_add(1));
    }
    Ok((bottom < top).then_some((bottom, top)))
}

/// Rows of the index with their entries.
fn with_entries(hits: &str) -> String {
    format!(
        r#"SELECT h.number, r.key, e."offset", e.time, e.id, e.type, e.sender, e.data
           FROM ({hits}) h JOIN tidings_rooms r ON r.id = h.room
           CROSS JOIN LATERAL (
               SELECT * FROM tidings_entries e
               WHERE e.room = h.room AND e."offset" = h."offset" AND e.time = h.time LIMIT 1
           ) e"#
    )
}

impl Looking<'_> {
    fn is_in_many_rooms(&self) -> bool {
        self.rooms.as_ref().is_some_and(|rooms| rooms.len() > ROOMS_LOOKED_UP)
    }

    /// What keeps a statement to the rooms; `$1` is their keys.
    fn in_rooms(&self) -> &'static str {
        match &self.rooms {
            Some(_) => "room IN (SELECT id FROM tidings_rooms WHERE key = ANY($1))",
            None => "$1 = $1",
        }
    }

    /// Looks at the newest messages below a number, as many as are said, of all rooms or of the one that is asked for.
    async fn walk(&self, top: i64, most: i64, limit: i64) -> Result<Walked, Failure> {
        let in_rooms = self.in_rooms();
        // Compared as rows, so that the planner walks the room's index: of an equal room it expects few rows, reads them all and sorts them.
        const ROOM: &str = "(SELECT id FROM tidings_rooms WHERE key = ANY($1))";
        let (stretch, order) = match self.rooms.as_deref() {
            Some([_]) => (
                format!("(room, number) < ({ROOM}, $3) AND (room, number) >= ({ROOM}, $4)"),
                "room DESC, number DESC",
            ),
            _ => ("number < $3 AND number >= $4".to_owned(), "number DESC"),
        };
        let sql = format!(
            r#"WITH walked AS MATERIALIZED (
                   SELECT number, room, "offset", time, tokens @> $2 AND time >= $7 AND time < $8 AS fits FROM tidings_search
                   WHERE {stretch} ORDER BY {order} LIMIT $5
               ), fitting AS MATERIALIZED (SELECT * FROM walked WHERE fits), sums AS (
                   SELECT count(*) AS rows, coalesce(min(number), 0) AS low, (SELECT count(*) FROM fitting) AS fitting FROM walked
               )
               SELECT sums.rows, sums.low, sums.fitting, found.* FROM sums LEFT JOIN LATERAL ({}) found ON true
               ORDER BY found.number DESC"#,
            with_entries(&format!("SELECT * FROM fitting WHERE {in_rooms} ORDER BY number DESC LIMIT $6"))
        );
        let keys = self.rooms.clone().unwrap_or_default();
        let params: [Param<'_>; 8] = [
            texts(&keys),
            numbers(&self.terms),
            number(&top),
            number(&self.bottom),
            number(&most),
            number(&limit),
            number(&self.since),
            number(&self.until),
        ];
        let found = ask(self.pool, &sql, &params).await?;
        let sums = found.first().ok_or_else(|| Failure::corrupt("a sum"))?;
        Ok(Walked {
            rows: rows::get(sums, "rows")?,
            low: rows::get(sums, "low")?,
            fitting: rows::get(sums, "fitting")?,
            page: self.page(&found)?,
        })
    }

    /// Asks the index for messages below a number.
    async fn look_up(&self, top: i64, limit: i64) -> Result<Page, Failure> {
        let rooms = self.search.rooms.as_deref().filter(|rooms| (2..=ROOMS_LOOKED_UP).contains(&rooms.len()));
        let rooms =
            rooms.map(|rooms| rooms.iter().map(|room| Token::room(room).number()).collect::<Vec<i64>>());
        let of_rooms = if rooms.is_some() { "tokens && $6" } else { "$6 = $6" };
        let hits = format!(
            r#"SELECT * FROM (
                   SELECT number, room, "offset", time FROM tidings_search
                   WHERE tokens @> $2 AND {of_rooms} AND number < $3 AND number >= $4 AND time >= $7 AND time < $8 AND {} OFFSET 0
               ) of_index ORDER BY number DESC LIMIT $5"#,
            self.in_rooms()
        );
        let (keys, rooms) = (self.rooms.clone().unwrap_or_default(), rooms.unwrap_or_default());
        let params: [Param<'_>; 8] = [
            texts(&keys),
            numbers(&self.terms),
            number(&top),
            number(&self.bottom),
            number(&limit),
            numbers(&rooms),
            number(&self.since),
            number(&self.until),
        ];
        let sql = format!("{} ORDER BY h.number DESC", with_entries(&hits));
        self.page(&ask(self.pool, &sql, &params).await?)
    }

    fn page(&self, found: &[Row]) -> Result<Page, Failure> {
        let mut page = Page { taken: 0, candidates: Vec::new(), last: None };
        for row in found {
            // A walk that found nothing has a row nevertheless.
            let Some(at) = rows::get::<Option<i64>>(row, "number")? else { continue };
            page.taken += 1;
            page.last = Some(at);
            let entry = rows::entry(row, rows::room(row, "key")?)?;
            if self.search.allows(&entry) {
                page.candidates
                    .push(Candidate { number: rows::count(row, "number")?, entry: Arc::new(entry) });
            }
        }
        Ok(page)
    }
}

/// Rooms in which there are messages, those first that began last: one step of the index a room.
pub(super) async fn rooms(pool: &Arc<Pool>, limit: usize) -> Result<Vec<RoomKey>, Failure> {
    let sql = "WITH RECURSIVE each_room (room) AS (
                   (SELECT room FROM tidings_messages ORDER BY room DESC LIMIT 1)
                   UNION ALL
                   SELECT (SELECT m.room FROM tidings_messages m WHERE m.room < e.room ORDER BY m.room DESC LIMIT 1)
                   FROM each_room e WHERE e.room IS NOT NULL
               ), young AS MATERIALIZED (SELECT room FROM each_room LIMIT $1)
               SELECT r.key FROM young y JOIN tidings_rooms r ON r.id = y.room ORDER BY r.id DESC";
    let found = ask(pool, sql, &[number(&bounded(limit))]).await?;
    found.iter().map(|row| rows::room(row, "key")).collect()
}
