//! When people were last seen, what the back end was told of them, and which servers are there.

use std::{ops::RangeInclusive, sync::Arc};

use tidings_core::{
    StoreError,
    store::{Answer, People, Person, ServerId},
};
use tidings_protocol::{Timestamp, UserId};
use tokio_postgres::Row;

use crate::{
    failure::Failure,
    pool::Pool,
    rows,
    store::{PostgresStore, answer},
    work::{QUICK, Work, ask, int, limit as bounded, number, numbers, text, texts},
};

/// How long a server is remembered that has nobody left.
const FORGET_AFTER_MS: i64 = 24 * 60 * 60 * 1_000;

/// What [`person`] reads; `p` is the person, `s` their server. `greatest` leaves out what is not there.
const COLUMNS: &str = "p.user_id, greatest(p.last_seen, s.renewed_at) AS last_seen, p.revision, p.server";

impl People for PostgresStore {
    fn note_people(&self, people: Vec<Person>) -> Answer<'_, ()> {
        answer(note(&self.pool, people))
    }

    fn people(&self, users: Vec<UserId>) -> Answer<'_, Vec<Person>> {
        answer(of(&self.pool, users))
    }

    fn all_people(&self, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Person>> {
        answer(all(&self.pool, after, limit))
    }

    fn renew_lease(&self, server: ServerId, now: Timestamp) -> Answer<'_, ()> {
        answer(renew(&self.pool, server, now))
    }

    fn left_behind(&self, alive: RangeInclusive<Timestamp>, limit: usize) -> Answer<'_, Vec<Person>> {
        answer(left_behind(&self.pool, alive, limit))
    }
}

async fn note(pool: &Arc<Pool>, mut people: Vec<Person>) -> Result<(), StoreError> {
    // All servers in one order: none waits for another in a circle.
    people.sort_unstable_by(|a, b| a.user.cmp(&b.user));
    let users: Vec<&str> = people.iter().map(|it| it.user.as_str()).collect();
    let seen: Vec<i64> = people.iter().map(|it| int(it.last_seen.millis())).collect();
    let revisions: Vec<i64> = people.iter().map(|it| int(it.revision)).collect();
    let servers: Vec<&str> =
        people.iter().map(|it| it.server.as_ref().map_or("", ServerId::as_str)).collect();
    let sql = "INSERT INTO tidings_people AS known (user_id, last_seen, revision, server)
               SELECT user_id, last_seen, revision, NULLIF(server, '')
               FROM unnest($1, $2, $3, $4) AS new (user_id, last_seen, revision, server)
               ON CONFLICT (user_id) DO UPDATE SET
                   last_seen = greatest(known.last_seen, EXCLUDED.last_seen),
                   revision = greatest(known.revision, EXCLUDED.revision),
                   server = CASE WHEN EXCLUDED.revision >= known.revision THEN EXCLUDED.server ELSE known.server END";
    let work = Work::begin(pool, QUICK).await?;
    work.execute(sql, &[texts(&users), numbers(&seen), numbers(&revisions), texts(&servers)]).await?;
    work.commit().await
}

async fn of(pool: &Arc<Pool>, users: Vec<UserId>) -> Result<Vec<Person>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tidings_people AS p LEFT JOIN tidings_servers AS s ON s.id = p.server
         WHERE p.user_id = ANY($1)"
    );
    let users: Vec<&str> = users.iter().map(UserId::as_str).collect();
    ask(pool, &sql, &[texts(&users)]).await?.iter().map(person).collect()
}

async fn all(pool: &Arc<Pool>, after: Option<UserId>, limit: usize) -> Result<Vec<Person>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tidings_people AS p LEFT JOIN tidings_servers AS s ON s.id = p.server
         WHERE p.user_id > $1 ORDER BY p.user_id LIMIT $2"
    );
    let after = after.as_ref().map_or("", UserId::as_str);
    ask(pool, &sql, &[text(&after), number(&bounded(limit))]).await?.iter().map(person).collect()
}

async fn renew(pool: &Arc<Pool>, server: ServerId, now: Timestamp) -> Result<(), StoreError> {
    let now = int(now.millis());
    let work = Work::begin(pool, QUICK).await?;
    let forget = "DELETE FROM tidings_servers AS s WHERE s.renewed_at < $1
                  AND NOT EXISTS (SELECT FROM tidings_people AS p WHERE p.server = s.id)";
    work.execute(forget, &[number(&now.saturating_sub(FORGET_AFTER_MS))]).await?;
    let renew = "INSERT INTO tidings_servers (id, renewed_at) VALUES ($1, $2)
                 ON CONFLICT (id) DO UPDATE SET renewed_at = EXCLUDED.renewed_at";
    work.execute(renew, &[text(&server.as_str()), number(&now)]).await?;
    work.commit().await
}

async fn left_behind(
    pool: &Arc<Pool>,
    alive: RangeInclusive<Timestamp>,
    limit: usize,
) -> Result<Vec<Person>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS} FROM tidings_servers AS s JOIN tidings_people AS p ON p.server = s.id
         WHERE s.renewed_at NOT BETWEEN $1 AND $2 LIMIT $3"
    );
    let (from, to) = (int(alive.start().millis()), int(alive.end().millis()));
    ask(pool, &sql, &[number(&from), number(&to), number(&bounded(limit))])
        .await?
        .iter()
        .map(person)
        .collect()
}

fn person(row: &Row) -> Result<Person, Failure> {
    Ok(Person {
        user: rows::user(row, "user_id")?,
        last_seen: rows::time(row, "last_seen")?,
        revision: rows::count(row, "revision")?,
        server: rows::get::<Option<String>>(row, "server")?.as_deref().map(ServerId::kept),
    })
}
