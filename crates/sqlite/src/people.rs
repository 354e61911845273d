//! When people were last seen, what the back end was told of them, and which servers are there.

use std::ops::RangeInclusive;

use rusqlite::{Connection, Row, params};
use tidings_core::store::{Answer, People, Person, ServerId};
use tidings_protocol::{Timestamp, UserId};

use crate::{
    SqliteStore,
    error::{Work, damaged},
    ledger::Ledger,
    sum::sum,
    values,
};

/// How long a server is remembered that has nobody left.
const FORGET_AFTER_MS: i64 = 24 * 60 * 60 * 1_000;

/// What [`person`] reads; `p` is the person, `s` their server.
const COLUMNS: &str = "p.user, p.last_seen, p.revision, p.server, p.sum, s.renewed_at";

impl People for SqliteStore {
    fn note_people(&self, people: Vec<Person>) -> Answer<'_, ()> {
        self.write(people, |ledger, people| note(ledger, people))
    }

    fn people(&self, users: Vec<UserId>) -> Answer<'_, Vec<Person>> {
        self.readers.read(move |connection| of(connection, &users))
    }

    fn all_people(&self, after: Option<UserId>, limit: usize) -> Answer<'_, Vec<Person>> {
        self.readers.read(move |connection| all(connection, after.as_ref(), limit))
    }

    fn renew_lease(&self, server: ServerId, now: Timestamp) -> Answer<'_, ()> {
        self.write((server, now), |ledger, (server, now)| renew(ledger, server, *now))
    }

    fn left_behind(&self, alive: RangeInclusive<Timestamp>, limit: usize) -> Answer<'_, Vec<Person>> {
        self.readers.read(move |connection| left_behind(connection, &alive, limit))
    }
}

fn note(ledger: &mut Ledger, people: &[Person]) -> Work<()> {
    let connection = ledger.connection();
    let mut find = connection
        .prepare_cached("SELECT user, last_seen, revision, server, sum, NULL FROM people WHERE user = ?1")?;
    let mut put = connection.prepare_cached(
        "INSERT OR REPLACE INTO people (user, last_seen, revision, server, sum) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for new in people {
        // What is damaged is as good as unknown here, and is whole again after this.
        let known = find.query([new.user.as_str()])?.next()?.and_then(|row| person(row).ok());
        let noted = match known.clone() {
            Some(known) => new.clone().noted_after(known),
            None => new.clone(),
        };
        if known.as_ref() == Some(&noted) {
            continue;
        }
        let Person { user, last_seen, revision, server } = &noted;
        let (last_seen, revision) = (values::millis(*last_seen), values::number(*revision));
        let server = server.as_ref().map(ServerId::as_str);
        let sum = person_sum(user.as_str(), last_seen, revision, server);
        put.execute(params![user.as_str(), last_seen, revision, server, sum])?;
    }
    Ok(())
}

fn of(connection: &Connection, users: &[UserId]) -> Work<Vec<Person>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM people AS p LEFT JOIN servers AS s ON s.id = p.server WHERE p.user = ?1"
    );
    let mut find = connection.prepare_cached(&sql)?;
    let mut found = Vec::with_capacity(users.len());
    for user in users {
        found.extend(find.query([user.as_str()])?.next()?.map(person).transpose()?);
    }
    Ok(found)
}

fn all(connection: &Connection, after: Option<&UserId>, limit: usize) -> Work<Vec<Person>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM people AS p LEFT JOIN servers AS s ON s.id = p.server
         WHERE p.user > ?1 ORDER BY p.user LIMIT ?2"
    );
    let mut page = connection.prepare_cached(&sql)?;
    let after = after.map_or("", UserId::as_str);
    let mut rows = page.query(params![after, values::rows(limit)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(person(row)?);
    }
    Ok(found)
}

fn renew(ledger: &mut Ledger, server: &ServerId, now: Timestamp) -> Work<()> {
    let now = values::millis(now);
    let forget = "DELETE FROM servers AS s WHERE s.renewed_at < ?1
                  AND NOT EXISTS (SELECT 1 FROM people AS p WHERE p.server = s.id)";
    ledger.connection().prepare_cached(forget)?.execute([now.saturating_sub(FORGET_AFTER_MS)])?;
    let renew = "INSERT INTO servers (id, renewed_at) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET renewed_at = excluded.renewed_at";
    ledger.connection().prepare_cached(renew)?.execute(params![server.as_str(), now])?;
    Ok(())
}

fn left_behind(
    connection: &Connection,
    alive: &RangeInclusive<Timestamp>,
    limit: usize,
) -> Work<Vec<Person>> {
    // From the few servers to their people, and not the other way round.
    let sql = format!(
        "SELECT {COLUMNS} FROM servers AS s CROSS JOIN people AS p ON p.server = s.id
         WHERE s.renewed_at NOT BETWEEN ?1 AND ?2 LIMIT ?3"
    );
    let mut find = connection.prepare_cached(&sql)?;
    let (from, to) = (values::millis(*alive.start()), values::millis(*alive.end()));
    let mut rows = find.query(params![from, to, values::rows(limit)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(person(row)?);
    }
    Ok(found)
}

fn person(row: &Row<'_>) -> Work<Person> {
    let (user, last_seen, revision): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let server: Option<String> = row.get(3)?;
    if person_sum(&user, last_seen, revision, server.as_deref()) != row.get::<_, i64>(4)? {
        return damaged("what is known of a person is not as it was written");
    }
    let person = Person {
        user: values::user(&user)?,
        last_seen: values::time(last_seen)?,
        revision: values::count(revision)?,
        server: server.as_deref().map(ServerId::kept),
    };
    Ok(person.seen_with(row.get::<_, Option<i64>>(5)?.map(values::time).transpose()?))
}

fn person_sum(user: &str, last_seen: i64, revision: i64, server: Option<&str>) -> i64 {
    sum(&[user.into(), last_seen.into(), revision.into(), server.into()])
}
