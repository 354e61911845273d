//! An inbox with a long past, and a notification to very many: how fast a badge and a page come, how fast all who are there have it, and what
//! the server needs for that.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::contender::tidings;
use super::figure::{Bar, Figure};
use super::home::Home;
use super::postgres::Database;
use super::{Options, Run};
use crate::back_end::BackEnd;
use crate::error::Error;
use crate::histogram::Histogram;
use crate::process::{Server, resident_bytes};
use crate::reader::Reader;

/// What a run is of.
struct Size {
    /// Notifications of the one inbox.
    notifications: usize,
    /// Users whose inboxes are known, and who have the role.
    users: usize,
    /// Of those, how many are connected.
    connected: usize,
}

const FULL: Size = Size { notifications: 100_000, users: 100_000, connected: 2_000 };
/// In a smoke test.
const QUICK: Size = Size { notifications: 500, users: 2_000, connected: 50 };

/// Whose inbox it is.
const OWNER: &str = "owner";
/// What everybody has who is notified at once.
const ROLE: &str = "crew";
/// Back ends that fill the inbox at the same time.
const BACK_ENDS: usize = 16;
/// Users of one request that makes inboxes known.
const USERS: usize = 1_000;
/// Notifications of a page.
const PAGE: usize = 50;
/// 99 % of what is asked of an inbox, in milliseconds.
const ASK_BAR_MS: f64 = 5.0;
/// Until the notification to all is taken, and until all who are there have it, in seconds.
const TAKEN_BAR_S: f64 = 1.0;
const HAVE_BAR_S: f64 = 5.0;
/// What the server may grow by meanwhile, in MiB.
const MEMORY_BAR_MIB: f64 = 64.0;

/// The whole set.
pub(super) fn inbox(options: &Options, run: &mut Run) -> Result<(), Error> {
    let home = Home::new("inbox", options, run)?;
    let database = home.database("bench.db");
    of("SQLite", &home.server(&database, "90d", options)?, run)?;
    if let Some(url) = &options.postgres {
        let database = Database::create(url)?;
        of("PostgreSQL", &home.server_at(database.url().to_owned(), "90d", options)?, run)?;
    }
    Ok(())
}

fn of(store: &str, options: &Options, run: &mut Run) -> Result<(), Error> {
    let Some(program) = &options.server else { return Ok(()) };
    let size = if options.quick { QUICK } else { FULL };
    let mut command = tidings(program, options);
    command.env("TIDINGS_LIMITS_MESSAGES_PER_MINUTE", "0");
    let server = Server::start(&command)?;
    run.progress(&format!("{} notifications into one inbox of {store}", size.notifications));
    fill(server.address, size.notifications, options)?;
    asked(store, &size, server.address, options, run)?;
    run.progress(&format!("{} users known to {store}", size.users));
    let mut back_end = BackEnd::connect(server.address, &options.api_key)?;
    for first in (0..size.users).step_by(USERS) {
        let names: Vec<String> =
            (first..size.users.min(first + USERS)).map(|user| format!("\"user-{user}\"")).collect();
        notify(&mut back_end, &format!(r#"{{"users":[{}]}}"#, names.join(",")), "welcome")?;
    }
    to_all(store, &size, &server, &mut back_end, options, run)
}

fn notify(back_end: &mut BackEnd, to: &str, title: &str) -> Result<(), Error> {
    let body = format!(
        r#"{{"to":{to},"title":"{title}","message":"Order 1234567 left the house this morning","severity":"success","url":"/orders/7","data":{{"order":7}}}}"#
    );
    back_end.post("/v1/notifications", body.as_bytes()).map(drop)
}

/// By several back ends at once: what they send together is committed together.
fn fill(address: SocketAddr, count: usize, options: &Options) -> Result<(), Error> {
    let work = |number: usize| -> Result<(), Error> {
        let mut back_end = BackEnd::connect(address, &options.api_key)?;
        let to = format!(r#"{{"user":"{OWNER}"}}"#);
        (number..count)
            .step_by(BACK_ENDS)
            .try_for_each(|number| notify(&mut back_end, &to, &format!("number {number}")))
    };
    std::thread::scope(|scope| {
        let work = &work;
        let all: Vec<_> = (0..BACK_ENDS).map(|number| scope.spawn(move || work(number))).collect();
        let ended = |it: std::thread::ScopedJoinHandle<'_, _>| {
            it.join().unwrap_or_else(|_| Err(Error::Refused("a back end broke off".to_owned())))
        };
        all.into_iter().try_for_each(ended)
    })
}

/// What clients and back ends ask of the long inbox, in turns.
fn asked(
    store: &str,
    size: &Size,
    address: SocketAddr,
    options: &Options,
    run: &mut Run,
) -> Result<(), Error> {
    let mut client = Reader::connect(address, &options.secret, OWNER, &[])?;
    let mut back_end = BackEnd::connect(address, &options.api_key)?;
    let mut figures: Vec<(&str, Vec<f64>, Vec<f64>)> =
        ["get_unread, a page of 50 and the count", "the count alone", "a page of 50 anywhere"]
            .map(|what| (what, Vec::new(), Vec::new()))
            .into();
    let mut cursor = None;
    for slice in 0..=options.slices {
        run.progress(&format!("asking {store}, slice {slice} of {}", options.slices));
        for (place, (_, halves, nearly_all)) in figures.iter_mut().enumerate() {
            let (begun, mut times) = (Instant::now(), Histogram::default());
            while begun.elapsed().as_secs_f64() < options.seconds {
                let at = Instant::now();
                match place {
                    0 => unread(&mut client, size)?,
                    1 => count(&mut back_end, size)?,
                    _ => cursor = page(&mut back_end, cursor, size)?,
                }
                times.record(u64::try_from(at.elapsed().as_nanos()).unwrap_or(u64::MAX));
            }
            if slice > 0 {
                halves.push(times.quantile(0.5) as f64 / 1e6);
                nearly_all.push(times.quantile(0.99) as f64 / 1e6);
            }
        }
    }
    for (what, halves, nearly_all) in figures {
        let what = format!("inbox of {}, {store}: {what}", size.notifications);
        run.add(Figure::alone(format!("{what}: p50"), "ms", &halves));
        run.add(Figure::alone(format!("{what}: p99"), "ms", &nearly_all).bar(Bar::Value(ASK_BAR_MS)));
    }
    Ok(())
}

fn unread(client: &mut Reader, size: &Size) -> Result<(), Error> {
    client.say(&format!(r#"{{"type":"get_unread","limit":{PAGE}}}"#))?;
    let answer = client.until(br#""type":"unread_notifications""#)?;
    let said: Unread = serde_json::from_slice(&answer).map_err(|error| Error::Refused(error.to_string()))?;
    expect(said.count, said.notifications.len(), PAGE, size)
}

fn count(back_end: &mut BackEnd, size: &Size) -> Result<(), Error> {
    let page: Page = read(back_end.get(&format!("/v1/users/{OWNER}/notifications?limit=1"))?)?;
    expect(page.unread, page.items.len(), 1, size)
}

/// The page behind the one before, and where the next one begins; the first again behind the last.
fn page(back_end: &mut BackEnd, cursor: Option<String>, size: &Size) -> Result<Option<String>, Error> {
    let behind = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    let page: Page = read(back_end.get(&format!("/v1/users/{OWNER}/notifications?limit={PAGE}{behind}"))?)?;
    expect(page.unread, page.items.len(), PAGE, size)?;
    Ok(page.next_cursor)
}

fn expect(unread: u64, found: usize, wanted: usize, size: &Size) -> Result<(), Error> {
    if unread == size.notifications as u64 && found == wanted {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{} unread notifications and a page of {wanted} were expected, and there are {unread} and {found}",
        size.notifications
    )))
}

fn read(page: &[u8]) -> Result<Page, Error> {
    serde_json::from_slice(page).map_err(|error| Error::Refused(error.to_string()))
}

#[derive(serde::Deserialize)]
struct Unread {
    count: u64,
    notifications: Vec<serde::de::IgnoredAny>,
}

#[derive(serde::Deserialize)]
struct Page {
    items: Vec<serde::de::IgnoredAny>,
    next_cursor: Option<String>,
    unread: u64,
}

/// One notification to the whole role, of which some are connected.
fn to_all(
    store: &str,
    size: &Size,
    server: &Server,
    back_end: &mut BackEnd,
    options: &Options,
    run: &mut Run,
) -> Result<(), Error> {
    run.progress(&format!("{} connect to {store}", size.connected));
    let mut readers = Vec::with_capacity(size.connected);
    for user in 0..size.connected {
        readers.push(Reader::connect(server.address, &options.secret, &format!("user-{user}"), &[ROLE])?);
    }
    let (mut taken, mut have, mut grown) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..options.slices.min(3) {
        run.progress(&format!("to a role of {}, {store}, round {}", size.users, round + 1));
        let before = resident_bytes(server.pid())?;
        let (title, begun) = (format!("to all {round}"), Instant::now());
        notify(back_end, &format!(r#"{{"role":"{ROLE}"}}"#), &title)?;
        taken.push(begun.elapsed().as_secs_f64());
        // One after the other: what waits in the kernel does not wait for us.
        for reader in &mut readers {
            reader.until(title.as_bytes())?;
        }
        have.push(begun.elapsed().as_secs_f64());
        // Their badges too.
        for reader in &mut readers {
            reader.until(br#""type":"unread_count""#)?;
        }
        let after = resident_bytes(server.pid())?;
        grown.push(after.saturating_sub(before) as f64 / f64::from(1 << 20));
        std::thread::sleep(Duration::from_millis(200));
    }
    let what = format!("to a role of {}, {store}", size.users);
    run.add(Figure::alone(format!("{what}: taken"), "s", &taken).bar(Bar::Value(TAKEN_BAR_S)));
    let all = format!("{what}: all {} who are there have it", size.connected);
    run.add(Figure::alone(all, "s", &have).bar(Bar::Value(HAVE_BAR_S)));
    run.add(Figure::alone(format!("{what}: memory grown by"), "MiB", &grown).bar(Bar::Value(MEMORY_BAR_MIB)));
    Ok(())
}
