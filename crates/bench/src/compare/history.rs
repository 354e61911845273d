//! A room with a long past: how fast a page anywhere in it comes, and how fast a server with such a room starts.

use std::time::Instant;

use super::contender::tidings;
use super::figure::{Bar, Figure};
use super::home::Home;
use super::postgres::Database;
use super::{Options, Run};
use crate::back_end::BackEnd;
use crate::bare::Bare;
use crate::error::Error;
use crate::histogram::Histogram;
use crate::mark::Mark;
use crate::process::Server;
use crate::target;

/// Entries of the room.
const ENTRIES: u64 = 1_000_000;
/// In a smoke test.
const ENTRIES_QUICK: u64 = 5_000;
/// Entries of a page.
const PAGE: u64 = 50;
/// Far from any multiple of a power of two: pages are asked for all over the room.
const STRIDE: u64 = 7_919_003;
/// Until the first publish is answered, in seconds.
const START_BAR_S: f64 = 2.0;
/// 99 % of the pages, in milliseconds.
const PAGE_BAR_MS: f64 = 5.0;

/// The whole set.
pub(super) fn history(options: &Options, run: &mut Run) -> Result<(), Error> {
    let entries = if options.quick { ENTRIES_QUICK } else { ENTRIES };
    let home = Home::new("history", options, run)?;
    let database = home.database("bench.db");
    run.progress(&format!("{entries} entries into SQLite"));
    let mut bare = Bare::create(&database, 1, options.size)?;
    bare.fill(entries)?;
    drop(bare);
    of("SQLite", entries, &home.server(&database, "90d", options)?, run)?;
    if let Some(url) = &options.postgres {
        run.progress(&format!("{entries} entries into PostgreSQL"));
        let database = Database::create(url)?;
        let own = home.server_at(database.url().to_owned(), "90d", options)?;
        database.fill(entries, &own)?;
        of("PostgreSQL", entries, &own, run)?;
    }
    Ok(())
}

fn of(store: &str, entries: u64, options: &Options, run: &mut Run) -> Result<(), Error> {
    let Some(program) = &options.server else { return Ok(()) };
    let (mut starts, mut server) = (Vec::new(), None);
    for round in 0..options.slices.min(3) {
        run.progress(&format!("start with {entries} entries in {store}, {}", round + 1));
        // The one before first: a database belongs to one server.
        drop(server.take());
        let begun = Instant::now();
        let started = Server::start(&tidings(program, options))?;
        let mut back_end = BackEnd::connect(started.address, &options.api_key)?;
        back_end.publish(Mark { stream: 0, seq: 0, at: 0 }, options.size)?;
        starts.push(begun.elapsed().as_secs_f64());
        server = Some((started, back_end));
    }
    let what = format!("start with {entries} entries in {store}: to the first answered publish");
    run.add(Figure::alone(what, "s", &starts).bar(Bar::Value(START_BAR_S)));
    let Some((_server, mut back_end)) = server else { return Ok(()) };
    let (mut halves, mut nearly_all) = (Vec::new(), Vec::new());
    for slice in 0..=options.slices {
        run.progress(&format!("pages from {store}, slice {slice} of {}", options.slices));
        let times = pages(entries, slice as u64, options.seconds, &mut back_end)?;
        if slice > 0 {
            halves.push(times.quantile(0.5) as f64 / 1e6);
            nearly_all.push(times.quantile(0.99) as f64 / 1e6);
        }
    }
    let what = format!("page of {PAGE} anywhere in {entries} entries, {store}");
    run.add(Figure::alone(format!("{what}: p50"), "ms", &halves));
    run.add(Figure::alone(format!("{what}: p99"), "ms", &nearly_all).bar(Bar::Value(PAGE_BAR_MS)));
    Ok(())
}

/// Pages one after the other, all over the room; each is what was asked for.
fn pages(entries: u64, slice: u64, seconds: f64, back_end: &mut BackEnd) -> Result<Histogram, Error> {
    let (begun, mut times) = (Instant::now(), Histogram::default());
    let mut number = slice * 1_000;
    while begun.elapsed().as_secs_f64() < seconds {
        number += 1;
        let before = PAGE + 1 + number * STRIDE % (entries - PAGE);
        let path = format!("/v1/rooms/{}/messages?before={before}&limit={PAGE}", target::room(0));
        let asked = Instant::now();
        let page = back_end.get(&path)?;
        times.record(u64::try_from(asked.elapsed().as_nanos()).unwrap_or(u64::MAX));
        check(page, before)?;
    }
    Ok(times)
}

/// Every entry's mark says its offset: all of the page must be there, in order and nothing else.
fn check(page: &[u8], before: u64) -> Result<(), Error> {
    let mut rest = page;
    let mut found = Vec::new();
    while let Some(at) = memchr::memmem::find(rest, br#""mark""#) {
        rest = &rest[at + 1..];
        found.extend(Mark::find(rest).map(|mark| u64::from(mark.seq)));
    }
    if found.iter().copied().eq(before - PAGE..before) {
        return Ok(());
    }
    Err(Error::Refused(format!("the page before {before} has the entries {found:?}")))
}
